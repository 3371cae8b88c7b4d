//! What can be chosen for each variable of a dashboard, what is chosen, and what that puts into a query. Page, pictures and
//! `verify` all ask here: what is proved is what is shown.

mod ask;
mod repeat;
mod taken;
mod value;

pub use ask::{Among, choose};
pub use repeat::repeat;
pub use value::{Choices, Chosen};

#[cfg(test)]
mod tests;
