//! `down`: takes the stack away. Volumes stay unless asked for, and then it asks back.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use clap_complete::engine::ArgValueCompleter;

use super::{
    Exit, Failure, VOCABULARY, advice, by_name, complete, elsewhere, failure, interrupt, lock, output, prompt, secrets,
    situation, state,
};
use crate::cli::Global;
use crate::engine::{Engine, Error, Observed, Question, Removal};
use crate::stack::{self, Environment, StackName, counted};

/// How long the engine may be busy with what a killed command had asked for: only then it can be seen.
const IN_FLIGHT: Duration = Duration::from_secs(4);

/// Time between two looks at it.
const PAUSE: Duration = Duration::from_millis(250);

/// Arguments of `down`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Remove the stack's volumes, too: all that was recorded is lost
    #[arg(long)]
    volumes: bool,
    /// Ask nothing
    #[arg(short, long)]
    yes: bool,
    /// Take away what a stack file of this name in another folder has started
    #[arg(long)]
    take_over: bool,
    /// Take away the stack of this name, without its file (see `stackctl ls`)
    #[arg(long, value_name = "STACK", conflicts_with = "take_over", value_parser = by_name::stack_name,
        add = ArgValueCompleter::new(complete::stacks))]
    name: Option<StackName>,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let asks = arguments.volumes && !arguments.yes;
    // Ctrl-C at a question ends the program as it ends any other one.
    let mut heard = if asks { None } else { Some(Box::pin(interrupt::interrupt()?)) };
    let loaded = arguments.name.is_none().then(|| situation::load_without_secrets(global)).transpose()?;
    let course = Course::default();
    let engine = match &mut heard {
        None => situation::connect().await?,
        Some(interrupt) => tokio::select! {
            engine = situation::connect() => engine?,
            () = interrupt => {
                let named = loaded.as_ref().map(|loaded| &loaded.stack.name).or(arguments.name.as_ref());
                let stack = named.map(StackName::as_str).unwrap_or_default();
                output::say(&course.told(stack, arguments.name.is_some()));
                return Ok(Exit::Interrupted);
            }
        },
    };
    let question = match (&loaded, &arguments.name) {
        (Some(loaded), _) => situation::question(&loaded.stack, &engine),
        (None, name) => {
            let name = name.as_ref().map(StackName::as_str).unwrap_or_default();
            by_its_file(situation::question_by_name(name, &engine), &engine).await?
        }
    };
    let stack = question.stack.as_str();
    let files = situation::absolute(&global.file);
    let observe = async || {
        let observed = engine.observe(&question).await?;
        if loaded.is_some() && !arguments.take_over {
            refuse_others(stack, &files, &observed, arguments.volumes)?;
        }
        Ok::<Observed, Failure>(observed)
    };
    if asks {
        confirm(&observe().await?)?;
    }
    let interrupt = match heard {
        Some(heard) => heard,
        None => Box::pin(interrupt::interrupt()?),
    };
    let work = async |interrupted| {
        let observed = observe().await?;
        course.begin(&observed, arguments.volumes);
        let memory_copy = question.memory_copy.as_deref();
        let of_stack = OfStack { name: stack, memory_copy, question: &question, interrupted, course: &course };
        Ok::<Exit, Failure>(take_away(global, arguments, &engine, &of_stack, &observed).await)
    };
    let done = async {
        match lock::take(&engine, stack, "down", global.quiet).await {
            Ok(lock) => {
                let interrupted = lock.taken_over.is_some();
                lock::under(lock, work(interrupted)).await
            }
            // An engine that can make no volume, because its disk is full, is just where `down` has to work.
            Err(error) => {
                output::say(&format!("going on without a lock: {error}"));
                work(false).await
            }
        }
    };
    tokio::select! {
        done = done => done,
        // The lock stays, as that of a killed one: the next command knows by it that the engine may still be busy.
        () = interrupt => {
            output::say(&course.told(stack, arguments.name.is_some()));
            Ok(Exit::Interrupted)
        }
    }
}

/// Who names a stack may not have its file at hand. Where that lies still where the stack was started from, what it says is
/// external is nothing of the stack's for this, too.
async fn by_its_file(mut question: Question, engine: &Engine) -> Result<Question, Failure> {
    let observed = engine.observe(&question).await?;
    let of_containers = observed.containers.iter().map(|container| &container.stack_files);
    let of_volumes = observed.volumes.iter().filter(|volume| volume.ours).map(|volume| &volume.stack_files);
    let files: BTreeSet<&Vec<String>> = of_containers.chain(of_volumes).filter(|files| are_there(files)).collect();
    for files in files {
        let paths: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
        match stack::load_without_secrets(&paths, &Environment::of_process(), &VOCABULARY) {
            Ok(loaded) if loaded.stack.name.as_str() == question.stack => {
                let written = situation::question(&loaded.stack, engine);
                question.external_networks.extend(written.external_networks);
                question.external_volumes.extend(written.external_volumes);
                question.named_volumes.extend(written.named_volumes);
            }
            Ok(_) => {}
            Err(_) => output::say(&format!(
                "warning: {} is not right (`{} check`), so what it says is external is not known here: all that carries the \
                 stack's label counts as the stack's",
                files.join(", "),
                advice::stackctl_of_files(files)
            )),
        }
    }
    Ok(question)
}

