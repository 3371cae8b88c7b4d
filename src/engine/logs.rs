//! What containers printed.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{Stream, StreamExt, TryStreamExt};

use super::error::cannot;
use super::{Engine, Error};
use crate::printable::plain;

/// Lines that are read beyond those asked for: the stack traces of a Go program say where it died, and the line before
/// them says why.
const BEHIND_TRACES: usize = 60;

/// One line that a container printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When, as the engine writes it: RFC 3339 with nanoseconds. Empty where it was not asked for.
    pub time: String,
    /// The line, without its end.
    pub text: String,
}

impl Engine {
    /// The last lines a container printed, oldest first, stack traces and what is only for a terminal aside.
    pub async fn last_lines(&self, container: &str, lines: usize) -> Result<Vec<String>, Error> {
        let tail = (lines + BEHIND_TRACES).to_string();
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&tail).build();
        let chunks: Vec<LogOutput> = self
            .docker
            .logs(container, Some(options))
            .try_collect()
            .await
            .map_err(cannot(format!("read the logs of container `{container}`")))?;
        let text: String = chunks.iter().map(|chunk| String::from_utf8_lossy(chunk.as_ref()).into_owned()).collect();
        let mut telling = without_traces(text.lines());
        let last = telling.split_off(telling.len().saturating_sub(lines));
        Ok(last.iter().map(|line| plain(line)).collect())
    }

    /// What a container prints, line by line, with times; goes on for as long as it runs where `follow` says so.
    pub fn log_lines(&self, container: &str, follow: bool, tail: &str) -> impl Stream<Item = Result<LogLine, Error>> {
        let options =
            LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).follow(follow).tail(tail).build();
        let attempt = format!("read the logs of container `{container}`");
        self.docker.logs(container, Some(options)).map(move |chunk| {
            let chunk = chunk.map_err(cannot(attempt.as_str())).map_err(unreadable)?;
            let text = String::from_utf8_lossy(chunk.as_ref()).into_owned();
            let (time, line) = text.split_once(' ').unwrap_or(("", &text));
            Ok(LogLine { time: time.to_owned(), text: line.trim_end_matches(['\n', '\r']).to_owned() })
        })
    }
}

/// What the engine says of a driver that hands nothing back, such as `none` (`daemon/logger`).
const NOT_READABLE: &str = "does not support reading";

/// Whether the container keeps no lines that could be read.
pub fn keeps_nothing(error: &Error) -> bool {
    error.cause.contains(NOT_READABLE)
}

fn unreadable(error: Error) -> Error {
    if !keeps_nothing(&error) {
        return error;
    }
    error.advise("write another driver under `logging`, such as `local`, where its lines shall be kept")
}

/// Leaves out what Go prints of each goroutine: a head, and for each call a line and an indented one below it.
fn without_traces<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines = lines.peekable();
    let mut telling = Vec::new();
    let mut is_trace = false;
    while let Some(line) = lines.next() {
        let is_head = line.starts_with("goroutine ") && line.ends_with("]:");
        let is_call =
            line.is_empty() || line.starts_with('\t') || lines.peek().is_some_and(|next| next.starts_with('\t'));
        is_trace = is_head || (is_trace && is_call);
        if !is_trace {
            telling.push(line.to_owned());
        }
    }
    telling
}

#[cfg(test)]
mod tests {
    use super::without_traces;

    #[test]
    fn stack_traces_are_left_out_and_what_stands_before_and_after_them_is_kept() {
        let text = "panic: no space left\n\ngoroutine 1 [running]:\nmain.run(0x1)\n\t/src/main.go:12 +0x1\nmain.main()\n\t/src/main.go:3\n\n\
                    goroutine 7 [select]:\nnet.wait()\n\t/src/net.go:9\nexit status 2\nonce more\n\tindented";
        assert_eq!(
            without_traces(text.lines()),
            ["panic: no space left", "", "exit status 2", "once more", "\tindented"]
        );
        assert_eq!(without_traces("".lines()), [""; 0]);
    }
}
