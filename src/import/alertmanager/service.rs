//! An Alertmanager service of a Compose file → the section `alertmanager`: its image, port and flags, and what its
//! configuration says.

use super::section;
use crate::import::component::{Image, tidy_container};
use crate::import::compose::ports::take_published;
use crate::import::draft::{Item, Map};
use crate::import::prometheus::Mounted;
use crate::import::remark::{Place, Remarks};
use crate::import::source::{self, SourceFile, SourceKind};
use crate::stack::WebUrl;

/// Repository of the catalogue's image.
const REPOSITORY: &str = "prom/alertmanager";

/// Port inside the container.
const PORT: u16 = 9093;

/// Where the configuration lies inside the container unless a flag says otherwise.
const CONFIG_FILE: &str = "/etc/alertmanager/alertmanager.yml";

/// Folder of the data inside the container, as stackctl's flags have it.
const DATA: &str = "/alertmanager";

/// The section, and the file that it was made of.
pub(in crate::import) fn of_service(
    mut app: Map,
    mounted: &Mounted,
    place: &Place,
    remarks: &mut Remarks,
) -> (Map, Option<SourceFile>) {
    let mut keys = Map::default();
    Image::of(&app).write(&mut keys, REPOSITORY);
    let (published, ports) = take_published(app.take("ports"), PORT);
    keys.set("port", published.map_or_else(|| Item::word("off"), Item::text));
    app.set_some("ports", ports);
    let Places { config_file, data } = flags(app.take("command").as_ref(), &mut keys, place, remarks);
    tidy_container(&mut app);
    app.take("restart");
    let file = mounted.host(&config_file).and_then(|path| source::read(&path).ok());
    let file = file.filter(|file| file.kind == SourceKind::Alertmanager);
    if let Some(file) = &file {
        keys.0.extend(section(file, remarks).0);
    } else {
        let message = "it has no configuration but the image's own, which tells nobody";
        remarks.changed(place.clone(), message, "write `alertmanager.receivers`: `docs/alerting.md` says how");
    }
    if let Some(Item::List(mounts)) = app.take("volumes") {
        let kept = mounts.into_iter().filter(|mount| !is_of_config(mount, &config_file, &data));
        let kept: Vec<Item> = kept.map(|mount| retargeted(mount, &data)).collect();
        if !kept.is_empty() {
            app.set("volumes", Item::List(kept));
        }
    }
    keys.0.extend(app.0);
    (keys, file)
}

/// Where things lie inside the container.
struct Places {
    config_file: String,
    data: String,
}

/// Writes the flags that stay, and says where configuration and data are.
fn flags(command: Option<&Item>, keys: &mut Map, place: &Place, remarks: &mut Remarks) -> Places {
    let words: Vec<String> = match command {
        Some(Item::List(items)) => items.iter().filter_map(Item::as_text).map(|word| word.trim().to_owned()).collect(),
        Some(item) => item.as_text().and_then(shlex::split).unwrap_or_default(),
        None => Vec::new(),
    };
    let mut places = Places { config_file: CONFIG_FILE.to_owned(), data: DATA.to_owned() };
    let mut extra = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (word.clone(), words.next_if(|next| !next.starts_with('-')).unwrap_or_default()),
        };
        match name.as_str() {
            "--config.file" => places.config_file = value,
            "--storage.path" => value.trim_end_matches('/').clone_into(&mut places.data),
            "--web.listen-address" if value.ends_with(":9093") => {}
            "--web.route-prefix" if value == "/" => {}
            "--web.external-url" if value.parse::<WebUrl>().is_ok() => keys.set("external_url", Item::text(value)),
            _ if name.starts_with("--cluster.") || name.starts_with("--web.") => {
                let fix = "see `alertmanager.replicas`, `port` and `external_url`";
                remarks.not_carried(place.clone(), format!("`{word}`: stackctl decides this itself"), fix);
            }
            _ if value.is_empty() => extra.push(name),
            _ => extra.push(format!("{name}={value}")),
        }
    }
    if !extra.is_empty() {
        keys.set("extra_flags", Item::texts(extra));
    }
    places
}

/// Path inside the container of a mount.
fn target(mount: &Item) -> &str {
    let target = match mount {
        Item::Map(map) => map.get("target").and_then(Item::as_text),
        _ => mount.as_text().and_then(|text| text.split(':').nth(1)),
    };
    target.unwrap_or_default().trim_end_matches('/')
}

/// Whether a mount is for the configuration, which stackctl places itself.
fn is_of_config(mount: &Item, config_file: &str, data: &str) -> bool {
    let target = target(mount);
    target != data && (config_file == target || config_file.starts_with(&format!("{target}/")))
}

/// The data lie where stackctl's flags say.
fn retargeted(mount: Item, data: &str) -> Item {
    match mount.as_text() {
        Some(text) if target(&mount) == data && data != DATA => {
            Item::text(text.replacen(&format!(":{data}"), &format!(":{DATA}"), 1))
        }
        _ => mount,
    }
}
