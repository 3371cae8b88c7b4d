//! How an image is made of a Debian package, where no registry can be had.

/// A Debian package whose binaries make an image. The libraries that the binaries link are taken along.
#[derive(Debug, PartialEq, Eq)]
pub struct DebianPackage {
    /// Name of the package.
    pub package: &'static str,
    /// Packages that later releases have split off it. One that a release does not have is part of `package` there.
    pub split_off: &'static [&'static str],
    /// Binaries to take, absolute, as the packages install them. The image keeps the paths.
    pub binaries: &'static [&'static str],
    /// Reference of the image that is built.
    pub image: &'static str,
    /// Version in Debian 12: what is assumed until the package itself has been looked at.
    pub assumed_version: &'static str,
    /// User of the processes.
    pub user: Owner,
    /// Folders to make. A named volume takes owner and mode from the image's folder at its path.
    pub folders: &'static [OwnedFolder],
    /// Words of the image's `ENTRYPOINT`.
    pub entrypoint: &'static [&'static str],
    /// Ports the image exposes (TCP).
    pub ports: &'static [u16],
    /// Working directory of the processes.
    pub working_folder: &'static str,
}

/// A folder of an image.
#[derive(Debug, PartialEq, Eq)]
pub struct OwnedFolder {
    /// Absolute path.
    pub path: &'static str,
    /// Whose it is.
    pub owner: Owner,
    /// Permission bits.
    pub mode: u32,
}

/// User and group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub user: u32,
    /// Group id.
    pub group: u32,
}

/// `nobody:nogroup`, whom the images of the Prometheus project use, too.
pub const NOBODY: Owner = Owner { user: 65534, group: 65534 };

/// `root`, for what has to look into other users' processes. Its container still has the capabilities it is given alone.
pub const ROOT: Owner = Owner { user: 0, group: 0 };
