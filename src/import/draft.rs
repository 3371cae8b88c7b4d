//! A stack file in the making: values in the order in which a person would write them, with notes above them.

use indexmap::IndexMap;

use crate::stack::{OutsideNode, OutsideValue};

/// A value of the stack file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// One word, number or text, as it stands in the stack file: variables written, a dollar sign doubled.
    Scalar {
        /// The text.
        text: String,
        /// Whether it may be a number or a boolean, rather than a text that looks like one.
        plain: bool,
    },
    /// A list.
    List(Vec<Item>),
    /// A map.
    Map(Map),
}

/// A map, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Map(pub(super) IndexMap<String, Entry>);

/// One entry of a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Lines of comment above the key.
    pub(super) notes: Vec<String>,
    /// The value.
    pub(super) item: Item,
}

impl Item {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Scalar { text: text.into(), plain: false }
    }

    /// A number, a boolean, `off` or `null`.
    pub(super) fn word(text: impl Into<String>) -> Self {
        Self::Scalar { text: text.into(), plain: true }
    }

    /// A value of a file in which a dollar sign is a dollar sign.
    pub(super) fn of_literal(node: &OutsideNode) -> Self {
        Self::of(node, &|text| text.replace('$', "$$"))
    }

    /// A value, its texts and keys of lists carried over by `carry`.
    pub(super) fn of(node: &OutsideNode, carry: &dyn Fn(&str) -> String) -> Self {
        match &node.value {
            OutsideValue::Scalar(scalar) => Self::Scalar { text: carry(&scalar.text), plain: scalar.plain },
            OutsideValue::Sequence(items) => Self::List(items.iter().map(|item| Self::of(item, carry)).collect()),
            OutsideValue::Mapping(entries) => {
                let entries = entries.iter().map(|(key, entry)| (key.clone(), Self::of(&entry.node, carry).into()));
                Self::Map(Map(entries.collect()))
            }
        }
    }

    /// The same where nothing is a variable: its variables as they were written.
    pub(super) fn literal(self) -> Self {
        match self {
            Self::Scalar { text, plain } => Self::Scalar { text: text.replace("$$", "$").replace('$', "$$"), plain },
            Self::List(items) => Self::List(items.into_iter().map(Self::literal).collect()),
            Self::Map(map) => {
                let entries = map.0.into_iter().map(|(key, entry)| (key, entry.item.literal().into()));
                Self::Map(Map(entries.collect()))
            }
        }
    }

    /// A value with a variable is a text, whatever the variable holds.
    pub(super) fn keep_as_text(&mut self) {
        if let Self::Scalar { text, plain } = self {
            *plain = *plain && !text.contains('$');
        }
    }

    /// A list of texts.
    pub(super) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// The text, where it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl From<Item> for Entry {
    fn from(item: Item) -> Self {
        Self { notes: Vec::new(), item }
    }
}

impl Map {
    /// Sets a key.
    pub(super) fn set(&mut self, key: &str, item: Item) {
        match self.0.get_mut(key) {
            Some(entry) => entry.item = item,
            None => {
                self.0.insert(key.to_owned(), item.into());
            }
        }
    }

    /// Sets a key where there is something to set.
    pub(super) fn set_some(&mut self, key: &str, item: Option<Item>) {
        if let Some(item) = item {
            self.set(key, item);
        }
    }

    /// Adds a line of comment above a key.
    pub(super) fn note(&mut self, key: &str, line: impl Into<String>) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.notes.push(line.into());
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Item> {
        self.0.get(key).map(|entry| &entry.item)
    }

    /// The map below a key, made where there is none.
    pub(super) fn map(&mut self, key: &str) -> &mut Map {
        let entry = self.0.entry(key.to_owned()).or_insert_with(|| Item::Map(Map::default()).into());
        if !matches!(entry.item, Item::Map(_)) {
            entry.item = Item::Map(Map::default());
        }
        match &mut entry.item {
            Item::Map(map) => map,
            _ => unreachable!("it was made a map a line above"),
        }
    }

    /// Whether nothing is in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes out what stands at a path such as `apps.web.ports[0]`, and a list that has nothing in it without that. Keys may hold
    /// dots themselves.
    pub(super) fn take(&mut self, path: &str) -> Option<Item> {
        let key = self.first_key(path)?;
        let rest = &path[key.len()..];
        if rest.is_empty() {
            return self.0.shift_remove(&key).map(|entry| entry.item);
        }
        let item = &mut self.0.get_mut(&key)?.item;
        let taken = item.take(rest);
        if taken.is_some() && matches!(item, Item::List(items) if items.is_empty()) {
            self.0.shift_remove(&key);
        }
        taken
    }

    /// The longest key that the path begins with.
    fn first_key(&self, path: &str) -> Option<String> {
        let begins = |key: &&String| {
            path.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.0.keys().filter(begins).max_by_key(|key| key.len()).cloned()
    }
}

impl Item {
    fn take(&mut self, rest: &str) -> Option<Item> {
        match self {
            Self::Map(map) => map.take(rest.strip_prefix('.')?),
            Self::List(items) => {
                let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
                let index: usize = index.parse().ok().filter(|index| *index < items.len())?;
                if rest.is_empty() { Some(items.remove(index)) } else { items[index].take(rest) }
            }
            Self::Scalar { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_at_a_path_is_taken_out_even_where_keys_hold_dots() {
        let mut web = Map::default();
        web.map("labels").set("org.example.team", Item::text("shop"));
        web.set("ports", Item::texts(["80", "81"]));
        let mut root = Map::default();
        root.map("apps").set("web", Item::Map(web));
        assert_eq!(root.take("apps.web.labels.org.example.team"), Some(Item::text("shop")));
        assert_eq!(root.take("apps.web.ports[1]"), Some(Item::text("81")));
        assert_eq!(root.take("apps.web.ports[1]"), None);
        assert_eq!(root.take("apps.web.ports[0]"), Some(Item::text("80")));
        assert_eq!(root.take("apps.web.ports"), None, "it went with its last item");
        assert_eq!(root.take("apps.shop"), None);
    }
}
