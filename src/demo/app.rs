//! Which demo apps there are, and what each is made of.

use std::str::FromStr;

use axum::Router;
use prometheus_client::registry::Registry;

use super::faults::Faults;
use super::{Options, accesslog, image_gallery, iotd};

/// One of the demo apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoApp {
    /// The web page: a picture, told about by `iotd`, each view counted by `accesslog`.
    ImageGallery,
    /// The image of the day, as JSON.
    Iotd,
    /// Counts views; made to run in several replicas.
    Accesslog,
}

impl DemoApp {
    /// All of them, in the order in which a list shows them.
    pub const ALL: [Self; 3] = [Self::ImageGallery, Self::Iotd, Self::Accesslog];

    /// Its name on the command line and in stack files, such as `image-gallery`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImageGallery => "image-gallery",
            Self::Iotd => "iotd",
            Self::Accesslog => "accesslog",
        }
    }

    /// Path of its metrics unless the options name another.
    pub const fn metrics_path(self) -> &'static str {
        match self {
            Self::ImageGallery | Self::Accesslog => "/metrics",
            Self::Iotd => "/actuator/prometheus",
        }
    }

    /// Its pages, counted in `registry` and broken as the options ask.
    pub(super) fn pages(self, registry: &mut Registry, options: &Options) -> std::io::Result<Router> {
        let faults = Faults::new(options);
        match self {
            Self::ImageGallery => image_gallery::pages(registry, faults, options),
            Self::Iotd => Ok(iotd::pages(registry, faults)),
            Self::Accesslog => Ok(accesslog::pages(registry, faults)),
        }
    }
}

impl FromStr for DemoApp {
    type Err = String;

    fn from_str(app_name: &str) -> Result<Self, String> {
        let unknown = || {
            let known = Self::ALL.map(Self::name).join("`, `");
            format!("there is no demo app `{app_name}`, only `{known}`")
        };
        Self::ALL.into_iter().find(|app| app.name() == app_name).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::DemoApp;

    #[test]
    fn every_app_is_found_by_its_name() {
        for app in DemoApp::ALL {
            assert_eq!(app.name().parse(), Ok(app));
        }
    }

    #[test]
    fn an_unknown_app_is_refused_with_the_names_of_those_that_exist() {
        let refusal = "gallery".parse::<DemoApp>().expect_err("no app has this name");
        assert_eq!(refusal, "there is no demo app `gallery`, only `image-gallery`, `iotd`, `accesslog`");
    }
}
