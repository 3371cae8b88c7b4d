//! Whether a container can be started that logs to some driver with some options: the engine looks at them no sooner.

use std::collections::BTreeMap;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig};

use super::Prober;
use super::probe::{ProbeError, Removed};

impl Prober {
    /// Starts a container that logs there and has nothing to say, and takes it away again. The error has the engine's words.
    pub async fn try_log_driver(&self, driver: &str, options: &BTreeMap<String, String>) -> Result<(), ProbeError> {
        let options = options.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let body = self.container(HostConfig { network_mode: Some("none".to_owned()), ..HostConfig::default() }, None);
        let host = HostConfig {
            log_config: Some(HostConfigLogConfig { typ: Some(driver.to_owned()), config: Some(options) }),
            ..body.host_config.unwrap_or_default()
        };
        let silent = Some(vec!["--version".to_owned()]);
        let body = ContainerCreateBody { cmd: silent, host_config: Some(host), ..body };
        let id = self.create(&self.any_name(), body).await?;
        let container = Removed { docker: self.engine.docker.clone(), id: Some(id.clone()) };
        let started = self.engine.docker.start_container(&id, None).await;
        container.remove().await;
        Ok(started?)
    }
}
