//! The least that must be asked of the engine, without stackctl: what its own work is compared with.

use std::collections::HashMap;
use std::path::Path;

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, NetworkCreateRequest, NetworkingConfig, RestartPolicy,
    RestartPolicyNameEnum, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptions, RemoveContainerOptionsBuilder,
    RemoveImageOptions, RemoveVolumeOptions, StopContainerOptions, TagImageOptionsBuilder,
};
use futures_util::{StreamExt as _, stream};
use stackctl::catalog::own::reference;
use stackctl::engine::images::own_build;
use stackctl::engine::{Engine, Hints};

use crate::stack::{DEBIAN, Stack, succeed, unique_name};

/// Containers of the measurement's own on a network of their own, made by bare calls.
pub(crate) struct BareEngine {
    runtime: tokio::runtime::Runtime,
    docker: Docker,
    network: String,
    /// stackctl's own image under a name that no other build of stackctl gives to its own.
    pub(crate) image: String,
}

impl BareEngine {
    /// Gets the images, connects, and makes the network.
    pub(crate) fn new() -> Self {
        let name = unique_name();
        get_images();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
        let docker = runtime.block_on(async { Docker::connect_with_defaults() }).expect("the engine is there");
        let request = NetworkCreateRequest { name: name.clone(), ..Default::default() };
        runtime.block_on(docker.create_network(request)).expect("a network can be made");
        let repository = format!("speed/{name}");
        let tag = TagImageOptionsBuilder::new().repo(&repository).tag("1").build();
        let build = own_build(Path::new(env!("CARGO_BIN_EXE_stackctl"))).expect("the executable can be read");
        runtime.block_on(docker.tag_image(&reference(&build), Some(tag))).expect("an image can be named");
        Self { runtime, docker, network: name, image: format!("{repository}:1") }
    }

    /// Connects, and asks for everything that a look at a stack needs: a sign of life, containers, networks, volumes, images.
    pub(crate) fn look(&self, stack: &str, images: &[&str]) {
        self.runtime.block_on(async {
            let docker = Docker::connect_with_defaults().expect("the engine is there");
            let filter = HashMap::from([("label", vec![format!("com.docker.compose.project={stack}")])]);
            let containers = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
            let networks = ListNetworksOptionsBuilder::new().filters(&filter).build();
            let volumes = ListVolumesOptionsBuilder::new().filters(&filter).build();
            docker.ping().await.expect("an answer");
            let looks = tokio::join!(
                docker.list_containers(Some(containers)),
                docker.list_networks(Some(networks)),
                docker.list_volumes(Some(volumes)),
                futures_util::future::join_all(images.iter().map(|image| docker.inspect_image(image))),
            );
            assert!(!looks.0.expect("an answer").is_empty(), "the stack runs");
        });
    }

    /// Creates and starts containers, so many at a time.
    pub(crate) fn start(&self, count: usize, at_a_time: usize) {
        let (docker, image, network) = (&self.docker, &self.image, &self.network);
        self.runtime.block_on(stream::iter(1..=count).for_each_concurrent(at_a_time, async |number| {
            let options = CreateContainerOptionsBuilder::new().name(&format!("{network}-{number}")).build();
            let created =
                docker.create_container(Some(options), body(image, network)).await.expect("a container is created");
            docker.start_container(&created.id, None).await.expect("a container is started");
        }));
    }

    /// Removes what [`BareEngine::start`] made.
    pub(crate) fn remove(&self, count: usize) {
        let (docker, network) = (&self.docker, &self.network);
        self.runtime.block_on(stream::iter(1..=count).for_each_concurrent(4, async |number| {
            let options = RemoveContainerOptionsBuilder::new().force(true).build();
            let _ = docker.remove_container(&format!("{network}-{number}"), Some(options)).await;
        }));
    }

    /// Makes networks, volumes and then containers, each of which is in the first of the networks.
    pub(crate) fn make_all(&self, containers: usize, networks: usize, volumes: usize) {
        let (docker, name) = (&self.docker, &self.network);
        self.runtime.block_on(async {
            for number in 1..networks {
                let request = NetworkCreateRequest { name: format!("{name}-{number}"), ..Default::default() };
                docker.create_network(request).await.expect("a network can be made");
            }
            for number in 1..=volumes {
                let request = VolumeCreateRequest { name: Some(format!("{name}-{number}")), ..Default::default() };
                docker.create_volume(request).await.expect("a volume can be made");
            }
        });
        self.start(containers, 6);
    }

