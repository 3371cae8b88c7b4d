//! Where secrets come to lie inside a container.

use super::{PlacedSecret, SecretSource};
use crate::stack::Secret;

/// A secret at `/run/secrets/NAME`.
pub(super) fn place(name: String, secret: &Secret) -> PlacedSecret {
    let source = match secret {
        Secret::File(path) => SecretSource::File(path.clone()),
        Secret::Environment(variable) => SecretSource::Environment(variable.clone()),
    };
    at_usual_place(name, source)
}

/// A secret from any source at `/run/secrets/NAME`.
pub(super) fn at_usual_place(name: String, source: SecretSource) -> PlacedSecret {
    PlacedSecret { target: path(&name), name, source }
}

/// Where a secret of that name lies inside the container.
pub(super) fn path(name: &str) -> String {
    format!("/run/secrets/{name}")
}
