//! `view`: the dashboards as a web page.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::situation::{Situation, Wishes};
use super::{Exit, Failure, output, prove};
use crate::catalog::prometheus::PROMETHEUS;
use crate::cli::Global;
use crate::client::{Access, Prometheus};
use crate::dashboard::Library;
use crate::disk;
use crate::engine::{ContainerState, Error, Observed, ObservedContainer};
use crate::view::{self, Login, Settings, Source};

/// Port where none is asked for: that of the stack's Grafana is likely taken.
const PORT: u16 = 3080;

/// Arguments of `view`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  stackctl view\n  stackctl view --port 8080 --open")]
pub struct Arguments {
    /// Port to listen on, on 127.0.0.1; 0: any that is free
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
    /// Address to listen on
    #[arg(long, hide = true, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Answer browsers on this host only, as far as their `Host` tells: the port is published on loopback
    #[arg(long, hide = true)]
    only_this_host: bool,
    /// Dashboards to show, as JSON: what a container is started with
    #[arg(long, hide = true, value_name = "FILE", requires = "prometheus")]
    serve_from: Option<PathBuf>,
    /// Where Prometheus is
    #[arg(long, hide = true, value_name = "URL", requires = "serve_from")]
    prometheus: Option<String>,
    /// Who to say that this is
    #[arg(long, hide = true, requires_all = ["prometheus", "password_file"])]
    user: Option<String>,
    /// Where the password is
    #[arg(long, hide = true, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Where the password is that browsers have to give, as user `admin`
    #[arg(long, hide = true, value_name = "FILE", requires = "serve_from")]
    login_password_file: Option<PathBuf>,
    /// The certificate that Prometheus shows
    #[arg(long, hide = true, value_name = "FILE", requires = "prometheus")]
    certificate: Option<PathBuf>,
}

/// Runs it until Ctrl-C or SIGTERM.
pub(super) async fn run(global: &Global, arguments: &Arguments) -> Result<Exit, Failure> {
    let settings = match (&arguments.serve_from, &arguments.prometheus) {
        (Some(file), Some(url)) => of_file(file, url, arguments)?,
        _ => of_stack(global, arguments).await?,
    };
    let wanted = SocketAddr::new(arguments.bind, arguments.port);
    let taken = |error: std::io::Error| {
        Error::new(format!("cannot listen on {wanted}"), error).advise("choose another one with `--port`, or 0 for any")
    };
    let listener = TcpListener::bind(wanted).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    let end = end().map_err(|error| Error::new("cannot listen for signals", error))?;
    if !global.quiet {
        output::say(&format!("dashboards at http://{address} (Ctrl-C ends it)"));
    }
    if arguments.open {
        open(&format!("http://{address}"));
    }
    view::serve(listener, settings, end).await.map_err(|error| Error::new("cannot serve the page", error))?;
    Ok(Exit::Done)
}

async fn of_stack(global: &Global, arguments: &Arguments) -> Result<Settings, Failure> {
    let situation = Situation::of(global, Wishes::default()).await?;
    let prometheus = running_prometheus(&situation)?;
    Ok(Settings {
        source: Source::Given(Box::new(library_of(&situation)?)),
        prometheus,
        zone: jiff::tz::TimeZone::system(),
        loopback_only: arguments.bind.is_loopback(),
        login: None,
        stands_in: None,
    })
}

fn of_file(file: &std::path::Path, url: &str, arguments: &Arguments) -> Result<Settings, Error> {
    let prometheus = Prometheus::guarded(url, access_of_files(arguments)?);
    let prometheus = prometheus.map_err(|error| Error::new("cannot ask Prometheus", error))?;
    Ok(Settings {
        source: Source::File(file.to_owned()),
        prometheus,
        zone: jiff::tz::TimeZone::UTC,
        loopback_only: arguments.only_this_host || arguments.bind.is_loopback(),
        login: arguments.login_password_file.as_deref().map(login_of_file).transpose()?,
        stands_in: Some("stackctl's own view stands in for Grafana, whose image could not be had".to_owned()),
    })
}

