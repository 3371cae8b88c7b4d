//! Serves the pages over HTTP until the process is asked to end.

use std::fmt::Write as _;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, RawQuery, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::tz::TimeZone;
use tokio::net::TcpListener;

use super::ask::{Answers, Shown, ask, step};
use super::choice::Choice;
use super::login::Login;
use super::page::Page;
use super::when::When;
use super::worded::{filling, worded};
use crate::chosen::{Among, Chosen, choose};
use crate::client::{Error, Prometheus};
use crate::dashboard::{COLUMNS, Dashboard, Library};
use crate::plot::{TimeRange, page_style};

/// What is served, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The dashboards.
    pub source: Source,
    /// Where the numbers come from.
    pub prometheus: Prometheus,
    /// Zone of the clock times on the pages.
    pub zone: TimeZone,
    /// Answer only to browsers that call this server `localhost` or by a loopback address, so that no web page can
    /// reach it under a name of its own (DNS rebinding).
    pub loopback_only: bool,
    /// What browsers have to give. `None`: whoever reaches this server may look.
    pub login: Option<Login>,
    /// What the pages stand in for, in words.
    pub stands_in: Option<String>,
}

/// Where the dashboards come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// They are known.
    Given(Box<Library>),
    /// A JSON file, read for each page, so that a newer one counts at once.
    File(PathBuf),
}

/// Nothing but this server, no script or style in the page itself, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect width=\"16\" height=\"16\" rx=\"3\" \
                    fill=\"#0072b2\"/><path d=\"M2 11l4-5 3 3 5-6\" fill=\"none\" stroke=\"#fff\" stroke-width=\"2\"/></svg>";

/// Serves until `end` is there; who is being answered then is cut off.
pub async fn serve(listener: TcpListener, settings: Settings, end: impl Future<Output = ()>) -> io::Result<()> {
    let serving = axum::serve(listener, router(settings)).into_future();
    tokio::select! {
        ended = serving => ended,
        () = end => Ok(()),
    }
}

fn router(settings: Settings) -> Router {
    let settings = Arc::new(settings);
    Router::new()
        .route("/", get(home))
        .route("/d/{uid}", get(dashboard))
        .route("/view.css", get(async || ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], style())))
        .route(
            "/view.js",
            get(async || {
                let script = include_str!("../../templates/view/view.js");
                ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], script)
            }),
        )
        .route("/icon.svg", get(async || ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)))
        .route("/healthz", get(async || "ok\n"))
        .layer(middleware::from_fn_with_state(settings.clone(), guard))
        .with_state(settings)
}

/// Refuses callers under foreign names and those without the login, and puts the rules for the browser on every answer.
async fn guard(State(settings): State<Arc<Settings>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_open = request.uri().path() == "/healthz";
    let mut response = if settings.login.as_ref().is_some_and(|login| !is_open && !login.lets_in(request.headers())) {
        let ask = [(header::WWW_AUTHENTICATE, "Basic realm=\"stackctl\", charset=\"UTF-8\"")];
        (StatusCode::UNAUTHORIZED, ask, "user `admin`, with the password of the stack's Grafana\n").into_response()
    } else if settings.loopback_only && !is_loopback(host) {
        (
            StatusCode::FORBIDDEN,
            "this server answers to localhost only; a proxy before it has to ask for `Host: localhost`\n",
        )
            .into_response()
    } else {
        next.run(request).await
    };
    let rules = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, rule) in rules {
        response.headers_mut().insert(name, HeaderValue::from_static(rule));
    }
    response
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name).trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn style() -> String {
    let mut text = page_style();
    text.push_str(include_str!("../../templates/view/view.css"));
    for columns in 1..=COLUMNS {
        write!(text, ".w{columns}{{grid-column:span {columns}}}").expect("a String takes everything");
    }
    text
}

type Pairs = Query<Vec<(String, String)>>;

