//! Registries as the engine sees them: who said no, and is there an image by that name.

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::DistributionInspect;

use super::credentials::{Login, credentials};
use super::refusal::Refusal;
use super::{ImageError, ImageErrorKind};
use crate::catalog::COMPONENTS;
use crate::pins::name_of;

/// A registry that takes longer to say whether it has an image counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(8);

/// What Go's HTTP client says where no registry answered. The engine hands these texts on, with status 500 or in the stream.
const UNREACHABLE: [&str; 18] = [
    "dial tcp",
    "no such host",
    "server misbehaving",
    "temporary failure in name resolution",
    "connection refused",
    "connection reset by peer",
    "network is unreachable",
    "no route to host",
    "i/o timeout",
    "context deadline exceeded",
    "client.timeout exceeded",
    "request canceled while waiting for connection",
    "tls handshake timeout",
    "remote error: tls",
    "x509: ",
    "server gave http response to https client",
    "proxyconnect",
    "unexpected eof",
];
/// How Go's HTTP client ends an error where a proxy said no in the registry's place, or nothing came.
const UNREACHABLE_ENDS: [&str; 6] = [
    "\": eof",
    "\": forbidden",
    "\": proxy authentication required",
    "\": bad gateway",
    "\": service unavailable",
    "\": gateway timeout",
];
/// Whether the registry has this image and gives it to us. Asks the engine, as only its network and settings count.
///
/// `Ok` means yes. The error's kind tells a registry that is not there from one that says no.
pub(super) async fn has_image(docker: &Docker, reference: &str) -> Result<(), ImageError> {
    ask_registry(docker, reference).await.map(drop)
}

/// What the registry says of this image.
pub(super) async fn ask_registry(docker: &Docker, reference: &str) -> Result<DistributionInspect, ImageError> {
    let login = credentials(reference).await;
    let (user, trouble) = (login.user(), login.trouble);
    let question = docker.inspect_registry_image(reference, login.credentials);
    match tokio::time::timeout(PATIENCE, question).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(cause)) => {
            let error = registry_error("ask for", reference, user.as_deref(), &cause);
            Err(Login::explain(trouble.as_ref(), error))
        }
        Err(_) => Err(silent("ask for", reference, PATIENCE)),
    }
}

/// A registry that has said nothing for so long.
pub(super) fn silent(verb: &str, reference: &str, patience: Duration) -> ImageError {
    let cause = format!("it has sent nothing for {} s", patience.as_secs());
    error_of(verb, reference, None, ImageErrorKind::RegistryUnreachable, &cause)
}

/// What an error of the engine says about the registry. `user` is whom `docker login` remembers for it.
pub(super) fn registry_error(verb: &str, reference: &str, user: Option<&str>, cause: &Error) -> ImageError {
    match cause {
        Error::DockerResponseServerError { message, .. } | Error::DockerStreamError { error: message } => {
            error_of(verb, reference, user, kind_of(message), message)
        }
        other => ImageError::engine(&format!("{verb} image `{reference}`"), other),
    }
}

fn kind_of(message: &str) -> ImageErrorKind {
    let message = message.trim().to_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if says(&UNREACHABLE) || UNREACHABLE_ENDS.iter().any(|end| message.ends_with(end)) {
        ImageErrorKind::RegistryUnreachable
    } else if Refusal::of(&message).is_some() {
        ImageErrorKind::RegistryRefused
    } else {
        ImageErrorKind::Engine
    }
}

fn error_of(verb: &str, reference: &str, user: Option<&str>, kind: ImageErrorKind, cause: &str) -> ImageError {
    let registry = registry_of(reference);
    let (who, help) = match kind {
        ImageErrorKind::RegistryUnreachable => (
            format!("the registry `{registry}` cannot be reached: "),
            made_here(reference).unwrap_or_default() + &other_ways(reference),
        ),
        ImageErrorKind::RegistryRefused => (format!("the registry `{registry}` says no: "), {
            let refusal = Refusal::of(&cause.to_lowercase()).unwrap_or(Refusal::Missing);
            let help = refusal.help(reference, user);
            let may_be_own = matches!(refusal, Refusal::Missing | Refusal::Login);
            made_here(reference).filter(|_| may_be_own).unwrap_or_default() + &help
        }),
        ImageErrorKind::Engine | ImageErrorKind::Host => {
            (String::new(), "check the engine: `docker info`, `docker system df`".to_owned())
        }
    };
    let words = match kind {
        ImageErrorKind::RegistryUnreachable => without_url(cause.trim()),
        _ => cause.trim(),
    };
    ImageError { kind, doing: format!("{verb} image `{reference}`"), cause: format!("{who}{words}"), help }
}

