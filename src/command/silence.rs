//! `silence`: for a while nobody is told of some alerts. Made, listed and ended in the stack's own Alertmanager.

use std::time::Duration;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, complete, output};
use crate::cli::{Format, Global};
use crate::client::{self, Alertmanager, Silence, SilenceMatcher};
use crate::desired::{Desired, Job, JobOrigin, about};
use crate::engine::Error;
use crate::stack::{Matcher, nearest};
use crate::verify;

/// Arguments of `silence`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stackctl silence add --app web --for 2h --comment 'moving the database'
  stackctl silence add 'severity=~\"warning|info\"' 'instance=~\"demo-web-.*\"' --for 30m
  stackctl silence list
  stackctl silence remove 5f0a31c2")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

impl Arguments {
    /// Whether a program reads what is printed.
    pub(super) fn wants_json(&self) -> bool {
        match &self.action {
            Action::Add(Add { output, .. }) | Action::List(List { output, .. }) => output.format == Format::Json,
            Action::Remove(_) => false,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell nobody of these alerts for a while
    Add(Add),
    /// Which silences hold
    List(List),
    /// End silences
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// What the labels have to be, all of them: LABEL=VALUE, LABEL!=VALUE, LABEL=~REGEX, LABEL!~REGEX
    #[arg(value_name = "MATCHER")]
    matchers: Vec<Matcher>,
    /// Alerts of this app, exporter or scrape job
    #[arg(long, value_name = "APP", add = ArgValueCompleter::new(complete::watched))]
    app: Option<String>,
    /// For how long
    #[arg(long = "for", value_name = "DURATION", default_value = "2h", value_parser = crate::cli::duration)]
    duration: Duration,
    /// Why
    #[arg(short, long, value_name = "TEXT", default_value = "silenced with stackctl")]
    comment: String,
    /// Who says so; default: this user
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    output: crate::cli::Output,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Those that are over, too
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    output: crate::cli::Output,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// Ids, or how they begin
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

/// Runs it.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    if let Action::Add(add) = &arguments.action {
        add.refuse_nonsense()?;
    }
    let situation = Situation::of(global, Wishes::default()).await?;
    let alertmanager = alertmanager(&situation).await?;
    match &arguments.action {
        Action::Add(add) => add.run(&situation, &alertmanager, global.quiet).await,
        Action::List(list) => list.run(&alertmanager).await,
        Action::Remove(remove) => remove.run(&alertmanager, global.quiet).await,
    }
}

/// The first of the stack's Alertmanagers that answers; in a cluster they tell each other.
async fn alertmanager(situation: &Situation) -> Result<Alertmanager, Failure> {
    let stack = &situation.desired.stack;
    if situation.desired.alertmanager.is_none() {
        let error = Error::new(format!("cannot ask the Alertmanager of stack `{stack}`"), "it has none");
        return Err(Failure::World(error.advise(
            "add `alertmanager: { receivers: { team: { webhook: URL } } }` to the stack file, then `stackctl up`",
        )));
    }
    let mut last = None;
    for (_, url) in verify::alertmanager_urls(&situation.desired, &situation.observed) {
        let Some(url) = url else { continue };
        let alertmanager = Alertmanager::new(&url).map_err(cannot_ask)?;
        match alertmanager.status().await {
            Ok(_) => return Ok(alertmanager),
            Err(error) => last = Some(error),
        }
    }
    Err(match last {
        Some(error) => cannot_ask(error),
        None => Failure::World(
            Error::new(format!("cannot ask the Alertmanager of stack `{stack}`"), "it does not run")
                .advise("`stackctl up` starts it"),
        ),
    })
}

fn cannot_ask(error: client::Error) -> Failure {
    let what = error.what.clone();
    Failure::World(
        Error::new(format!("cannot ask Alertmanager for {what}"), error.cause)
            .advise("see `stackctl ps` and `stackctl logs alertmanager`"),
    )
}

impl Add {
    fn refuse_nonsense(&self) -> Result<(), Failure> {
        if self.matchers.is_empty() && self.app.is_none() {
            let help = "name an app with `--app APP`, or labels such as `severity=warning`";
            return Err(Failure::arguments("a silence for every alert".to_owned(), help));
        }
        if self.app.is_none() && self.matchers.iter().all(|matcher| matcher.operator.starts_with('!')) {
            let help = "name what is to be silent, too, such as `severity=warning`";
            let message = "a silence for every alert but some".to_owned();
            return Err(Failure::arguments(message, help));
        }
        let fits_nothing = |matcher: &&Matcher| matcher.operator == "=" && matcher.value.is_empty();
        if self.app.is_none() && self.matchers.iter().all(|matcher| fits_nothing(&matcher)) {
            let help = "one of the labels has to have a value";
            return Err(Failure::arguments("Alertmanager takes no silence of labels without values".to_owned(), help));
        }
        if self.duration.is_zero() {
            return Err(Failure::arguments("a silence of no time".to_owned(), "write how long, as in `--for 2h`"));
        }
        Ok(())
    }

