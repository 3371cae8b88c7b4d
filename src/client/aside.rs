//! Large answers are read on another thread, so that whoever else waits on this one is not held up.

/// Bytes from which on reading takes longer than handing it over. JSON is read at some 100 MB in a second.
const LARGE: usize = 64 * 1024;

/// Reads an answer of that many bytes.
pub(super) async fn aside<Answer: Send + 'static>(
    bytes: usize,
    read: impl FnOnce() -> Answer + Send + 'static,
) -> Answer {
    if bytes < LARGE {
        return read();
    }
    let reading = tokio::task::spawn_blocking(read);
    reading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}
