//! Grafana's HTTP API, as far as a proof and `dashboards pull` need it.

use reqwest::{RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use super::Error;
use super::connection;
use super::error::innermost;

/// Who is asked here.
const SERVICE: &str = "Grafana";

/// One Grafana, asked as its administrator.
#[derive(Clone)]
pub struct Grafana {
    client: reqwest::Client,
    base: String,
    user: String,
    password: String,
}

impl std::fmt::Debug for Grafana {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Grafana({} as {})", self.base, self.user)
    }
}

/// Whether Grafana itself is well.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GrafanaHealth {
    /// `ok`, or what is wrong with its database.
    pub database: String,
    /// Version; left out by one that hides it from strangers.
    #[serde(default)]
    pub version: String,
}

/// Whether Grafana reaches a datasource.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DatasourceHealth {
    /// `OK`, `ERROR` or `UNKNOWN`; empty where Grafana could not even ask.
    #[serde(default)]
    pub status: String,
    /// What the datasource said.
    #[serde(default)]
    pub message: String,
}

/// A dashboard as Grafana keeps it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct KeptDashboard {
    /// The dashboard's JSON.
    pub dashboard: Value,
    /// Where it comes from.
    pub meta: DashboardMeta,
}

/// Where a dashboard comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DashboardMeta {
    /// It was read from a file.
    pub provisioned: bool,
    /// That file, relative to the folder of dashboards.
    pub provisioned_external_id: String,
}

impl Grafana {
    /// A Grafana by its base URL, such as `http://127.0.0.1:3000`. Nothing is sent yet.
    pub fn new(base_url: &str, user: &str, password: &str) -> Result<Self, Error> {
        let (client, base) = connection::client(SERVICE, base_url)?;
        Ok(Self { client, base, user: user.to_owned(), password: password.to_owned() })
    }

    /// Its base URL, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Whether it is well. Anybody may ask.
    pub async fn health(&self) -> Result<GrafanaHealth, Error> {
        let (_, body) = self.ask(self.client.get(format!("{}/api/health", self.base)), "its health").await?;
        self.read("its health", &body)
    }

    /// Whether it reaches a datasource. `None`: it has none of that uid.
    pub async fn datasource_health(&self, uid: &str) -> Result<Option<DatasourceHealth>, Error> {
        let what = "the health of its datasource";
        let (status, body) = self.get(&["datasources", "uid", uid, "health"], what).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refused(what, status, &body)),
            // What the datasource says against it comes with 400.
            _ => self.read(what, &body).map(Some),
        }
    }

    /// A dashboard. `None`: it has none of that uid.
    pub async fn dashboard(&self, uid: &str) -> Result<Option<KeptDashboard>, Error> {
        let what = "a dashboard";
        let (status, body) = self.get(&["dashboards", "uid", uid], what).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => self.read(what, &body).map(Some),
            status => Err(self.refused(what, status, &body)),
        }
    }

    async fn get(&self, path: &[&str], what: &str) -> Result<(StatusCode, Vec<u8>), Error> {
        let mut url = Url::parse(&self.base).map_err(|error| self.failed(what, error.to_string(), false))?;
        url.path_segments_mut()
            .map_err(|()| self.failed(what, "it is no address of a server".to_owned(), false))?
            .pop_if_empty()
            .push("api")
            .extend(path);
        self.ask(self.client.get(url).basic_auth(&self.user, Some(&self.password)), what).await
    }

    async fn ask(&self, request: RequestBuilder, what: &str) -> Result<(StatusCode, Vec<u8>), Error> {
        let fail = |error: reqwest::Error| {
            let timed_out = || format!("no answer within {} s", connection::TIMEOUT.as_secs());
            self.failed(what, if error.is_timeout() { timed_out() } else { innermost(&error) }, false)
        };
        let response = request.send().await.map_err(fail)?;
        let status = response.status();
        Ok((status, response.bytes().await.map_err(fail)?.into()))
    }

    fn read<'body, Data: Deserialize<'body>>(&self, what: &str, body: &'body [u8]) -> Result<Data, Error> {
        serde_json::from_slice(body)
            .map_err(|error| self.failed(what, format!("its answer cannot be read: {error}"), false))
    }

    /// Grafana said no: its own words, where it has any.
    fn refused(&self, what: &str, status: StatusCode, body: &[u8]) -> Error {
        #[derive(Deserialize)]
        struct Refusal {
            message: String,
        }
        let words = serde_json::from_slice::<Refusal>(body).map(|refusal| format!(": {}", refusal.message));
        let words = words.unwrap_or_default();
        let who = format!(" to the user `{}`", self.user);
        let who = if status == StatusCode::UNAUTHORIZED { who } else { String::new() };
        self.failed(what, format!("it answers {status}{who}{words}"), true)
    }

    fn failed(&self, what: &str, cause: String, answered: bool) -> Error {
        Error { service: SERVICE, url: self.base.clone(), what: what.to_owned(), cause, answered }
    }
}

#[cfg(test)]
mod tests;
