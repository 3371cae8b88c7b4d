//! Names of services, jobs and containers.

use std::collections::HashMap;

use super::super::document::Path;
use super::super::{Alertmanager, Prometheus, ServiceName, Stack};
use super::{Examination, Service, components, services};

/// Names of services that stackctl runs itself.
const RESERVED: [&str; 2] = ["prometheus", "grafana"];

/// Whether a name is that of a service that stackctl runs itself; `alertmanager` is, where the file has that section, and
/// `prometheus-2`, where there are so many.
pub(super) fn is_reserved(stack: &Stack, name: &str) -> bool {
    let is_alertmanagers = |alertmanager: &Alertmanager| {
        let replicas = alertmanager.replicas.unwrap_or(1);
        name == "alertmanager" || (2..=replicas).any(|replica| name == format!("alertmanager-{replica}"))
    };
    let is_a_server = |prometheus: &Prometheus| prometheus.service_names().any(|service| service == name);
    RESERVED.contains(&name)
        || stack.prometheus.as_option().is_some_and(is_a_server)
        || stack.alertmanager.as_option().is_some_and(is_alertmanagers)
}

/// The longest name of a container that is also a DNS name.
pub(super) const LONGEST_CONTAINER_NAME: usize = 63;

/// A service's name is its DNS name, and DNS does not tell `Web` from `web`.
pub(super) fn services_have_one_name_each(examination: &mut Examination) {
    let stack = examination.stack;
    let mut seen: HashMap<String, (&str, &str)> = HashMap::new();
    for service in services(stack) {
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let lower = service.name.to_ascii_lowercase();
        if is_reserved(stack, &lower) {
            let help = format!("give it another name; settings of stackctl's own go under `{lower}:` at the top");
            examination.error_at_key(path, format!("`{}` is a service of stackctl's own", service.name), help);
        } else if let Some((section, name)) = seen.insert(lower, (service.section, service.name)) {
            let message = format!("two services are called `{}`: the other is `{section}.{name}`", service.name);
            let help = match stack.exporters.iter().find(|(key, _)| key.as_str() == service.name) {
                Some((key, exporter)) if service.section == "exporters" && section == "apps" => {
                    let kind = exporter.kind(key.as_str());
                    format!("write `{name}-exporter: {{ kind: {kind}, for: {name} }}`, if it shall watch that app")
                }
                _ => "give one of them another name".to_owned(),
            };
            examination.error_at_key(path, message, help);
        }
    }
}

/// What each container takes for itself or for its host, whatever a service is called.
const OF_THE_HOST: [&str; 3] = ["localhost", "host.docker.internal", "gateway.docker.internal"];

/// Other containers look a service up by its name, which has to be one that DNS takes and that leads nowhere else.
pub(super) fn services_are_found_by_their_names(examination: &mut Examination) {
    for service in services(examination.stack) {
        let name = service.name;
        let is_number = |label: &str| {
            let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
            let all = |text: &str, is_digit: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(is_digit);
            digits.map_or_else(|| all(label, u8::is_ascii_digit), |digits| all(digits, u8::is_ascii_hexdigit))
        };
        let is_label = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        let message = if name.parse::<std::net::IpAddr>().is_ok() {
            format!("`{name}` is an address, and no name")
        } else if name.split('.').all(is_number) {
            format!("`{name}` is a number, which resolvers take for an address")
        } else if OF_THE_HOST.contains(&name.to_ascii_lowercase().as_str()) {
            format!("`{name}` leads to a container itself or to its host, and never to this service")
        } else if name.parse::<ServiceName>().is_ok() && !name.split('.').all(is_label) {
            format!("`{name}` cannot be a DNS name: between two dots is something that does not begin or end with `-`")
        } else {
            continue;
        };
        let path = Path::ROOT.key(service.section);
        examination.error_at_key(path.key(name), message, "give it another name, such as `web`");
    }
}

/// The jobs of apps and exporters, by name, and what each watches. A job that is written out under the name of
/// Prometheus or Grafana stands in for stackctl's own.
pub(super) fn job_names(stack: &Stack) -> impl Iterator<Item = (&str, Service<'_>)> {
    services(stack).filter_map(|service| {
        let name = service.metrics?.job.as_ref().map_or(service.name, |job| job.as_str());
        Some((name, service))
    })
}

