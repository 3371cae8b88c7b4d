//! The terminal: taken, drawn on when something changed, and given back, whatever happens.

use std::io;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use tokio::sync::watch::Receiver;

use super::draw::draw;
use super::keys::{Next, press};
use super::news::News;
use super::screen::Screen;

/// Shows what comes until the reader leaves, or `end` is there.
///
/// The terminal is given back also when something panics: ratatui's hook does it.
pub async fn run(
    mut screen: Screen,
    mut news: Receiver<Option<Result<News, String>>>,
    end: impl Future<Output = ()>,
) -> io::Result<()> {
    let mut terminal = ratatui::try_init()?;
    let _given_back = GiveBack;
    let mut events = EventStream::new();
    let mut end = Box::pin(end);
    loop {
        terminal.draw(|frame| draw(&screen, frame))?;
        tokio::select! {
            () = &mut end => return Ok(()),
            changed = news.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let newest = news.borrow_and_update().clone();
                screen.take(newest);
            }
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    if press(&mut screen, key) == Next::Leave {
                        return Ok(());
                    }
                }
                // A new size is drawn at once.
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            }
        }
    }
}

struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

impl Screen {
    /// What is known stays on the screen while nothing newer comes.
    fn take(&mut self, newest: Option<Result<News, String>>) {
        match newest {
            Some(Ok(news)) => {
                self.news = Some(news);
                self.trouble = None;
            }
            Some(Err(why)) => self.trouble = Some(why),
            None => {}
        }
        self.row = self.row.min(self.rows().saturating_sub(1));
    }
}
