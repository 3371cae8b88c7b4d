//! From when to when a page shows its dashboard, and how often anew: as the reader has chosen, else as the dashboard itself
//! says, else as is usual.

use jiff::Zoned;

use super::choice::Choice;
use crate::dashboard::{Dashboard, Span};
use crate::stack::Duration;

const USUAL_RANGE: &str = "1h";
const USUAL_REFRESH: u32 = 30;

/// Fewest and most seconds between two refreshes.
const REFRESHES: std::ops::RangeInclusive<u32> = 2..=86_400;

/// Shortest stretch of time that is shown, in seconds.
pub const SHORTEST: f64 = 60.0;

/// Longest one: 400 days.
pub const LONGEST: f64 = 400.0 * 86_400.0;

/// When what a page shows is, and how often it is renewed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct When {
    /// The range as it was written: `6h`, `now-1d/d to now-1d/d`.
    pub(super) range: String,
    /// Both ends, in seconds since 1970.
    pub(super) ends: (f64, f64),
    /// Whether it ends now.
    pub(super) is_now: bool,
    /// Whether its end moves on with the time.
    pub(super) is_moving: bool,
    /// Seconds between two refreshes that are chosen; 0: never.
    pub(super) refresh: u32,
}

impl When {
    /// What holds for a dashboard; the second: what is wrong with its own range, where that would hold, in words.
    pub(super) fn of(choice: &Choice, dashboard: &Dashboard, now: &Zoned) -> (Self, Option<String>) {
        let own = dashboard.time.as_ref().map(written);
        let chosen = choice.range.as_ref().or(own.as_ref());
        let found = chosen.and_then(|range| Some((range.clone(), ends(range, now)?)));
        let wrong = chosen.filter(|_| found.is_none()).map(|range| {
            format!("this dashboard's own range, `{range}`, is none that can be shown: from a minute to 400 days")
        });
        let (range, (from, to)) = found.unwrap_or_else(|| {
            let to = now.timestamp().as_duration().as_secs_f64();
            (USUAL_RANGE.to_owned(), (to - 3600.0, to))
        });
        let span = Span::parse(&range);
        #[expect(clippy::cast_precision_loss, reason = "the end of the calendar is far below 2^53 seconds")]
        let ends = choice.end.map_or((from, to), |end| (from - to + end as f64, end as f64));
        let is_moving = choice.end.is_none() && span.as_ref().is_none_or(Span::is_moving);
        let own = dashboard.refresh.as_deref().and_then(of_dashboard);
        let refresh = choice.refresh.or(own).unwrap_or(USUAL_REFRESH);
        let is_now = choice.end.is_none() && span.is_none_or(|span| span.length().is_some());
        (Self { range, ends, is_now, is_moving, refresh }, wrong)
    }

    /// Length of the range, as it can be chosen with another end.
    pub(super) fn length(&self) -> String {
        if self.range.parse::<Duration>().is_ok() {
            return self.range.clone();
        }
        let length = std::time::Duration::from_secs_f64(self.ends.1 - self.ends.0).as_secs();
        Duration::from_secs(length).to_string()
    }
}

/// A dashboard's own range as a reader would write it.
fn written(span: &Span) -> String {
    let length = span.length().filter(|length| length.parse::<Duration>().is_ok());
    length.map_or_else(|| span.to_string(), str::to_owned)
}

/// Both ends of a written range, in seconds since 1970. `None`: it is none, or none that can be shown.
pub(super) fn ends(range: &str, now: &Zoned) -> Option<(f64, f64)> {
    let (from, to) = match range.parse::<Duration>() {
        Ok(length) => {
            let to = now.timestamp().as_duration().as_secs_f64();
            (to - seconds(length), to)
        }
        Err(_) => Span::parse(range)?.ends(now)?,
    };
    (SHORTEST..=LONGEST).contains(&(to - from)).then_some((from, to))
}

/// Seconds between two refreshes as an address has them. `None`: too few, or too many.
pub(super) fn refresh(seconds: u32) -> Option<u32> {
    (seconds == 0 || REFRESHES.contains(&seconds)).then_some(seconds)
}

