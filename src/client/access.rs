//! How to be let in, where not everybody is.

use std::fmt;

/// What a guarded service asks for.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// User and password.
    pub login: Option<(String, String)>,
    /// The certificate that it shows, PEM. `None`: it is spoken to as its URL says.
    pub certificate: Option<Vec<u8>>,
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Access(hidden)")
    }
}
