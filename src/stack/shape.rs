//! Shapes that YAML written by people takes: a thing or `off`, one or a list, a map or a list of `KEY=VALUE`.

/// A section that can be switched off with `off` (or `false`).
#[derive(Debug, Clone, PartialEq)]
pub enum Toggle<T> {
    /// Not wanted.
    Off,
    /// Wanted, with these settings.
    On(T),
}

impl<T> Toggle<T> {
    /// The settings, where the section is on.
    pub fn as_option(&self) -> Option<&T> {
        match self {
            Self::Off => None,
            Self::On(value) => Some(value),
        }
    }
}

impl<T: Default> Default for Toggle<T> {
    fn default() -> Self {
        Self::On(T::default())
    }
}