    async fn run(&self, situation: &Situation, alertmanager: &Alertmanager, quiet: bool) -> Result<Exit, Failure> {
        for matcher in &self.matchers {
            if let Some(near) = slip(&situation.desired, &matcher.label) {
                let label = &matcher.label;
                output::say(&format!(
                    "no rule of the stack gives an alert the label `{label}`: did you mean `{near}`?"
                ));
            }
        }
        let now = Timestamp::now();
        let length = SignedDuration::try_from(self.duration).ok();
        let ends_at = length.and_then(|length| now.checked_add(length).ok()).ok_or_else(|| {
            Failure::arguments("the silence would be too long".to_owned(), "write a shorter time, as in `--for 2h`")
        })?;
        let mut made = Vec::new();
        for matchers in self.all_matchers(situation)? {
            let silence = Silence {
                id: None,
                matchers: matchers.iter().map(wire).collect(),
                starts_at: now.to_string(),
                ends_at: ends_at.to_string(),
                created_by: self.by.clone().unwrap_or_else(this_user),
                comment: self.comment.clone(),
                status: None,
            };
            made.push((alertmanager.add_silence(&silence).await.map_err(cannot_ask)?, matchers));
        }
        match self.output.format {
            Format::Json => output::print_json(
                &made.iter().map(|(id, matchers)| json!({ "id": id, "matchers": texts(matchers), "ends_at": ends_at.to_string() })).collect::<Vec<_>>(),
            ),
            Format::Text => {
                for (id, matchers) in &made {
                    output::print(id);
                    if !quiet {
                        let until = moment(ends_at);
                        output::say(&format!("nobody is told of {{{}}} until {until}", texts(matchers).join(", ")));
                    }
                }
            }
        }
        Ok(Exit::Done)
    }

    /// The matchers of each silence. For an app several: one for each way to see that an alert is about it.
    fn all_matchers(&self, situation: &Situation) -> Result<Vec<Vec<Matcher>>, Failure> {
        let Some(app_name) = &self.app else { return Ok(vec![self.matchers.clone()]) };
        check_app(&situation.desired, app_name)?;
        let ways = about(&situation.loaded.stack, &[app_name]).into_iter();
        Ok(ways.map(|way| [way, self.matchers.clone()].concat()).collect())
    }
}

/// The label that was meant, where this one is none that the stack is known to give, and nearly another.
fn slip(desired: &Desired, label: &str) -> Option<String> {
    let config = desired.prometheus.as_ref()?;
    let rules = config.rule_files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules);
    let of_rules = rules.flat_map(|rule| rule.labels.keys());
    let of_jobs = config.jobs.iter().flat_map(|job| job.labels.keys());
    let given = of_rules.chain(of_jobs).chain(config.external_labels.keys()).map(String::as_str);
    let known: Vec<&str> = ["alertname", "severity", "job", "instance", "app"].into_iter().chain(given).collect();
    let near = if known.contains(&label) { None } else { nearest(label, known) };
    near.map(str::to_owned)
}

/// Whether it is an app, an exporter or a job of the stack.
fn check_app(desired: &Desired, app_name: &str) -> Result<(), Failure> {
    let jobs = || desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs).map(|job| job.name.as_str());
    let is_attached = |job: &Job| job.origin == JobOrigin::Attached(app_name.to_owned());
    let mut attached = desired.prometheus.iter().flat_map(|prometheus| &prometheus.jobs);
    if desired.service(app_name).is_some() || jobs().any(|job| job == app_name) || attached.any(is_attached) {
        return Ok(());
    }
    let help = format!("known are {}", jobs().collect::<Vec<_>>().join(", "));
    Err(Failure::arguments(format!("the stack has no app `{app_name}`"), help))
}

