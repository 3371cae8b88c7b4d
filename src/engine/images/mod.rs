//! placeholder
use super::{Engine, Error};
pub(super) async fn obtain(_e: &Engine, _i: &crate::desired::Image, _n: &(dyn Fn(String) + Sync)) -> Result<(), Error> {
    Ok(())
}
pub(super) fn built_from(_: &bollard::models::ImageInspect) -> Option<String> {
    None
}
