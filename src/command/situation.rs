//! What a command that talks to the engine starts from: the stack, the engine, what shall be, what is.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::advice::typed;
use super::{Failure, VOCABULARY, elsewhere, facts, locked, output, secrets, state, verbose};
use crate::catalog::grafana::ADMIN_PASSWORD;
use crate::cli::Global;
use crate::client::{Access, Grafana};
use crate::desired::{Desired, Facts, ImageChoice, ImageOrigin, Role};
use crate::engine::{self, Engine, Error, Hints, Observed, ObservedVolume, Question, Secrets, StackSource};
use crate::plan::{Inputs, Plan, Step};
use crate::render::{self, Files};
use crate::stack::{self, Environment, Loaded, Problems, Stack};
use crate::{desired, verify};

/// Everything known before a decision.
#[derive(Debug)]
pub(super) struct Situation {
    pub(super) loaded: Loaded,
    pub(super) engine: Engine,
    pub(super) desired: Desired,
    pub(super) files: Files,
    pub(super) observed: Observed,
    pub(super) facts: Facts,
    pub(super) stack_files: Vec<String>,
    /// Reference of stackctl's own image.
    pub(super) own_image: String,
    known_secrets: Secrets,
}

/// What the command line adds to the stack file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wishes<'a> {
    /// `--scale`
    pub(super) scale: &'a [(String, u32)],
    /// Ask for images again that could not be had before.
    pub(super) ask_again: bool,
    /// `--locked`
    pub(super) locked: bool,
}

/// Reads the stack file.
pub(super) fn load(global: &Global) -> Result<Loaded, Problems> {
    let loaded = stack::load(&global.file, &Environment::of_process(), &VOCABULARY)?;
    engine::keep_secret(secrets::of_variables(&loaded.environment));
    Ok(loaded)
}

/// The same for who only looks at what runs, or takes it away.
pub(super) fn load_without_secrets(global: &Global) -> Result<Loaded, Problems> {
    let loaded = stack::load_without_secrets(&global.file, &Environment::of_process(), &VOCABULARY);
    if loaded.is_err() && !global.quiet {
        output::say(
            "without the file: `stackctl ls`, and `stackctl ps`, `logs`, `query` and `down` with `--name STACK`",
        );
    }
    let loaded = loaded?;
    engine::keep_secret(secrets::of_variables(&loaded.environment));
    if !loaded.unset.is_empty() && !global.quiet {
        let names: Vec<&str> = loaded.unset.iter().map(String::as_str).collect();
        output::say(&format!("warning: not set, and not needed here: {}", names.join(", ")));
    }
    Ok(loaded)
}

/// Connects to the engine that `docker` would work on here.
pub(super) async fn connect() -> Result<Engine, Failure> {
    Ok(Engine::connect(&Hints::of_process().address()?).await?)
}

impl Situation {
    /// Loads, connects, looks, and makes every choice.
    pub(super) async fn of(global: &Global, wishes: Wishes<'_>) -> Result<Self, Failure> {
        let loaded = load(global)?;
        check_scales(&loaded.stack, wishes.scale)?;
        let engine = connect().await?;
        Self::with_engine(global, loaded, engine, wishes).await
    }

    /// The same for a stack and an engine that are there already.
    pub(super) async fn with_engine(
        global: &Global,
        loaded: Loaded,
        engine: Engine,
        wishes: Wishes<'_>,
    ) -> Result<Self, Failure> {
        let stack = &loaded.stack;
        let question = question(stack, &engine);
        let wanted = desired::wanted_images(stack);
        let own_image = engine::images::own_image().map_err(Error::from)?;
        let mut held = wishes.locked.then(|| locked::hold(global, stack)).transpose()?;
        let mut possible = facts::possible_images(stack, &wanted, &own_image);
        possible.extend(held.iter().flat_map(locked::Held::references));
        let (observed, images, gateway) =
            tokio::join!(engine.observe(&question), engine.images(&possible), engine.gateway());
        let mut observed = observed?;
        refuse_foreign(stack, &observed)?;
        observed.images = images?;
        let mut facts = Facts { gateway: gateway?, root_is_shared: engine.root_is_shared(), ..Facts::default() };
        facts.own_image = Some(own_image.clone());
        facts::take_from(&mut facts, stack, &observed, wishes.scale);
        match &mut held {
            Some(held) => {
                held.meet(&observed.images).await?;
                held.tell(&mut facts);
            }
            None => facts.images = facts::choose_images(stack, &engine, wanted, &observed, wishes.ask_again).await,
        }
        let desired = Desired::of(stack, &facts);
        let files = render::all(&desired);
        engine::keep_secret(secrets::named_variables(&desired, &loaded.environment));
        let situation = Self {
            known_secrets: secrets::known(&desired, &loaded.environment),
            own_image,
            facts,
            stack_files: absolute(&global.file),
            loaded,
            engine,
            desired,
            files,
            observed,
        };
        verbose::say(global, &situation);
        Ok(situation)
    }

