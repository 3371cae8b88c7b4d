//! The dashboards as a web page: asks Prometheus, draws on the server, serves. No framework, no network, hardly a script.

mod ask;
mod choice;
mod login;
mod page;
mod panel;
mod server;
mod when;
mod worded;

pub use ask::{Answers, Shown, ask, step};
pub use login::Login;
pub use server::{Settings, Source, serve};
pub use when::{LONGEST, SHORTEST};
pub use worded::{filling, worded};
