//! Runs programs in turns and tells how long they took and how much memory they had at most.

use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

/// First argument that makes this program start another one and say what that took.
const AS_WRAPPER: &str = "--run-and-measure";

/// The words of the command line that name what is to be measured; none of them: everything. `Err`: this process stood between
/// ([`run`]), and ends so.
pub(crate) fn wanted() -> Result<Vec<String>, ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, program, rest @ ..] = arguments.as_slice()
        && flag == AS_WRAPPER
    {
        return Err(wrap(program, rest));
    }
    // `cargo bench` itself adds an argument.
    Ok(arguments.into_iter().filter(|argument| !argument.starts_with("--")).collect())
}

/// What runs of one kind came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figure {
    /// Median time.
    pub(crate) time: Duration,
    /// Highest peak of resident memory, in bytes. `None`: it was not a process of its own.
    pub(crate) memory: Option<u64>,
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// How long it took.
    pub(crate) time: Duration,
    /// Peak of resident memory, in bytes.
    pub(crate) memory: Option<u64>,
}

/// Runs a program to its end, which has to be a good one.
///
/// A process of this program is between, because the kernel adds up the peaks of all children that a process ever had.
pub(crate) fn run(command: &Command) -> Run {
    let mut wrapper = Command::new(std::env::current_exe().expect("this program has a path"));
    wrapper.arg(AS_WRAPPER).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => wrapper.env(key, value),
            None => wrapper.env_remove(key),
        };
    }
    let output = wrapper.output().expect("this program starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{printed}{said}");
    let mut numbers = printed.split_whitespace().map(|word| word.parse::<u64>().expect("the wrapper prints numbers"));
    let time = Duration::from_nanos(numbers.next().expect("a time"));
    Run { time, memory: numbers.next().map(|kibibytes| kibibytes * 1024) }
}

/// The wrapper: starts the program and prints nanoseconds and kibibytes.
fn wrap(program: &str, arguments: &[String]) -> ExitCode {
    let begun = Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let time = begun.elapsed();
    if !status.is_ok_and(|status| status.success()) {
        return ExitCode::FAILURE;
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts");
    println!("{} {}", time.as_nanos(), usage.max_rss());
    ExitCode::SUCCESS
}

/// Times work that this very process does.
pub(crate) fn time(work: impl FnOnce()) -> Run {
    let begun = Instant::now();
    work();
    Run { time: begun.elapsed(), memory: None }
}

/// Runs everything in turns, `rounds` times, after one round that does not count.
pub(crate) fn in_turns<const N: usize>(rounds: usize, mut runs: [&mut dyn FnMut() -> Run; N]) -> [Figure; N] {
    let mut all: [Vec<Run>; N] = std::array::from_fn(|_| Vec::new());
    for round in 0..=rounds {
        for (kind, run) in runs.iter_mut().enumerate() {
            let run = run();
            if round > 0 {
                all[kind].push(run);
            }
        }
    }
    if std::env::var_os("SPEED_DETAILS").is_some() {
        for runs in &all {
            eprintln!("  {}", details(runs));
        }
    }
    all.map(|runs| Figure {
        time: median(runs.iter().map(|run| run.time).collect()),
        memory: runs.iter().filter_map(|run| run.memory).max(),
    })
}

fn details(runs: &[Run]) -> String {
    runs.iter().fold(String::new(), |mut text, run| {
        write!(text, "{:.1} ms  ", run.time.as_secs_f64() * 1e3).expect("a String takes everything");
        text
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
