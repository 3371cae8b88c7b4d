//! Settings of a container that no engine takes, each tried with Engine 20.10, 26.1 and 28.5. Most of them an engine refuses
//! only at the start, when nothing runs in that place any more. What one of them takes is left to the engine.

use std::net::IpAddr;

use super::super::{ContainerSettings, Ulimit, Wrong, suggest};
use super::seccomp::wrong_profile;
use super::{Examination, each_container};

/// The longest name of a host that the kernel takes (`__NEW_UTS_LEN`).
const LONGEST_HOSTNAME: usize = 64;

/// The highest number of a user or group (`libcontainer/user`).
const HIGHEST_ID: i64 = 2_147_483_647;

/// The most processes that Linux can count (`PID_MAX_LIMIT`).
const MOST_PROCESSES: i64 = 4_194_304;

/// Signals by name (`moby/sys/signal`), without `SIG`; those in the real-time range aside.
const SIGNALS: &str = "\
    ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX RTMIN SEGV STKFLT \
    STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ";

/// Limits by name (`setrlimit`).
const ULIMITS: &str = "\
    as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack";

/// Capabilities (`linux/capability.h`), without `CAP_`. Engine 20.10 does not know the last three.
const CAPABILITIES: &str = "\
    AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID \
    IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE \
    NET_BROADCAST NET_RAW SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE \
    SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM BPF \
    CHECKPOINT_RESTORE PERFMON";

/// Kernel parameters that each container has for itself, beside `net.*` and `fs.mqueue.*` (runc's `validateSysctl`).
const OWN_PARAMETERS: &str = "\
    kernel.domainname kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shm_rmid_forced \
    kernel.shmall kernel.shmmax kernel.shmmni";

/// Words that stand for a platform alone (`containerd/platforms`).
const PLATFORMS: &str = "\
    386 aarch64 aix amd64 android arm arm64 armel armhf darwin dragonfly freebsd hurd i386 illumos ios js \
    linux loong64 mips mips64 mips64le mipsle nacl netbsd openbsd plan9 ppc ppc64 ppc64le riscv riscv64 s390 \
    s390x solaris sparc64 wasm windows x86-64 x86_64";

/// Who runs, where, and how it is stopped.
pub(super) fn processes_can_be_started(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        if let Some(signal) = container.stop_signal.as_deref().filter(|signal| !is_signal(signal)) {
            let message = format!("`{}` is no signal", signal.escape_debug());
            examination.error(path.key("stop_signal"), message, "write one such as `SIGTERM`, `SIGINT` or `SIGQUIT`");
        }
        if let Some(wrong) = container.user.as_deref().and_then(wrong_user) {
            examination.wrong(path.key("user"), wrong);
        }
        let folder = container.working_dir.as_deref().unwrap_or_default();
        if !folder.is_empty() && (!folder.starts_with('/') || folder.contains('\0')) {
            let message = format!("`{}` is not an absolute path inside the container", folder.escape_debug());
            examination.error(path.key("working_dir"), message, "write one that begins with `/`, such as `/app`");
        }
        let is_empty = |words: &[String]| matches!(words, [word] if word.is_empty());
        let has_command = container.command.as_ref().is_some_and(|command| !command.0.is_empty());
        if container.entrypoint.as_ref().is_some_and(|words| is_empty(&words.0)) && !has_command {
            let help = "write a `command`, or remove `entrypoint`";
            examination.error(path.key("entrypoint"), "without an entrypoint there is nothing to start", help);
        }
    });
}

/// Whether a word is one of those in a row.
fn knows(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}

/// A number other than 0, or a name with or without `SIG`. Nothing at all is the image's own.
fn is_signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<i64>() {
        return number != 0;
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let steps = |first: &str, most: u32| {
        let step = name.strip_prefix(first).filter(|step| step.bytes().all(|byte| byte.is_ascii_digit()));
        step.is_some_and(|step| !step.starts_with('0') && step.parse().is_ok_and(|step: u32| step <= most))
    };
    text.is_empty() || knows(SIGNALS, name) || steps("RTMIN+", 15) || steps("RTMAX-", 14)
}

fn wrong_user(text: &str) -> Option<Wrong> {
    let help = "write `USER`, `USER:GROUP`, or their numbers, such as `1000:1000`";
    if text.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
        return Some(Wrong::new(format!("`{}` is no user", text.escape_debug()), help));
    }
    let is_number = |part: &&str| {
        let digits = part.trim_start_matches(['-', '+']);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_countable = |part: &str| part.parse().is_ok_and(|number: i64| (0..=HIGHEST_ID).contains(&number));
    if text.split(':').take(2).filter(is_number).all(is_countable) {
        return None;
    }
    let help = format!("numbers of users and groups go from 0 to {HIGHEST_ID}");
    Some(Wrong::new(format!("there is no user or group `{text}`"), help))
}

