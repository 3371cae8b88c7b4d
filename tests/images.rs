//! Images against a real Docker engine: stackctl's own, Debian's, and a registry's.
//!
//! Needs an engine on this host and, for all that has `debian` in its name, the Debian archive.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::models::{
    ContainerCreateBody, EndpointSettings, HostConfig, NetworkConnectRequest, NetworkCreateRequest, PortBinding,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, LogsOptionsBuilder, PushImageOptionsBuilder, RemoveContainerOptionsBuilder,
    RemoveImageOptions, RemoveImageOptionsBuilder, StartContainerOptions, TagImageOptionsBuilder,
    UploadToContainerOptionsBuilder, WaitContainerOptions,
};
use futures_util::{StreamExt as _, TryStreamExt as _};
use stackctl::catalog::{DebianPackage, OwnedFolder, Owner};
use stackctl::demo::{DemoApp, Options};
use stackctl::desired::{ImageChoice, ImageOrigin, WantedImage};
use stackctl::engine::images::{
    Activity, BUILT_FROM_LABEL, Event, ImageErrorKind, Progress, build_debian, build_own, choose, own_build, pull,
};
use stackctl::stack::ImageSource;

const NOBODY: Owner = Owner { user: 65534, group: 65534 };
const DEADLINE: Duration = Duration::from_secs(20);

/// What one test makes at the engine; taken away when the test ends, however it ends.
struct Engine {
    docker: Docker,
    images: Mutex<Vec<String>>,
    containers: Mutex<Vec<String>>,
    networks: Mutex<Vec<String>>,
}

impl Engine {
    fn connect() -> Self {
        let docker = Docker::connect_with_local_defaults().expect("an engine on this host");
        Self { docker, images: Mutex::default(), containers: Mutex::default(), networks: Mutex::default() }
    }

    /// A reference that nobody else uses.
    fn reference(&self, name: &str) -> &'static str {
        let reference = format!("stackctl-test/{name}:{}", unique());
        locked(&self.images).push(reference.clone());
        reference.leak()
    }

    async fn network(&self) -> String {
        let name = format!("stackctl-test-{}", unique());
        let request = NetworkCreateRequest { name: name.clone(), ..NetworkCreateRequest::default() };
        self.docker.create_network(request).await.expect("a network");
        locked(&self.networks).push(name.clone());
        name
    }

    async fn create(&self, body: ContainerCreateBody) -> String {
        let name = format!("stackctl-test-{}", unique());
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        self.docker.create_container(Some(options), body).await.expect("a container");
        locked(&self.containers).push(name.clone());
        name
    }

    async fn start(&self, container: &str) {
        self.docker.start_container(container, None::<StartContainerOptions>).await.expect("it starts");
    }

    /// Starts a demo app under its name in the network, from an image of these tests' executable.
    async fn start_demo_app(&self, image: &str, app: DemoApp, network: &str) -> String {
        let container = self
            .create(ContainerCreateBody {
                image: Some(image.to_owned()),
                cmd: Some(["--exact", "serve_demo_app", "--ignored"].map(str::to_owned).to_vec()),
                env: Some(vec![format!("DEMO={}", app.name())]),
                ..ContainerCreateBody::default()
            })
            .await;
        let endpoint = EndpointSettings { aliases: Some(vec![app.name().to_owned()]), ..EndpointSettings::default() };
        let request = NetworkConnectRequest { container: container.clone(), endpoint_config: Some(endpoint) };
        self.docker.connect_network(network, request).await.expect("connected");
        self.start(&container).await;
        get(&format!("http://{}/healthz", self.address(&container).await)).await;
        container
    }

    async fn address(&self, container: &str) -> IpAddr {
        let inspect = self.docker.inspect_container(container, None).await.expect("the container");
        let networks = inspect.network_settings.and_then(|settings| settings.networks).expect("networks");
        let address = networks.into_values().find_map(|endpoint| endpoint.ip_address?.parse().ok());
        address.expect("an address")
    }

    /// Runs a program of an image to its end and gives exit code and output.
    async fn run(&self, image: &str, entrypoint: &str, arguments: &[&str]) -> (i64, String) {
        let container = self
            .create(ContainerCreateBody {
                image: Some(image.to_owned()),
                entrypoint: Some(vec![entrypoint.to_owned()]),
                cmd: Some(arguments.iter().map(|&argument| argument.to_owned()).collect()),
                ..ContainerCreateBody::default()
            })
            .await;
        self.start(&container).await;
        let mut end = self.docker.wait_container(&container, None::<WaitContainerOptions>);
        let code = match end.next().await.expect("an end") {
            Ok(end) => end.status_code,
            Err(bollard::errors::Error::DockerContainerWaitError { code, .. }) => code,
            Err(cause) => panic!("{cause}"),
        };
        (code, self.logs(&container).await)
    }

    async fn logs(&self, container: &str) -> String {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).build();
        let lines: Vec<LogOutput> = self.docker.logs(container, Some(options)).try_collect().await.expect("logs");
        lines.iter().map(ToString::to_string).collect()
    }

    async fn label(&self, image: &str) -> String {
        let config = self.docker.inspect_image(image).await.expect("the image").config.expect("a config");
        config.labels.expect("labels")[BUILT_FROM_LABEL].clone()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let containers = std::mem::take(&mut *locked(&self.containers));
        let networks = std::mem::take(&mut *locked(&self.networks));
        let images = std::mem::take(&mut *locked(&self.images));
        let docker = self.docker.clone();
        let clean = async move {
            for container in containers {
                let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
                let _ = docker.remove_container(&container, Some(options)).await;
            }
            for network in networks {
                let _ = docker.remove_network(&network).await;
            }
            for image in images {
                let options = RemoveImageOptionsBuilder::default().force(true).build();
                let _ = docker.remove_image(&image, Some(options), None).await;
            }
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(clean));
    }
}