/// Seconds between two refreshes as a dashboard has them, as near to them as can be. `None`: they are none.
fn of_dashboard(written: &str) -> Option<u32> {
    if written.is_empty() {
        return Some(0);
    }
    let seconds = seconds(written.parse().ok()?);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast keeps to the ends of the range"
    )]
    Some((seconds as u32).clamp(*REFRESHES.start(), *REFRESHES.end()))
}

fn seconds(duration: Duration) -> f64 {
    std::time::Duration::from_millis(duration.as_millis()).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        "2026-11-26T13:37:11+00:00[UTC]".parse().expect("a moment")
    }

    fn when(address: &str, time: Option<(&str, &str)>, refresh: Option<&str>) -> (When, Option<String>) {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(address.as_bytes()).into_owned().collect();
        let (choice, wrong) = Choice::of(&pairs, &now());
        assert_eq!(wrong, Vec::<String>::new());
        let time = time.map(|(from, to)| Span { from: from.to_owned(), to: to.to_owned() });
        let dashboard = Dashboard { time, refresh: refresh.map(str::to_owned), ..Dashboard::default() };
        When::of(&choice, &dashboard, &now())
    }

    #[test]
    fn a_dashboards_own_time_and_refresh_hold_until_the_reader_chooses() {
        let (usual, wrong) = when("", None, None);
        assert_eq!((usual.range.as_str(), usual.refresh, wrong), ("1h", 30, None));
        let (own, wrong) = when("", Some(("now-6h", "now")), Some("1m"));
        assert_eq!((own.range.as_str(), own.refresh, wrong), ("6h", 60, None));
        assert!((own.ends.1 - own.ends.0 - 21_600.0).abs() < 1e-9 && own.is_now && own.is_moving, "{own:?}");
        let (chosen, _) = when("range=15m&refresh=5", Some(("now-6h", "now")), Some("1m"));
        assert_eq!((chosen.range.as_str(), chosen.refresh), ("15m", 5));
    }

    #[test]
    fn a_range_that_does_not_end_now_is_shown_as_it_is_and_its_length_can_be_moved() {
        let (yesterday, wrong) = when("", Some(("now-1d/d", "now-1d/d")), None);
        assert_eq!(wrong, None);
        assert_eq!(yesterday.range, "now-1d/d to now-1d/d");
        assert_eq!(yesterday.ends, (1_795_564_800.0, 1_795_651_200.0));
        assert_eq!((yesterday.length().as_str(), yesterday.is_now, yesterday.is_moving), ("1d", false, true));
        let (asked, _) = when("range=now-1d/d+to+now-1d/d", Some(("now-6h", "now")), None);
        assert_eq!(asked.ends, yesterday.ends);
        let (past, _) = when("", Some(("2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z")), None);
        assert!(!past.is_moving && !past.is_now, "{past:?}");
        let (moved, _) = when("end=1795564800", Some(("now-6h", "now")), None);
        assert_eq!(moved.ends, (1_795_543_200.0, 1_795_564_800.0));
    }

    #[test]
    fn a_range_of_a_dashboard_that_cannot_be_shown_is_told_where_it_would_hold() {
        for (from, to) in [("now-5y", "now"), ("now-5s", "now"), ("banana", "now")] {
            let (usual, wrong) = when("", Some((from, to)), None);
            assert_eq!(usual.range, "1h");
            assert!(wrong.is_some_and(|wrong| wrong.contains("own range")), "{from}");
            assert_eq!(when("range=6h", Some((from, to)), None).1, None);
        }
    }

    #[test]
    fn a_refresh_of_a_dashboard_is_as_near_to_it_as_can_be() {
        for (written, expected) in
            [("", 0), ("5s", 5), ("1s", 2), ("500ms", 2), ("2h", 7200), ("99d", 86_400), ("x", 30)]
        {
            assert_eq!(when("", None, Some(written)).0.refresh, expected, "{written}");
        }
    }
}