/// The container's own name, and those that its `/etc/hosts` gets.
pub(super) fn hosts_have_names(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        let hostname = container.hostname.as_deref().unwrap_or_default();
        if hostname.len() > LONGEST_HOSTNAME {
            let message = format!("a host name of {} bytes", hostname.len());
            examination.error(path.key("hostname"), message, format!("Linux takes at most {LONGEST_HOSTNAME}"));
        } else if hostname.contains(is_no_letter_of_a_name) {
            let message = format!("`{}` is no host name", hostname.escape_debug());
            examination.error(path.key("hostname"), message, "use letters, digits, `-` and `.`");
        }
        let list = path.key("extra_hosts");
        for (index, (host, address)) in container.extra_hosts.iter().enumerate() {
            let item = examination.item_path(&list, index, host);
            if host.is_empty() || host.contains(char::is_control) {
                let message = match host.as_str() {
                    "" => "an address without a host".to_owned(),
                    host => format!("`{}` is no host name", host.escape_debug()),
                };
                examination.error_at_key(item, message, "write `HOST: ADDRESS`");
            } else if address != "host-gateway" && address.trim().parse::<IpAddr>().is_err() {
                let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                let help = match bare.map(str::parse::<IpAddr>) {
                    Some(Ok(_)) => "write it without brackets",
                    _ => "write one such as `10.0.0.1`, or `host-gateway` for the host itself",
                };
                examination.error(item, format!("host `{}` has no IP address here", host.escape_debug()), help);
            }
        }
    });
}

/// A line break would go on in `/etc/hosts`, as a line of its own.
fn is_no_letter_of_a_name(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control()
}

/// Limits and parameters of the kernel.
pub(super) fn the_kernel_takes_the_limits(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        for (name, limit) in &container.ulimits {
            let item = path.key("ulimits");
            let item = item.key(name);
            if !knows(ULIMITS, &name.to_ascii_lowercase()) {
                let add = format!("known are: {}", ULIMITS.replace(' ', ", "));
                let wrong = suggest::unknown_name("limit", &name.escape_debug().to_string(), ULIMITS.split(' '), add);
                examination.error_at_key(item, wrong.message, wrong.help);
            } else if soft_is_above_hard(*limit) {
                examination.error(
                    item,
                    "the soft limit is above the hard limit",
                    "lower `soft` or raise `hard`; -1 means no limit",
                );
            }
        }
        if container.pids_limit.is_some_and(|limit| limit > MOST_PROCESSES) {
            let help = "lower it; -1 means no limit";
            examination.error(path.key("pids_limit"), format!("Linux counts at most {MOST_PROCESSES} processes"), help);
        }
        let list = path.key("sysctls");
        for (index, name) in container.sysctls.keys().enumerate() {
            if let Some(wrong) = wrong_parameter(name, container) {
                let item = examination.item_path(&list, index, name);
                examination.error_at_key(item, wrong.message, wrong.help);
            }
        }
    });
}

/// The kernel counts without a sign, and -1 is its highest number.
fn soft_is_above_hard(limit: Ulimit) -> bool {
    limit.soft.cast_unsigned() > limit.hard.cast_unsigned()
}

fn wrong_parameter(name: &str, container: &ContainerSettings) -> Option<Wrong> {
    // `net/core/somaxconn` is the same; where the first separator is a slash, dots are part of a name.
    let dotted = match name.find(['.', '/']) {
        Some(first) if name[first..].starts_with('/') => name.replace('/', "."),
        _ => name.to_owned(),
    };
    if dotted.starts_with("net.") {
        let is_hosts = container.network_mode.as_deref() == Some("host");
        return is_hosts.then(|| {
            let message = format!("under `network_mode: host` parameter `{name}` is the host's own");
            Wrong::new(message, format!("remove it here, and set it on the host: `sysctl -w {name}=…`"))
        });
    }
    if dotted == "kernel.hostname" {
        return Some(Wrong::new("the name of a container has its own key", "write `hostname: NAME` beside `image`"));
    }
    if dotted.starts_with("fs.mqueue.") || knows(OWN_PARAMETERS, &dotted) {
        return None;
    }
    let shown = name.escape_debug();
    let message = format!("no container has a `{shown}` of its own: it belongs to the whole host");
    Some(Wrong::new(message, format!("remove it here, and set it on the host: `sysctl -w {shown}=…`")))
}

