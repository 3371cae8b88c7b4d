//! An app as a service.

use indexmap::IndexMap;

use super::assemble::Input;
use super::container;
use super::{Image, ImageOrigin, PullPolicy, Role, ScaleOverride, Service};
use crate::catalog::own;
use crate::stack::App;

/// Every app, in the order of the file.
pub(super) fn services(input: Input) -> Vec<Service> {
    input.stack.apps.iter().map(|(app_name, app)| service(input, app_name.as_str(), app)).collect()
}

/// The overrides that count: the file still says what it said when they were given, and they say something else.
pub(super) fn scale_in_force(input: Input) -> IndexMap<String, ScaleOverride> {
    let apps = input.stack.apps.iter();
    apps.filter_map(|(app_name, app)| Some((app_name.to_string(), scale_override(input, app_name.as_str(), app)?)))
        .collect()
}

fn service(input: Input, app_name: &str, app: &App) -> Service {
    let mut settings = app.container.clone();
    let image = image(input, &app.image, std::mem::take(&mut settings.pull_policy));
    let depends_on = container::dependencies(&settings, &app.wiring);
    Service {
        name: app_name.to_owned(),
        role: Role::App,
        image,
        replicas: scale_override(input, app_name, app).map_or(app.replicas(), |scale| scale.replicas),
        file_scale: app.replicas(),
        depends_on,
        wave: 0,
        container: container::make(input.stack, app_name, settings, &app.wiring),
        fingerprint: String::new(),
    }
}

pub(super) fn image(input: Input, reference: &str, pull_policy: PullPolicy) -> Image {
    let is_own = reference.strip_prefix(own::IMAGE).is_some_and(|tag| tag.is_empty() || tag.starts_with(':'));
    if is_own {
        let reference = input.facts.own_image.clone().unwrap_or_else(|| own::IMAGE.to_owned());
        return Image { reference, origin: ImageOrigin::Own, pull_policy: PullPolicy::Never, content: None };
    }
    let exact = input.facts.exact_images.get(reference).cloned();
    let reference = exact.unwrap_or_else(|| reference.to_owned());
    Image { reference, origin: ImageOrigin::Registry, pull_policy, content: None }
}

fn scale_override(input: Input, app_name: &str, app: &App) -> Option<ScaleOverride> {
    let scale = input.facts.scale.get(app_name)?;
    (scale.file == app.scale && scale.replicas != app.replicas()).then_some(*scale)
}
