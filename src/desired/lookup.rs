//! Looks a name that is plain text up in a map of the stack file, without a copy and without a walk over the map.

use indexmap::{Equivalent, IndexMap};

use crate::stack::ServiceName;

/// The text of a name. Hashes like the name itself.
#[derive(Hash)]
struct Text<'a>(&'a str);

impl Equivalent<ServiceName> for Text<'_> {
    fn equivalent(&self, name: &ServiceName) -> bool {
        self.0 == name.as_str()
    }
}

/// The value under that name.
pub(super) fn find<'a, V>(map: &'a IndexMap<ServiceName, V>, name: &str) -> Option<&'a V> {
    map.get(&Text(name))
}
