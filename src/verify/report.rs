//! All findings of one run, as `verify --format json` writes them.

use serde::Serialize;

use super::{Finding, Status};

/// All findings of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name of the stack.
    pub stack: String,
    /// No promise is broken. Warnings do not count.
    pub ok: bool,
    /// Everything that was looked at, what is good too.
    pub checks: Vec<Finding>,
}

impl Report {
    /// Findings in the order they were made.
    pub fn new(stack: &str, checks: Vec<Finding>) -> Self {
        let ok = checks.iter().all(|finding| finding.status != Status::Fail);
        Self { stack: stack.to_owned(), ok, checks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{Cause, Trouble};

    fn finding(cause: Option<Cause>) -> Finding {
        match cause {
            None => Finding::ok("targets", "web", Some("demo-web-1"), "2 samples".to_owned()),
            Some(cause) => Finding::fail("targets", "web", Some("demo-web-1"), Trouble::new(cause, "seen", "do")),
        }
    }

    #[test]
    fn one_broken_promise_is_enough_and_a_warning_is_not() {
        assert!(Report::new("demo", vec![finding(None)]).ok);
        assert!(!Report::new("demo", vec![finding(None), finding(Some(Cause::WrongPath))]).ok);
        let warning = finding(Some(Cause::EngineMetricsPublic)).as_warning();
        assert!(Report::new("demo", vec![warning]).ok);
    }

    #[test]
    fn the_json_is_the_documented_one() {
        let report = Report::new("demo", vec![finding(Some(Cause::WrongPath))]);
        let expected = serde_json::json!({"stack": "demo", "ok": false, "checks": [{
            "check": "targets", "subject": "web", "instance": "demo-web-1", "status": "fail", "cause": "wrong-path",
            "message": "seen", "fix": "do",
        }]});
        assert_eq!(serde_json::to_value(report).expect("plain data"), expected);
    }
}
