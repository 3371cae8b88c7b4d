//! Paths to a node: `apps.web.ports[0]`.

use std::borrow::Cow;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stack) enum Segment<'a> {
    /// Into a map.
    Key(Cow<'a, str>),
    /// Into a list.
    Index(usize),
}

impl Segment<'_> {
    /// The key, where it is one.
    pub(in crate::stack) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Index(_) => None,
        }
    }
}

/// A path that is made on the way down and costs nothing until somebody asks for it.
#[derive(Debug, Clone, Copy)]
pub(in crate::stack) struct Path<'a> {
    above: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The whole document.
    pub(in crate::stack) const ROOT: Path<'static> = Path { above: None, step: Step::Root };

    /// The path of a key below this one.
    pub(in crate::stack) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { above: Some(self), step: Step::Key(key) }
    }

    /// The path of a list item below this one.
    pub(in crate::stack) fn index(&'a self, index: usize) -> Path<'a> {
        Path { above: Some(self), step: Step::Index(index) }
    }

    /// The steps from the root.
    pub(in crate::stack) fn segments(&self) -> Vec<Segment<'a>> {
        let mut segments = self.above.map(Path::segments).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => segments.push(Segment::Key(Cow::Borrowed(key))),
            Step::Index(index) => segments.push(Segment::Index(index)),
        }
        segments
    }
}

/// A path as people read it.
pub(in crate::stack) fn shown(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        match segment {
            Segment::Key(key) if text.is_empty() => text.push_str(key),
            Segment::Key(key) => {
                text.push('.');
                text.push_str(key);
            }
            Segment::Index(index) => text.extend(["[", &index.to_string(), "]"]),
        }
    }
    text
}
