//! A component's image from the host's own Debian packages: needs no registry, no builder and no root.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use bollard::Docker;

use super::apt::{Apt, AptError};
use super::import::{ImageConfig, check_architecture, import};
use super::root::Root;
use super::{ImageError, Progress};
use crate::catalog::{DebianPackage, OwnedFolder};

/// Kinds of file that a browser loads.
const WEB: [&str; 8] = ["css", "eot", "js", "svg", "ttf", "woff", "woff2", "png"];

/// What an image of this package is labelled with, such as `prometheus 2.42.0+ds-5+b5`.
fn built_from(package: &DebianPackage, version: &str) -> String {
    format!("{} {version}", package.package)
}

/// The Debian version in such a label. `None`: the image was made from something else.
pub(super) fn version_in<'a>(package: &DebianPackage, built_from: &'a str) -> Option<&'a str> {
    built_from.strip_prefix(package.package)?.strip_prefix(' ')
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
pub async fn build_debian(
    docker: &Docker,
    package: &'static DebianPackage,
    progress: &Progress,
) -> Result<String, ImageError> {
    let doing = format!("build image `{}` from Debian package `{}`", package.image, package.package);
    check_architecture(docker, &doing).await?;
    let folder =
        tempfile::tempdir().map_err(|cause| ImageError::host(&doing, cause, "make room for temporary files"))?;
    let version = fetch(package, folder.path(), progress).await.map_err(|cause| debian_error(&doing, &cause))?;
    let unpacked = folder.path().to_owned();
    let root = Root::gather(move || root(package, &unpacked)).await;
    let root = root.map_err(|cause| ImageError::host(&doing, cause, other_ways()))?;
    let built_from = built_from(package, &version);
    let config = ImageConfig {
        reference: package.image,
        entrypoint: package.entrypoint,
        user: package.user,
        expose: package.ports,
        working_folder: package.working_folder,
        built_from: &built_from,
        executable: None,
    };
    import(docker, &doing, root, &config, progress).await?;
    Ok(built_from)
}

/// Unpacks the package and what was split off it below `folder` and gives its version.
async fn fetch(package: &DebianPackage, folder: &Path, progress: &Progress) -> Result<String, AptError> {
    let apt = Apt::open(progress).await?;
    let mut packages = vec![package.package.to_owned()];
    for split_off in package.split_off {
        if apt.version(split_off).await.is_ok() {
            packages.push((*split_off).to_owned());
        }
    }
    apt.unpack(packages, folder, progress).await
}

fn root(package: &DebianPackage, folder: &Path) -> io::Result<Root> {
    let mut root = Root::new()?;
    for binary in package.binaries {
        let executable = unpacked(folder, Path::new(binary));
        if !executable.is_file() {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("the package has no program `{binary}`")));
        }
        root.add_program(binary, &executable)?;
    }
    add_shared_files(&mut root, package.package, folder)?;
    for OwnedFolder { path, owner, mode } in package.folders {
        root.add_directory(path, *owner, *mode);
    }
    Ok(root)
}

/// What the programs read at run time, such as the pages of a web interface, and what other packages bring for it.
fn add_shared_files(root: &mut Root, package: &str, folder: &Path) -> io::Result<()> {
    // `prometheus-alertmanager` keeps its in `prometheus/alertmanager`.
    for name in [package.to_owned(), package.replacen('-', "/", 1)] {
        let shared = Path::new("/usr/share").join(name);
        if unpacked(folder, &shared).is_dir() {
            root.add_tree(&shared, &unpacked(folder, &shared), |_| true)?;
        }
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
    use super::{built_from, root, upstream_version, version_in};
    use crate::catalog::DebianPackage;
    use crate::catalog::prometheus::PROMETHEUS;

    fn package() -> &'static DebianPackage {
        PROMETHEUS.debian.as_ref().expect("Debian has it")
    }

    #[test]
    fn the_programs_own_version_is_found_in_debians() {
        let versions = ["2.42.0+ds-5+b5", "1:26.1.5+dfsg1-9", "0.28.0-1", "3.0.0~rc1-1", "1.5.0"];
        assert_eq!(versions.map(upstream_version), ["2.42.0", "26.1.5", "0.28.0", "3.0.0", "1.5.0"]);
    }

    #[test]
    fn a_label_gives_the_version_back_and_only_of_its_own_package() {
        let label = built_from(package(), "2.42.0+ds-5");
        assert_eq!(version_in(package(), &label), Some("2.42.0+ds-5"));
        assert_eq!(version_in(package(), "prometheus-node-exporter 1.5.0-1"), None);
    }

    #[test]
    fn a_program_that_the_package_does_not_have_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let refusal = root(package(), folder.path()).expect_err("the folder is empty");
        assert_eq!(refusal.to_string(), "the package has no program `/usr/bin/prometheus`");
    }
}
