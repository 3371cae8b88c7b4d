//! Pulls one image through the engine.

use std::time::Duration;

use bollard::Docker;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt as _;
use indexmap::IndexMap;

use super::credentials::{Login, credentials};
use super::registry::{registry_error, silent};
use super::{Activity, Event, ImageError, Progress};

/// How long nothing at all may come of a pull while layers are on their way: the engine itself would wait for ever.
const PATIENCE: Duration = Duration::from_secs(45);

/// The same while the engine unpacks what it has, which a slow disk can make long, or fetches other images first.
const PATIENCE_WITH_ENGINE: Duration = Duration::from_secs(600);

/// Pulls an image, with the login that `docker login` remembers. A name without a tag means `latest`.
///
/// The error's kind tells a registry that cannot be reached from one that says no.
pub async fn pull(docker: &Docker, reference: &str, progress: &Progress) -> Result<(), ImageError> {
    let login = credentials(reference).await;
    let (user, trouble) = (login.user(), login.trouble);
    let options = CreateImageOptionsBuilder::default().from_image(&with_tag(reference)).build();
    let mut answer = docker.create_image(Some(options), None, login.credentials);
    let mut layers = Layers::default();
    loop {
        let patience = layers.patience();
        // Who drops the answer ends the pull: the engine gives up on what nobody waits for.
        match tokio::time::timeout(patience, answer.try_next()).await {
            Ok(Ok(Some(info))) => {
                if let Some(event) = layers.note(info) {
                    progress.tell_event(event);
                }
            }
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(cause)) => {
                let error = registry_error("pull", reference, user.as_deref(), &cause);
                return Err(Login::explain(trouble.as_ref(), error));
            }
            Err(_) => return Err(silent("pull", reference, patience)),
        }
    }
}

/// The engine pulls all tags of a name that has none.
fn with_tag(reference: &str) -> String {
    let name = reference.rsplit_once('/').map_or(reference, |(_, name)| name);
    if name.contains([':', '@']) { reference.to_owned() } else { format!("{reference}:latest") }
}

/// The layers of a pull, by id, in the order in which the engine names them.
#[derive(Debug, Default)]
struct Layers(IndexMap<String, Layer>);

#[derive(Debug, Default)]
struct Layer {
    downloaded: u64,
    unpacked: u64,
    total: Option<u64>,
    /// It stands in the engine's queue, behind layers of other pulls perhaps.
    queued: bool,
    done: bool,
}

impl Layer {
    fn is_complete(&self) -> bool {
        self.done || self.total.is_some_and(|all| self.downloaded >= all)
    }
}

impl Layers {
    /// Takes in one line of the engine's progress. `None`: it is not about a layer.
    fn note(&mut self, info: CreateImageInfo) -> Option<Event> {
        let (id, status) = (info.id?, info.status?);
        // The first line has the tag in place of a layer's id.
        if status.starts_with("Pulling from") {
            return None;
        }
        let layer = self.0.entry(id).or_default();
        let detail = info.progress_detail.unwrap_or_default();
        let current = detail.current.and_then(|bytes| u64::try_from(bytes).ok());
        layer.queued = status == "Waiting";
        layer.total = detail.total.and_then(|bytes| u64::try_from(bytes).ok()).or(layer.total);
        match status.as_str() {
            "Downloading" => layer.downloaded = current.unwrap_or(layer.downloaded),
            "Extracting" => layer.unpacked = current.unwrap_or(layer.unpacked),
            "Download complete" => layer.downloaded = layer.total.unwrap_or(layer.downloaded),
            "Pull complete" => layer.unpack_all(),
            "Already exists" => layer.done = true,
            _ => {}
        }
        Some(self.event())
    }

    fn is_downloading(&self) -> bool {
        !self.0.values().all(Layer::is_complete)
    }

    /// How long the next news may take.
    fn patience(&self) -> Duration {
        let is_on_its_way = |layer: &Layer| !layer.is_complete() && !layer.queued;
        if self.0.is_empty() || self.0.values().any(is_on_its_way) { PATIENCE } else { PATIENCE_WITH_ENGINE }
    }

    fn event(&self) -> Event {
        let layers = self.0.values();
        let total: u64 = layers.clone().filter_map(|layer| layer.total).sum();
        let downloaded: u64 = layers.clone().map(|layer| layer.downloaded).sum();
        let unpacked: u64 = layers.clone().map(|layer| layer.unpacked).sum();
        let (activity, bytes) =
            if self.is_downloading() { (Activity::Downloading, downloaded) } else { (Activity::Unpacking, unpacked) };
        let done = layers.filter(|layer| layer.done).count();
        Event { activity, bytes, total_bytes: (total > 0).then_some(total), layers: Some((done, self.0.len())) }
    }
}

impl Layer {
    fn unpack_all(&mut self) {
        self.done = true;
        self.downloaded = self.total.unwrap_or(self.downloaded);
        self.unpacked = self.downloaded;
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{CreateImageInfo, ProgressDetail};

    use super::{Layers, PATIENCE, PATIENCE_WITH_ENGINE, with_tag};
    use crate::engine::images::{Activity, Event};

    fn line(id: &str, status: &str, bytes: Option<(i64, i64)>) -> CreateImageInfo {
        let detail = bytes.map(|(current, total)| ProgressDetail { current: Some(current), total: Some(total) });
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: detail,
            ..CreateImageInfo::default()
        }
    }

    #[test]
    fn progress_adds_up_over_layers() {
        let mut layers = Layers::default();
        assert_eq!(layers.note(line("v3.5.0", "Pulling from prom/prometheus", None)), None);
        layers.note(line("aa", "Already exists", None));
        layers.note(line("bb", "Downloading", Some((10, 100))));
        let event = layers.note(line("cc", "Downloading", Some((5, 50)))).expect("a layer");
        let expected =
            Event { activity: Activity::Downloading, bytes: 15, total_bytes: Some(150), layers: Some((1, 3)) };
        assert_eq!(event, expected);
        layers.note(line("bb", "Download complete", None));
        layers.note(line("cc", "Download complete", None));
        let event = layers.note(line("bb", "Pull complete", None)).expect("a layer");
        let expected =
            Event { activity: Activity::Unpacking, bytes: 100, total_bytes: Some(150), layers: Some((2, 3)) };
        assert_eq!(event, expected);
    }

    #[test]
    fn a_layer_that_is_on_its_way_must_move_and_one_that_waits_for_the_engine_may_wait() {
        let mut layers = Layers::default();
        assert_eq!(layers.patience(), PATIENCE);
        layers.note(line("aa", "Pulling fs layer", None));
        layers.note(line("aa", "Waiting", None));
        assert_eq!(layers.patience(), PATIENCE_WITH_ENGINE);
        layers.note(line("bb", "Downloading", Some((10, 100))));
        assert_eq!(layers.patience(), PATIENCE);
        layers.note(line("bb", "Download complete", None));
        assert_eq!(layers.patience(), PATIENCE_WITH_ENGINE);
    }

    #[test]
    fn a_name_without_a_tag_means_latest() {
        let references = ["redis", "h:5000/redis", "redis:7", "h:5000/a/redis:7", "redis@sha256:ab"];
        let tagged = ["redis:latest", "h:5000/redis:latest", "redis:7", "h:5000/a/redis:7", "redis@sha256:ab"];
        assert_eq!(references.map(with_tag), tagged);
    }
}
