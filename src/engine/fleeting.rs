//! A container that the engine removes as soon as it ends (`docker run --rm`), and what goes with it.

use bollard::models::ContainerInspectResponse;

use super::remove::is_nameless;
use super::{Engine, Error};

/// What is lost when a container ends that was made with `--rm`, beside all that it wrote outside of volumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleeting {
    /// Its name.
    pub container: String,
    /// Its image, as it was asked for.
    pub image: String,
    /// Its volumes that nobody named: the engine removes them together with it, unless another container has them, too.
    pub volumes: Vec<String>,
}

impl Engine {
    /// What goes with a container of this name when it ends. `None`: it stays when it ends, or there is none.
    pub async fn fleeting(&self, name: &str) -> Result<Option<Fleeting>, Error> {
        Ok(self.inspect(name).await?.and_then(|container| fleeting(name, &container)))
    }
}

impl Fleeting {
    /// What holds the volumes: a container that is never started, and whose own removal leaves them, as it has them by their
    /// names. `None`: there are none to hold. The word at the end is for images without a command.
    pub fn holding(&self) -> Option<String> {
        let mounts = (1..).zip(&self.volumes).map(|(number, volume)| format!(" -v {volume}:/keep/{number}"));
        let mounts: String = mounts.collect();
        let (keep, image) = (self.keeper(), &self.image);
        (!mounts.is_empty()).then(|| format!("docker create --name {keep}{mounts} {image} keep"))
    }

    /// What lets the volumes go again, once another container has them.
    pub fn releasing(&self) -> String {
        format!("docker rm -v {}", self.keeper())
    }

    fn keeper(&self) -> String {
        format!("{}-keep", self.container)
    }
}

fn fleeting(name: &str, container: &ContainerInspectResponse) -> Option<Fleeting> {
    let host = container.host_config.as_ref().filter(|host| host.auto_remove == Some(true))?;
    let by_bind = |volume: &str| {
        host.binds.iter().flatten().any(|bind| bind.split(':').next() == Some(volume))
            || host.mounts.iter().flatten().any(|mount| mount.source.as_deref() == Some(volume))
    };
    let points = container.mounts.iter().flatten().filter(|point| point.typ.as_deref() == Some("volume"));
    let volumes = points.filter_map(|point| point.name.clone());
    let mut volumes: Vec<String> = volumes.filter(|volume| is_nameless(volume) && !by_bind(volume)).collect();
    volumes.sort();
    let image = container.config.as_ref().and_then(|config| config.image.clone()).unwrap_or_default();
    Some(Fleeting { container: name.to_owned(), image, volumes })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_goes_with_a_container_is_what_nobody_named() {
        let (own, given) = ("a".repeat(64), "b".repeat(64));
        let told = |auto_remove: bool| {
            let container = json!({
                "Config": { "Image": "db:1" },
                "HostConfig": { "AutoRemove": auto_remove, "Binds": [format!("{given}:/given"), "/srv:/srv"] },
                "Mounts": [
                    { "Type": "volume", "Name": own, "Destination": "/data" },
                    { "Type": "volume", "Name": given, "Destination": "/given" },
                    { "Type": "volume", "Name": "named", "Destination": "/named" },
                    { "Type": "bind", "Source": "/srv", "Destination": "/srv" },
                ],
            });
            fleeting("db", &serde_json::from_value(container).expect("it is one"))
        };
        assert_eq!(told(false), None);
        let found = told(true).expect("it goes");
        assert_eq!(found.volumes, [own.as_str()]);
        let holding = format!("docker create --name db-keep -v {own}:/keep/1 db:1 keep");
        assert_eq!((found.holding(), found.releasing().as_str()), (Some(holding), "docker rm -v db-keep"));
        assert_eq!(Fleeting { volumes: Vec::new(), ..found }.holding(), None);
    }
}
