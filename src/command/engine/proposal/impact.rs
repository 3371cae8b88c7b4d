//! What putting a change in force does to what runs: nothing, a reload, or a restart and what that stops. Pure.

use std::fmt::Write as _;
use std::time::Duration;

use super::stopped::{taken, told};
use crate::engine::{AfterRestart, RunningContainer, StoppedContainer};
use crate::stack::counted;

/// Seconds for which an engine without a container is away; each container takes half a second more (measured: 20 on Engine
/// 20.10 with two processors, 10 to 14 s).
const AWAY: usize = 2;

/// What is known before a restart.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Before<'a> {
    /// What runs.
    pub(in super::super) containers: &'a [RunningContainer],
    /// What does not run, and is started.
    pub(in super::super) stopped: &'a [StoppedContainer],
    /// Which of them outlive the restart: now, or because the change says so and is reloaded first.
    pub(in super::super) outlive: Outlive,
    /// live-restore is on in the engine already; else a reload switches it on where containers are to outlive the restart.
    pub(in super::super) is_on: bool,
    /// The engine is a node of a Swarm.
    pub(in super::super) in_swarm: bool,
    /// A reload is enough.
    pub(in super::super) reloads: bool,
}

/// Which containers run on while their engine restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Outlive {
    /// None: live-restore is off.
    Nothing,
    /// With live-restore, on an engine that removes those with `--rm` even so.
    AllButRemoved,
    /// With live-restore.
    All,
}

/// It in words, one line for each thing to know.
pub(in super::super) fn impact(before: Before) -> String {
    let count = before.containers.len();
    if before.reloads {
        return "in force after a reload (SIGHUP): no container stops".to_owned();
    }
    let mut text = "in force after a restart of the engine; a reload (SIGHUP) does not do".to_owned();
    let mut line = |words: &str| write!(text, "\n  {words}").expect("a String takes everything");
    let is_on = if before.is_on { "is on" } else { "is switched on by a reload (SIGHUP) first" };
    match (count, before.outlive) {
        (0, _) => line("no container runs, so none stops"),
        (_, Outlive::All) => line(&format!("live-restore {is_on}: {} on", running(count, "runs", "run"))),
        (_, Outlive::AllButRemoved) => {
            let removed = names(before.containers, AfterRestart::Removed);
            line(&format!("live-restore {is_on}: {} on", running(count - removed.len(), "runs", "run")));
            if !removed.is_empty() {
                line(&format!("ARE REMOVED even so, by an engine before 26 (--rm): {}", removed.join(", ")));
            }
        }
        (_, Outlive::Nothing) => {
            let away = AWAY + count.div_ceil(2);
            let stubborn = match longest_stop(before.containers) {
                Some(longest) => format!("up to {} s longer", longest.as_secs()),
                None => "as long as it takes".to_owned(),
            };
            line(&format!(
                "{} meanwhile, for about {away} s, or {stubborn} where one does not end when it is told to",
                running(count, "stops", "stop")
            ));
            for (after, words) in [
                (AfterRestart::Returns, "come back by their restart policy"),
                (AfterRestart::ReturnsFailed, "come back only if they end with an error (policy on-failure)"),
                (AfterRestart::Rescheduled, "are started again by Swarm, perhaps on another node"),
                (AfterRestart::StaysDown, "STAY DOWN: they have no restart policy"),
                (
                    AfterRestart::StaysDownWithBase,
                    "STAY DOWN, whatever their restart policy: they share the network, IPC or processes of one that stops, too",
                ),
                (AfterRestart::Removed, "ARE REMOVED at their end (--rm)"),
                (
                    AfterRestart::Lost,
                    "CANNOT BE STARTED any more, and have to be made anew: they share the network, IPC or processes of one that \
                     is removed",
                ),
            ] {
                let names = with_bases(before.containers, after);
                if !names.is_empty() {
                    line(&format!("{words}: {}", names.join(", ")));
                }
            }
            let paused: Vec<&str> = paused(before.containers, AfterRestart::Returns).collect();
            if !paused.is_empty() {
                line(&format!("paused now, and RUN after it: {}", paused.join(", ")));
            }
        }
    }
    for words in told(before.stopped).into_iter().chain(taken(before)) {
        line(&words);
    }
    if before.in_swarm {
        line("this is a node of a Swarm: `docker node update --availability drain NODE` first moves its tasks away");
    }
    text
}

/// The time that the most patient of them is given to end. `None`: one has no limit.
pub(in super::super) fn longest_stop(containers: &[RunningContainer]) -> Option<Duration> {
    containers.iter().try_fold(Duration::ZERO, |longest, container| Some(longest.max(container.stop_timeout?)))
}

/// Names of the containers that end so.
pub(in super::super) fn names(containers: &[RunningContainer], after: AfterRestart) -> Vec<&str> {
    let alike = containers.iter().filter(|container| container.after_restart == after);
    alike.map(|container| container.name.as_str()).collect()
}

/// The same, in the order in which they can be started.
pub(in super::super) fn in_order(containers: &[RunningContainer], after: AfterRestart) -> Vec<&str> {
    let mut alike: Vec<_> = containers.iter().filter(|container| container.after_restart == after).collect();
    alike.sort_by_key(|container| container.depth);
    alike.into_iter().map(|container| container.name.as_str()).collect()
}

/// Names of the containers that end so, each with those that it shares something with.
pub(in super::super) fn with_bases(containers: &[RunningContainer], after: AfterRestart) -> Vec<String> {
    let alike = containers.iter().filter(|container| container.after_restart == after);
    let told = alike.map(|RunningContainer { name, shares, .. }| match (after, shares.is_empty()) {
        (AfterRestart::StaysDownWithBase | AfterRestart::Lost, false) => format!("{name} (of {})", shares.join(", ")),
        _ => name.clone(),
    });
    told.collect()
}

