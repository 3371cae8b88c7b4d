//! Debian's package tools with a state of their own: no root, no earlier `apt-get update`, nothing of the host changed.
//!
//! The archive, its keys, proxies and preferences are the host's, from `/etc/apt`.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::Mutex;

use super::{Activity, Progress};

/// Package lists that are older are fetched again.
const LISTS_LIFETIME: Duration = Duration::from_secs(60 * 60);
/// Lines of a program's complaint that go into an error.
const LAST_LINES: usize = 2;
/// A line that says nothing beyond the lines before it.
const SUMMARY: &str = "E: Some index files failed to download.";
/// One at a time within this process; the file lock is for other processes.
static UPDATE: Mutex<()> = Mutex::const_new(());

/// Why a tool did not do it.
#[derive(Debug)]
pub(super) enum AptError {
    /// This host has no such tool, so it is no Debian.
    NoDebian { tool: &'static str },
    /// The tool says no; its last lines.
    Refused(String),
    /// The host says no.
    Io(io::Error),
}

impl fmt::Display for AptError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDebian { tool } => write!(formatter, "this host has no `{tool}`, so it is no Debian or Ubuntu"),
            Self::Refused(lines) => formatter.write_str(lines),
            Self::Io(cause) => cause.fmt(formatter),
        }
    }
}

impl From<io::Error> for AptError {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

/// A package file that `apt-get download` would fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PackageFile {
    /// Name of the package.
    package: String,
    /// Debian version, such as `2.42.0+ds-5+b5`.
    version: String,
    /// Size of the file.
    bytes: u64,
}

/// apt with private state and fresh lists.
#[derive(Debug)]
pub(super) struct Apt {
    configuration: PathBuf,
}

impl Apt {
    /// Makes the private state, and fetches the lists where there are none or where they are older than an hour.
    pub(super) async fn open(progress: &Progress) -> Result<Self, AptError> {
        Self::open_in(&state_folder()?, progress).await
    }

    async fn open_in(folder: &Path, progress: &Progress) -> Result<Self, AptError> {
        let _turn = UPDATE.lock().await;
        std::fs::create_dir_all(folder.join("lists/partial"))?;
        std::fs::create_dir_all(folder.join("cache/archives/partial"))?;
        let configuration = folder.join("apt.conf");
        // Another process may be reading it: it is written only where it says something else.
        if !std::fs::read_to_string(&configuration).is_ok_and(|text| text == configuration_text(folder)) {
            std::fs::write(&configuration, configuration_text(folder))?;
        }
        let apt = Self { configuration };
        let stamp = File::options().create(true).append(true).open(folder.join("updated"))?;
        let stamp =
            tokio::task::spawn_blocking(move || stamp.lock().map(|()| stamp)).await.map_err(io::Error::other)??;
        let is_fresh = is_fresh(&stamp)? && apt.has_lists()?;
        if !is_fresh && apt.update(progress).await? {
            stamp.set_len(0)?;
            io::Write::write_all(&mut &stamp, b"ok\n")?;
        }
        Ok(apt)
    }

    /// The version of a package that [`Apt::unpack`] would take, such as `2.42.0+ds-5+b5`.
    pub(super) async fn version(&self, package: &str) -> Result<String, AptError> {
        let files = self.files(&[package.to_owned()]).await?;
        version_among(&files, package)
    }

