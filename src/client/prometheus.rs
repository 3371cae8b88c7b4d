//! Prometheus' HTTP API. One client keeps one connection; every question has a time limit.

use reqwest::{IntoUrl, RequestBuilder, Url};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

use super::aside::aside;
use super::connection;
use super::error::innermost;
use super::query::WireResult;
use super::target::WireTargets;
use super::{Access, Error, LoadedGroup, QueryResult, Targets};

/// Who is asked here.
const SERVICE: &str = "Prometheus";

/// Longest query in an address: proxies take few longer ones, and some clients none beyond 64 KiB.
const LONGEST_ADDRESS: usize = 6000;

/// How long one that is well takes at most to say so.
const SHORT_PATIENCE: Duration = Duration::from_secs(2);

/// One Prometheus.
#[derive(Debug, Clone)]
pub struct Prometheus {
    client: reqwest::Client,
    base: String,
    access: Access,
}

/// Which Prometheus answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BuildInfo {
    /// Version, such as `3.5.0`.
    pub version: String,
}

/// How the running Prometheus stands to its configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuntimeInfo {
    /// The file was taken when it was last read. `false`: Prometheus goes on with the one before.
    pub reload_config_success: bool,
    /// When the configuration in force was read, RFC 3339.
    #[serde(default)]
    pub last_config_time: String,
}

/// An alert that is pending or firing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Its labels, `alertname` and often `severity` among them.
    pub labels: BTreeMap<String, String>,
    /// What is written about it, often `summary` among it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// `pending` or `firing`.
    pub state: String,
    /// Since when, RFC 3339.
    #[serde(default)]
    pub active_at: String,
}

#[derive(Deserialize)]
struct Envelope<Data> {
    status: String,
    #[serde(default = "Option::default")]
    data: Option<Data>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct WireConfig {
    yaml: String,
}

impl Prometheus {
    /// A Prometheus by its base URL, such as `http://127.0.0.1:9090`. Nothing is sent yet.
    pub fn new(base_url: &str) -> Result<Self, Error> {
        Self::guarded(base_url, Access::default())
    }

    /// One that not everybody may ask.
    pub fn guarded(base_url: &str, access: Access) -> Result<Self, Error> {
        let (client, base) = connection::trusting(SERVICE, base_url, access.certificate.as_deref())?;
        Ok(Self { client, base, access })
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Whether it has read its data and answers queries. An error: it cannot be reached.
    pub async fn ready(&self) -> Result<bool, Error> {
        let fail = |error: reqwest::Error| self.failed("readiness", innermost(&error), false);
        let response = self.request(format!("{}/-/ready", self.base)).send().await.map_err(fail)?;
        Ok(response.status().is_success())
    }

    /// Whether it does not answer at all, after a question that it has not answered and that may have been too much for it.
    pub async fn is_gone(&self) -> bool {
        !matches!(tokio::time::timeout(SHORT_PATIENCE, self.ready()).await, Ok(Ok(true)))
    }

    /// Every target, scraped or dropped.
    pub async fn targets(&self) -> Result<Targets, Error> {
        let body = self.get("targets", "targets", &[("state", "any")]).await?;
        self.data::<WireTargets>("targets", &body).map(Targets::from)
    }

    /// The configuration in force, as YAML with every default written out.
    pub async fn config(&self) -> Result<String, Error> {
        let body = self.get("its configuration", "status/config", &[]).await?;
        self.data::<WireConfig>("its configuration", &body).map(|config| config.yaml)
    }

    /// How it stands to its configuration file.
    pub async fn runtime_info(&self) -> Result<RuntimeInfo, Error> {
        let body = self.get("its state", "status/runtimeinfo", &[]).await?;
        self.data("its state", &body)
    }

    /// Its version.
    pub async fn build_info(&self) -> Result<BuildInfo, Error> {
        let body = self.get("its version", "status/buildinfo", &[]).await?;
        self.data("its version", &body)
    }

    /// A query at one moment: now.
    pub async fn query(&self, query: &str) -> Result<QueryResult, Error> {
        let body = self.get("a query", "query", &[("query", query)]).await?;
        self.samples(body).await
    }

    /// A query at a moment, in seconds since 1970.
    pub async fn query_at(&self, query: &str, time: f64) -> Result<QueryResult, Error> {
        let body = self.get("a query", "query", &[("query", query), ("time", &time.to_string())]).await?;
        self.samples(body).await
    }

    /// Values that a label has, sorted; on the series that a selector finds, where it is not empty.
    pub async fn label_values(&self, label: &str, selector: &str) -> Result<Vec<String>, Error> {
        let what = format!("the values of label `{label}`");
        let matching = [("match[]", selector)];
        let parameters = if selector.is_empty() { &[][..] } else { &matching[..] };
        let body = self.get(&what, &format!("label/{label}/values"), parameters).await?;
        let asked = self.clone();
        aside(body.len(), move || asked.data(&what, &body)).await
    }

    /// Names of labels, sorted; on the series that a selector finds, where it is not empty.
    pub async fn label_names(&self, selector: &str) -> Result<Vec<String>, Error> {
        let matching = [("match[]", selector)];
        let parameters = if selector.is_empty() { &[][..] } else { &matching[..] };
        let body = self.get("the names of labels", "labels", parameters).await?;
        self.data("the names of labels", &body)
    }

    /// Alerts that are pending or firing.
    pub async fn alerts(&self) -> Result<Vec<Alert>, Error> {
        #[derive(Deserialize)]
        struct WireAlerts {
            alerts: Vec<Alert>,
        }
        let body = self.get("alerts", "alerts", &[]).await?;
        self.data::<WireAlerts>("alerts", &body).map(|answer| answer.alerts)
    }

    /// Every rule that it has loaded, group by group, and how its last evaluation went.
    pub async fn rules(&self) -> Result<Vec<LoadedGroup>, Error> {
        #[derive(Deserialize)]
        struct WireRules {
            groups: Vec<LoadedGroup>,
        }
        let body = self.get("its rules", "rules", &[]).await?;
        self.data::<WireRules>("its rules", &body).map(|answer| answer.groups)
    }

    /// Its own metrics, in the text format.
    pub async fn own_metrics(&self) -> Result<String, Error> {
        let what = "its own metrics";
        let fail = |error: reqwest::Error| self.failed(what, innermost(&error), false);
        let response = self.request(format!("{}/metrics", self.base)).send().await.map_err(fail)?;
        if !response.status().is_success() {
            return Err(self.failed(what, format!("it answers {}", response.status()), false));
        }
        response.text().await.map_err(fail)
    }

    /// URLs of the Alertmanagers that it sends alerts to.
    pub async fn alertmanagers(&self) -> Result<Vec<String>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct WireAlertmanagers {
            #[serde(default)]
            active_alertmanagers: Vec<WireAlertmanager>,
        }
        #[derive(Deserialize)]
        struct WireAlertmanager {
            url: String,
        }
        let what = "its Alertmanagers";
        let body = self.get(what, "alertmanagers", &[]).await?;
        let answer = self.data::<WireAlertmanagers>(what, &body)?;
        Ok(answer.active_alertmanagers.into_iter().map(|known| known.url).collect())
    }

