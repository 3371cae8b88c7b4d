//! Which release of the engine a file is for: the two numbers that decide which settings it knows.

use std::fmt;
use std::str::FromStr;

/// A release of the Docker engine, such as 20.10 or 28.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u16, pub u16);

impl Release {
    /// Up to 19.03 the engine served its metrics with `experimental` only (moby v19.03.15 `cmd/dockerd/metrics.go`).
    pub fn metrics_are_experimental(self) -> bool {
        self < Self(20, 10)
    }

    /// Whether it reads a file that begins with a byte order mark: 20.10.24 refuses it, 23.0 and later pass over it.
    pub fn passes_over_a_mark(self) -> bool {
        self >= Self(23, 0)
    }

    /// Whether it starts with a file that is there and says nothing at all, not even `{}`: 20.10.24 ends with `EOF`, 23.0 and
    /// later pass over it.
    pub fn takes_an_empty_file(self) -> bool {
        self >= Self(23, 0)
    }

    /// Whether it forgets where `host-gateway` leads when it starts under containers that have lived on: 20.10.24 then writes
    /// `<nil> host.docker.internal` into the `/etc/hosts` of new containers, 26.1 and 28.5 do not.
    pub fn forgets_host_gateway(self) -> bool {
        (Self(20, 10)..Self(23, 0)).contains(&self)
    }

    /// Whether it ends and removes containers with `--rm` when it starts, although they have lived on: 20.10.24 does, 26.1 and
    /// 28.5 do not. What lies between was not tried, and is taken for the older.
    pub fn removes_what_lives_on(self) -> bool {
        self < Self(26, 0)
    }

    /// Whether `dockerd --validate` is there: it came with 23.0.
    pub fn can_validate(self) -> bool {
        self >= Self(23, 0)
    }
}

impl FromStr for Release {
    type Err = String;

    /// Takes what engines call themselves: `20.10.24+dfsg1`, `28.5.2`, `v27.0`.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = text.trim_start_matches('v').split(['.', '+', '-', '~']).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self(major, minor)),
            _ => Err(format!("`{text}` is not the version of an engine; write one such as 28.5")),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        // Named after year and month up to 20.10.
        if self.0 < 23 {
            write!(formatter, "{}.{:02}", self.0, self.1)
        } else {
            write!(formatter, "{}.{}", self.0, self.1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_engines_write_them() {
        let release = |text: &str| text.parse::<Release>();
        assert_eq!(release("20.10.24+dfsg1"), Ok(Release(20, 10)));
        assert_eq!(release("v28.5.2"), Ok(Release(28, 5)));
        assert_eq!(release("19.03"), Ok(Release(19, 3)));
        assert_eq!((Release(19, 3).to_string(), Release(28, 5).to_string()), ("19.03".to_owned(), "28.5".to_owned()));
        assert!(release("new").is_err() && release("28").is_err());
    }

    #[test]
    fn what_a_release_demands_is_known() {
        assert!(Release(19, 3).metrics_are_experimental());
        assert!(!Release(20, 10).metrics_are_experimental());
        assert!(Release(23, 0).passes_over_a_mark() && !Release(20, 10).passes_over_a_mark());
        assert!(Release(20, 10).removes_what_lives_on() && Release(25, 0).removes_what_lives_on());
        assert!(!Release(26, 1).removes_what_lives_on() && !Release(28, 5).removes_what_lives_on());
        assert!(Release(20, 10).forgets_host_gateway(), "`host-gateway` came with it");
        assert!(!Release(19, 3).forgets_host_gateway() && !Release(23, 0).forgets_host_gateway());
        assert!(Release(23, 0).can_validate() && !Release(20, 10).can_validate());
    }
}
