//! What containers printed.

use bollard::container::LogOutput;
use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::{Stream, StreamExt, TryStreamExt};

use super::error::cannot;
use super::{Engine, Error};

/// One line that a container printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When, as the engine writes it: RFC 3339 with nanoseconds. Empty where it was not asked for.
    pub time: String,
    /// The line, without its end.
    pub text: String,
}

impl Engine {
    /// The last lines a container printed, oldest first.
    pub async fn last_lines(&self, container: &str, lines: usize) -> Result<Vec<String>, Error> {
        let tail = lines.to_string();
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(&tail).build();
        let chunks: Vec<LogOutput> = self
            .docker
            .logs(container, Some(options))
            .try_collect()
            .await
            .map_err(cannot(format!("read the logs of container `{container}`")))?;
        let text: String = chunks.iter().map(|chunk| String::from_utf8_lossy(chunk.as_ref()).into_owned()).collect();
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// What a container prints, line by line, with times; goes on for as long as it runs where `follow` says so.
    pub fn log_lines(&self, container: &str, follow: bool, tail: &str) -> impl Stream<Item = Result<LogLine, Error>> {
        let options =
            LogsOptionsBuilder::new().stdout(true).stderr(true).timestamps(true).follow(follow).tail(tail).build();
        let attempt = format!("read the logs of container `{container}`");
        self.docker.logs(container, Some(options)).map(move |chunk| {
            let chunk = chunk.map_err(cannot(attempt.as_str()))?;
            let text = String::from_utf8_lossy(chunk.as_ref()).into_owned();
            let (time, line) = text.split_once(' ').unwrap_or(("", &text));
            Ok(LogLine { time: time.to_owned(), text: line.trim_end_matches(['\n', '\r']).to_owned() })
        })
    }
}
