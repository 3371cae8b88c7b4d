//! What is beyond the replicas, with its cause and its message.

use super::*;

/// Situation, cause of the finding beyond the replicas' own, its instance, part of its message.
pub(super) fn extra_cases() -> Vec<(Case, Cause, &'static str, &'static str)> {
    let strange = with(|case| {
        case.targets = Ok(targets(vec![
            target("web", "demo-web-1:80", Health::Up),
            target("web", "demo-web-2:80", Health::Up),
            target("web", "old:80", Health::Down),
        ]));
    });
    let mut one_too_many = by_dns(&[11, 12, 13], found(&[11, 12]));
    one_too_many.observed.containers.push(container("web", 3, 13));
    let twice_in_one_job = with(|case| {
        let mut prometheus = all_up();
        prometheus.active.push(target("web", "demo-web-1:80", Health::Up));
        case.targets = Ok(prometheus);
    });
    let twice_in_two_jobs = with(|case| {
        case.desired =
            demo(vec![web_job(), job("again", JobOrigin::Elsewhere, written_out(&[("demo-web-1:80", None)]))]);
        let mut prometheus = all_up();
        prometheus.active.push(target("again", "demo-web-1:80", Health::Up));
        case.targets = Ok(prometheus);
    });
    let stranger_in_dns = by_dns(&[11, 12], found(&[11, 12, 50]));
    vec![
        (strange, Cause::TargetUnexpected, "old:80", "in the job `web`, which the stack file does not want"),
        (one_too_many, Cause::TargetUnexpected, "demo-web-3", "which the stack file does not want"),
        (twice_in_one_job, Cause::TargetDuplicate, "demo-web-1", "scraped 2 times in one job"),
        (twice_in_two_jobs, Cause::TargetDuplicate, "demo-web-1:80", "by the jobs `web` and `again`"),
        (stranger_in_dns, Cause::DnsCount, "web", "leads to 3 addresses for 2 replicas; beyond them: 172.18.0.50"),
    ]
}
