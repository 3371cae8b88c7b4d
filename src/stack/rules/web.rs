//! `prometheus.web`: it asks for something, and what it asks for can be sent.

use super::super::document::Path;
use super::super::{Publish, Scheme};
use super::Examination;

/// The flag that the section stands for.
const FLAG: &str = "--web.config.file";

/// The section guards something, and nothing else writes its file.
pub(super) fn prometheus_is_guarded(examination: &mut Examination) {
    let Some(prometheus) = examination.stack.prometheus.as_option() else { return };
    let path = Path::ROOT.key("prometheus");
    let list = path.key("extra_flags");
    for (index, flag) in prometheus.extra_flags.iter().enumerate() {
        if flag.split('=').next() == Some(FLAG) {
            let help =
                "write `web: { basic_auth: …, tls: … }`, by which stackctl, Grafana and the health check go, too";
            examination.error(list.index(index), format!("`{FLAG}` is stackctl's own flag"), help);
        }
    }
    let Some(web) = &prometheus.web else { return };
    let path = path.key("web");
    if web.basic_auth.is_none() && web.tls.is_none() {
        let help =
            "write `basic_auth: { username: …, password: { file: PATH } }` or `tls: { cert_file: …, key_file: … }`";
        examination.error_at_key(path, "nothing is asked for", help);
    }
    if let Some(auth) = &web.basic_auth {
        let here = path.key("basic_auth");
        if auth.username.is_empty() || auth.username.contains(':') || auth.username.chars().any(char::is_control) {
            let message = format!("`{}` cannot be a user's name", auth.username.escape_debug());
            examination.error(
                here.key("username"),
                message,
                "use at least one letter, and no `:`, which ends the name",
            );
        }
        let is_outside = matches!(prometheus.port, Publish::At(address) if !address.ip().is_loopback());
        if web.tls.is_none() && is_outside {
            let help = "add `tls: { cert_file: …, key_file: … }`, or publish it on 127.0.0.1";
            examination.warning(here, "the password crosses the network in the clear", help);
        }
    }
}

/// A job of Prometheus itself that the stack file writes out has to go by the section, too.
pub(super) fn own_job_is_let_in(examination: &mut Examination) {
    let stack = examination.stack;
    let Some(web) = stack.prometheus.as_option().and_then(|section| section.web.as_ref()) else { return };
    for (name, scrape) in stack.scrape.iter().filter(|(name, _)| name.as_str() == "prometheus") {
        let here = Path::ROOT.key("scrape");
        let here = here.key(name.as_str());
        if web.tls.is_some() && scrape.metrics.scheme == Scheme::Http {
            let help = "write `scheme: https` and `tls: { ca_file: … }`, or remove the job: stackctl makes it";
            examination.warning(here, "Prometheus answers over TLS only", help);
        } else if web.basic_auth.is_some() && scrape.metrics.basic_auth.is_none() {
            let help = "write `basic_auth`, too, or remove the job: stackctl makes it";
            examination.warning(here, "Prometheus asks for a password", help);
        }
    }
}
