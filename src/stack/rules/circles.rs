//! Things that need each other in a circle.

/// How far the search has come with one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    OnPath,
    Done,
}

/// Each circle once, given which others each one needs. Depth first, without recursion: a chain may be as long as the file.
pub(super) fn circles(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut marks = vec![Mark::New; needs.len()];
    let mut circles = Vec::new();
    for start in 0..needs.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::New {
            marks[start] = Mark::OnPath;
            path.push((start, 0));
        }
        while let Some((current, next)) = path.last_mut() {
            let Some(other) = needs[*current].get(*next).copied() else {
                marks[*current] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks[other] {
                Mark::Done => {}
                Mark::New => {
                    marks[other] = Mark::OnPath;
                    path.push((other, 0));
                }
                Mark::OnPath => {
                    let begin = path.iter().position(|(index, _)| *index == other).unwrap_or(0);
                    circles.push(path[begin..].iter().map(|(index, _)| *index).collect());
                }
            }
        }
    }
    circles
}

/// A circle with its ends; the middle of a long one left out.
pub(super) fn written(names: &[&str]) -> String {
    const LONGEST: usize = 12;
    if names.len() <= LONGEST {
        return names.join(" -> ");
    }
    let (first, last) = (&names[..LONGEST / 2], &names[names.len() - LONGEST / 2..]);
    format!("{} -> … -> {}", first.join(" -> "), last.join(" -> "))
}
