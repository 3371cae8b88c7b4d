//! The same work on many things, on every core.

use std::panic::resume_unwind;
use std::thread::{self, available_parallelism};

/// Fewer than this are not worth a thread.
const FEWEST: usize = 32;

/// What `make` makes of each, in their order.
pub(super) fn map<Item: Sync, Made: Send>(items: &[Item], make: impl Fn(&Item) -> Made + Sync) -> Vec<Made> {
    let cores = available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(FEWEST);
    if items.len() <= share {
        return items.iter().map(make).collect();
    }
    let make = &make;
    thread::scope(|scope| {
        let shares = items.chunks(share);
        let workers: Vec<_> =
            shares.map(|share| scope.spawn(move || share.iter().map(make).collect::<Vec<_>>())).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn the_order_stays_however_many_there_are() {
        for count in [0, 1, 31, 32, 33, 64, 65, 1000] {
            let numbers: Vec<usize> = (0..count).collect();
            let doubled: Vec<usize> = (0..count).map(|number| number * 2).collect();
            assert_eq!(map(&numbers, |number| number * 2), doubled, "{count}");
        }
    }
}