/// Names of paused containers that end so.
fn paused(containers: &[RunningContainer], after: AfterRestart) -> impl Iterator<Item = &str> {
    let paused = containers.iter().filter(move |container| container.is_paused && container.after_restart == after);
    paused.map(|container| container.name.as_str())
}

/// Names of containers that were paused and are not any more, of those that run now.
pub(in super::super) fn unpaused<'a>(before: &'a [RunningContainer], now: &[RunningContainer]) -> Vec<&'a str> {
    let runs = |before: &RunningContainer| now.iter().any(|now| now.id == before.id && !now.is_paused);
    let unpaused = before.iter().filter(|before| before.is_paused && runs(before));
    unpaused.map(|container| container.name.as_str()).collect()
}

fn running(count: usize, one: &str, more: &str) -> String {
    format!("{} {}", counted(count, "running container"), if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Before = Before {
        containers: &[],
        stopped: &[],
        outlive: Outlive::Nothing,
        is_on: false,
        in_swarm: false,
        reloads: false,
    };

    fn container(name: &str, after_restart: AfterRestart) -> RunningContainer {
        let stop_timeout = Some(Duration::from_secs(10));
        let (id, published, shares) = (name.to_owned(), Vec::new(), Vec::new());
        let (name, is_paused, depth) = (name.to_owned(), false, 0);
        RunningContainer { id, name, after_restart, stop_timeout, is_paused, published, shares, depth }
    }

    #[test]
    fn what_a_restart_stops_is_told_by_what_becomes_of_it() {
        let containers = [
            container("db", AfterRestart::Returns),
            container("job", AfterRestart::Removed),
            container("shell", AfterRestart::StaysDown),
        ];
        let outlive = Outlive::Nothing;
        let before =
            Before { containers: &containers, stopped: &[], outlive, is_on: true, in_swarm: true, reloads: false };
        let told = impact(before);
        for words in [
            "3 running containers stop meanwhile, for about 4 s, or up to 10 s longer where one does not end",
            "policy: db",
            "STAY DOWN: they have no restart policy: shell",
            "(--rm): job",
            "drain",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
        let before = Before { outlive: Outlive::AllButRemoved, in_swarm: false, ..before };
        let told = impact(before);
        assert!(told.contains("live-restore is on: 2 running containers run on"), "{told}");
        assert!(told.ends_with("ARE REMOVED even so, by an engine before 26 (--rm): job"), "{told}");
        let told = impact(Before { outlive: Outlive::All, ..before });
        assert!(told.ends_with("live-restore is on: 3 running containers run on"), "{told}");
        let told = impact(Before { outlive: Outlive::All, is_on: false, ..before });
        let words = "live-restore is switched on by a reload (SIGHUP) first: 3 running containers run on";
        assert!(told.ends_with(words), "{told}");
    }

    #[test]
    fn containers_that_take_their_time_are_given_it() {
        let mut containers = vec![container("web", AfterRestart::Returns), container("db", AfterRestart::Returns)];
        containers[1].stop_timeout = Some(Duration::from_secs(90));
        assert_eq!(longest_stop(&containers), Some(Duration::from_secs(90)));
        let told =
            |containers: &[RunningContainer]| impact(Before { containers, outlive: Outlive::Nothing, ..NOTHING });
        assert!(told(&containers).contains("or up to 90 s longer where one does not end"), "{}", told(&containers));
        containers[0].stop_timeout = None;
        assert!(told(&containers).contains("or as long as it takes where one does not end"), "{}", told(&containers));
    }

    #[test]
    fn paused_containers_that_will_run_are_told() {
        let mut containers = [container("job", AfterRestart::Returns), container("web", AfterRestart::Returns)];
        containers[0].is_paused = true;
        let told = |outlive| {
            impact(Before {
                containers: &containers,
                stopped: &[],
                outlive,
                is_on: true,
                in_swarm: false,
                reloads: false,
            })
        };
        let all = told(Outlive::Nothing);
        assert!(all.ends_with("paused now, and RUN after it: job"), "{all}");
        assert!(!told(Outlive::All).contains("paused"), "it stays paused");
        let mut now = containers.clone();
        assert_eq!(unpaused(&containers, &now), Vec::<&str>::new());
        now[0].is_paused = false;
        assert_eq!(unpaused(&containers, &now), ["job"]);
        assert_eq!(unpaused(&containers, &now[1..]), Vec::<&str>::new(), "it is missing, which is told elsewhere");
    }

    #[test]
    fn who_hangs_on_another_one_is_started_after_it() {
        let mut containers = [
            container("a", AfterRestart::StaysDownWithBase),
            container("b", AfterRestart::StaysDownWithBase),
            container("c", AfterRestart::Lost),
        ];
        containers[0].depth = 2;
        containers[0].shares = vec!["b".to_owned()];
        containers[1].shares = vec!["db".to_owned()];
        let told = impact(Before { containers: &containers, ..NOTHING });
        assert!(told.contains("of one that stops, too: a (of b), b (of db)\n"), "{told}");
        assert!(told.ends_with("of one that is removed: c"), "{told}");
        assert_eq!(in_order(&containers, AfterRestart::StaysDownWithBase), ["b", "a"]);
    }

    #[test]
    fn a_reload_stops_nothing() {
        assert_eq!(impact(Before { reloads: true, ..NOTHING }), "in force after a reload (SIGHUP): no container stops");
    }
}
