//! Promises about the running stack. One file per check; each asks (I/O) and judges (pure).

mod finding;

pub use finding::{Cause, Finding, Status};
