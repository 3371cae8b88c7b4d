//! The image of stackctl itself: the executable that runs now, and what its loader maps. Demo apps and probes run from it.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use bollard::Docker;
use bollard::query_parameters::{ListImagesOptionsBuilder, RemoveImageOptions};
use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

use super::import::{ImageConfig, check_architecture, import};
use super::root::Root;
use super::{EXECUTABLE_LABEL, ImageError, Progress, elf};
use crate::catalog::{self, NOBODY};
use crate::desired::familiar;

/// Where the executable lies in the image.
const EXECUTABLE: &str = "/stackctl";
const HELP: &str = "the image is made of the executable that runs: run it on Linux, and leave it where it is";

/// The executable that runs now, which is what stackctl's own image is made of.
pub fn own_executable() -> Result<PathBuf, ImageError> {
    std::env::current_exe().map_err(|cause| ImageError::host("find stackctl's own executable", cause, HELP))
}

/// What tells builds of stackctl apart, in hex.
///
/// The build id is a hash over the content which the linker computed, so copies of one build are the same, wherever and
/// whenever they were made, and reading it costs microseconds. Without one the content is hashed.
pub fn own_build(executable: &Path) -> Result<String, ImageError> {
    let build_id = elf::headers(executable).ok().and_then(|headers| headers.build_id);
    build_id
        .map_or_else(|| sha256(executable), Ok)
        .map_err(|cause| ImageError::host(&format!("read executable `{}`", executable.display()), cause, HELP))
}

/// Reference of the image of the executable that runs now.
pub fn own_image() -> Result<String, ImageError> {
    Ok(catalog::own::reference(&own_build(&own_executable()?)?))
}

fn sha256(file: &Path) -> io::Result<String> {
    let mut file = std::fs::File::open(file)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(elf::hexadecimal(&hash.finalize()));
        }
        hash.update(&buffer[..count]);
    }
}

/// Makes the image `reference` of an executable of this host, usually [`own_executable`].
///
/// It runs as nobody (65534) and exposes port 80. Fails on an engine with another kind of processor.
pub async fn build_own(
    docker: &Docker,
    executable: &Path,
    reference: &str,
    progress: &Progress,
) -> Result<(), ImageError> {
    let doing = format!("build image `{reference}` from `{}`", executable.display());
    check_architecture(docker, &doing).await?;
    let built_from = format!("stackctl {}", own_build(executable)?);
    let path = executable.to_owned();
    let root = Root::gather(move || root(&path)).await.map_err(|cause| ImageError::host(&doing, cause, HELP))?;
    let config = ImageConfig {
        reference,
        entrypoint: &[EXECUTABLE],
        user: NOBODY,
        expose: &[80],
        working_folder: "/",
        built_from: &built_from,
        executable: Some(executable),
    };
    import(docker, &doing, root, &config, progress).await?;
    remove_predecessors(docker, executable, reference).await;
    Ok(())
}

/// Removes images of what lay at the same path before: no stackctl needs them any more. One that a container uses stays.
///
/// Nobody misses them, so an error stops nothing.
async fn remove_predecessors(docker: &Docker, executable: &Path, reference: &str) {
    let label = format!("{EXECUTABLE_LABEL}={}", executable.display());
    let filters = HashMap::from([("label", vec![label.as_str()]), ("reference", vec![catalog::own::IMAGE])]);
    let options = ListImagesOptionsBuilder::default().filters(&filters).build();
    let found = docker.list_images(Some(options)).await.unwrap_or_default();
    let tags = found.into_iter().flat_map(|image| image.repo_tags).filter(|tag| familiar(tag) != reference);
    stream::iter(tags)
        .for_each(|tag| async move {
            let _ = docker.remove_image(&tag, None::<RemoveImageOptions>, None).await;
        })
        .await;
}

fn root(executable: &Path) -> io::Result<Root> {
    let mut root = Root::new()?;
    root.add_program(EXECUTABLE, executable)?;
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::{own_build, sha256};

    #[test]
    fn an_executable_is_known_by_its_content_wherever_it_lies() {
        let original = std::env::current_exe().expect("a test runs from a file");
        let folder = tempfile::tempdir().expect("a folder");
        let copy = folder.path().join("copy");
        std::fs::copy(&original, &copy).expect("a copy");
        let build = own_build(&original).expect("readable");
        assert_eq!(own_build(&copy).expect("readable"), build);
        assert!(build.len() >= 12 && build.bytes().all(|byte| byte.is_ascii_hexdigit()), "{build}");
    }

    #[test]
    fn a_file_without_a_build_id_is_known_by_its_hash() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "abc").expect("writable");
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(file.path()).expect("readable"), expected);
    }
}
