//! What is mounted into containers, and the named volumes among it.

use std::collections::HashSet;

use super::super::Volume;
use super::super::document::{Path, Segment};
use super::{Examination, each_container};

/// Where secrets come to lie inside a container.
const SECRETS: &str = "/run/secrets";

/// Words that can stand among the options of memory (`moby/sys/mount`). `bind`, `rbind` and `remount`, which it lets pass,
/// the kernel refuses.
const FLAGS: &str = "async atime defaults dev diratime dirsync exec mand noatime nodev nodiratime noexec nomand norelatime \
    nostrictatime nosuid private relatime ro rprivate rshared rslave runbindable rw shared slave strictatime suid sync \
    unbindable";

/// The longest name of a volume: it is that of a folder.
const LONGEST_VOLUME_NAME: usize = 255;

/// Options of the volume driver `local` (`volume/local`).
const OPTIONS_OF_LOCAL: [&str; 4] = ["type", "o", "device", "size"];

/// No engine starts a container with something mounted over its root or over the kernel's own files, and what is mounted
/// where secrets lie would hide them, or keep them.
pub(super) fn mounts_can_be_made(examination: &mut Examination) {
    each_container(examination, |examination, path, container, wiring| {
        // Components and exporters get secrets that the file does not name there.
        let has_secrets = !wiring.secrets.is_empty() || !is_app(&path);
        let volumes = path.key("volumes");
        let mut taken = HashSet::new();
        for (index, mount) in wiring.volumes.iter().enumerate() {
            let target = cleaned(&mount.target);
            mount_can_be_made(examination, volumes.index(index), &target, has_secrets);
            if !taken.insert(target.clone()) {
                let message = format!("something else is mounted at `{target}` already");
                examination.error(volumes.index(index), message, "remove one of the two, or mount it elsewhere");
            }
        }
        let secrets = path.key("secrets");
        let mut placed = HashSet::new();
        for (index, secret) in wiring.secrets.iter().enumerate().filter(|(_, secret)| placed.insert(*secret)) {
            let target = cleaned(&secret.target);
            let is_usual = target.starts_with(&format!("{SECRETS}/"));
            let around = wiring.volumes.iter().map(|mount| cleaned(&mount.target));
            let around = around.filter(|_| !is_usual).find(|mount| target.starts_with(&format!("{mount}/")));
            if let Some(mount) = around {
                let message = format!("`{target}` lies in what is mounted at `{mount}`, which would keep the secret");
                examination.error(
                    secrets.index(index),
                    message,
                    "choose another `target`, and name that to the program",
                );
            } else if !taken.insert(target.clone()) {
                let message = format!("something else is mounted at `{target}` already");
                examination.error(secrets.index(index), message, "remove one of the two, or choose another `target`");
            }
        }
        let memory = path.key("tmpfs");
        for (index, text) in container.tmpfs.iter().enumerate() {
            let (target, options) = text.split_once(':').unwrap_or((text, ""));
            let (shown, item) = (text.escape_debug(), memory.index(index));
            if !target.starts_with('/') {
                let help = "write a path inside the container that begins with `/`, such as `/tmp`";
                examination.error(item, format!("`{shown}` has no absolute path"), help);
                continue;
            }
            mount_can_be_made(examination, item, &cleaned(target), has_secrets);
            if !options.is_empty() && !options.split(',').all(is_option) {
                let help = "write options such as `size=64m`, `mode=1777`, `uid=1000`, `noexec` or `ro`, with `,` between them";
                examination.error(item, format!("`{shown}` has an option that memory does not take"), help);
            }
        }
    });
}

/// Files of `/proc` that may be other ones (runc `checkProcMount`), such as those of LXCFS.
const OF_PROC: [&str; 10] = [
    "cpuinfo",
    "diskstats",
    "loadavg",
    "meminfo",
    "net/dev",
    "slabinfo",
    "stat",
    "swaps",
    "sys/kernel/ns_last_pid",
    "uptime",
];

fn is_app(path: &Path) -> bool {
    matches!(path.segments().first(), Some(Segment::Key(section)) if section == "apps")
}

/// `target` is a cleaned path.
fn mount_can_be_made(examination: &mut Examination, path: Path, target: &str, has_secrets: bool) {
    if target == "/" || target == "/proc" || target.strip_prefix("/proc/").is_some_and(|file| !OF_PROC.contains(&file))
    {
        let message = format!("nothing can be mounted at `{target}`");
        examination.error(path, message, "write a folder of the program's own, such as `/data`");
    } else if has_secrets && (target == SECRETS || target.starts_with(&format!("{SECRETS}/"))) {
        let message = format!("secrets lie in `{SECRETS}`, and this would hide them, or keep them");
        examination.error(path, message, "mount it elsewhere");
    }
}

