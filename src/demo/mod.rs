//! The demo apps `image-gallery`, `iotd` and `accesslog`, served by stackctl's own image.
