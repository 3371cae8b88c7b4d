//! The order in which services start.

use std::collections::HashMap;

use super::Service;

/// Services in start order, each with its wave: after all that it depends on, else in the order given.
/// A dependency on a service that is not there (a component that was left out) is dropped.
pub(super) fn arrange(mut services: Vec<Service>) -> Vec<Service> {
    let below = dependencies(&mut services);
    let order = dependencies_first(&below);
    let mut waves = vec![0; services.len()];
    for &position in &order {
        waves[position] = below[position].iter().map(|&lower| waves[lower] + 1).max().unwrap_or(0);
    }
    let mut waiting: Vec<Option<Service>> = services.into_iter().map(Some).collect();
    let arranged = order.into_iter().filter_map(|position| {
        let service = waiting[position].take()?;
        Some(Service { wave: waves[position], ..service })
    });
    arranged.collect()
}

/// For each service the positions of those it depends on.
fn dependencies(services: &mut [Service]) -> Vec<Vec<usize>> {
    let names = services.iter().enumerate();
    let positions: HashMap<String, usize> = names.map(|(position, service)| (service.name.clone(), position)).collect();
    let mut below = Vec::with_capacity(services.len());
    for service in services {
        service.depends_on.retain(|dependency| positions.contains_key(&dependency.service));
        below.push(service.depends_on.iter().map(|dependency| positions[&dependency.service]).collect());
    }
    below
}

/// Every position once, each after all below it. Walks the chains without recursion: a chain may be thousands long.
fn dependencies_first(below: &[Vec<usize>]) -> Vec<usize> {
    let mut order = Vec::with_capacity(below.len());
    let mut seen = vec![false; below.len()];
    for start in 0..below.len() {
        let mut path = if std::mem::replace(&mut seen[start], true) { Vec::new() } else { vec![(start, 0)] };
        while let Some((position, next)) = path.last_mut() {
            let Some(&lower) = below[*position].get(*next) else {
                order.push(*position);
                path.pop();
                continue;
            };
            *next += 1;
            if !std::mem::replace(&mut seen[lower], true) {
                path.push((lower, 0));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::dependencies_first;

    #[test]
    fn services_without_dependencies_keep_their_order() {
        assert_eq!(dependencies_first(&[vec![], vec![], vec![]]), [0, 1, 2]);
    }

    #[test]
    fn a_service_comes_after_all_that_it_depends_on() {
        assert_eq!(dependencies_first(&[vec![2, 1], vec![3], vec![], vec![]]), [2, 3, 1, 0]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_services_does_not_exhaust_the_stack() {
        let last = 100_000;
        let below: Vec<Vec<usize>> = (0..=last).map(|position| (position + 1..=last).take(1).collect()).collect();
        let order = dependencies_first(&below);
        assert_eq!((order[0], order[last]), (last, 0));
    }
}