/// What to do where a registry cannot be reached. Only components have a mirror, and some of them a package.
fn other_ways(reference: &str) -> String {
    let check = format!("check that the engine's host reaches and trusts `{}`", registry_of(reference));
    let name = name_of(reference);
    // A mirror has it under the same name, behind its own.
    let is_it = |image: &str| name.strip_suffix(image).is_some_and(|host| host.is_empty() || host.ends_with('/'));
    match COMPONENTS.iter().find(|component| is_it(component.image)) {
        None => check,
        Some(component) if component.debian.is_some() => {
            format!(
                "{check}; or name a mirror with `images: {{mirror: …}}`; or build it from Debian's package with \
                 `images: {{from: debian}}`"
            )
        }
        Some(_) => format!("{check}; or name a mirror with `images: {{mirror: …}}`"),
    }
}

/// What to do about an image of one's own that is not at the engine. `None`: its name says that some registry has it, or it
/// is a component's.
fn made_here(reference: &str) -> Option<String> {
    let names_registry = reference.starts_with("docker.io/") || registry_of(reference) != "docker.io";
    let is_component = COMPONENTS.iter().any(|component| component.image == name_of(reference));
    let may_be_own = !names_registry && !is_component && !reference.contains("@sha256:");
    may_be_own.then(|| {
        format!(
            "where `{reference}` is an image of your own, `docker build -t {reference} FOLDER` makes it here and `docker load -i \
             FILE` brings it; else "
        )
    })
}

/// `Get "https://registry/v2/": dial tcp: no such host` without the part that only says what Docker asked for.
fn without_url(cause: &str) -> &str {
    let after_url =
        cause.strip_prefix("Get \"").and_then(|rest| rest.split_once("\": ")).map_or(cause, |(_, after)| after);
    after_url.strip_prefix("dial tcp: ").unwrap_or(after_url)
}

/// The registry that a reference names, `docker.io` where it names none.
///
/// The part before the first slash is a registry where it looks like a host (distribution/reference, `splitDockerDomain`).
pub(super) fn registry_of(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => host,
        _ => "docker.io",
    }
}

/// A reference with its registry, as engines write it that know several.
pub(in super::super) fn full_name(reference: &str) -> String {
    match reference.split_once('/') {
        _ if reference.starts_with("docker.io/") || registry_of(reference) != "docker.io" => reference.to_owned(),
        Some(_) => format!("docker.io/{reference}"),
        None => format!("docker.io/library/{reference}"),
    }
}