/// What a container may do.
pub(super) fn rights_are_known(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        for (key, names) in [("cap_add", &container.cap_add), ("cap_drop", &container.cap_drop)] {
            for (index, name) in names.iter().enumerate() {
                let upper = name.to_ascii_uppercase();
                let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
                if upper != "ALL" && !knows(CAPABILITIES, bare) {
                    let add = "write one such as `NET_ADMIN`, or `ALL`; `man 7 capabilities` names them".to_owned();
                    let shown = name.escape_debug().to_string();
                    let wrong = suggest::unknown_name("capability", &shown, CAPABILITIES.split(' '), add);
                    let list = path.key(key);
                    examination.wrong(list.index(index), wrong);
                }
            }
        }
        let list = path.key("security_opt");
        for (index, option) in container.security_opt.iter().enumerate() {
            if let Some(wrong) = wrong_security_option(option) {
                examination.wrong(list.index(index), wrong);
            }
        }
    });
}

fn wrong_security_option(option: &str) -> Option<Wrong> {
    if matches!(option, "no-new-privileges" | "disable") {
        return None;
    }
    let (key, value) = option.split_once('=').or_else(|| option.split_once(':')).unwrap_or((option, ""));
    let has_value = key.len() < option.len();
    match key {
        "no-new-privileges" if is_boolean(value) => None,
        "no-new-privileges" => Some(Wrong::new(
            format!("`{}` says neither `true` nor `false`", option.escape_debug()),
            "write `no-new-privileges:true`",
        )),
        "seccomp" if value.trim_start().starts_with('{') => wrong_profile(value),
        "seccomp" if value.trim().is_empty() => Some(Wrong::new(
            "no profile stands after `seccomp`",
            "write `seccomp=./FILE`, or `seccomp=unconfined` for none; without the line it is the engine's own",
        )),
        "systempaths" if option == "systempaths=unconfined" => None,
        // `writable-cgroups` is known from Engine 28 on.
        "label" | "apparmor" | "seccomp" | "writable-cgroups" if has_value => None,
        _ => {
            let help = "write one such as `no-new-privileges:true`, `seccomp=unconfined`, `apparmor=PROFILE` or `label=disable`";
            Some(Wrong::new(format!("the engine has no security option `{}`", option.escape_debug()), help))
        }
    }
}

/// What Go's `strconv.ParseBool` takes.
pub(super) fn is_boolean(text: &str) -> bool {
    ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"].contains(&text)
}

/// Devices of the host, and the machine that a container is for.
pub(super) fn machines_can_be_found(examination: &mut Examination) {
    each_container(examination, |examination, path, container, _| {
        let list = path.key("devices");
        for (index, device) in container.devices.iter().enumerate() {
            let host = device.split(':').next().unwrap_or_default();
            if !host.starts_with('/') {
                let message = format!("`{}` is no device of the host: its path begins with `/`", device.escape_debug());
                examination.error(list.index(index), message, "write `/dev/NAME`, or `/dev/NAME:/dev/NAME:rwm`");
            } else if device.split(':').count() > 2 && device.ends_with(':') {
                let message = format!("`{}` gives no right to the device", device.escape_debug());
                examination.error(
                    list.index(index),
                    message,
                    "write `r`, `w` and `m` behind it, as many as are wanted",
                );
            }
        }
        if let Some(platform) = container.platform.as_deref().filter(|platform| !is_platform(platform)) {
            let message = format!("`{}` is no platform", platform.escape_debug());
            examination.error(path.key("platform"), message, "write one such as `linux/amd64` or `linux/arm64`");
        }
    });
}

/// One to three words. What the registry has is the registry's to say; one word alone has to be known.
fn is_platform(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    let parts: Vec<&str> = text.split('/').collect();
    // Newer engines take a version behind the system: `windows(10.0.17763)/amd64`.
    let first = parts[0].split_once('(').map_or(parts[0], |(system, _)| system);
    let is_word = |word: &str| !word.is_empty() && word.chars().all(is_letter);
    text.is_empty()
        || is_word(first)
            && parts[1..].iter().all(|part| is_word(part))
            && match parts.len() {
                1 => knows(PLATFORMS, &first.to_ascii_lowercase()),
                count => count <= 3,
            }
}

#[cfg(test)]
mod tests;