/// Prometheus takes no two jobs of one name.
pub(super) fn jobs_have_one_name_each(examination: &mut Examination) {
    let stack = examination.stack;
    let mut owners: HashMap<&str, Service> = HashMap::new();
    for (name, service) in job_names(stack) {
        let path = Path::ROOT.key(service.section);
        let path = path.key(service.name);
        let path = path.key("metrics");
        if is_reserved(stack, name) && service.name != name {
            examination.error(path.key("job"), format!("job `{name}` is stackctl's own"), "give this job another name");
        } else if let Some(other) = owners.insert(name, service) {
            let message = format!("job `{name}` is the job of `{}.{}`", other.section, other.name);
            examination.error(path.key("job"), message, "give this job another name");
        }
    }
    for (name, attached) in &stack.attached {
        let job = attached.metrics.job.as_ref().unwrap_or(name).as_str();
        let path = Path::ROOT.key("apps");
        let path = path.key(name.as_str());
        if is_reserved(stack, job) {
            examination.error_at_key(path, format!("job `{job}` is stackctl's own"), "give the app another name");
        } else if let Some(owner) = owners.get(job) {
            let message = format!("job `{job}` is the job of `{}.{}`", owner.section, owner.name);
            examination.error_at_key(path, message, "give one of them another name");
        }
    }
    for name in stack.scrape.keys().filter(|name| stack.attached.contains_key(*name)) {
        let message = format!("job `{name}` is the job of `apps.{name}`");
        let top = Path::ROOT.key("scrape");
        examination.error_at_key(top.key(name.as_str()), message, "give this job another name");
    }
    for name in stack.probes.keys() {
        let top = Path::ROOT.key("probes");
        let whose = match owners.get(name.as_str()) {
            Some(owner) => format!("`{}.{}`", owner.section, owner.name),
            None if stack.scrape.contains_key(name) => format!("`scrape.{name}`"),
            None if stack.attached.contains_key(name) => format!("`apps.{name}`"),
            None if RESERVED.contains(&name.as_str()) || name.as_str() == "docker" => "stackctl's own".to_owned(),
            None => continue,
        };
        let message = format!("a probe is a job, and job `{name}` is that of {whose}");
        examination.error_at_key(
            top.key(name.as_str()),
            message,
            format!("give the probe another name, such as `{name}-probe`"),
        );
    }
    for name in stack.scrape.keys() {
        let Some(owner) = owners.get(name.as_str()) else { continue };
        let message = format!("job `{name}` is the job of `{}.{}`", owner.section, owner.name);
        let top = Path::ROOT.key("scrape");
        let mut exporters = stack.exporters.iter().filter(|_| owner.section == "exporters");
        let help = match exporters.find(|(key, _)| key.as_str() == owner.name) {
            Some((key, exporter)) => format!(
                "give this job another name, or the exporter: `exporters: {{ OTHER: {{ kind: {} }} }}`",
                exporter.kind(key.as_str())
            ),
            None => "give this job another name".to_owned(),
        };
        examination.error_at_key(top.key(name.as_str()), message, help);
    }
}

/// `STACK-APP-N` has to be a DNS name too.
pub(super) fn container_names_fit(examination: &mut Examination) {
    let stack = examination.stack;
    for service in services(stack).filter(|service| service.container.container_name.is_none()) {
        let longest = format!("{}-{}-{}", stack.name, service.name, service.scale.max(1));
        if longest.len() > LONGEST_CONTAINER_NAME && service.name.len() <= LONGEST_CONTAINER_NAME {
            let path = Path::ROOT.key(service.section);
            let message = format!("container name `{longest}` has {} characters", longest.len());
            let help = format!("shorten the app's or the stack's name: DNS takes at most {LONGEST_CONTAINER_NAME}");
            examination.error_at_key(path.key(service.name), message, help);
        }
    }
}

/// A fixed name has to be one, and free.
pub(super) fn fixed_names_are_free(examination: &mut Examination) {
    let stack = examination.stack;
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for Fixed { section, service, name } in fixed_names(stack) {
        let top = Path::ROOT.key(section.unwrap_or(service));
        let path = if section.is_some() { top.key(service) } else { top };
        let path = path.key("container_name");
        let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if name.len() < 2 || !name.starts_with(|first: char| first.is_ascii_alphanumeric()) || !name.chars().all(letter)
        {
            let help = "use at least two letters, digits, `-`, `_` and `.`, beginning with a letter or digit";
            examination.error(path, format!("`{}` cannot be a container name", name.escape_debug()), help);
        } else if let Some(other) = taken.insert(name, service) {
            let message = format!("container name `{name}` is taken by `{other}`");
            examination.error(path, message, "remove `container_name`: containers are named `STACK-APP-N`");
        } else if let Some(other) = replica_called(stack, name).filter(|other| *other != service) {
            let message = format!("container name `{name}` is that of a replica of `{other}`");
            examination.error(path, message, "write another name, or remove `container_name`");
        }
    }
}

/// A container name that the file fixes.
pub(super) struct Fixed<'a> {
    /// `None` for what stackctl runs itself.
    section: Option<&'static str>,
    pub(super) service: &'a str,
    pub(super) name: &'a str,
}

/// The container names that the file fixes.
pub(super) fn fixed_names(stack: &Stack) -> impl Iterator<Item = Fixed<'_>> {
    let own = components(stack).map(|(name, container, _)| (None, name, container));
    let of_services = services(stack).map(|service| (Some(service.section), service.name, service.container));
    own.chain(of_services).filter_map(|(section, service, container)| {
        Some(Fixed { section, service, name: container.container_name.as_deref()? })
    })
}

/// The service of which a replica is called so, as the file has it.
fn replica_called<'a>(stack: &Stack, container_name: &'a str) -> Option<&'a str> {
    let rest = container_name.strip_prefix(stack.name.as_str())?.strip_prefix('-')?;
    let (service_name, number) = rest.rsplit_once('-')?;
    let replica: u32 = number.parse().ok().filter(|replica: &u32| *replica > 0 && replica.to_string() == number)?;
    let app = stack.apps.get(service_name).map(|app| (&app.container, app.replicas()));
    let exporter = || stack.exporters.get(service_name).map(|exporter| (&exporter.container, 1));
    let is_services =
        app.or_else(exporter).is_some_and(|(container, scale)| container.container_name.is_none() && replica <= scale);
    let is_own = || {
        let mut fixed = components(stack)
            .filter(|(name, container, _)| *name == service_name && container.container_name.is_some());
        replica == 1 && is_reserved(stack, service_name) && fixed.next().is_none()
    };
    (is_services || is_own()).then_some(service_name)
}
