//! What each key does.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::screen::{Screen, Tab};

/// What the help says.
pub(super) const HELP: [(&str, &str); 6] = [
    ("q, Esc, Ctrl-C", "leave"),
    ("Tab, ← →, 1 2 3", "apps, targets, alerts"),
    ("↑ ↓, j k", "mark a row"),
    ("Home, End", "first row, last row"),
    ("s", "sort the apps by something else"),
    ("?", "these keys"),
];

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    Leave,
}

/// Does what a key asks for.
pub(super) fn press(screen: &mut Screen, key: KeyEvent) -> Next {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('c') if control => return Next::Leave,
        _ if control => {}
        // The first key closes the help, whatever it is, but for one that leaves.
        KeyCode::Esc if screen.help => screen.help = false,
        KeyCode::Char('q') | KeyCode::Esc => return Next::Leave,
        KeyCode::Char('?') => screen.help = !screen.help,
        KeyCode::Tab | KeyCode::Right => turn(screen, 1),
        KeyCode::BackTab | KeyCode::Left => turn(screen, Tab::ALL.len() - 1),
        KeyCode::Char(digit @ '1'..='3') => show(screen, usize::from(u8::try_from(digit).unwrap_or(b'1') - b'1')),
        KeyCode::Down | KeyCode::Char('j') => screen.row = (screen.row + 1).min(screen.rows().saturating_sub(1)),
        KeyCode::Up | KeyCode::Char('k') => screen.row = screen.row.saturating_sub(1),
        KeyCode::Home => screen.row = 0,
        KeyCode::End => screen.row = screen.rows().saturating_sub(1),
        KeyCode::Char('s') => screen.sorting = screen.sorting.next(),
        _ => {}
    }
    Next::GoOn
}

fn turn(screen: &mut Screen, by: usize) {
    let at = Tab::ALL.iter().position(|tab| *tab == screen.tab).unwrap_or(0);
    show(screen, (at + by) % Tab::ALL.len());
}

fn show(screen: &mut Screen, number: usize) {
    screen.tab = Tab::ALL[number];
    screen.row = 0;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::Sorting;

    fn after(keys: &[KeyCode]) -> (Screen, Next) {
        let mut screen = Screen::default();
        let mut next = Next::GoOn;
        for key in keys {
            next = press(&mut screen, KeyEvent::from(*key));
        }
        (screen, next)
    }

    #[test]
    fn keys_turn_pages_sort_and_leave() {
        assert_eq!(after(&[KeyCode::Tab]).0.tab, Tab::Targets);
        assert_eq!(after(&[KeyCode::Left]).0.tab, Tab::Alerts);
        assert_eq!(after(&[KeyCode::Char('3')]).0.tab, Tab::Alerts);
        assert_eq!(after(&[KeyCode::Char('s')]).0.sorting, Sorting::Name);
        assert!(after(&[KeyCode::Char('?')]).0.help);
        assert_eq!(after(&[KeyCode::Char('?'), KeyCode::Esc]).1, Next::GoOn);
        assert_eq!(after(&[KeyCode::Esc]).1, Next::Leave);
        assert_eq!(after(&[KeyCode::Down, KeyCode::Down]).0.row, 0);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(press(&mut Screen::default(), interrupt), Next::Leave);
    }
}