/// What browsers have to give. An error: nothing, which would let everybody in.
fn login_of_file(file: &std::path::Path) -> Result<Login, Error> {
    let cannot = |cause: String| Error::new("cannot ask for the password of Grafana's `admin`", cause);
    let password = disk::read(file).map_err(|error| cannot(error.to_string()).advise("run `stackctl up` again"))?;
    let password = String::from_utf8_lossy(&password).trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(cannot("it is empty".to_owned()).advise("set `grafana.admin_password` to one that is not"));
    }
    Ok(Login { user: "admin".to_owned(), password })
}

fn access_of_files(arguments: &Arguments) -> Result<Access, Error> {
    let read = |path: &PathBuf| {
        disk::read(path).map_err(|error| Error::new("cannot ask Prometheus", error).advise("run `stackctl up` again"))
    };
    let password = arguments.password_file.as_ref().map(read).transpose()?;
    let password = password.map(|bytes| String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned());
    let certificate = arguments.certificate.as_ref().map(read).transpose()?;
    Ok(Access { login: arguments.user.clone().zip(password), certificate })
}

/// The stack's Prometheus, which has to run.
pub(super) fn running_prometheus(situation: &Situation) -> Result<Prometheus, Error> {
    wants_prometheus(situation)?;
    prove::prometheus(situation)?.ok_or_else(|| {
        let (cause, advice) = why_no_prometheus(situation, &situation.observed);
        Error::new("cannot ask Prometheus", cause).advise(advice)
    })
}

/// Why none of the stack's Prometheus servers can be asked, and what to do.
pub(super) fn why_no_prometheus(situation: &Situation, observed: &Observed) -> (String, String) {
    let mut services = situation.desired.prometheus_services();
    let is_paused = |container: &&ObservedContainer| container.state == ContainerState::Paused;
    let paused = services.find_map(|service| {
        let mut containers = observed.containers.iter().filter(is_paused);
        containers.find(|container| container.service == service.name)
    });
    match paused {
        Some(container) => {
            ("it is paused".to_owned(), format!("`docker unpause {}` or `stackctl up` has it go on", container.name))
        }
        None => ("it does not run".to_owned(), "start the stack with `stackctl up`".to_owned()),
    }
}

/// Whether the stack has a Prometheus at all, running or not. An error: it has none.
pub(super) fn wants_prometheus(situation: &Situation) -> Result<(), Error> {
    let cannot = |cause: String| Error::new("cannot ask Prometheus", cause);
    if situation.loaded.stack.prometheus.as_option().is_none() {
        let error = cannot(format!("stack `{}` has none: its file says `prometheus: off`", situation.desired.stack));
        return Err(error.advise("take that line out, or write `prometheus: {}` in its place, and run `stackctl up`"));
    }
    let left_out = situation.desired.left_out.iter().find(|left_out| left_out.component == PROMETHEUS.name);
    if let Some(left_out) = left_out {
        return Err(cannot(format!("it is left out: {}", left_out.reason)).advise("`stackctl up --pull` tries again"));
    }
    Ok(())
}

/// The stack's dashboards.
pub(super) fn library_of(situation: &Situation) -> Result<Library, Failure> {
    let library = situation.desired.library();
    if library.dashboards.is_empty() {
        let help = "add `dashboards:` to the stack file, or an app with `metrics`";
        return Err(Failure::arguments("this stack has no dashboards", help));
    }
    Ok(library)
}

/// Completes at Ctrl-C or SIGTERM. Signals count from the moment this returns.
pub(super) fn end() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Opens the page with the desktop's own opener; where there is none, its address has been said.
fn open(url: &str) {
    let opened = std::process::Command::new("xdg-open").arg(url).stderr(std::process::Stdio::null()).spawn();
    if opened.is_err() {
        output::say("no xdg-open here to open a browser with");
    }
}
