//! Containers that do not run, and that their engine starts when it starts: also what somebody has stopped by hand. Pure.

use super::super::super::Failure;
use super::impact::{Before, Outlive};
use crate::daemon::clash;
use crate::engine::{Error, Place, RunningContainer, StoppedContainer};

/// The restart policies with which they stay down.
const POLICIES: [&str; 2] = ["unless-stopped", "no"];

/// Which they are, in words, one line for each thing to do about it.
pub(super) fn told(stopped: &[StoppedContainer]) -> Vec<String> {
    let lines = POLICIES.iter().filter_map(|policy| {
        let alike = stopped.iter().filter(|stopped| stopped.stays_with == *policy);
        let names: Vec<&str> = alike.map(|stopped| stopped.name.as_str()).collect();
        let keeps = if names.len() == 1 { "keeps it stopped" } else { "keeps them stopped" };
        let (list, words) = (names.join(", "), names.join(" "));
        (!names.is_empty()).then(|| {
            format!("stopped now, and RUN after it: {list} (`docker update --restart {policy} {words}` {keeps})")
        })
    });
    lines.collect()
}

/// Which of them would have a port before the container that has it now, in words.
pub(super) fn taken(before: Before) -> Vec<String> {
    let words =
        |taken: Taken| format!("WARNING: {}; `--restart` is refused until `{}`", taken.words(), taken.stopped.remedy());
    all_taken(before).map(words).collect()
}

/// Refuses a restart that puts one that is stopped in the place of one that runs.
pub(in super::super) fn expect_own_ports(before: Before) -> Result<(), Failure> {
    let taken: Vec<Taken> = all_taken(before).collect();
    if before.reloads || taken.is_empty() {
        return Ok(());
    }
    let cause = taken.iter().map(Taken::words).collect::<Vec<_>>().join("; ");
    let mut remedies: Vec<String> = taken.iter().map(|taken| format!("`{}`", taken.stopped.remedy())).collect();
    remedies.dedup();
    let advice = format!(
        "nothing was changed; {} has what is stopped stay so (or take it away with `docker rm`); then try again",
        remedies.join(" and ")
    );
    Err(Error::new("cannot restart the engine", cause).advise(advice).into())
}

/// A port of the host that one container has, and another one would have.
struct Taken<'a> {
    stopped: &'a StoppedContainer,
    runs: &'a RunningContainer,
    place: Place,
}

impl Taken<'_> {
    fn words(&self) -> String {
        let (stopped, runs, (address, protocol)) = (&self.stopped.name, &self.runs.name, self.place);
        format!(
            "`{stopped}`, which is stopped, is started as well and may take {address}/{protocol} from `{runs}`, which runs"
        )
    }
}

impl StoppedContainer {
    fn remedy(&self) -> String {
        format!("docker update --restart {} {}", self.stays_with, self.name)
    }
}

/// What outlives the restart keeps its ports (measured with Engine 20.10 and 28.5).
fn all_taken(before: Before<'_>) -> impl Iterator<Item = Taken<'_>> {
    let stopped = if before.outlive == Outlive::Nothing { before.stopped } else { &[] };
    stopped.iter().flat_map(move |stopped| {
        before.containers.iter().filter_map(move |runs| {
            let place =
                stopped.published.iter().find(|place| runs.published.iter().any(|other| is_same(**place, *other)));
            Some(Taken { stopped, runs, place: *place? })
        })
    })
}

fn is_same(one: Place, other: Place) -> bool {
    one.1 == other.1 && clash(one.0, other.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::Protocol;
    use crate::engine::AfterRestart;

    fn published(address: &str) -> Vec<Place> {
        vec![(address.parse().expect("an address"), Protocol::Tcp)]
    }

    #[test]
    fn who_would_have_the_port_of_one_that_runs_is_named_with_it() {
        let stopped =
            |name: &str, published, stays_with| StoppedContainer { name: name.to_owned(), published, stays_with };
        let stopped = [
            stopped("db-old", published("0.0.0.0:5432"), "unless-stopped"),
            stopped("job", published("127.0.0.1:1"), "no"),
            stopped("web-old", Vec::new(), "unless-stopped"),
        ];
        let new = RunningContainer {
            id: "1".to_owned(),
            name: "db-new".to_owned(),
            after_restart: AfterRestart::Returns,
            stop_timeout: None,
            is_paused: false,
            published: published("127.0.0.1:5432"),
            shares: Vec::new(),
            depth: 0,
        };
        let containers = [new];
        let before = Before {
            containers: &containers,
            stopped: &stopped,
            outlive: Outlive::Nothing,
            is_on: false,
            in_swarm: false,
            reloads: false,
        };
        assert_eq!(
            told(&stopped),
            [
                "stopped now, and RUN after it: db-old, web-old (`docker update --restart unless-stopped db-old web-old` keeps \
                 them stopped)",
                "stopped now, and RUN after it: job (`docker update --restart no job` keeps it stopped)",
            ]
        );
        let [line] = &taken(before)[..] else { panic!("one port") };
        assert!(line.contains("`db-old`") && line.contains("0.0.0.0:5432/tcp from `db-new`"), "{line}");
        assert!(expect_own_ports(before).is_err());
        assert!(expect_own_ports(Before { reloads: true, ..before }).is_ok());
        assert!(expect_own_ports(Before { outlive: Outlive::All, ..before }).is_ok());
    }
}