    /// Why secrets cannot be read that the stack needs.
    pub(super) fn missing_secrets(&self) -> Vec<Error> {
        secrets::missing(&self.desired, &self.loaded.environment)
    }

    /// What `up` would do.
    pub(super) fn plan(&self) -> Plan {
        Plan::of(self.inputs())
    }

    /// What a plan is made from.
    pub(super) fn inputs(&self) -> Inputs<'_> {
        Inputs { desired: &self.desired, files: &self.files, secrets: &self.known_secrets, observed: &self.observed }
    }

    /// Why `up` should not go on without being told: another stack of this name runs here, and the plan would replace or
    /// remove what it runs, or write into its volumes. A stack file that was moved does not count: nothing lies any more where it was.
    pub(super) fn taken_over(&self, plan: &Plan) -> Option<Error> {
        let ended: BTreeSet<&str> = plan.steps.iter().filter_map(Step::ends).collect();
        let moved = plan.steps.iter().flat_map(Step::moves);
        let harmed: BTreeSet<&str> = ended.iter().copied().chain(moved).collect();
        let mut containers = self.observed.containers.iter().filter(|found| harmed.contains(found.id.as_str()));
        let (name, plan_file) = (&self.desired.stack, self.stack_files.first()?);
        let cannot = |cause: String| {
            let help =
                "give one of the two another `name`; where both are the same stack, run `stackctl up --take-over`";
            Error::new(format!("cannot bring up stack `{name}` from {plan_file}"), cause).advise(help)
        };
        let container = containers.find_map(|found| Some((found, elsewhere::of_container(&self.stack_files, found)?)));
        if let Some((container, other)) = container {
            let harm = if ended.contains(container.id.as_str()) { "go" } else { "get another network" };
            let container = &container.name;
            return Some(cannot(format!(
                "another stack of this name runs from {other}, and its container `{container}` would {harm}"
            )));
        }
        let is_mounted = |volume: &ObservedVolume| {
            let mut wanted = self.desired.volumes.iter();
            wanted.any(|wanted| !wanted.external && wanted.name == volume.name)
        };
        let (volume, other) = elsewhere::volume(&self.stack_files, &self.observed, is_mounted)?;
        (!plan.is_empty()).then(|| {
            cannot(format!(
                "another stack of this name was started from {other}, and its volume `{volume}` would be taken"
            ))
        })
    }

    /// Volumes that the stack uses as its own, and that carry no label of it.
    pub(super) fn unlabelled_volumes(&self) -> impl Iterator<Item = &str> {
        let found = self.observed.volumes.iter().filter(|volume| !volume.ours);
        let wants = |name: &str| self.desired.volumes.iter().any(|volume| !volume.external && volume.name == name);
        found.map(|volume| volume.name.as_str()).filter(move |name| wants(name))
    }

    /// Says which components run in another version than the file names: Debian has one, and no other.
    pub(super) fn say_other_versions(&self) {
        for wanted in desired::wanted_images(&self.loaded.stack).into_iter().filter(|wanted| wanted.pinned) {
            let choice = self.facts.images.get(&wanted.component);
            if let Some(ImageChoice::Take { version, origin: ImageOrigin::Debian, .. }) = choice
                && *version != wanted.version
            {
                let (component, named) = (&wanted.component, &wanted.version);
                output::say(&format!("{component}: the file names {named}, and Debian's {version} stands in for it"));
            }
        }
    }

    /// Says which components are left out, in a line: why is a matter of `images list`.
    pub(super) fn name_left_out(&self) {
        self.say_other_versions();
        let stood_in_for = self.desired.view_service().map(|service| service.name.as_str());
        let names = self.desired.left_out.iter().map(|left_out| match left_out.component.as_str() {
            name if Some(name) == stood_in_for => format!("{name}, in whose place stackctl's own view runs"),
            name => name.to_owned(),
        });
        let names: Vec<String> = names.collect();
        if !names.is_empty() {
            let text = format!("{} (`stackctl images list` says why)", names.join(", "));
            output::say(&format!("left out: {}", output::wrapped(&typed(&text), 10, output::COLUMNS)));
        }
    }

    /// Says which components are left out, and why.
    pub(super) fn say_left_out(&self) {
        self.say_other_versions();
        let stood_in_for = self.desired.view_service().map(|service| service.name.as_str());
        for (reason, components) in self.left_out() {
            let stands_in = components.iter().any(|component| Some(*component) == stood_in_for);
            let instead =
                if stands_in { "; stackctl's own view of the dashboards runs in Grafana's place" } else { "" };
            let text = format!("{}: {reason}{instead}", components.join(", "));
            output::say(&format!("left out: {}", output::wrapped(&text, 10, output::COLUMNS)));
        }
    }

    /// What is left out, by the reason: no reason is told twice.
    pub(super) fn left_out(&self) -> IndexMap<&str, Vec<&str>> {
        let mut reasons: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for left_out in &self.desired.left_out {
            reasons.entry(&left_out.reason).or_default().push(&left_out.component);
        }
        reasons
    }

    /// Where the stack was read from.
    pub(super) fn source(&self) -> StackSource {
        StackSource {
            stack: self.desired.stack.clone(),
            files: self.stack_files.clone(),
            folder: self.loaded.folder.display().to_string(),
        }
    }

    /// The stack's Grafana, or another one at that address, as its user `admin`. `None`: it does not run.
    pub(super) fn grafana(&self, url: Option<&str>) -> Result<Option<Grafana>, Error> {
        let Some(service) = self.desired.services.iter().find(|service| service.role == Role::Grafana) else {
            return Ok(None);
        };
        let own = || verify::grafana_url(&self.desired, &self.observed);
        let Some(url) = url.map(str::to_owned).or_else(own) else { return Ok(None) };
        let secret = service.container.secrets.iter().find(|secret| secret.name == ADMIN_PASSWORD);
        let password = secret.and_then(|secret| self.known_secrets.values.get(&secret.source));
        let password = password.map(|bytes| String::from_utf8_lossy(bytes).trim_end().to_owned()).unwrap_or_default();
        Grafana::new(&url, "admin", &password).map(Some).map_err(|error| Error::new("cannot ask Grafana", error))
    }

    /// What Prometheus has to be told to answer.
    pub(super) fn access(&self) -> Result<Access, Error> {
        let Some(guard) = self.desired.prometheus.as_ref().and_then(|config| config.guard.as_ref()) else {
            return Ok(Access::default());
        };
        let unknown = |what: &str| {
            Error::new("cannot ask Prometheus", format!("the {what} of `prometheus.web` is not known here"))
                .advise("set the variable, or make the file, that the stack file names there")
        };
        let mut access = Access::default();
        if let (Some(auth), Some(source)) = (&guard.basic_auth, &guard.password) {
            let password = self.known_secrets.values.get(source).ok_or_else(|| unknown("password"))?;
            let password = String::from_utf8_lossy(password).trim_end_matches(['\r', '\n']).to_owned();
            access.login = Some((auth.username.clone(), password));
        }
        if let Some(source) = &guard.certificate {
            let certificate = self.known_secrets.values.get(source).ok_or_else(|| unknown("certificate"))?;
            access.certificate = Some(certificate.clone());
        }
        Ok(access)
    }

    /// Keeps a copy of what the stack remembers from now on.
    pub(super) fn keep_memory(&self) {
        if let Some(copy) = question(&self.loaded.stack, &self.engine).memory_copy {
            engine::keep_memory(&copy, &self.observed.networks, &render::memory(&self.desired));
        }
    }

    /// Looks at the stack's containers and at the images again: what a plan is made from.
    pub(super) async fn look_at_everything(&mut self) -> Result<(), Failure> {
        let stack = &self.loaded.stack;
        let mut possible = facts::possible_images(stack, &desired::wanted_images(stack), &self.own_image);
        possible.extend(self.desired.services.iter().map(|service| service.image.reference.clone()));
        possible.sort();
        possible.dedup();
        let question = question(stack, &self.engine);
        let (looked, images) = tokio::join!(self.engine.observe(&question), self.engine.images(&possible));
        self.observed = looked?;
        self.observed.images = images?;
        Ok(())
    }

    /// Looks at everything again, and makes every choice anew but that of images, which may take long to ask for.
    pub(super) async fn look_afresh(&mut self, wishes: Wishes<'_>) -> Result<(), Failure> {
        self.look_at_everything().await?;
        refuse_foreign(&self.loaded.stack, &self.observed)?;
        facts::take_from(&mut self.facts, &self.loaded.stack, &self.observed, wishes.scale);
        self.desired = Desired::of(&self.loaded.stack, &self.facts);
        self.files = render::all(&self.desired);
        self.known_secrets = secrets::known(&self.desired, &self.loaded.environment);
        Ok(())
    }

    /// Looks at the stack's containers again.
    pub(super) async fn look_again(&mut self) -> Result<(), Failure> {
        let images = std::mem::take(&mut self.observed.images);
        self.observed = self.observe().await?;
        self.observed.images = images;
        Ok(())
    }

    /// What there is at this moment, but images.
    pub(super) async fn observe(&self) -> Result<Observed, Error> {
        self.engine.observe(&question(&self.loaded.stack, &self.engine)).await
    }
}

