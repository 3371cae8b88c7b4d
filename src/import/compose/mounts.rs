//! `volumes`, `configs` and `secrets` of a Compose service.

use super::Project;
use super::merge::split_mount;
use super::project::scalar;
use crate::import::draft::{Item, Map};
use crate::import::remark::{Place, Remarks};
use crate::stack::{OutsideNode, OutsideValue};

/// One mount of a service, as far as it could be told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct Bind {
    /// Path on the host, as the Compose file has it, or the name of a volume.
    pub(in crate::import) source: String,
    /// Path inside the container.
    pub(in crate::import) target: String,
    /// Whether the source is a path.
    pub(in crate::import) is_path: bool,
}

/// The mounts of a service with source and target, variables filled in.
pub(in crate::import) fn binds(project: &Project, service: &OutsideNode) -> Vec<Bind> {
    let Some(OutsideValue::Sequence(items)) = service.entry("volumes").map(|entry| &entry.node.value) else {
        return Vec::new();
    };
    let parts = |item: &OutsideNode| {
        let key = |key: &str| item.entry(key).and_then(|entry| scalar(&entry.node)).map(|text| project.filled(text));
        if let Some(text) = scalar(item) {
            let text = project.filled(text);
            let parts = split_mount(&text);
            return Some((parts.first()?.to_string(), parts.get(1)?.to_string()));
        }
        Some((key("source")?, key("target")?))
    };
    let bind = |(source, target): (String, String)| Bind {
        is_path: source.starts_with(['.', '/', '~']) || source.contains('/'),
        target: target.trim_end_matches('/').to_owned(),
        source,
    };
    items.iter().filter_map(parts).map(bind).collect()
}

/// Which folders of the host the engine shall make where they are missing: Compose makes those of mounts in short form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// All: they may come and go while the Compose file is the source.
    Made,
    /// Those that are missing now.
    MadeIfSeen,
    /// None: what is mounted is read, and has to be there.
    Needed,
}

/// The mounts for the stack file.
pub(super) fn carried(project: &Project, node: &OutsideNode, missing: Missing) -> Item {
    let OutsideValue::Sequence(items) = &node.value else { return Item::of(node, &|text| project.carry(text)) };
    Item::List(items.iter().map(|item| mount(project, item, missing)).collect())
}

fn mount(project: &Project, item: &OutsideNode, missing: Missing) -> Item {
    let Some(text) = scalar(item) else {
        return long(project, item).unwrap_or_else(|| Item::of(item, &|text| project.carry(text)));
    };
    let short = short(project, &project.carry(text));
    let filled = project.filled(text);
    let source = split_mount(&filled).first().copied().unwrap_or_default().to_owned();
    let is_missing = || !source.starts_with('~') && !project.rebase.absolute(&source).exists();
    let is_made = source.starts_with(['.', '/', '~'])
        && match missing {
            Missing::Made => true,
            Missing::MadeIfSeen => is_missing(),
            Missing::Needed => false,
        };
    is_made.then(|| made(&short)).flatten().unwrap_or_else(|| Item::text(short))
}

/// A mount whose folder on the host is made, which only the long form can say. `None`: it has options that this has no word for.
fn made(short: &str) -> Option<Item> {
    let parts = split_mount(short);
    let [source, target, options @ ..] = &parts[..] else { return None };
    let mut mount = Map::default();
    mount.set("type", Item::text("bind"));
    mount.set("source", Item::text(*source));
    mount.set("target", Item::text(*target));
    let mut bind = Map::default();
    for option in options.iter().flat_map(|options| options.split(',')) {
        match option {
            "ro" => mount.set("read_only", Item::word("true")),
            "private" | "rprivate" => bind.set("propagation", Item::text("rprivate")),
            "shared" | "rshared" => bind.set("propagation", Item::text("rshared")),
            "slave" | "rslave" => bind.set("propagation", Item::text("rslave")),
            "rw" | "z" | "Z" | "cached" | "delegated" | "consistent" => {}
            _ => return None,
        }
    }
    bind.set("create_host_path", Item::word("true"));
    mount.set("bind", Item::Map(bind));
    Some(Item::Map(mount))
}

