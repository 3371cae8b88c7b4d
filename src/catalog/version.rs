//! Versions, as far as a component's flags and configuration keys depend on them.

/// The first two numbers of a version. Nothing that stackctl writes depends on more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// First number.
    pub major: u32,
    /// Second number.
    pub minor: u32,
}

impl Version {
    /// A version by its first two numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `3.5.0`, `v3.5.0`, `2.42.0+ds`, `3.14.0-distroless`; `None` for a tag that is no version, such as `latest`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor_text = numbers.next()?;
        let digits = minor_text.find(|character: char| !character.is_ascii_digit()).unwrap_or(minor_text.len());
        Some(Self { major, minor: minor_text[..digits].parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_is_read_from_the_tags_that_are_in_use() {
        for (text, expected) in [
            ("3.5.0", Some(Version::new(3, 5))),
            ("v3.14.0-distroless", Some(Version::new(3, 14))),
            ("2.42.0+ds", Some(Version::new(2, 42))),
            ("0.56", Some(Version::new(0, 56))),
            ("latest", None),
            ("v3", None),
            ("", None),
        ] {
            assert_eq!(Version::parse(text), expected, "{text:?}");
        }
    }
}