/// The catalogue's packages live as long as the program; so do those of tests.
fn leaked(package: DebianPackage) -> &'static DebianPackage {
    Box::leak(Box::new(package))
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").subsec_nanos();
    format!("{}-{nanos}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A listener that keeps all events.
fn recorder() -> (Progress, Arc<Mutex<Vec<Event>>>) {
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let kept = events.clone();
    (Progress::new(move |event| locked(&kept).push(event)), events)
}

/// GETs a page, again and again until it answers 200 or the deadline passes.
async fn get(url: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let deadline = Instant::now() + DEADLINE;
    loop {
        let answer = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
        match answer {
            Ok(answer) => return answer.text().await.expect("text"),
            Err(cause) => assert!(Instant::now() < deadline, "{cause}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Not a test: what runs in the containers of `start_demo_app`. The executable of these tests takes stackctl's place there.
#[tokio::test]
#[ignore = "serves a demo app until it is told to end"]
async fn serve_demo_app() {
    let app: DemoApp = std::env::var("DEMO").expect("the name of an app").parse().expect("an app");
    stackctl::demo::serve(app, Options::default()).await.expect("it serves");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_image_serves_demo_apps_that_find_each_other_by_name_and_spread_their_calls() {
    let engine = Engine::connect();
    let reference = engine.reference("own");
    let executable = std::env::current_exe().expect("a test runs from a file");
    let (progress, events) = recorder();
    build_own(&engine.docker, &executable, reference, &progress).await.expect("an image");
    let build = own_build(&executable).expect("readable");
    assert_eq!(engine.label(reference).await, format!("stackctl {build}"));
    let last = *locked(&events).last().expect("events");
    assert_eq!((last.activity, Some(last.bytes)), (Activity::Importing, last.total_bytes));

    let network = engine.network().await;
    for app in [DemoApp::Iotd, DemoApp::Accesslog, DemoApp::Accesslog] {
        engine.start_demo_app(reference, app, &network).await;
    }
    let gallery = engine.start_demo_app(reference, DemoApp::ImageGallery, &network).await;
    let url = format!("http://{}/", engine.address(&gallery).await);
    let (first, second) = (get(&url).await, get(&url).await);
    assert!(!first.contains("did not answer"), "{first}");
    // Both count their first view: two replicas answered.
    assert!(first.contains("view 1 of accesslog replica") && second.contains("view 1 of"), "{first}\n{second}");
    assert_ne!(first, second);
    let start = Instant::now();
    engine.docker.stop_container(&gallery, None).await.expect("it stops");
    assert!(start.elapsed() < Duration::from_secs(8), "SIGTERM was not heard: {:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_from_debian_runs_as_nobody_and_owns_its_data_folder() {
    let engine = Engine::connect();
    let package = leaked(DebianPackage {
        package: "prometheus",
        split_off: &["promtool"],
        binaries: &["/usr/bin/prometheus", "/usr/bin/promtool"],
        folders: &[OwnedFolder { path: "/prometheus", owner: NOBODY, mode: 0o755 }],
        entrypoint: &["/usr/bin/prometheus"],
        user: NOBODY,
        ports: &[9090],
        assumed_version: "",
        working_folder: "/",
        image: engine.reference("prometheus"),
    });
    let built_from = build_debian(&engine.docker, package, &Progress::silent()).await.expect("an image");
    assert_eq!(engine.label(package.image).await, built_from);
    for program in ["/usr/bin/prometheus", "/usr/bin/promtool"] {
        let (code, output) = engine.run(package.image, program, &["--version"]).await;
        assert!(code == 0 && output.contains("version 2."), "{code}: {output}");
    }
    let container = engine
        .create(ContainerCreateBody {
            image: Some(package.image.to_owned()),
            cmd: Some(["--config.file=/dev/null", "--storage.tsdb.path=/prometheus"].map(str::to_owned).to_vec()),
            volumes: Some(vec!["/prometheus".to_owned()]),
            ..ContainerCreateBody::default()
        })
        .await;
    engine.start(&container).await;
    let address = engine.address(&container).await;
    get(&format!("http://{address}:9090/-/ready")).await;
    get(&format!("http://{address}:9090/classic/static/jquery/jquery.min.js")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debian_package_that_does_not_exist_is_named_with_apts_own_words() {
    let engine = Engine::connect();
    let package = leaked(DebianPackage {
        package: "no-such-package",
        split_off: &[],
        binaries: &["/usr/bin/nothing"],
        folders: &[],
        entrypoint: &["/usr/bin/nothing"],
        user: NOBODY,
        ports: &[],
        assumed_version: "",
        working_folder: "/",
        image: "stackctl-test/nothing:1",
    });
    let error = build_debian(&engine.docker, package, &Progress::silent()).await.expect_err("there is none");
    let expected = "cannot build image `stackctl-test/nothing:1` from Debian package `no-such-package`: \
                    E: Unable to locate package no-such-package";
    assert_eq!((error.kind, error.to_string().as_str()), (ImageErrorKind::Host, expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_from_nowhere_says_that_the_registry_cannot_be_reached() {
    let engine = Engine::connect();
    let error = pull(&engine.docker, "127.0.0.1:1/web:1", &Progress::silent()).await.expect_err("nobody listens");
    assert_eq!(error.kind, ImageErrorKind::RegistryUnreachable);
    let start = "cannot pull image `127.0.0.1:1/web:1`: the registry `127.0.0.1:1` cannot be reached: ";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_registry_components_come_from_debian_or_are_left_out_with_the_reason() {
    let engine = Engine::connect();
    let debian = leaked(DebianPackage {
        package: "prometheus-node-exporter",
        split_off: &[],
        binaries: &["/usr/bin/prometheus-node-exporter"],
        folders: &[],
        entrypoint: &["/usr/bin/prometheus-node-exporter"],
        user: NOBODY,
        ports: &[9100],
        assumed_version: "",
        working_folder: "/",
        image: "stackctl-test/node-exporter:1",
    });
    let wanted = |component: &str, debian| WantedImage {
        component: component.to_owned(),
        reference: format!("127.0.0.1:1/{component}:1"),
        version: "1".to_owned(),
        pinned: false,
        by_hand: false,
        debian,
    };
    let wanted = [wanted("node", Some(debian)), wanted("grafana", None)];
    let choices =
        choose(&engine.docker, ImageSource::Auto, &wanted, &BTreeMap::new(), false, &Progress::silent()).await;
    let ImageChoice::Take { reference, version, origin } = &choices["node"] else { panic!("{choices:?}") };
    assert_eq!((reference.as_str(), origin), (debian.image, &ImageOrigin::Debian));
    assert!(version.starts_with("1.") && !version.contains(['+', '-']), "{version}");
    let ImageChoice::LeaveOut { reason } = &choices["grafana"] else { panic!("{choices:?}") };
    assert!(reason.contains("cannot be reached") && reason.ends_with("Debian has no package of it"), "{reason}");
}

/// Starts a registry, built from its Debian package, and gives its address as the engine sees it.
async fn start_registry(engine: &Engine) -> String {
    let package = leaked(DebianPackage {
        package: "docker-registry",
        split_off: &[],
        binaries: &["/usr/bin/docker-registry"],
        folders: &[OwnedFolder { path: "/data", owner: NOBODY, mode: 0o755 }],
        entrypoint: &["/usr/bin/docker-registry", "serve", "/registry.yml"],
        user: NOBODY,
        ports: &[5000],
        assumed_version: "",
        working_folder: "/",
        image: engine.reference("registry"),
    });
    build_debian(&engine.docker, package, &Progress::silent()).await.expect("an image");
    let binding = PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: None };
    let container = engine
        .create(ContainerCreateBody {
            image: Some(package.image.to_owned()),
            host_config: Some(HostConfig {
                port_bindings: Some(HashMap::from([("5000/tcp".to_owned(), Some(vec![binding]))])),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        })
        .await;
    let config = b"version: 0.1\nstorage: {filesystem: {rootdirectory: /data}}\nhttp: {addr: ':5000'}\n";
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(config.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "registry.yml", config.as_slice()).expect("a tar file");
    let options = UploadToContainerOptionsBuilder::default().path("/").build();
    let archive = bollard::body_full(archive.into_inner().expect("a tar file").into());
    engine.docker.upload_to_container(&container, Some(options), archive).await.expect("uploaded");
    engine.start(&container).await;
    let inspect = engine.docker.inspect_container(&container, None).await.expect("the container");
    let ports = inspect.network_settings.and_then(|settings| settings.ports).expect("ports");
    let port = ports["5000/tcp"].as_ref().and_then(|bindings| bindings[0].host_port.clone()).expect("a port");
    get(&format!("http://127.0.0.1:{port}/v2/")).await;
    format!("127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_built_from_debian_gives_what_it_has_with_progress_and_refuses_the_rest() {
    let engine = Engine::connect();
    let registry = start_registry(&engine).await;
    let own = engine.reference("pushed");
    let executable = env!("CARGO_BIN_EXE_stackctl");
    build_own(&engine.docker, executable.as_ref(), own, &Progress::silent()).await.expect("an image");
    let reference = format!("{registry}/acme/web:1");
    let tag = TagImageOptionsBuilder::default().repo(&format!("{registry}/acme/web")).tag("1").build();
    engine.docker.tag_image(own, Some(tag)).await.expect("tagged");
    let options = PushImageOptionsBuilder::default().tag("1").build();
    let push = engine.docker.push_image(&format!("{registry}/acme/web"), Some(options), None);
    push.try_for_each(|_| async { Ok(()) }).await.expect("pushed");
    for image in [&reference, own] {
        engine.docker.remove_image(image, None::<RemoveImageOptions>, None).await.expect("removed");
    }

    let wanted = |reference: &str| WantedImage {
        component: "web".to_owned(),
        reference: reference.to_owned(),
        version: "1".to_owned(),
        pinned: false,
        by_hand: false,
        debian: None,
    };
    let take = |reference: &str| ImageChoice::Take {
        reference: reference.to_owned(),
        version: "1".to_owned(),
        origin: ImageOrigin::Registry,
    };
    let nothing = format!("{registry}/acme/web:2");
    for reference in [&reference, &nothing] {
        let (local, silent) = (BTreeMap::new(), Progress::silent());
        let choices = choose(&engine.docker, ImageSource::Auto, &[wanted(reference)], &local, false, &silent).await;
        assert_eq!(choices["web"], take(reference));
    }

    locked(&engine.images).push(reference.clone());
    let (progress, events) = recorder();
    pull(&engine.docker, &reference, &progress).await.expect("pulled");
    assert_eq!(locked(&events).last().expect("events").layers, Some((1, 1)));
    let error = pull(&engine.docker, &nothing, &Progress::silent()).await.expect_err("there is no such tag");
    assert_eq!(error.kind, ImageErrorKind::RegistryRefused, "{error}");
}
