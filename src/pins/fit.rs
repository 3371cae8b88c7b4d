//! Pins × stack → what each image has to be, and what of it the pins do not say.

use std::collections::BTreeSet;
use std::fmt;

use indexmap::IndexMap;

use super::{Pin, Pins, digest_of, name_of};
use crate::catalog::own;
use crate::desired::{ImageChoice, ImageOrigin, WantedImage, wanted_images};
use crate::stack::{ImageSource, Stack};

/// Why a component is left out that could not be had when the lock was made. It holds for who goes by the lock alone.
pub const NOT_IN_LOCK: &str = "the lock was made without it";

/// What the pins mean for a stack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fit {
    /// Each component's image.
    pub images: IndexMap<String, ImageChoice>,
    /// What runs in place of an app's image, by the reference that the stack file writes: `NAME@DIGEST`.
    pub exact: IndexMap<String, String>,
    /// References of the pins that count for the stack, in order.
    pub used: BTreeSet<String>,
    /// What the pins do not say.
    pub gaps: Vec<Gap>,
}

/// An image of the stack that has no pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Where the stack file wants it: `apps.web.image`, `prometheus`.
    pub wanted_by: String,
    /// Its reference.
    pub reference: String,
    /// What the pins have in its place: another tag, another stackctl.
    pub instead: Option<String>,
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { wanted_by, reference, instead } = self;
        match instead {
            Some(instead) => write!(formatter, "`{wanted_by}` is `{reference}`, and the lock has `{instead}`"),
            None => write!(formatter, "`{wanted_by}`: `{reference}` is not in the lock"),
        }
    }
}

/// Lays the pins over a stack. `version` is that of the stackctl that runs.
pub fn fit(pins: &Pins, stack: &Stack, version: &str) -> Fit {
    let mut fit = Fit::default();
    fit.own(pins, version);
    for image in wanted_images(stack) {
        fit.component(pins, &image, stack.images.from);
    }
    for (app_name, app) in &stack.apps {
        fit.app(pins, &format!("apps.{app_name}.image"), &app.image);
    }
    fit
}

impl Fit {
    /// stackctl's own image belongs to every stack: the probe runs from it.
    fn own(&mut self, pins: &Pins, version: &str) {
        let reference = format!("stackctl {version}");
        let instead = match pins.0.get(own::IMAGE) {
            Some(Pin::Stackctl { version: pinned }) if pinned == version => {
                self.used.insert(own::IMAGE.to_owned());
                return;
            }
            Some(Pin::Stackctl { version: pinned }) => Some(format!("stackctl {pinned}")),
            _ => None,
        };
        self.gaps.push(Gap { wanted_by: "stackctl itself".to_owned(), reference, instead });
    }

    fn component(&mut self, pins: &Pins, image: &WantedImage, from: ImageSource) {
        let debian = image.debian.filter(|_| !image.by_hand && from != ImageSource::Registry);
        let only_debian = from == ImageSource::Debian && debian.is_some();
        let by_reference = pins.0.get(&image.reference).filter(|_| !only_debian);
        let take = |reference: &str, version: &str, origin| ImageChoice::Take {
            reference: reference.to_owned(),
            version: version.to_owned(),
            origin,
        };
        let (used, choice) = match (by_reference, debian.map(|package| (package.image, pins.0.get(package.image)))) {
            (Some(Pin::Registry { digest, .. }), _) => {
                let exact = format!("{}@{digest}", name_of(&image.reference));
                (image.reference.as_str(), take(&exact, &image.version, ImageOrigin::Registry))
            }
            (Some(Pin::Local { .. }), _) => {
                (image.reference.as_str(), take(&image.reference, &image.version, ImageOrigin::Registry))
            }
            (Some(Pin::LeftOut), _) => {
                (image.reference.as_str(), ImageChoice::LeaveOut { reason: NOT_IN_LOCK.to_owned() })
            }
            (_, Some((reference, Some(Pin::Debian { version, .. })))) => {
                (reference, take(reference, version, ImageOrigin::Debian))
            }
            _ => return self.gap(pins, &image.component, &image.reference),
        };
        self.used.insert(used.to_owned());
        self.images.insert(image.component.clone(), choice);
    }

    fn app(&mut self, pins: &Pins, wanted_by: &str, reference: &str) {
        if name_of(reference) == own::IMAGE {
            return;
        }
        let exact = match pins.0.get(reference) {
            Some(Pin::Registry { digest, .. }) => format!("{}@{digest}", name_of(reference)),
            // An image of stackctl's own making may be somebody's app, too.
            Some(Pin::Local { .. } | Pin::Debian { .. }) => reference.to_owned(),
            Some(Pin::Stackctl { .. } | Pin::LeftOut) | None => return self.gap(pins, wanted_by, reference),
        };
        if digest_of(reference).is_some_and(|digest| !exact.ends_with(digest)) {
            return self.gap(pins, wanted_by, reference);
        }
        self.used.insert(reference.to_owned());
        self.exact.insert(reference.to_owned(), exact);
    }

    fn gap(&mut self, pins: &Pins, wanted_by: &str, reference: &str) {
        let mut others = pins.0.keys().filter(|other| name_of(other) == name_of(reference) && *other != reference);
        let (wanted_by, reference) = (wanted_by.to_owned(), reference.to_owned());
        self.gaps.push(Gap { wanted_by, reference, instead: others.next().cloned() });
    }
}