    /// Fetches packages, and the pages and fonts that the first one depends on, and unpacks all below `folder`.
    ///
    /// Gives the version of the first one.
    pub(super) async fn unpack(
        &self,
        mut packages: Vec<String>,
        folder: &Path,
        progress: &Progress,
    ) -> Result<String, AptError> {
        let first = packages.first().cloned().unwrap_or_default();
        packages.extend(self.data_packages(&first).await.unwrap_or_default());
        let files = self.files(&packages).await?;
        let total = files.iter().map(|file| file.bytes).sum();
        progress.tell(Activity::Downloading, 0, Some(total));
        let mut command = self.tool("apt-get");
        command.args(["-o", "APT::Status-Fd=1", "download"]).args(packages).current_dir(folder);
        run(&mut command, "apt-get", |line| {
            if let Some(permille) = parse_status_line(line) {
                progress.tell(Activity::Downloading, total * permille / 1000, Some(total));
            }
        })
        .await?;
        progress.tell(Activity::Unpacking, 0, None);
        for file in package_files(folder)? {
            run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(folder), "dpkg-deb", |_| {}).await?;
            std::fs::remove_file(file)?;
        }
        version_among(&files, &first)
    }

    /// What a web interface is made of and Debian keeps in packages of its own: scripts, styles, fonts.
    async fn data_packages(&self, package: &str) -> Result<Vec<String>, AptError> {
        let mut command = self.tool("apt-cache");
        command.args(["depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks"]);
        command.args(["--no-replaces", "--no-enhances", package]);
        let output = run(&mut command, "apt-cache", |_| {}).await?;
        let data = output.lines().filter(|line| line.starts_with("libjs-") || line.starts_with("fonts-"));
        Ok(data.map(str::to_owned).collect())
    }

    async fn files(&self, packages: &[String]) -> Result<Vec<PackageFile>, AptError> {
        let mut command = self.tool("apt-get");
        let output = run(command.args(["--print-uris", "download"]).args(packages), "apt-get", |_| {}).await?;
        Ok(output.lines().filter_map(parse_uri_line).collect())
    }

    /// Fetches the lists. `Ok(false)`: some could not be fetched, which is no trouble where another has the package.
    async fn update(&self, progress: &Progress) -> Result<bool, AptError> {
        progress.tell(Activity::Updating, 0, None);
        let mut command = self.tool("apt-get");
        // Without this, lists that cannot be fetched are a warning, and the command succeeds.
        command.args(["-o", "APT::Update::Error-Mode=any", "update"]);
        match run(&mut command, "apt-get", |_| {}).await {
            Ok(_) => Ok(true),
            Err(AptError::Refused(_)) if self.has_lists()? => Ok(false),
            Err(cause) => Err(cause),
        }
    }

    fn has_lists(&self) -> io::Result<bool> {
        let mut files = std::fs::read_dir(self.configuration.with_file_name("lists"))?.filter_map(Result::ok);
        Ok(files.any(|file| file.file_name().to_string_lossy().contains("_Packages")))
    }

    fn tool(&self, tool: &'static str) -> Command {
        let mut command = Command::new(tool);
        command.arg("-q").arg("-c").arg(&self.configuration);
        command
    }
}

/// `~/.cache/stackctl/apt`, or below `XDG_CACHE_HOME`.
fn state_folder() -> io::Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    let cache = cache.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no home folder"))?;
    Ok(cache.join("stackctl/apt"))
}

/// Private folders, only the lists that are needed, and none of the host's hooks. Read after the host's own files.
fn configuration_text(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "Dir::State \"{folder}\";\n\
         Dir::State::lists \"{folder}/lists\";\n\
         Dir::Cache \"{folder}/cache\";\n\
         Dir::Cache::pkgcache \"pkgcache.bin\";\n\
         Dir::Cache::srcpkgcache \"srcpkgcache.bin\";\n\
         APT::Sandbox::User \"\";\n\
         Acquire::Languages \"none\";\n\
         Acquire::Retries \"2\";\n\
         Acquire::http::Timeout \"20\";\n\
         Acquire::https::Timeout \"20\";\n\
         Acquire::IndexTargets::deb-src::Sources::DefaultEnabled \"false\";\n\
         #clear APT::Update::Pre-Invoke;\n\
         #clear APT::Update::Post-Invoke;\n\
         #clear APT::Update::Post-Invoke-Success;\n\
         #clear Acquire::IndexTargets::deb::DEP-11;\n\
         #clear Acquire::IndexTargets::deb::DEP-11-icons;\n\
         #clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;\n\
         #clear Acquire::IndexTargets::deb::CNF;\n"
    )
}

/// An empty stamp was never written: no update has succeeded yet.
fn is_fresh(stamp: &File) -> io::Result<bool> {
    let metadata = stamp.metadata()?;
    let age = metadata.modified()?.elapsed().unwrap_or(Duration::ZERO);
    Ok(metadata.len() > 0 && age < LISTS_LIFETIME)
}

/// `'URI' NAME_VERSION_ARCHITECTURE.deb SIZE HASH`; an epoch's colon is written `%3a`.
fn parse_uri_line(line: &str) -> Option<PackageFile> {
    let mut words = line.strip_prefix('\'')?.split_whitespace().skip(1);
    let (file, bytes) = (words.next()?, words.next()?.parse().ok()?);
    let mut parts = file.split('_');
    let (package, version) = (parts.next()?.to_owned(), parts.next()?.replace("%3a", ":"));
    Some(PackageFile { package, version, bytes })
}

