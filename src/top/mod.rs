//! The running stack on a terminal, live: golden signals of every app, targets, alerts.
//!
//! Asking ([`watch`]), what is known ([`News`]), what the reader has chosen ([`Screen`]) and drawing are apart, so that a
//! slow Prometheus never holds a key back, and a picture is a pure function of what is known.

mod draw;
mod keys;
mod news;
mod run;
mod screen;
mod watch;

pub use news::{App, News, Signal};
pub use run::run;
pub use screen::{Screen, Sorting, Tab};
pub use watch::{Servers, Subject, watch};