fn wire(matcher: &Matcher) -> SilenceMatcher {
    SilenceMatcher {
        name: matcher.label.clone(),
        value: matcher.value.clone(),
        is_regex: matcher.operator.ends_with('~'),
        is_equal: !matcher.operator.starts_with('!'),
    }
}

fn texts(matchers: &[Matcher]) -> Vec<String> {
    matchers.iter().map(ToString::to_string).collect()
}

fn this_user() -> String {
    let name = ["USER", "LOGNAME"].iter().find_map(|variable| std::env::var(variable).ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "stackctl".to_owned())
}

/// A matcher of Alertmanager's as it is written.
fn written(matcher: &SilenceMatcher) -> String {
    let operator = match (matcher.is_equal, matcher.is_regex) {
        (true, false) => "=",
        (true, true) => "=~",
        (false, false) => "!=",
        (false, true) => "!~",
    };
    Matcher { label: matcher.name.clone(), operator, value: matcher.value.clone() }.to_string()
}

/// A moment as people read it, in UTC.
fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn state(silence: &Silence) -> &str {
    silence.status.as_ref().map(|status| status.state.as_str()).unwrap_or_default()
}

impl List {
    async fn run(&self, alertmanager: &Alertmanager) -> Result<Exit, Failure> {
        let mut silences = alertmanager.silences().await.map_err(cannot_ask)?;
        silences.retain(|silence| self.all || state(silence) != "expired");
        silences.sort_by(|left, right| left.ends_at.cmp(&right.ends_at));
        match self.output.format {
            Format::Json => output::print_json(&silences.iter().map(entry).collect::<Vec<_>>()),
            Format::Text if silences.is_empty() => output::say("no silence holds"),
            Format::Text => {
                let rows: Vec<_> = silences.iter().map(row).collect();
                output::print(&output::table(&["ID", "STATE", "UNTIL", "BY", "ALERTS", "COMMENT"], &rows));
            }
        }
        Ok(Exit::Done)
    }
}

fn entry(silence: &Silence) -> serde_json::Value {
    json!({
        "id": silence.id,
        "state": state(silence),
        "matchers": silence.matchers.iter().map(written).collect::<Vec<_>>(),
        "starts_at": silence.starts_at,
        "ends_at": silence.ends_at,
        "by": silence.created_by,
        "comment": silence.comment,
    })
}

fn row(silence: &Silence) -> Vec<String> {
    let matchers: Vec<String> = silence.matchers.iter().map(written).collect();
    let until = silence.ends_at.parse::<Timestamp>().ok().map(moment);
    let one_line = |text: &str| text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    vec![
        silence.id.clone().unwrap_or_default(),
        state(silence).to_owned(),
        until.unwrap_or_else(|| silence.ends_at.clone()),
        one_line(&silence.created_by),
        one_line(&matchers.join(", ")),
        one_line(&silence.comment),
    ]
}

impl Remove {
    async fn run(&self, alertmanager: &Alertmanager, quiet: bool) -> Result<Exit, Failure> {
        let silences = alertmanager.silences().await.map_err(cannot_ask)?;
        let in_force: Vec<&str> =
            silences.iter().filter(|silence| state(silence) != "expired").filter_map(|it| it.id.as_deref()).collect();
        let mut found = Vec::new();
        for id in &self.ids {
            let mut fitting = in_force.iter().filter(|known| known.starts_with(id.as_str()));
            match (fitting.next(), fitting.next()) {
                (Some(one), None) => found.push(*one),
                (None, _) => {
                    let help = "`stackctl silence list` shows those that hold";
                    return Err(Failure::arguments(format!("no silence that holds begins with `{id}`"), help));
                }
                (Some(_), Some(_)) => {
                    let help = "write more of the id: `stackctl silence list` shows them";
                    return Err(Failure::arguments(format!("several silences begin with `{id}`"), help));
                }
            }
        }
        for id in found {
            alertmanager.end_silence(id).await.map_err(cannot_ask)?;
            if !quiet {
                output::say(&format!("silence {id} is over"));
            }
        }
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::fixture;

    #[test]
    fn a_label_that_is_nearly_one_is_named_and_another_is_taken() {
        let desired = fixture::demo(vec![fixture::web_job()]);
        assert_eq!(slip(&desired, "severty").as_deref(), Some("severity"));
        assert_eq!(slip(&desired, "severity"), None);
        assert_eq!(slip(&desired, "mountpoint"), None, "a label of its metric");
    }
}