fn are_there(files: &[String]) -> bool {
    !files.is_empty() && files.iter().all(|file| Path::new(file).is_file())
}

/// How far it has come.
#[derive(Default)]
struct Course {
    /// Whether anything was asked of the engine yet, and what of it is not known to be gone.
    left: Mutex<(bool, Vec<Removal>)>,
}

impl Course {
    fn begin(&self, observed: &Observed, volumes: bool) {
        let containers = observed.containers.iter().map(|found| Removal::Container(found.name.clone()));
        let networks = observed.networks.iter().filter(|network| network.ours);
        let volumes = observed.volumes.iter().filter(|volume| volumes && volume.ours);
        let networks = networks.map(|network| Removal::Network(network.name.clone()));
        let volumes = volumes.map(|volume| Removal::Volume(volume.name.clone()));
        *self.left() = (true, containers.chain(networks).chain(volumes).collect());
    }

    fn gone(&self, removal: &Removal) {
        self.left().1.retain(|left| left != removal);
    }

    fn left(&self) -> std::sync::MutexGuard<'_, (bool, Vec<Removal>)> {
        self.left.lock().expect("nothing panics while it holds the course")
    }

    /// `by_name`: whether the stack was named, and not its file.
    fn told(&self, stack: &str, by_name: bool) -> String {
        let down = if by_name { format!("down --name {stack}") } else { "down".to_owned() };
        let left = self.left();
        let names: Vec<String> = left.1.iter().map(|removal| format!("{} {}", word(removal), name(removal))).collect();
        match (left.0, names.as_slice()) {
            (false, _) => format!("interrupted: nothing of stack `{stack}` was taken away"),
            (true, []) => {
                format!("interrupted: stack `{stack}` is gone; `stackctl {down}` sees whether anything came after")
            }
            (true, names) => format!(
                "interrupted: of stack `{stack}` are left, stopped or not: {}; the engine may still finish what was begun. \
                 `stackctl {down}` goes on from here, `stackctl up` brings the stack back",
                names.join(", ")
            ),
        }
    }
}

fn word(removal: &Removal) -> &'static str {
    match removal {
        Removal::Container(_) => "container",
        Removal::Network(_) => "network",
        Removal::Volume(_) => "volume",
    }
}

fn name(removal: &Removal) -> &str {
    match removal {
        Removal::Container(name) | Removal::Network(name) | Removal::Volume(name) => name,
    }
}

/// Leaves what a stack file of this name in another folder has made: containers, and volumes where these are to go.
fn refuse_others(stack: &str, files: &[String], observed: &Observed, volumes: bool) -> Result<(), Failure> {
    let file = files.first().map_or("", String::as_str);
    let refused = |cause: String, other: &str, option: &str| {
        let help = format!(
            "run `stackctl -f {other} down{option}`; where both are the same stack, `stackctl down{option} --take-over`"
        );
        Failure::World(Error::new(format!("cannot take down stack `{stack}` from {file}"), cause).advise(help))
    };
    let mut containers = observed.containers.iter();
    if let Some((name, other)) =
        containers.find_map(|found| Some((&found.name, elsewhere::of_container(files, found)?)))
    {
        let cause = format!("another stack of this name runs from {other}; `{name}` is one of its containers");
        return Err(refused(cause, other, ""));
    }
    if volumes && let Some((name, other)) = elsewhere::volume(files, observed, |_| true) {
        let cause = format!("another stack of this name was started from {other}; volume `{name}` holds its data");
        return Err(refused(cause, other, " --volumes"));
    }
    Ok(())
}

/// What `down` has to know of the stack that it takes away.
struct OfStack<'a> {
    name: &'a str,
    /// Copy of what it remembers, on this host.
    memory_copy: Option<&'a Path>,
    question: &'a Question,
    /// Whoever changed it last was killed.
    interrupted: bool,
    course: &'a Course,
}

