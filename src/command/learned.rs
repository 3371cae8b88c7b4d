//! What is known of an app after a look at what it exposes. What it once exposed it still has, used or not, as long as its
//! program is the same; what another program exposed under its name says nothing of it.

use std::collections::BTreeMap;

use crate::dashboard::Exposed;
use crate::desired::LearnedFrom;

/// Seconds that are looked back at most: an app that started anew and rests has its dashboard all the same.
pub(super) const HOUR: i64 = 3600;

/// What is known of one app.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Learned {
    /// What it exposes.
    pub(super) exposed: Exposed,
    /// What it ran from when that was learned. `None`: nobody wrote it down.
    pub(super) from: Option<LearnedFrom>,
}

/// What is known, by job.
pub(super) type Knowledge = BTreeMap<String, Learned>;

/// What an app runs from at this moment.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub(super) from: LearnedFrom,
    /// Seconds since 1970.
    pub(super) started_at: i64,
}

/// What was seen of an app within its window.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight {
    /// The telling metrics among all that it exposed.
    pub(super) exposed: Exposed,
    /// It was scraped, and had samples.
    pub(super) is_scraped: bool,
}

/// How what runs is related to what was learned from.
enum Kin<'a> {
    /// It is the same program, as far as anybody knows.
    Same,
    /// It is another build of that image, or has another command.
    Newer,
    /// It is the program that ran under another name, and exposes this.
    Moved(&'a Exposed),
    /// It is another program, of which nothing is known.
    Stranger,
}

fn kin<'a>(known: &'a Knowledge, job: &str, running: &LearnedFrom) -> Kin<'a> {
    let own = known.get(job);
    let from = own.and_then(|own| own.from.as_ref());
    match from {
        Some(from) if from.program == running.program => {
            return if from.image_id == running.image_id { Kin::Same } else { Kin::Newer };
        }
        None if own.is_some_and(|own| !own.exposed.is_empty()) => return Kin::Same,
        _ => {}
    }
    let is_it = |learned: &Learned| learned.from.as_ref().is_some_and(|from| from.program == running.program);
    let mut others = known.iter().filter(|(name, learned)| *name != job && is_it(learned));
    match (others.find(|(_, learned)| !learned.exposed.is_empty()), from) {
        (Some((_, learned)), _) => Kin::Moved(&learned.exposed),
        (None, None) => Kin::Same,
        (None, Some(from)) if from.image == running.image => Kin::Newer,
        (None, Some(_)) => Kin::Stranger,
    }
}

/// How many seconds back a look at an app tells of the program that runs now, `now` being seconds since 1970.
pub(super) fn window(known: &Knowledge, job: &str, running: Option<&Running>, now: i64) -> i64 {
    let since = match running.map(|running| (kin(known, job, &running.from), running)) {
        Some((Kin::Moved(_) | Kin::Stranger, running)) => Some(running.started_at),
        _ => known.get(job).and_then(|own| own.from.as_ref()?.since),
    };
    since.map_or(HOUR, |since| (now - since).clamp(1, HOUR))
}

/// What is known of an app after a look. `None`: no more than before.
pub(super) fn after(
    known: &Knowledge,
    job: &str,
    running: Option<&Running>,
    sight: &Sight,
    now: i64,
) -> Option<Learned> {
    let own = known.get(job).cloned().unwrap_or_default();
    let together = |before: &Exposed| union(before, &sight.exposed);
    let Some(running) = running else {
        let exposed = together(&own.exposed);
        return (!exposed.is_empty()).then_some(Learned { exposed, ..own });
    };
    let is_seen = sight.is_scraped || !sight.exposed.is_empty();
    let from_here = || Some(LearnedFrom { since: Some(running.started_at), ..running.from.clone() });
    match kin(known, job, &running.from) {
        Kin::Same => {
            let exposed = together(&own.exposed);
            let from = own.from.or_else(|| Some(running.from.clone()));
            (!exposed.is_empty()).then_some(Learned { exposed, from })
        }
        // A new version rests at first, and what it has not exposed within an hour it has no more.
        Kin::Newer if now - running.started_at < HOUR || sight.exposed.is_empty() => {
            Some(Learned { exposed: together(&own.exposed), from: own.from })
        }
        Kin::Newer => Some(Learned { exposed: sight.exposed.clone(), from: Some(running.from.clone()) }),
        Kin::Moved(exposed) if is_seen => Some(Learned { exposed: together(exposed), from: from_here() }),
        Kin::Stranger if is_seen => Some(Learned { exposed: sight.exposed.clone(), from: from_here() }),
        Kin::Moved(_) | Kin::Stranger => None,
    }
}