fn version_among(files: &[PackageFile], package: &str) -> Result<String, AptError> {
    let file = files.iter().find(|file| file.package == package);
    let missing = || AptError::Refused(format!("apt-get named no file for package `{package}`"));
    file.map(|file| file.version.clone()).ok_or_else(missing)
}

/// `dlstatus:1:20.5000:Retrieving file 1 of 1` → 205.
fn parse_status_line(line: &str) -> Option<u64> {
    let percent = line.strip_prefix("dlstatus:")?.split(':').nth(1)?;
    let (whole, fraction) = percent.split_once('.').unwrap_or((percent, "0"));
    let tenth: u64 = fraction.get(..1)?.parse().ok()?;
    Some((whole.parse::<u64>().ok()? * 10 + tenth).min(1000))
}

fn package_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let paths: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "deb")).collect())
}

/// Runs a tool, shows each line of its output to `listen`, and gives the output.
async fn run(command: &mut Command, tool: &'static str, mut listen: impl FnMut(&str)) -> Result<String, AptError> {
    command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => AptError::NoDebian { tool },
        _ => AptError::Io(cause),
    })?;
    let (stdout, stderr) = (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
    let read_output = async {
        let (mut lines, mut output) = (BufReader::new(stdout).lines(), String::new());
        while let Some(line) = lines.next_line().await? {
            listen(&line);
            output.push_str(&line);
            output.push('\n');
        }
        io::Result::Ok(output)
    };
    let read_complaints = async {
        let (mut stderr, mut complaints) = (stderr, Vec::new());
        stderr.read_to_end(&mut complaints).await?;
        io::Result::Ok(String::from_utf8_lossy(&complaints).into_owned())
    };
    let (output, complaints) = tokio::try_join!(read_output, read_complaints)?;
    if child.wait().await?.success() { Ok(output) } else { Err(AptError::Refused(last_lines(&complaints, tool))) }
}

/// The last errors among the complaints, else the last complaints.
fn last_lines(complaints: &str, tool: &str) -> String {
    let lines = complaints.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(SUMMARY));
    let (errors, others): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("E: "));
    match if errors.is_empty() { others } else { errors }.as_slice() {
        [] => format!("{tool} failed without a word"),
        lines => lines[lines.len().saturating_sub(LAST_LINES)..].join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::{PackageFile, last_lines, parse_status_line, parse_uri_line};

    #[test]
    fn the_file_that_would_be_fetched_tells_version_and_size() {
        let line = "'http://archive.example/p/prometheus_2.42.0%2bds-5%2bb5_amd64.deb' \
                    prometheus_2.42.0+ds-5+b5_amd64.deb 19257088 SHA256:81d5";
        let (package, version) = ("prometheus".to_owned(), "2.42.0+ds-5+b5".to_owned());
        let expected = PackageFile { package, version, bytes: 19_257_088 };
        assert_eq!(parse_uri_line(line), Some(expected));
        let line = "'http://x/a_1%253a2.0-1_all.deb' a_1%3a2.0-1_all.deb 7 SHA256:00";
        assert_eq!(parse_uri_line(line).map(|file| file.version), Some("1:2.0-1".to_owned()));
        assert_eq!(parse_uri_line("Reading package lists..."), None);
    }

    #[test]
    fn the_status_of_a_download_is_read_in_permille() {
        assert_eq!(parse_status_line("dlstatus:1:20.5536:Retrieving file 1 of 1"), Some(205));
        assert_eq!(parse_status_line("dlstatus:1:100.0000:Retrieving file 1 of 1"), Some(1000));
        assert_eq!(parse_status_line("Fetched 19.3 MB in 0s (296 MB/s)"), None);
    }

    #[test]
    fn an_error_ends_with_the_last_words_of_the_tool() {
        let complaints = "E: one\nE: two\n\nE: three\nW: four\nE: Some index files failed to download. They have …\n";
        assert_eq!(last_lines(complaints, "apt-get"), "E: two; E: three");
        assert_eq!(last_lines("dpkg-deb: oops\n", "dpkg-deb"), "dpkg-deb: oops");
        assert_eq!(last_lines("", "apt-get"), "apt-get failed without a word");
    }
}