/// Leads to the first dashboard, with the choices that came along. The way there holds whatever a proxy has put before it.
async fn home(State(settings): State<Arc<Settings>>, RawQuery(choices): RawQuery) -> Response {
    match settings.library().await {
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why).into_response(),
        Ok(library) => match library.dashboards.first() {
            Some(first) => {
                let choices = choices.map(|choices| format!("?{choices}")).unwrap_or_default();
                let there = [(header::LOCATION, format!("d/{}{choices}", first.uid))];
                (StatusCode::TEMPORARY_REDIRECT, there).into_response()
            }
            None => (StatusCode::NOT_FOUND, "this stack has no dashboards\n").into_response(),
        },
    }
}

async fn dashboard(State(settings): State<Arc<Settings>>, Path(uid): Path<String>, pairs: Pairs) -> Response {
    let library = match settings.library().await {
        Ok(library) => library,
        Err(why) => return (StatusCode::INTERNAL_SERVER_ERROR, why).into_response(),
    };
    let Some(dashboard) = library.dashboard(&uid) else {
        return (StatusCode::NOT_FOUND, "there is no such dashboard; the list of them is at /\n").into_response();
    };
    let dashboard = dashboard.clone();
    Html(settings.page(library, dashboard, &pairs.0).await).into_response()
}

impl Settings {
    async fn library(&self) -> Result<Library, String> {
        match &self.source {
            Source::Given(library) => Ok((**library).clone()),
            Source::File(path) => {
                let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}\n", path.display());
                let text = tokio::fs::read(path).await.map_err(|error| failed(&error))?;
                // Thousands of dashboards are megabytes.
                let read = tokio::task::spawn_blocking(move || serde_json::from_slice(&text));
                let read = read.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                read.map_err(|error| failed(&error))
            }
        }
    }

    async fn page(&self, library: Library, dashboard: Dashboard, pairs: &[(String, String)]) -> String {
        let now = jiff::Timestamp::now().to_zoned(self.zone.clone());
        let (choice, mut notices) = Choice::of(pairs, &now);
        let (when, wrong) = When::of(&choice, &dashboard, &now);
        notices.extend(wrong);
        let range = self.range(&when, library.interval);
        let answered = self.ask(&library, &dashboard, &choice, &range).await;
        let (chosen, answers) = match answered {
            Ok((chosen, answers)) => (chosen, Some(answers)),
            Err(error) => {
                notices.push(format!(
                    "Prometheus at {} does not answer: {}. This page tries again by itself.",
                    error.url, error.cause
                ));
                (Vec::new(), None)
            }
        };
        let stands_in = self.stands_in.clone();
        // What is drawn may be much: meanwhile others are answered, and the process can be asked to end.
        let drawing = tokio::task::spawn_blocking(move || {
            let dashboard = &worded(&dashboard, &chosen);
            let (library, choice, when, range) = (&library, &choice, &when, &range);
            let (chosen, answers, stands_in) = (chosen.as_slice(), answers.as_ref(), stands_in.as_deref());
            Page { library, dashboard, choice, when, range, chosen, answers, notices, stands_in }.html()
        });
        drawing.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    async fn ask(
        &self,
        library: &Library,
        dashboard: &Dashboard,
        choice: &Choice,
        range: &TimeRange,
    ) -> Result<(Vec<Chosen>, Answers), Error> {
        let interval = library.interval;
        let chosen =
            choose(&self.prometheus, dashboard, &choice.variables, &filling(range, interval, &[]), Among::Known)
                .await?;
        let variables = chosen.iter().map(Chosen::pair).collect();
        let answers =
            ask(&self.prometheus, &worded(dashboard, &chosen), &Shown { range: range.clone(), interval, variables })
                .await?;
        Ok((chosen, answers))
    }

    /// The range, with its points.
    fn range(&self, when: &When, interval: f64) -> TimeRange {
        let length = when.ends.1 - when.ends.0;
        let step = step(length, interval);
        // Whole scrapes and not whole steps: those of a long range are minutes, for which a young stack would have no data.
        let end = if when.is_moving { (when.ends.1 / interval).floor() * interval } else { when.ends.1 };
        TimeRange { start: end - length, end, step, zone: self.zone.clone() }
    }
}

#[cfg(test)]
mod tests;