/// The path without `.`, `..` and needless slashes.
fn cleaned(target: &str) -> String {
    let mut parts = Vec::new();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// What the engine and, of the values, the kernel take for an option of memory.
fn is_option(option: &str) -> bool {
    let Some((key, value)) = option.split_once('=') else { return FLAGS.split(' ').any(|flag| flag == option) };
    let is_number = |text: &str, radix: u32| !text.is_empty() && text.chars().all(|digit| digit.is_digit(radix));
    match key {
        "size" => is_amount(value.strip_suffix('%').unwrap_or(value)),
        "nr_inodes" | "nr_blocks" => is_amount(value),
        "mode" => is_number(value, 8),
        "uid" | "gid" => value.parse::<u32>().is_ok_and(|id| id != u32::MAX),
        "mpol" => !value.is_empty(),
        _ => false,
    }
}

/// A number as the kernel reads it (`memparse`): a unit of one letter, and no fraction.
fn is_amount(text: &str) -> bool {
    let number = text.strip_suffix(['k', 'K', 'm', 'M', 'g', 'G', 't', 'T', 'p', 'P', 'e', 'E']).unwrap_or(text);
    let (digits, radix) = number.strip_prefix("0x").map_or((number, 10), |digits| (digits, 16));
    // In a number to the base 16, `e` is a digit.
    let digits = if radix == 16 && digits.is_empty() { text.trim_start_matches("0x") } else { digits };
    !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
}

/// Named volumes are folders below the engine's own, unless their driver has another mind.
pub(super) fn volumes_can_be_made(examination: &mut Examination) {
    let stack = examination.stack;
    for (key, volume) in &stack.volumes {
        let top = Path::ROOT.key("volumes");
        let path = top.key(key.as_str());
        let name = volume.name.as_deref();
        if name.is_some_and(str::is_empty) {
            examination.error(path.key("name"), "an empty name", "write one, or remove `name`");
        } else if is_local(volume) {
            if let Some(name) = name.filter(|name| !is_name_of_folder(name)) {
                let message = format!("`{}` cannot be the name of a volume", name.escape_debug());
                let help = "use at least two letters, digits, `-`, `_` and `.`, beginning with a letter or digit";
                examination.error(path.key("name"), message, help);
            }
            options_fit(examination, path.key("driver_opts"), volume);
        }
    }
}

/// One that stackctl makes, and that is a folder.
fn is_local(volume: &Volume) -> bool {
    !volume.external && matches!(volume.driver.as_deref(), None | Some("" | "local"))
}

fn is_name_of_folder(name: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    (2..=LONGEST_VOLUME_NAME).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(letter)
}

fn options_fit(examination: &mut Examination, path: Path, volume: &Volume) {
    for name in volume.driver_opts.keys().filter(|name| !OPTIONS_OF_LOCAL.contains(&name.as_str())) {
        let message = format!("driver `local` has no option `{}`", name.escape_debug());
        examination.error_at_key(path.key(name), message, "it knows `type`, `device`, `o` and `size`");
    }
    // The kind of a bind is nobody's business: an engine wants the key, whatever it says.
    let has = |name: &str| volume.driver_opts.get(name).is_some_and(|value| name == "type" || !value.is_empty());
    let is_mounted = ["type", "device", "o"].into_iter().any(|name| volume.driver_opts.contains_key(name));
    for missing in ["type", "device"].into_iter().filter(|name| is_mounted && !has(name)) {
        let help = "write both, such as `{ type: nfs, device: \":/PATH\", o: \"addr=HOST,rw\" }`";
        examination.error_at_key(path, format!("driver `local` cannot mount without `{missing}`"), help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_memory_are_those_that_an_engine_starts_with() {
        for option in [
            "size=64m",
            "size=64M",
            "size=10%",
            "size=0",
            "size=0x100000",
            "size=1e",
            "mode=1777",
            "mode=0755",
            "uid=1000",
            "ro",
            "noexec",
            "rprivate",
            "defaults",
            "nr_inodes=10k",
            "nr_blocks=10",
            "mpol=interleave",
            "gid=4294967294",
        ] {
            assert!(is_option(option), "{option}");
        }
        for option in [
            "",
            "foo",
            "foo=bar",
            "size",
            "size=",
            "size=x",
            "size=-1",
            "size=1.5g",
            "size=64mb",
            "size= 1m",
            "size=1g:ro",
            "mode=9",
            "mode=",
            "uid=abc",
            "uid=-1",
            "gid=4294967295",
            "nr_blocks=10%",
            "huge=always",
            "bind",
            "remount",
            "RW",
            "z",
            "mpol=",
        ] {
            assert!(!is_option(option), "{option}");
        }
    }

    #[test]
    fn a_path_is_one_path_however_it_is_written() {
        for (written, path) in
            [("/a/", "/a"), ("/a/./b//c", "/a/b/c"), ("/a/../b", "/b"), ("/a/..", "/"), ("/../x", "/x")]
        {
            assert_eq!(cleaned(written), path);
        }
    }
}