/// The same the other way round: as people write it.
pub(in super::super) fn short_name(reference: &str) -> &str {
    let Some(rest) = reference.strip_prefix("docker.io/").filter(|rest| registry_of(rest) == "docker.io") else {
        return reference;
    };
    rest.strip_prefix("library/").filter(|name| !name.contains('/')).unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::{ImageErrorKind, full_name, kind_of, registry_error, registry_of, short_name};

    #[test]
    fn docker_hub_is_written_out_and_left_out() {
        for (short, full) in [
            ("redis:7", "docker.io/library/redis:7"),
            ("prom/node:1", "docker.io/prom/node:1"),
            ("r.example/a:1", "r.example/a:1"),
        ] {
            assert_eq!((full_name(short).as_str(), short_name(full)), (full, short));
        }
        assert_eq!(short_name("docker.io/a.b/c"), "docker.io/a.b/c", "`a.b` would be a registry");
    }

    #[test]
    fn a_registry_that_is_not_there_is_unreachable() {
        for message in [
            "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on 10.0.0.53:53: no such host",
            "Get \"http://127.0.0.1:5999/v2/\": dial tcp 127.0.0.1:5999: connect: connection refused",
            "Get \"https://r.example/v2/\": net/http: TLS handshake timeout",
            "Get \"https://r.example/v2/\": x509: certificate signed by unknown authority",
            "Get \"https://r.example/v2/\": http: server gave HTTP response to HTTPS client",
            "Get \"https://r.example/v2/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
            "Get \"https://registry-1.docker.io/v2/\": Forbidden",
            "Get \"https://registry-1.docker.io/v2/\": EOF\n",
            "error pulling image configuration: download failed after attempts=6: dial tcp 1.2.3.4:443: i/o timeout",
        ] {
            assert_eq!(kind_of(message), ImageErrorKind::RegistryUnreachable, "{message}");
        }
    }

    #[test]
    fn a_registry_that_answers_and_says_no_refuses() {
        for message in [
            "manifest for prom/prometheus:v0 not found: manifest unknown: manifest unknown",
            "pull access denied for acme/web, repository does not exist or may require 'docker login': denied: requested \
             access to the resource is denied",
            "unauthorized: authentication required",
            "Get \"https://r.example/v2/web/manifests/1\": no basic auth credentials",
            "toomanyrequests: You have reached your pull rate limit.",
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
        ] {
            assert_eq!(kind_of(message), ImageErrorKind::RegistryRefused, "{message}");
        }
    }

    #[test]
    fn a_full_disk_is_the_engines_own_trouble() {
        let message = "failed to register layer: write /bin/prometheus: no space left on device";
        assert_eq!(kind_of(message), ImageErrorKind::Engine);
    }

    #[test]
    fn an_error_names_the_image_the_registry_and_the_way_out() {
        let cause =
            bollard::errors::Error::DockerStreamError { error: "unauthorized: authentication required".to_owned() };
        let error = registry_error("pull", "r.example/web:1", None, &cause);
        let expected = "cannot pull image `r.example/web:1`: the registry `r.example` says no: \
                        unauthorized: authentication required";
        assert_eq!(error.to_string(), expected);
        assert!(error.help.contains("docker login r.example"), "{}", error.help);
    }

    #[test]
    fn an_image_that_may_be_ones_own_is_told_how_to_come_here() {
        let help = |reference: &str, message: &str| {
            let cause = bollard::errors::Error::DockerStreamError { error: message.to_owned() };
            registry_error("pull", reference, None, &cause).help
        };
        let unreachable =
            "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host";
        let denied = "pull access denied for web, repository does not exist or may require 'docker login'";
        for message in [unreachable, denied] {
            for own in ["web:1", "acme/web"] {
                let help = help(own, message);
                assert!(
                    help.contains(&format!("docker build -t {own} FOLDER")) && help.contains("docker load"),
                    "{help}"
                );
                assert!(help.contains("; else check"), "{help}");
            }
            for other in ["r.example/web:1", "prom/prometheus:v3.5.0", "web@sha256:00", "docker.io/acme/web:1"] {
                assert!(!help(other, message).contains("docker build"), "{other}");
            }
        }
        assert!(!help("web:1", "toomanyrequests: slow down").contains("docker build"));
        assert!(!help("acme/web", unreachable).contains("mirror"), "only components have one");
        assert!(help("grafana/grafana:12", unreachable).ends_with("name a mirror with `images: {mirror: …}`"));
        for prometheus in ["prom/prometheus:v3.5.0", "mirror.example:5000/prom/prometheus:v3.5.0"] {
            assert!(help(prometheus, unreachable).ends_with("with `images: {from: debian}`"));
        }
    }

    #[test]
    fn the_registry_of_a_reference_is_its_host_or_docker_hub() {
        let references =
            ["prom/prometheus:v3", "redis", "localhost/x", "r.example/a/b:1", "10.0.0.1:5000/x", "h:5000/x"];
        let registries = ["docker.io", "docker.io", "localhost", "r.example", "10.0.0.1:5000", "h:5000"];
        assert_eq!(references.map(registry_of), registries);
    }
}
