//! How an image is made of a Debian package, where no registry can be had.

/// How a component's image is built from a Debian package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebianPackage {
    /// Name of the package, such as `prometheus-node-exporter`.
    pub package: &'static str,
    /// Packages that later releases have split off it. One that a release does not have is part of `package` there.
    pub split_off: &'static [&'static str],
    /// Names of its programs that are wanted. Each lies at `/bin/NAME`, as in the images of the registry.
    pub binaries: &'static [&'static str],
    /// Folders to make. A new named volume takes owner and mode from the image's folder at its path.
    pub directories: &'static [OwnedDirectory],
    /// Program and first arguments.
    pub entrypoint: &'static [&'static str],
    /// `USER` or `USER:GROUP`.
    pub user: &'static str,
    /// TCP ports.
    pub expose: &'static [u16],
    /// Reference of the image, such as `stackctl/prometheus:debian`.
    pub reference: &'static str,
    /// Version in Debian 12: what is assumed until the package itself has been looked at.
    pub assumed_version: &'static str,
}

/// A folder with an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedDirectory {
    /// Absolute path.
    pub path: &'static str,
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
    /// Permissions, such as `0o755`.
    pub mode: u32,
}

/// `nobody:nogroup`, whom the images of the Prometheus project use, too.
pub const NOBODY: &str = "65534:65534";

impl OwnedDirectory {
    /// A folder that `nobody` may write to and everybody may read.
    pub const fn of_nobody(path: &'static str) -> Self {
        Self { path, user: 65534, group: 65534, mode: 0o755 }
    }
}