fn union(one: &Exposed, other: &Exposed) -> Exposed {
    let mut union = one.clone();
    for (metric, labels) in &other.0 {
        union.0.entry(metric.clone()).or_default().extend(labels.iter().cloned());
    }
    union
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn exposed(metrics: &[&str]) -> Exposed {
        Exposed(metrics.iter().map(|metric| ((*metric).to_owned(), ["code".to_owned()].into())).collect())
    }

    /// `image:command@build`
    fn program(text: &str) -> LearnedFrom {
        let (program, image_id) = text.split_once('@').expect("a build");
        let image = program.split(':').next().unwrap_or_default();
        let [image, program, image_id] = [image, program, image_id].map(str::to_owned);
        LearnedFrom { image, program, image_id, since: None }
    }

    fn running(text: &str, seconds: i64) -> Running {
        Running { from: program(text), started_at: NOW - seconds }
    }

    fn known() -> Knowledge {
        let of = |metrics: &[&str], text| Learned { exposed: exposed(metrics), from: Some(program(text)) };
        let (web, api) = (of(&["web_total"], "a:web@1"), of(&["api_total"], "a:api@1"));
        [("web".to_owned(), web), ("api".to_owned(), api)].into()
    }

    fn sight(metrics: &[&str]) -> Sight {
        Sight { exposed: exposed(metrics), is_scraped: true }
    }

    fn told(known: &Knowledge, job: &str, running: &Running, sight: &Sight) -> Option<Vec<String>> {
        after(known, job, Some(running), sight, NOW).map(|learned| learned.exposed.0.into_keys().collect())
    }

    #[test]
    fn what_the_same_program_once_exposed_stays_however_long_it_rests() {
        let known = known();
        let web = running("a:web@1", 90_000);
        assert_eq!(window(&known, "web", Some(&web), NOW), HOUR);
        assert_eq!(told(&known, "web", &web, &sight(&["go_info"])), Some(vec!["go_info".into(), "web_total".into()]));
        let same = after(&known, "web", Some(&web), &sight(&[]), NOW);
        assert_eq!(same.as_ref(), known.get("web"));
        assert_eq!(after(&known, "web", None, &sight(&[]), NOW).as_ref(), known.get("web"), "nothing runs");
    }

    #[test]
    fn names_that_are_exchanged_take_along_what_is_known() {
        let known = known();
        let (web, api) = (running("a:api@1", 5), running("a:web@1", 5));
        assert_eq!(window(&known, "web", Some(&web), NOW), 5, "what was scraped before is of the other one");
        assert_eq!(told(&known, "web", &web, &sight(&[])), Some(vec!["api_total".into()]));
        let learned = after(&known, "api", Some(&api), &sight(&["go_info"]), NOW).expect("it was seen");
        assert_eq!(learned.exposed, exposed(&["web_total", "go_info"]));
        assert_eq!(learned.from, Some(LearnedFrom { since: Some(NOW - 5), ..program("a:web@1") }));
        // Until the first scrape nobody forgets anything.
        assert_eq!(told(&known, "web", &web, &Sight::default()), None);
        // Later looks go no further back, either.
        let later = [("api".to_owned(), learned)].into();
        assert_eq!(window(&later, "api", Some(&running("a:web@1", 60)), NOW + 55), 60);
        assert_eq!(window(&later, "api", Some(&running("a:web@1", 60)), NOW + 90_000), HOUR);
    }

    #[test]
    fn a_name_that_is_new_takes_what_is_known_of_its_program() {
        assert_eq!(told(&known(), "shop", &running("a:web@1", 9), &sight(&[])), Some(vec!["web_total".into()]));
        assert_eq!(told(&known(), "shop", &running("b:shop@1", 9), &sight(&["b"])), Some(vec!["b".into()]));
        assert_eq!(told(&known(), "shop", &running("b:shop@1", 9), &sight(&[])), None, "nothing to keep");
    }

    #[test]
    fn another_image_under_the_name_is_learned_from_its_start_on() {
        let known = known();
        let other = running("b:web@7", 30);
        assert_eq!(window(&known, "web", Some(&other), NOW), 30);
        assert_eq!(told(&known, "web", &other, &Sight::default()), None, "it was not scraped yet");
        assert_eq!(told(&known, "web", &other, &sight(&["b_total"])), Some(vec!["b_total".into()]));
        assert_eq!(told(&known, "web", &other, &sight(&[])), Some(Vec::new()), "it exposes nothing that tells");
    }

    #[test]
    fn a_new_version_keeps_what_the_last_one_exposed_for_an_hour() {
        let known = known();
        for newer in ["a:web@2", "a:web --verbose@1"] {
            let young =
                after(&known, "web", Some(&running(newer, 60)), &sight(&["go_info"]), NOW).expect("it is known");
            assert_eq!(young.exposed, exposed(&["go_info", "web_total"]));
            assert_eq!(young.from, Some(program("a:web@1")));
            let old = running(newer, 2 * HOUR);
            let grown = after(&known, "web", Some(&old), &sight(&["go_info"]), NOW).expect("it is known");
            assert_eq!((grown.exposed, grown.from), (exposed(&["go_info"]), Some(program(newer))));
            let not_scraped = after(&known, "web", Some(&old), &Sight::default(), NOW);
            assert_eq!(not_scraped.as_ref(), known.get("web"));
        }
    }

    #[test]
    fn what_was_learned_before_anybody_wrote_down_from_what_is_taken_for_the_same() {
        let known: Knowledge = [("web".to_owned(), Learned { exposed: exposed(&["web_total"]), from: None })].into();
        let learned = after(&known, "web", Some(&running("a:web@1", 9)), &sight(&[]), NOW).expect("it is known");
        assert_eq!((learned.exposed, learned.from), (exposed(&["web_total"]), Some(program("a:web@1"))));
    }
}
