//! What is happening, while it happens: moving lines on a terminal, one line a step elsewhere.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use crate::engine::{Event, without_secrets};
use crate::plan::Step;
use crate::stack::counted;

/// Time between two lines where no line moves.
const RHYTHM: Duration = Duration::from_secs(10);

/// Time until the first of them: most of what is waited for is there by then.
const AT_FIRST: Duration = Duration::from_secs(4);

/// Letters of a moving line at most.
const LONGEST_LINE: usize = 160;

/// Shows the steps of a plan on standard error.
pub(super) struct Progress {
    quiet: bool,
    bars: Option<MultiProgress>,
    running: Mutex<HashMap<String, ProgressBar>>,
    course: Mutex<Course>,
    /// When the next line about a step is due where no line moves.
    told: Mutex<HashMap<String, Instant>>,
}

/// How far a plan has come.
#[derive(Default)]
struct Course {
    /// Steps that are done.
    done: usize,
    /// Steps that have begun and not ended, in words.
    running: Vec<String>,
}

impl Progress {
    /// Moving lines where standard error is a terminal, plain ones elsewhere, none where `quiet`.
    pub(super) fn new(quiet: bool) -> Self {
        let moves = !quiet && std::io::stderr().is_terminal();
        let bars = moves.then(MultiProgress::new);
        Self { quiet, bars, running: Mutex::default(), course: Mutex::default(), told: Mutex::default() }
    }

    /// Shows an event.
    pub(super) fn show(&self, event: &Event) {
        self.course().take_in(event);
        match event {
            Event::Started(step) => self.begin(step),
            Event::Progress(step, news) => self.tell(step, news),
            Event::Finished(step, elapsed) => self.end(step, Some(*elapsed)),
            Event::Failed(step, _) => self.end(step, None),
        }
    }

    /// Says that what was begun is being finished, for who wants to stop.
    pub(super) fn finishing(&self) {
        let text = self.course().finishing();
        match &self.bars {
            Some(bars) => bars.suspend(|| output::say(&text)),
            None => output::say(&text),
        }
    }

    /// Takes the moving lines away for good, and says how far it has come.
    pub(super) fn interrupted(&self, stack: &str) -> String {
        if let Some(bars) = &self.bars {
            drop(bars.clear());
            bars.set_draw_target(ProgressDrawTarget::hidden());
        }
        self.course().told(stack)
    }

    /// A line that moves until it is dropped, for waiting.
    pub(super) fn waiting(&self, text: &str) -> Option<ProgressBar> {
        Some(moving(self.bars.as_ref()?, text.to_owned()))
    }

    /// The same, where what is waited for is told while it lasts: elsewhere in a line of its own, now and then.
    pub(super) fn telling(&self, text: &str) -> Waiting {
        Waiting { bar: self.waiting(text), quiet: self.quiet, next: Mutex::new(Instant::now() + AT_FIRST) }
    }

    fn begin(&self, step: &Step) {
        let Some(bars) = &self.bars else { return };
        self.running().insert(key(step), moving(bars, line(step)));
    }

    fn tell(&self, step: &Step, news: &str) {
        if let Some(bar) = self.running().get(&key(step)) {
            bar.set_message(format!("{}  {news}", line(step)));
        }
        if self.bars.is_some() || self.quiet {
            return;
        }
        let mut told = self.told.lock().expect("nothing panics while it holds the times");
        let next = told.entry(key(step)).or_insert_with(|| Instant::now() + RHYTHM);
        if Instant::now() >= *next {
            *next = Instant::now() + RHYTHM;
            output::say(&format!("{}  {news}", line(step)));
        }
    }

    fn end(&self, step: &Step, elapsed: Option<Duration>) {
        if let Some(bar) = self.running().remove(&key(step)) {
            bar.finish_and_clear();
        }
        if self.quiet {
            return;
        }
        let text = match elapsed {
            Some(elapsed) => format!("{}  {}", line(step), output::paint(output::DIM, &seconds(elapsed))),
            None => format!("{}  {}", line(step), output::paint(output::RED, "failed")),
        };
        match &self.bars {
            Some(bars) => bars.suspend(|| output::say(&text)),
            None => output::say(&text),
        }
    }

    fn course(&self) -> std::sync::MutexGuard<'_, Course> {
        self.course.lock().expect("nothing panics while it holds the course")
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, ProgressBar>> {
        self.running.lock().expect("nothing panics while it holds the lines")
    }
}

impl Course {
    fn take_in(&mut self, event: &Event) {
        match event {
            Event::Started(step) => self.running.push(words(step)),
            Event::Progress(..) => {}
            Event::Finished(step, _) => {
                self.running.retain(|running| *running != words(step));
                self.done += 1;
            }
            Event::Failed(step, _) => self.running.retain(|running| *running != words(step)),
        }
    }

    fn finishing(&self) -> String {
        let begun = if self.running.is_empty() { "what was begun".to_owned() } else { self.running.join(", ") };
        format!(
            "stopping: nothing more is begun; this is finished first: {begun}. Once more, and it is left as it stands"
        )
    }

    fn told(&self, stack: &str) -> String {
        let done = counted(self.done, "step");
        match self.running.as_slice() {
            [] if self.done == 0 => format!("interrupted: nothing of stack `{stack}` was changed"),
            [] => format!(
                "interrupted: {done} done; stack `{stack}` is left as it stands. `stackctl up` goes on from here"
            ),
            running => format!(
                "interrupted: {done} done, begun and not finished: {}. Stack `{stack}` is left as it stands, and the engine may \
                 still finish what was begun. `stackctl up` goes on from here",
                running.join(", ")
            ),
        }
    }
}

/// Something that is waited for, until it is dropped.
pub(super) struct Waiting {
    bar: Option<ProgressBar>,
    quiet: bool,
    /// When the next line is due where no line moves.
    next: Mutex<Instant>,
}

impl Waiting {
    /// Tells what is waited for.
    pub(super) fn tell(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.chars().take(LONGEST_LINE).collect::<String>());
            return;
        }
        let mut next = self.next.lock().expect("nothing panics while it holds the time");
        if !self.quiet && Instant::now() >= *next {
            output::say(text);
            *next = Instant::now() + RHYTHM;
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// One more moving line. It moves once it has its place among the others: before that it would draw a line of its own, which
/// nobody takes away.
fn moving(bars: &MultiProgress, text: String) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {msg}  {elapsed}").expect("the template is right");
    let bar = bars.add(ProgressBar::new_spinner().with_style(style).with_message(text));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

fn key(step: &Step) -> String {
    step.to_string()
}

fn line(step: &Step) -> String {
    let symbol = step.action().symbol().to_string();
    let why = output::paint(output::DIM, &format!("({})", step.reason()));
    format!("{} {} {why}", output::paint(output::style_of(step.action()), &symbol), words(step))
}

/// An image's name may hold a value that is secret.
fn words(step: &Step) -> String {
    if step.image_reference().is_some() { without_secrets(step.words()) } else { step.words() }
}

/// A time as people read it: `0.4 s`, `12.3 s`.
pub(super) fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}
