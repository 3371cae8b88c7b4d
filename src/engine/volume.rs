//! Named volumes of a stack. They are made, and never replaced.

use bollard::models::VolumeCreateRequest;

use super::error::cannot;
use super::{Engine, Error, StackSource, labels};
use crate::desired::Volume;
use crate::plan::volume_parts;

impl Engine {
    pub(super) async fn create_volume(&self, volume: &Volume, source: &StackSource) -> Result<(), Error> {
        let mut labels: std::collections::HashMap<_, _> = volume.labels.clone().into_iter().collect();
        labels.extend([
            (labels::PROJECT.to_owned(), source.stack.clone()),
            (labels::VOLUME.to_owned(), volume.key.clone()),
            (labels::VERSION.to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            (labels::PARTS.to_owned(), serde_json::json!(volume_parts(volume)).to_string()),
            (labels::CONFIG_FILES.to_owned(), source.files.join(",")),
            (labels::WORKING_DIR.to_owned(), source.folder.clone()),
            (labels::STACK.to_owned(), source.stack.clone()),
        ]);
        let request = VolumeCreateRequest {
            name: Some(volume.name.clone()),
            driver: Some(volume.driver.clone()),
            driver_opts: Some(volume.driver_opts.clone().into_iter().collect()),
            labels: Some(labels),
            ..Default::default()
        };
        let created = self.act(async || self.docker.create_volume(request.clone()).await).await;
        created.map(drop).map_err(cannot(format!("create volume `{}`", volume.name)))
    }
}
