//! The stretch of time that a picture shows, and where the ticks of its axis stand.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::number::{float, nearest};

/// From when to when, seconds since 1970, and the time zone in which moments are written.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeRange {
    /// Left end.
    pub start: f64,
    /// Right end.
    pub end: f64,
    /// Seconds between two points of a series that has no gap.
    pub step: f64,
    /// Zone of every clock time in the picture.
    pub zone: TimeZone,
}

/// One tick of the time axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TimeTick {
    /// Seconds since 1970.
    pub(super) time: f64,
    /// What is written below it.
    pub(super) label: String,
}

const DAY: f64 = 86_400.0;
const FOUR_WEEKS: f64 = 28.0 * DAY;

/// Distances between ticks that a clock or a calendar has, in seconds.
const DISTANCES: [f64; 22] = [
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    FOUR_WEEKS,
];

impl TimeRange {
    /// Length in seconds.
    pub fn length(&self) -> f64 {
        self.end - self.start
    }

    /// How many points a series without a gap has in it.
    pub fn points(&self) -> usize {
        super::number::whole(self.length() / self.step.max(1e-9)).saturating_add(1)
    }

    /// A moment as people write it, to the second: `24 Nov 13:05:00`.
    pub fn moment(&self, time: f64) -> String {
        self.format(time, "%-d %b %H:%M:%S")
    }

    /// The zone as people write it: `UTC`, `CET`, `+05:30`.
    pub fn zone_name(&self) -> String {
        self.format(self.end, "%Z")
    }

    /// At most `count` ticks at round times of the zone. Midnight carries the date.
    pub(super) fn ticks(&self, count: usize) -> Vec<TimeTick> {
        let distance = self.tick_distance(count);
        // The offset at the end holds for the whole axis: ticks stay evenly spread when clocks change in between.
        let offset = self.zone.to_offset(timestamp(self.end)).seconds();
        let local = |time: f64| time + f64::from(offset);
        let first = (local(self.start) / distance).ceil() * distance - f64::from(offset);
        let times = (0..100).map(|number| first + f64::from(number) * distance).take_while(|time| *time <= self.end);
        times.map(|time| TimeTick { time, label: self.label(time, distance) }).collect()
    }

    fn tick_distance(&self, count: usize) -> f64 {
        let wanted = self.length() / float(count.max(1));
        let known = DISTANCES.into_iter().find(|distance| *distance >= wanted);
        known.unwrap_or_else(|| (wanted / FOUR_WEEKS).ceil() * FOUR_WEEKS)
    }

    fn label(&self, time: f64, distance: f64) -> String {
        let clock = self.format(time, "%H:%M:%S");
        if distance >= DAY || clock == "00:00:00" {
            self.format(time, "%-d %b")
        } else if distance < 60.0 {
            clock
        } else {
            self.format(time, "%H:%M")
        }
    }

    fn format(&self, time: f64, pattern: &str) -> String {
        timestamp(time).to_zoned(self.zone.clone()).strftime(pattern).to_string()
    }
}

/// The nearest moment that can be written; a calendar ends somewhere.
fn timestamp(seconds: f64) -> Timestamp {
    let limit = |seconds: f64| {
        if seconds.is_sign_negative() { Timestamp::MIN } else { Timestamp::MAX }
    };
    Timestamp::from_millisecond(nearest(seconds * 1000.0)).unwrap_or_else(|_| limit(seconds))
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZone};

    use super::TimeRange;

    /// Monday 23 November 2026, 13:37:11 UTC.
    const NOW: f64 = 1_795_441_031.0;

    fn labels(length: f64, count: usize, zone: TimeZone) -> String {
        let range = TimeRange { start: NOW - length, end: NOW, step: 15.0, zone };
        let labels: Vec<String> = range.ticks(count).into_iter().map(|tick| tick.label).collect();
        labels.join(" ")
    }

    #[test]
    fn ticks_stand_at_round_times() {
        assert_eq!(labels(60.0, 5, TimeZone::UTC), "13:36:15 13:36:30 13:36:45 13:37:00");
        assert_eq!(labels(600.0, 6, TimeZone::UTC), "13:28 13:30 13:32 13:34 13:36");
        assert_eq!(labels(6.0 * 3600.0, 6, TimeZone::UTC), "08:00 09:00 10:00 11:00 12:00 13:00");
    }

    #[test]
    fn midnight_carries_the_date_and_days_have_no_clock() {
        assert_eq!(labels(86_400.0, 6, TimeZone::UTC), "18:00 23 Nov 06:00 12:00");
        assert_eq!(labels(7.0 * 86_400.0, 8, TimeZone::UTC), "17 Nov 18 Nov 19 Nov 20 Nov 21 Nov 22 Nov 23 Nov");
    }

    #[test]
    fn ticks_are_round_in_the_zone_of_the_reader() {
        let kolkata = TimeZone::fixed(Offset::from_seconds(19_800).expect("an offset"));
        assert_eq!(labels(6.0 * 3600.0, 6, kolkata), "14:00 15:00 16:00 17:00 18:00 19:00");
    }

    #[test]
    fn a_range_of_years_has_few_ticks() {
        let range = TimeRange { start: NOW - 4e8, end: NOW, step: 3600.0, zone: TimeZone::UTC };
        assert!(range.ticks(6).len() <= 7);
    }

    #[test]
    fn moments_that_no_calendar_has_do_not_panic() {
        let range = TimeRange { start: -1e300, end: 1e300, step: 1.0, zone: TimeZone::UTC };
        assert!(range.moment(range.end).starts_with("30 Dec"));
    }
}
