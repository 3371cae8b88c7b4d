//! Limits of containers.

use super::super::ByteSize;
use super::super::document::Path;
use super::{Examination, each_container};

/// The least memory that the engine gives a container.
const LEAST_MEMORY: ByteSize = ByteSize(6 << 20);

/// The least of a core that the kernel counts, in the tenth of a second that the engine divides.
const LEAST_CPUS: f64 = 0.01;

/// More cores than any host has: the engine counts in billionths of one, and in 64 bits.
const MOST_CPUS: f64 = 10_000.0;

/// Limits that the engine would refuse.
pub(super) fn limits_make_sense(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        // To an engine 0 is no limit.
        if container.cpus.is_some_and(|cpus| !cpus.is_finite() || cpus < 0.0) {
            examination.error(path.key("cpus"), "a container needs some CPU", "write a number above 0, such as `0.5`");
        }
        if container.cpus.is_some_and(|cpus| cpus > 0.0 && cpus < LEAST_CPUS) {
            let message = format!("the kernel gives no container less than {LEAST_CPUS} of a core");
            examination.error(path.key("cpus"), message, "write a larger number, such as `0.1`");
        }
        if container.cpus.is_some_and(|cpus| cpus.is_finite() && cpus > MOST_CPUS) {
            let message = format!("no host has more than {MOST_CPUS} cores");
            examination.error(path.key("cpus"), message, "write the number of cores, such as `1.5`");
        }
        let [limit, kept] = [container.mem_limit, container.mem_reservation].map(|size| size.filter(|size| size.0 > 0));
        memory(examination, path.key("mem_limit"), limit);
        memory(examination, path.key("mem_reservation"), kept);
        if let (Some(limit), Some(kept)) = (limit, kept)
            && kept > limit
        {
            let message = format!("{kept} are set aside, and the limit is {limit}");
            examination.error(path.key("mem_reservation"), message, "lower `mem_reservation` or raise `mem_limit`");
        }
    });
}

fn memory(examination: &mut Examination, path: Path, limit: Option<ByteSize>) {
    if limit.is_some_and(|limit| limit < LEAST_MEMORY) {
        let message = format!("the engine gives no container less than {LEAST_MEMORY}");
        examination.error(path, message, "write a larger size, such as `64m`");
    }
}