    /// A query from `start` to `end`, seconds since 1970, with a point every `step` seconds.
    pub async fn query_range(&self, query: &str, start: f64, end: f64, step: f64) -> Result<QueryResult, Error> {
        let (start, end, step) = (start.to_string(), end.to_string(), step.to_string());
        let parameters = [("query", query), ("start", &start), ("end", &end), ("step", &step)];
        let body = self.get("a range query", "query_range", &parameters).await?;
        self.samples(body).await
    }

    async fn get(&self, what: &str, path: &str, parameters: &[(&str, &str)]) -> Result<Vec<u8>, Error> {
        let mut url = Url::parse(&format!("{}/api/v1/{path}", self.base))
            .map_err(|error| self.failed(what, error.to_string(), false))?;
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        let fail = |error: reqwest::Error| {
            let cause = if error.is_timeout() {
                format!("no answer within {} s", connection::TIMEOUT.as_secs())
            } else {
                innermost(&error)
            };
            self.failed(what, cause, false)
        };
        let response = self.question(url, path).send().await.map_err(fail)?;
        let status = response.status();
        let body = response.bytes().await.map_err(fail)?;
        // Refusals of the API itself are JSON and say why; anything else comes from something in between.
        if !status.is_success() && !body.starts_with(b"{") {
            return Err(self.failed(what, format!("it answers {status}"), false));
        }
        Ok(body.into())
    }

    /// A query that is too long for an address goes into the body.
    fn question(&self, mut url: Url, path: &str) -> RequestBuilder {
        let is_query = path == "query" || path == "query_range";
        match url.query().map(str::to_owned) {
            Some(query) if is_query && query.len() > LONGEST_ADDRESS => {
                url.set_query(None);
                let kind = "application/x-www-form-urlencoded";
                self.admitted(self.client.post(url).header(reqwest::header::CONTENT_TYPE, kind).body(query))
            }
            _ => self.request(url),
        }
    }

    fn request(&self, url: impl IntoUrl) -> RequestBuilder {
        self.admitted(self.client.get(url))
    }

    fn admitted(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.access.login {
            Some((user, password)) => request.basic_auth(user, Some(password)),
            None => request,
        }
    }

    fn data<'body, Data: Deserialize<'body>>(&self, what: &str, body: &'body [u8]) -> Result<Data, Error> {
        let envelope: Envelope<Data> = serde_json::from_slice(body)
            .map_err(|error| self.failed(what, format!("its answer cannot be read: {error}"), false))?;
        match envelope {
            Envelope { status, data: Some(data), .. } if status == "success" => Ok(data),
            Envelope { error, .. } => {
                Err(self.failed(what, error.unwrap_or_else(|| "it gives no reason".to_owned()), true))
            }
        }
    }

    async fn samples(&self, body: Vec<u8>) -> Result<QueryResult, Error> {
        let (asked, bytes) = (self.clone(), body.len());
        let read = move || {
            let answer = asked.data::<WireResult>("a query", &body)?.into_result();
            answer.ok_or_else(|| asked.failed("a query", "a value in its answer is not a number".to_owned(), false))
        };
        aside(bytes, read).await
    }

    fn failed(&self, what: &str, cause: String, answered: bool) -> Error {
        Error { service: SERVICE, url: self.base.clone(), what: what.to_owned(), cause, answered }
    }
}

#[cfg(test)]
mod tests;
