//! Series on top of each other: each is what it is plus all below it.

use std::collections::BTreeMap;

use super::content::Series;
use super::number::nearest;
use crate::dashboard::Stacking;

/// The upper edges, from the lowest up; `None`: nothing is stacked.
pub(super) fn stacked(series: &[Series], stacking: Stacking) -> Option<Vec<Series>> {
    if stacking == Stacking::None {
        return None;
    }
    let totals = (stacking == Stacking::Percent).then(|| totals(series));
    let mut height: BTreeMap<i64, f64> = BTreeMap::new();
    let edges = series.iter().map(|one| {
        let points = one.points.iter().filter(|(_, value)| value.is_finite()).map(|(time, value)| {
            let whole = totals.as_ref().and_then(|totals| totals.get(&key(*time))).copied().unwrap_or(1.0);
            let top = height.entry(key(*time)).or_default();
            *top += if whole == 0.0 { 0.0 } else { value / whole };
            (*time, *top)
        });
        Series { points: points.collect(), ..one.clone() }
    });
    Some(edges.collect())
}

fn totals(series: &[Series]) -> BTreeMap<i64, f64> {
    let mut totals = BTreeMap::new();
    for (time, value) in series.iter().flat_map(|one| &one.points).filter(|(_, value)| value.is_finite()) {
        *totals.entry(key(*time)).or_default() += value;
    }
    totals
}

/// Moments of different series are the same to the millisecond.
fn key(time: f64) -> i64 {
    nearest(time * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(f64, f64)]) -> Series {
        Series { points: points.to_vec(), ..Series::default() }
    }

    #[test]
    fn each_series_stands_on_those_before_it() {
        let both = [series(&[(0.0, 1.0), (1.0, 2.0)]), series(&[(0.0, 3.0), (1.0, f64::NAN)])];
        let tops = stacked(&both, Stacking::Normal).expect("stacked");
        assert_eq!(tops[0].points, [(0.0, 1.0), (1.0, 2.0)]);
        assert_eq!(tops[1].points, [(0.0, 4.0)]);
        let shares = stacked(&both, Stacking::Percent).expect("stacked");
        assert_eq!(shares[1].points, [(0.0, 1.0)]);
        assert_eq!(stacked(&both, Stacking::None), None);
    }
}
