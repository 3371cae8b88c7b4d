//! How far the getting of an image is. Nothing here draws.

use std::fmt;
use std::sync::Arc;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Reading the lists of the Debian archive.
    Updating,
    /// Fetching layers or a package.
    Downloading,
    /// Unpacking layers or a package.
    Unpacking,
    /// Sending an image to the engine.
    Importing,
    /// Writing images into an archive.
    Saving,
}

impl fmt::Display for Activity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Updating => "reading package lists",
            Self::Downloading => "downloading",
            Self::Unpacking => "unpacking",
            Self::Importing => "importing",
            Self::Saving => "saving",
        })
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// What is being done.
    pub activity: Activity,
    /// Bytes done.
    pub bytes: u64,
    /// Bytes in all, as far as known by now.
    pub total_bytes: Option<u64>,
    /// Layers done and layers in all, in a pull.
    pub layers: Option<(usize, usize)>,
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MEBI: f64 = 1024.0 * 1024.0;
        #[expect(clippy::cast_precision_loss, reason = "one digit is shown")]
        let mebibytes = |bytes: u64| bytes as f64 / MEBI;
        write!(formatter, "{}", self.activity)?;
        if let Some((done, all)) = self.layers {
            write!(formatter, " {done}/{all} layers")?;
        }
        match self.total_bytes {
            Some(total) => write!(formatter, " {:.1}/{:.1} MiB", mebibytes(self.bytes), mebibytes(total)),
            None if self.bytes > 0 => write!(formatter, " {:.1} MiB", mebibytes(self.bytes)),
            None => Ok(()),
        }
    }
}

/// Who is told. A clone tells the same listener.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Event) + Send + Sync>);

impl Progress {
    /// Calls `listener` with each event, from any thread. It must not block.
    pub fn new(listener: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Nobody listens.
    pub fn silent() -> Self {
        Self::new(|_| {})
    }

    /// So many bytes of an activity without layers are done.
    pub(super) fn tell(&self, activity: Activity, bytes: u64, total_bytes: Option<u64>) {
        self.tell_event(Event { activity, bytes, total_bytes, layers: None });
    }

    pub(super) fn tell_event(&self, event: Event) {
        (self.0)(event);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Progress")
    }
}
