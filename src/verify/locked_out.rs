//! A Prometheus that lets nobody in with the password of the stack file: said once, not by everything that asks it.

use super::{Cause, Finding};

/// How an answer is told that wants another password.
const REFUSAL: &str = "answers 401";

/// The first finding that a Prometheus lets nobody in stands for all of it, and says why.
pub fn told_once(mut findings: Vec<Finding>) -> Vec<Finding> {
    let is_refused =
        |finding: &Finding| finding.cause == Some(Cause::PrometheusUnreachable) && finding.message.contains(REFUSAL);
    let mut is_told = false;
    findings.retain_mut(|finding| {
        if !is_refused(finding) {
            return true;
        }
        finding.message.push_str(": it runs with an earlier `prometheus.web` password than the file has");
        "run `stackctl up`, which brings the new password".clone_into(&mut finding.fix);
        !std::mem::replace(&mut is_told, true)
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::told_once;
    use crate::verify::{Cause, Finding, Trouble};

    #[test]
    fn an_earlier_password_is_said_once_and_hides_nothing_else() {
        let finding = |cause, message: &str| Finding::fail("targets", "web", None, Trouble::new(cause, message, "see"));
        let refused = || finding(Cause::PrometheusUnreachable, "cannot ask Prometheus: it answers 401 Unauthorized");
        let told = told_once(vec![refused(), finding(Cause::NoData, "none"), refused(), refused()]);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].message.ends_with("password than the file has") && told[0].fix.contains("`stackctl up`"));
    }
}
