//! A promise that was looked at: kept, or broken with cause and fix.

use std::fmt;

use serde::Serialize;

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check: `targets`, `config`, `engine` …
    pub check: &'static str,
    /// What was looked at: an app, an exporter, a job, a file.
    pub subject: String,
    /// Which one of it, such as a container name; `null` where there is only one.
    pub instance: Option<String>,
    /// How it stands.
    pub status: Status,
    /// Why it does not stand; `null` where it does.
    pub cause: Option<Cause>,
    /// What was seen, in one sentence.
    pub message: String,
    /// What to do next; empty where nothing is to be done.
    pub fix: String,
}

impl Finding {
    /// A promise that is kept.
    pub fn ok(check: &'static str, subject: &str, instance: Option<&str>, message: String) -> Self {
        Self {
            check,
            subject: subject.to_owned(),
            instance: instance.map(str::to_owned),
            status: Status::Ok,
            cause: None,
            message,
            fix: String::new(),
        }
    }

    /// A promise that is broken.
    pub fn fail(check: &'static str, subject: &str, instance: Option<&str>, trouble: Trouble) -> Self {
        Self {
            status: Status::Fail,
            cause: Some(trouble.cause),
            fix: trouble.fix,
            ..Self::ok(check, subject, instance, trouble.message)
        }
    }

    /// The same, as a warning.
    #[must_use]
    pub fn as_warning(self) -> Self {
        Self { status: Status::Warn, ..self }
    }
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Why.
    pub cause: Cause,
    /// What was seen, in one sentence.
    pub message: String,
    /// What to do next.
    pub fix: String,
}

impl Trouble {
    /// What is wrong, and what to do about it.
    pub fn new(cause: Cause, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { cause, message: message.into(), fix: fix.into() }
    }
}

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Kept.
    Ok,
    /// Broken.
    Fail,
    /// Kept, but in a way that will hurt.
    Warn,
}

/// Why a promise is broken. The ids are a contract: tests and scripts rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each id says itself; what it means and what to do is the finding's message and fix")]
pub enum Cause {
    ContainerMissing,
    ContainerExited,
    ContainerRestarting,
    ContainerUnhealthy,
    ContainerStale,
    NetworkMismatch,
    DnsNoSuchName,
    DnsCount,
    ConnectionRefused,
    ListensOnLoopback,
    WrongPort,
    Timeout,
    WrongPath,
    AuthRequired,
    HttpStatus,
    TlsMismatch,
    NotMetrics,
    BadContentType,
    ParseError,
    SlowScrape,
    SampleLimit,
    PrometheusUnreachable,
    ConfigRejected,
    ConfigStale,
    TargetMissing,
    TargetUnexpected,
    TargetDuplicate,
    TargetPending,
    AppUnreachable,
    ProbeFailed,
    EngineMetricsOff,
    EngineMetricsLoopback,
    EngineMetricsPublic,
    EngineFirewall,
    NoData,
    RuleError,
    DataPending,
    JobDown,
    RulePending,
    QueryError,
    DatasourceUnreachable,
    GrafanaUnreachable,
    DashboardMissing,
    AlertNotDelivered,
    AlertPending,
    AlertmanagerUnreachable,
    ClusterIncomplete,
    RemoteWriteFailing,
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.serialize(formatter)
    }
}
