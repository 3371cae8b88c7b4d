//! Subnets that go from one network to another: no two networks have one at the same time, so all of those networks go before
//! the first one comes.

use super::Step;
use super::settings::overlap;

/// For each step, the first one of those that it is carried out together with; `None` where it is no network that is
/// replaced, nor one that gets the subnet of such a network.
pub(super) fn groups(steps: &[Step]) -> Vec<Option<usize>> {
    let givers: Vec<usize> = (0..steps.len()).filter(|step| steps[*step].replaced_network().is_some()).collect();
    let mut groups = vec![None; steps.len()];
    for giver in &givers {
        groups[*giver] = Some(*giver);
    }
    for giver in givers {
        for taker in (0..steps.len()).filter(|taker| *taker != giver && gives(&steps[giver], &steps[*taker])) {
            let (one, other) = (groups[giver].unwrap_or(giver), groups[taker].unwrap_or(taker));
            groups[taker] = Some(other);
            groups
                .iter_mut()
                .filter(|group| **group == Some(one.max(other)))
                .for_each(|group| *group = Some(one.min(other)));
        }
    }
    groups
}

/// Puts steps that are carried out together side by side, and says so. What is carried out alone comes first.
pub(super) fn arranged(steps: Vec<Step>) -> Vec<Step> {
    let groups = groups(&steps);
    let names: Vec<Vec<String>> = (0..steps.len())
        .map(|step| {
            let others = (0..steps.len()).filter(|other| *other != step && groups[step].is_some());
            others.filter(|other| groups[*other] == groups[step]).map(|it| format!("`{}`", steps[it].name())).collect()
        })
        .collect();
    let mut arranged: Vec<(Option<usize>, Step)> = groups.into_iter().zip(steps).collect();
    for ((_, step), others) in arranged.iter_mut().zip(&names).filter(|(_, others)| !others.is_empty()) {
        if let Step::ReplaceNetwork { reason, .. } | Step::CreateNetwork { reason, .. } = step {
            *reason =
                format!("{reason}; together with {}, because a subnet goes from one to the other", others.join(", "));
        }
    }
    arranged.sort_by_key(|(group, _)| *group);
    arranged.into_iter().map(|(_, step)| step).collect()
}

fn gives(giver: &Step, taker: &Step) -> bool {
    let (
        Step::ReplaceNetwork { frees, .. },
        Step::ReplaceNetwork { network, .. } | Step::CreateNetwork { network, .. },
    ) = (giver, taker)
    else {
        return false;
    };
    network.subnet.as_ref().is_some_and(|wanted| frees.iter().any(|freed| overlap(freed, wanted)))
}
