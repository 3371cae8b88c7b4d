//! New files for a program that runs: checked first, put in place, read again, taken back if refused.

use std::future::Future;
use std::pin::Pin;

use bollard::exec::{CreateExecOptions, StartExecResults};
use bollard::query_parameters::KillContainerOptionsBuilder;
use futures_util::TryStreamExt;

use super::error::{cannot, status};
use super::interruption::Interruption;
use super::once::Once;
use super::replaced::Replaced;
use super::{Engine, Error};
use crate::catalog;
use crate::desired::{Service, without_url_secrets};
use crate::render::Files;

/// What came of "has it taken its new files?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It has, or it cannot be asked from here.
    Yes,
    /// It has not said so in time. The next `up` asks again.
    Unproven,
}

/// The answer to "has it taken its new files?"; where it refused them, why, in words.
pub type Verdict<'a> = Pin<Box<dyn Future<Output = Result<Taken, String>> + Send + 'a>>;

/// Says whether a program has taken its new files. The engine cannot know: that is asked of the program itself.
pub trait Judge: Sync {
    /// Waits until the program in the container has read its files again, and says whether it took them.
    fn judge<'a>(&'a self, service: &'a Service, container: &'a str) -> Verdict<'a>;
}

/// What a program's own checker made of a file.
pub(super) enum CheckAnswer {
    Fine,
    Refused(String),
    /// The image has no checker, or the container does not run.
    Absent,
}

/// Whether a signal reached a program.
enum Heard {
    Yes,
    /// It is between two tries of its restart policy, and reads its files by itself at the next one.
    NotRunning,
}

impl Engine {
    /// Has the image's own checker look at a file before it is put in place, where there is one for that file.
    pub(super) async fn check_file(&self, id: &str, container: &str, target: &str, text: &str) -> Result<(), Error> {
        let Some(command) = catalog::checker(target) else { return Ok(()) };
        let candidate = format!("{target}.candidate");
        self.place_file(id, &candidate, text).await?;
        let words = [command, &[candidate.as_str()]].concat();
        let checked = self.act(async || self.run_checker(id, &words).await).await;
        match checked.map_err(cannot(format!("run `{}` in container `{container}`", words.join(" "))))? {
            CheckAnswer::Fine | CheckAnswer::Absent => Ok(()),
            CheckAnswer::Refused(words) => Err(Error::new(
                format!("cannot give container `{container}` a new `{target}`"),
                format!(
                    "its own {} refuses it: {}",
                    command[0],
                    without_url_secrets(&words.replace(&candidate, target))
                ),
            )
            .advise(format!("what runs keeps its old file; correct what {} names in the stack file", command[0]))),
        }
    }

    /// Has the checker of the image that shall take a container's place look at the files that it would start with: a refused
    /// one would take away what runs. An image without a checker is taken as it is.
    pub(super) async fn check_new_image(
        &self,
        service: &Service,
        container: &str,
        files: &Files,
        stack: &str,
    ) -> Result<(), Error> {
        let placed = service.container.files.iter();
        let placed = placed.filter_map(|file| Some((file.target.clone(), files.0.get(&file.source)?.clone())));
        let placed: Vec<(String, String)> = placed.collect();
        for (target, _) in &placed {
            let Some(words) = catalog::lone_checker(target) else { continue };
            let command = words.iter().copied().chain([target.as_str()]).map(str::to_owned).collect();
            let once = Once { stack, image: &service.image.reference, command, files: &placed };
            let ended = match self.run_once(&once).await {
                Ok(ended) => ended,
                Err(error) if error.cause.contains("executable file not found") => return Ok(()),
                Err(error) => return Err(error),
            };
            // An older one does not know the flag.
            if ended.code != 0 && !ended.printed.contains("unknown long flag") {
                let printed = ended.printed.split_whitespace().collect::<Vec<_>>().join(" ");
                let cause =
                    format!("the {} of its image refuses `{target}`: {}", words[0], without_url_secrets(&printed));
                let advice = format!("what runs stays as it is; correct what {} names in the stack file", words[0]);
                return Err(Error::new(format!("cannot replace container `{container}`"), cause).advise(advice));
            }
        }
        Ok(())
    }

    pub(super) async fn run_checker(&self, id: &str, words: &[&str]) -> Result<CheckAnswer, bollard::errors::Error> {
        let options = CreateExecOptions {
            cmd: Some(words.to_vec()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..Default::default()
        };
        let exec = match self.docker.create_exec(id, options).await {
            Ok(created) => created.id,
            // 409: it does not run at this moment, so nothing can be run in it.
            Err(error) if status(&error) == Some(409) => return Ok(CheckAnswer::Absent),
            Err(error) => return Err(error),
        };
        let mut printed = String::new();
        match self.docker.start_exec(&exec, None).await {
            Ok(StartExecResults::Attached { mut output, .. }) => {
                while let Some(chunk) = output.try_next().await? {
                    printed.push_str(&chunk.to_string());
                }
            }
            Ok(StartExecResults::Detached) => {}
            Err(error) if super::error::cause(&error).contains("executable file not found") => {
                return Ok(CheckAnswer::Absent);
            }
            Err(error) => return Err(error),
        }
        let inspected = self.docker.inspect_exec(&exec).await?;
        Ok(match inspected.exit_code {
            Some(0) => CheckAnswer::Fine,
            // 126 and 127: the engine found no such program.
            Some(126 | 127) => CheckAnswer::Absent,
            _ => CheckAnswer::Refused(printed.split_whitespace().collect::<Vec<_>>().join(" ")),
        })
    }

    /// Sends SIGHUP and waits for the verdict, unless somebody wants to stop. A refused file does not stay: the program would die of it at its next start.
    /// Only a file that was taken gets the time that stands for its content, so that an `up` that is killed before goes on
    /// from here.
    pub(super) async fn reload(
        &self,
        id: &str,
        service: &Service,
        container: &str,
        replaced: &mut Replaced,
        judge: &dyn Judge,
        interruption: &Interruption,
    ) -> Result<Taken, Error> {
        let taken = match self.hang_up(id, container).await? {
            Heard::Yes => interruption.or_done(judge.judge(service, container)).await.unwrap_or(Ok(Taken::Unproven)),
            Heard::NotRunning => Ok(Taken::Yes),
        };
        let refusal = match taken {
            Ok(Taken::Yes) => return self.mark_proven(id, replaced).await.map(|()| Taken::Yes),
            Ok(Taken::Unproven) => return Ok(Taken::Unproven),
            Err(refusal) => refusal,
        };
        self.restore(replaced).await?;
        self.hang_up(id, container).await?;
        Err(Error::new(format!("cannot reload container `{container}`"), refusal)
            .advise("the old files are back in place and in force; correct the stack file and run `up` again"))
    }

    async fn hang_up(&self, id: &str, container: &str) -> Result<Heard, Error> {
        let options = KillContainerOptionsBuilder::new().signal("SIGHUP").build();
        match self.act(async || self.docker.kill_container(id, Some(options.clone())).await).await {
            Ok(()) => Ok(Heard::Yes),
            Err(error) if status(&error) == Some(409) => Ok(Heard::NotRunning),
            Err(error) => Err(cannot(format!("send SIGHUP to `{container}`"))(error)),
        }
    }
}