fn short(project: &Project, carried: &str) -> String {
    let mut parts: Vec<String> = split_mount(carried).into_iter().map(str::to_owned).collect();
    if parts.len() > 1
        && (parts[0].starts_with('.') || (parts[0].contains('/') && !parts[0].starts_with(['/', '~', '$'])))
    {
        parts[0] = project.rebase.path(&parts[0]);
    }
    if parts.get(2).is_some_and(|options| options == "rw") {
        parts.pop();
    }
    parts.join(":")
}

/// The long form in the short one, where that says the same.
fn long(project: &Project, item: &OutsideNode) -> Option<Item> {
    let OutsideValue::Mapping(entries) = &item.value else { return None };
    let text = |key: &str| entries.get(key).and_then(|entry| scalar(&entry.node)).map(|text| project.carry(text));
    let is_known = |key: &String| ["type", "source", "target", "read_only", "consistency"].contains(&key.as_str());
    let kind = text("type");
    // The others are no volumes and no folders of this host: what they are is told by their `type`.
    if !entries.keys().all(is_known) || !matches!(kind.as_deref(), None | Some("bind" | "volume")) {
        return None;
    }
    let (source, target) = (text("source")?, text("target")?);
    let read_only = if text("read_only").as_deref() == Some("true") { ":ro" } else { "" };
    Some(Item::text(short(project, &format!("{source}:{target}{read_only}"))))
}

/// `configs` are files that are mounted.
pub(super) fn configs(project: &Project, node: &OutsideNode, place: &Place, remarks: &mut Remarks) -> Vec<Item> {
    let OutsideValue::Sequence(items) = &node.value else { return Vec::new() };
    let mount = |item: &OutsideNode| {
        let key = |key: &str| item.entry(key).and_then(|entry| scalar(&entry.node));
        let source = scalar(item).or_else(|| key("source"))?;
        let target = key("target").map_or_else(|| format!("/{source}"), str::to_owned);
        let declared = project.section("configs").find(|(name, _)| *name == source).map(|(_, entry)| &entry.node);
        let file = declared.and_then(|node| node.entry("file")).and_then(|entry| scalar(&entry.node));
        owner(item, source, place, remarks);
        let Some(file) = file else {
            let message = format!("config `{source}` has no `file`");
            remarks.not_carried(place.clone(), message, "write it to a file and mount that: `./FILE:/PATH:ro`");
            return None;
        };
        Some(Item::text(format!("{}:{}:ro", project.rebase.path(&project.carry(file)), project.carry(&target))))
    };
    items.iter().filter_map(mount).collect()
}

/// The secrets of a service.
pub(super) fn secrets(
    project: &Project,
    node: &OutsideNode,
    known: &Map,
    place: &Place,
    remarks: &mut Remarks,
) -> Item {
    let OutsideValue::Sequence(items) = &node.value else { return Item::List(Vec::new()) };
    let mut secrets = Vec::new();
    for item in items {
        let key = |key: &str| item.entry(key).and_then(|entry| scalar(&entry.node));
        let Some(source) = scalar(item).or_else(|| key("source")).filter(|name| known.get(name).is_some()) else {
            continue;
        };
        owner(item, source, place, remarks);
        let usual = format!("/run/secrets/{source}");
        let target = key("target").filter(|target| !["", source, usual.as_str()].contains(target));
        secrets.push(target.map_or_else(
            || Item::text(source),
            |target| {
                let mut secret = Map::default();
                secret.set("source", Item::text(source));
                secret.set("target", Item::text(project.carry(target)));
                Item::Map(secret)
            },
        ));
    }
    Item::List(secrets)
}

/// Whose a file is said to be: Compose, too, passes over it where it mounts the file.
fn owner(item: &OutsideNode, source: &str, place: &Place, remarks: &mut Remarks) {
    let written: Vec<&str> = ["uid", "gid", "mode"].into_iter().filter(|key| item.entry(key).is_some()).collect();
    if written.is_empty() {
        return;
    }
    let message = format!(
        "`{}` of `{source}` {} not carried",
        written.join("`, `"),
        if written.len() > 1 { "are" } else { "is" }
    );
    let fix = "a secret belongs to the container's user, who alone reads it; a mounted file has the owner and mode that it has on \
               the host";
    remarks.changed(place.clone(), message, fix);
}