    /// Stops and removes what [`BareEngine::make_all`] made.
    pub(crate) fn take_all(&self, containers: usize, networks: usize, volumes: usize) {
        let (docker, name) = (&self.docker, &self.network);
        self.runtime.block_on(async {
            let gone = (1..=containers).map(async |number| {
                let container = format!("{name}-{number}");
                docker.stop_container(&container, None::<StopContainerOptions>).await.expect("a container stops");
                docker.remove_container(&container, None::<RemoveContainerOptions>).await.expect("a container goes");
            });
            futures_util::future::join_all(gone).await;
            for number in 1..networks {
                docker.remove_network(&format!("{name}-{number}")).await.expect("a network goes");
            }
            for number in 1..=volumes {
                let volume = format!("{name}-{number}");
                docker.remove_volume(&volume, None::<RemoveVolumeOptions>).await.expect("a volume goes");
            }
        });
    }

    /// Connects, and asks for the containers of a stack.
    pub(crate) fn list(&self, stack: &str) {
        self.runtime.block_on(async {
            let docker = Docker::connect_with_defaults().expect("the engine is there");
            assert!(!containers_of(&docker, stack).await.is_empty(), "the stack runs");
        });
    }

    /// Connects, and asks for all that the containers of a stack have printed.
    pub(crate) fn logs(&self, stack: &str) {
        self.runtime.block_on(async {
            let docker = Docker::connect_with_defaults().expect("the engine is there");
            let containers = containers_of(&docker, stack).await;
            let lines = containers.iter().map(async |id| {
                let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
                docker.logs(id, Some(options)).map(|line| line.expect("a line")).count().await
            });
            let lines: usize = futures_util::future::join_all(lines).await.into_iter().sum();
            assert!(lines > 0, "the stack has printed something");
        });
    }

    /// Address of a container on a network.
    pub(crate) fn address_of(&self, container: &str, network: &str) -> String {
        let inspected =
            self.runtime.block_on(self.docker.inspect_container(container, None::<InspectContainerOptions>));
        let networks = inspected.expect("the container is there").network_settings.and_then(|all| all.networks);
        let endpoint = networks.unwrap_or_default().remove(network).expect("the container is on the network");
        endpoint.ip_address.expect("the container has an address")
    }

    /// Address of the default bridge on this host.
    pub(crate) fn gateway(&self) -> String {
        let gateway = self.runtime.block_on(async {
            Engine::connect(&Hints::default().address().expect("the local one"))
                .await
                .expect("an engine")
                .gateway()
                .await
        });
        gateway.expect("the engine answers").expect("the default bridge has an address").to_string()
    }
}

impl Drop for BareEngine {
    fn drop(&mut self) {
        self.remove(20);
        let network = self.runtime.block_on(self.docker.remove_network(&self.network));
        let image = self.runtime.block_on(self.docker.remove_image(&self.image, None::<RemoveImageOptions>, None));
        if let Err(error) = network.and(image.map(drop)) {
            eprintln!("network `{}` or image `{}` could not be taken away: {error}", self.network, self.image);
        }
    }
}

/// Ids of the containers of a stack.
async fn containers_of(docker: &Docker, stack: &str) -> Vec<String> {
    let filter = HashMap::from([("label", vec![format!("com.docker.compose.project={stack}")])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filter).build();
    let found = docker.list_containers(Some(options)).await.expect("an answer");
    found.into_iter().filter_map(|container| container.id).collect()
}

/// The images that the stacks here need, so that no measurement waits for a download.
fn get_images() {
    let stack =
        Stack::on_paper(&format!("{DEBIAN}exporters: {{ node: {{}} }}\napps: {{ web: {{ image: stackctl/self }} }}\n"));
    succeed(&mut stack.stackctl(&["images", "pull"]));
}

fn body(image: &str, network: &str) -> ContainerCreateBody {
    let endpoint = EndpointSettings { aliases: Some(vec!["web".to_owned()]), ..Default::default() };
    ContainerCreateBody {
        image: Some(image.to_owned()),
        cmd: Some(vec!["demo".to_owned(), "accesslog".to_owned()]),
        host_config: Some(HostConfig {
            network_mode: Some(network.to_owned()),
            restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), ..Default::default() }),
            ..Default::default()
        }),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(network.to_owned(), endpoint)])),
        }),
        ..Default::default()
    }
}