pub(super) fn absolute(paths: &[std::path::PathBuf]) -> Vec<String> {
    let absolute = paths.iter().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
    absolute.map(|path| path.display().to_string()).collect()
}

/// What to look for at the engine.
pub(super) fn question(stack: &Stack, engine: &Engine) -> Question {
    let written = |is_meant: bool, name: &Option<String>, key: &stack::ServiceName| {
        is_meant.then(|| name.clone().unwrap_or_else(|| key.to_string()))
    };
    let networks = stack.networks.iter().filter_map(|(key, network)| written(network.external, &network.name, key));
    let volumes = stack.volumes.iter();
    Question {
        external_networks: networks.collect(),
        external_volumes: volumes.clone().filter_map(|(key, it)| written(it.external, &it.name, key)).collect(),
        named_volumes: volumes
            .filter_map(|(key, it)| written(it.external || it.name.is_some(), &it.name, key))
            .collect(),
        attached: stack.attached.iter().map(|(name, app)| (name.to_string(), app.attach.clone())).collect(),
        rule_files: desired::rule_paths(stack),
        rule_readers: stack.prometheus.as_option().into_iter().flat_map(stack::Prometheus::answering_names).collect(),
        ..question_by_name(stack.name.as_str(), engine)
    }
}

/// The same where the stack file is not known: all that carries the stack's label.
pub(super) fn question_by_name(stack: &str, engine: &Engine) -> Question {
    let memory_copy = state::memory_copy(&engine.facts().address, stack);
    Question { stack: stack.to_owned(), memory_copy, ..Question::default() }
}

pub(super) fn check_scales(stack: &Stack, scales: &[(String, u32)]) -> Result<(), Failure> {
    for (app_name, replicas) in scales {
        if let Err(wrong) = stack::check_scale(stack, app_name, *replicas) {
            return Err(Failure::arguments(format!("--scale {app_name}={replicas}: {}", wrong.message), wrong.help));
        }
    }
    Ok(())
}

fn refuse_foreign(stack: &Stack, observed: &Observed) -> Result<(), Failure> {
    let foreign = &observed.foreign;
    if foreign.is_empty() {
        return Ok(());
    }
    let name = &stack.name;
    Err(Failure::World(
        Error::new(
            format!("cannot work on stack `{name}`"),
            format!("a Compose project `{name}` that is not stackctl's has containers: `{}`", foreign.join("`, `")),
        )
        .advise(format!(
            "give the stack another `name`, or take those away, which leaves their volumes: `docker stop {0} && docker rm {0}`",
            foreign.join(" ")
        )),
    ))
}
