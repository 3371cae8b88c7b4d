//! A component's image from the host's own Debian packages: needs no registry, no builder and no root.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use bollard::Docker;

use super::apt::{Apt, AptError};
use super::import::{ImageConfig, check_architecture, import};
use super::root::Root;
use super::{ImageError, Progress};

/// Folders of a package in which its programs may lie.
const PROGRAM_FOLDERS: [&str; 4] = ["usr/bin", "usr/sbin", "bin", "sbin"];

/// Kinds of file that a browser loads.
const WEB: [&str; 8] = ["css", "eot", "js", "svg", "ttf", "woff", "woff2", "png"];

/// How a component's image is built from a Debian package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebianPackage {
    /// Name of the package, such as `prometheus-node-exporter`.
    pub package: &'static str,
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

impl DebianPackage {
    /// What an image of this package is labelled with, such as `prometheus 2.42.0+ds-5+b5`.
    fn built_from(&self, version: &str) -> String {
        format!("{} {version}", self.package)
    }

    /// The Debian version in such a label. `None`: the image was made from something else.
    pub(super) fn version_in<'a>(&self, built_from: &'a str) -> Option<&'a str> {
        built_from.strip_prefix(self.package)?.strip_prefix(' ')
    }
}

/// The Debian version of a package that [`build_debian`] would take, such as `2.42.0+ds-5+b5`.
///
/// Fetches package lists where there are none or where they are older than an hour, and nothing else.
pub async fn debian_version(package: &str, progress: &Progress) -> Result<String, ImageError> {
    let version = async { Apt::open(progress).await?.version(package).await };
    let doing = format!("look up Debian package `{package}`");
    version.await.map_err(|cause| debian_error(&doing, &cause))
}

/// The program's own version in a Debian version: `1:2.42.0+ds-5+b5` → `2.42.0` (deb-version(7)).
pub fn upstream_version(debian_version: &str) -> &str {
    let version = debian_version.split_once(':').map_or(debian_version, |(_, version)| version);
    let version = version.rsplit_once('-').map_or(version, |(version, _)| version);
    version.split(['+', '~']).next().unwrap_or(version)
}

/// Builds the image of a package and gives what it was built from, as its label says it.
///
/// Takes the package from the host's archive; the host itself is not changed. Fails where the host is no Debian, where
/// the archive cannot be reached, and on an engine with another kind of processor.
pub async fn build_debian(docker: &Docker, package: &DebianPackage, progress: &Progress) -> Result<String, ImageError> {
    let doing = format!("build image `{}` from Debian package `{}`", package.reference, package.package);
    check_architecture(docker, &doing).await?;
    let folder =
        tempfile::tempdir().map_err(|cause| ImageError::host(&doing, cause, "make room for temporary files"))?;
    let fetched = async { Apt::open(progress).await?.unpack(package.package, folder.path(), progress).await };
    let version = fetched.await.map_err(|cause| debian_error(&doing, &cause))?;
    let (wanted, unpacked) = (*package, folder.path().to_owned());
    let root = Root::gather(move || root(&wanted, &unpacked)).await;
    let root = root.map_err(|cause| ImageError::host(&doing, cause, other_ways()))?;
    let built_from = package.built_from(&version);
    let config = ImageConfig {
        reference: package.reference,
        entrypoint: package.entrypoint,
        user: package.user,
        expose: package.expose,
        built_from: &built_from,
    };
    import(docker, &doing, root, &config, progress).await?;
    Ok(built_from)
}

fn root(package: &DebianPackage, folder: &Path) -> io::Result<Root> {
    let mut root = Root::new()?;
    for binary in package.binaries {
        root.add_program(Path::new("/bin").join(binary), &program(folder, binary)?)?;
    }
    add_shared_files(&mut root, package.package, folder)?;
    for directory in package.directories {
        root.add_directory(directory.path, directory.user, directory.group, directory.mode);
    }
    Ok(root)
}

/// What the programs read at run time, such as the pages of a web interface, and what other packages bring for it.
fn add_shared_files(root: &mut Root, package: &str, folder: &Path) -> io::Result<()> {
    let shared = Path::new("/usr/share").join(package);
    if unpacked(folder, &shared).is_dir() {
        root.add_tree(&shared, &unpacked(folder, &shared), |_| true)?;
    }
    loop {
        let targets = root.missing_link_targets().into_iter().filter(|target| unpacked(folder, target).exists());
        let targets: Vec<PathBuf> = targets.collect();
        if targets.is_empty() {
            return Ok(());
        }
        for target in targets {
            root.add_tree(&target, &unpacked(folder, &target), is_for_browsers)?;
        }
    }
}

/// Where a path of the image lies in the folder into which packages were unpacked.
fn unpacked(folder: &Path, path: &Path) -> PathBuf {
    folder.join(path.strip_prefix("/").unwrap_or(path))
}

fn is_for_browsers(path: &Path) -> bool {
    path.extension().is_some_and(|extension| WEB.iter().any(|kind| extension == *kind))
}

fn program(folder: &Path, binary: &str) -> io::Result<PathBuf> {
    let mut candidates = PROGRAM_FOLDERS.iter().map(|programs| folder.join(programs).join(binary));
    let missing = || io::Error::new(io::ErrorKind::NotFound, format!("the package has no program `{binary}`"));
    candidates.find(|path| path.is_file()).ok_or_else(missing)
}

fn debian_error(doing: &str, cause: &AptError) -> ImageError {
    let help = match cause {
        AptError::NoDebian { .. } => other_ways(),
        AptError::Refused(_) => format!("check that `apt-get update` works on this host; or {}", other_ways()),
        AptError::Io(_) => {
            "check that there is room in the home folder and in the folder for temporary files".to_owned()
        }
    };
    ImageError::host(doing, cause as &dyn fmt::Display, help)
}

fn other_ways() -> String {
    "use images from a registry: `images: {from: registry}`, with `mirror: HOST` where Docker Hub is out of reach"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{DebianPackage, OwnedDirectory, program, upstream_version};

    const PROMETHEUS: DebianPackage = DebianPackage {
        package: "prometheus",
        binaries: &["prometheus", "promtool"],
        directories: &[OwnedDirectory { path: "/prometheus", user: 65534, group: 65534, mode: 0o755 }],
        entrypoint: &["/bin/prometheus"],
        user: "65534:65534",
        expose: &[9090],
        reference: "stackctl/prometheus:debian",
    };

    #[test]
    fn the_programs_own_version_is_found_in_debians() {
        let versions = ["2.42.0+ds-5+b5", "1:26.1.5+dfsg1-9", "0.28.0-1", "3.0.0~rc1-1", "1.5.0"];
        assert_eq!(versions.map(upstream_version), ["2.42.0", "26.1.5", "0.28.0", "3.0.0", "1.5.0"]);
    }

    #[test]
    fn a_label_gives_the_version_back_and_only_of_its_own_package() {
        let label = PROMETHEUS.built_from("2.42.0+ds-5");
        assert_eq!(PROMETHEUS.version_in(&label), Some("2.42.0+ds-5"));
        assert_eq!(PROMETHEUS.version_in("prometheus-node-exporter 1.5.0-1"), None);
    }

    #[test]
    fn a_program_that_the_package_does_not_have_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let refusal = program(folder.path(), "promtool").expect_err("the folder is empty");
        assert_eq!(refusal.to_string(), "the package has no program `promtool`");
    }
}