async fn take_away(
    global: &Global,
    arguments: &Arguments,
    engine: &Engine,
    of_stack: &OfStack<'_>,
    observed: &Observed,
) -> Exit {
    let stack = of_stack.name;
    let report = |removal: &Removal, elapsed: Duration| {
        of_stack.course.gone(removal);
        if !global.quiet {
            output::say(&format!("- {:<9} {} ({:.1} s)", word(removal), name(removal), elapsed.as_secs_f64()));
        }
    };
    let mut failures = engine.remove_all(stack, observed, arguments.volumes, &report).await;
    if failures.is_empty() && of_stack.interrupted {
        failures = remove_late(engine, of_stack, arguments.volumes, &report).await;
    }
    for error in &failures {
        output::say(&failure::framed(&error.to_string(), error.advice.as_deref()));
    }
    if !failures.is_empty() {
        return Exit::WorldSaidNo;
    }
    // What a generated password opened is gone with Grafana's volume, and what the stack remembered with the rest. Where a
    // volume stays, it may be that one.
    if arguments.volumes {
        let stays = observed.volumes.iter().any(|volume| volume.external);
        let password = if stays { Ok(None) } else { secrets::forget(stack) };
        let forgotten = password.and_then(|password| {
            let memory = of_stack.memory_copy.map(state::forget).transpose()?.flatten();
            Ok([password, memory])
        });
        match forgotten {
            Ok(files) if !global.quiet => {
                for file in files.into_iter().flatten() {
                    output::say(&format!("- {:<9} {}", "file", file.display()));
                }
            }
            Ok(_) => {}
            Err(error) => {
                output::say(&failure::framed(&error.to_string(), error.advice.as_deref()));
                return Exit::WorldSaidNo;
            }
        }
    }
    if !global.quiet {
        output::say(&farewell(stack, observed, arguments.volumes));
        if arguments.name.is_some() && observed.containers.is_empty() {
            say_others(engine).await;
        }
    }
    Exit::Done
}

/// Who names a stack that does not run may have meant another one.
async fn say_others(engine: &Engine) {
    let mut stacks = engine.stacks().await.unwrap_or_default();
    stacks.retain(|_, stack| !stack.containers.is_empty());
    if !stacks.is_empty() {
        let names: Vec<_> = stacks.keys().map(|name| format!("`{name}`")).collect();
        output::say(&format!("running here: {}", names.join(", ")));
    }
}

/// Takes away what comes into being after the look at the stack, because a killed command had asked for it.
async fn remove_late(
    engine: &Engine,
    of_stack: &OfStack<'_>,
    volumes: bool,
    report: &(dyn Fn(&Removal, Duration) + Sync),
) -> Vec<Error> {
    let mut since = Instant::now();
    while since.elapsed() < IN_FLIGHT {
        tokio::time::sleep(PAUSE).await;
        let observed = match engine.observe(of_stack.question).await {
            Ok(observed) => observed,
            Err(error) => return vec![error],
        };
        if observed.containers.is_empty() && !observed.networks.iter().any(|network| network.ours) {
            continue;
        }
        let failures = engine.remove_all(of_stack.name, &observed, volumes, report).await;
        if !failures.is_empty() {
            return failures;
        }
        since = Instant::now();
    }
    Vec::new()
}

fn farewell(stack: &str, observed: &Observed, volumes: bool) -> String {
    let kept: Vec<&str> =
        observed.volumes.iter().filter(|volume| volume.ours).map(|volume| volume.name.as_str()).collect();
    let has_networks = observed.networks.iter().any(|network| network.ours);
    let external = external(observed);
    if observed.containers.is_empty() && !has_networks && (kept.is_empty() || !volumes) {
        let external = if volumes { external } else { String::new() };
        return format!("stack `{stack}` was not running{external}");
    }
    let nameless = match observed.nameless().len() {
        0 => None,
        number => {
            Some(format!("{} without a name (`docker volume ls --filter dangling=true`)", counted(number, "volume")))
        }
    };
    let staying: Vec<String> = kept.into_iter().map(str::to_owned).chain(nameless).filter(|_| !volumes).collect();
    if staying.is_empty() {
        return format!("stack `{stack}` is gone{external}");
    }
    format!("stack `{stack}` is gone; its volumes stay: {}{external}", staying.join(", "))
}

/// What is there and stays, whoever made it, because the stack file says that it is external.
fn external(observed: &Observed) -> String {
    let networks = observed.networks.iter().filter(|network| network.external).map(|it| ("network", &it.name));
    let volumes = observed.volumes.iter().filter(|volume| volume.external).map(|it| ("volume", &it.name));
    let told: Vec<String> = volumes.chain(networks).map(|(kind, name)| format!("{kind} `{name}`")).collect();
    if told.is_empty() { String::new() } else { format!("; external, and so it stays: {}", told.join(", ")) }
}

fn confirm(observed: &Observed) -> Result<(), Failure> {
    let ours = observed.volumes.iter().filter(|volume| volume.ours).map(|volume| volume.name.clone());
    let volumes: Vec<String> = ours.chain(observed.nameless()).collect();
    if volumes.is_empty() {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::arguments(
            "--volumes asks back, and nobody is there to answer",
            "add --yes to remove the volumes",
        ));
    }
    let question = format!("Remove for good: {}?", volumes.join(", "));
    let agreed = prompt::agreed(&question)?;
    prompt::leave_interrupts();
    if agreed { Ok(()) } else { Err(Failure::arguments("nothing was removed", "leave out --volumes to keep them")) }
}
