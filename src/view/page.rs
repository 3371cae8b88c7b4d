//! The page around the panels: what is shown, what else there is, and every choice as a link or a field.

use std::sync::LazyLock;

use serde::Serialize;
use tera::{Context, Tera};

use super::ask::Answers;
use super::choice::{Choice, LENGTHS, REFRESHES};
use super::panel;
use super::when::When;
use crate::chosen::Chosen;
use crate::dashboard::{Dashboard, Library, Link, Panel, VariableSource};
use crate::plot::{self, TimeRange};

/// Seconds until the next try where Prometheus does not answer.
const NEXT_TRY: u32 = 5;

/// Everything that a page is made from.
pub(super) struct Page<'a> {
    pub(super) library: &'a Library,
    pub(super) dashboard: &'a Dashboard,
    pub(super) choice: &'a Choice,
    pub(super) when: &'a When,
    pub(super) range: &'a TimeRange,
    pub(super) chosen: &'a [Chosen],
    /// `None`: Prometheus does not answer.
    pub(super) answers: Option<&'a Answers>,
    /// What the reader has to know.
    pub(super) notices: Vec<String>,
    /// What this page stands in for, in words.
    pub(super) stands_in: Option<&'a str>,
}

#[derive(Serialize, Default)]
struct View {
    stack: String,
    title: String,
    /// As HTML.
    description: String,
    theme: &'static str,
    refresh: u32,
    narrow: bool,
    stays_narrow: bool,
    /// The same page with drawings of the other width.
    other_width: String,
    dashboards: Vec<LinkView>,
    themes: Vec<LinkView>,
    lengths: Vec<LinkView>,
    links: Vec<LinkView>,
    earlier: String,
    later: String,
    now: String,
    length: String,
    span: String,
    hidden: Vec<Field>,
    variables: Vec<VariableView>,
    refreshes: Vec<OptionView>,
    /// As HTML.
    notices: Vec<String>,
    rows: Vec<RowView>,
    stands_in: String,
}

#[derive(Serialize)]
struct LinkView {
    label: String,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Field {
    name: String,
    value: String,
}

#[derive(Serialize)]
struct OptionView {
    value: String,
    label: String,
    chosen: bool,
}

#[derive(Serialize)]
struct VariableView {
    name: String,
    label: String,
    multiple: bool,
    typed: bool,
    text: String,
    options: Vec<OptionView>,
    /// How many can be chosen that are not listed.
    more: usize,
}

#[derive(Serialize)]
struct RowView {
    title: String,
    folded: bool,
    panels: Vec<PanelView>,
}

#[derive(Serialize)]
struct PanelView {
    title: String,
    description: String,
    width: String,
    body: String,
    queries: Vec<String>,
}

static PAGE: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    let page = ("page.html", include_str!("../../templates/view/page.html"));
    tera.add_raw_templates([page]).expect("the template is compiled in every test run");
    tera
});

impl Page<'_> {
    /// The page as HTML.
    pub(super) fn html(self) -> String {
        let context = Context::from_serialize(&self.view()).expect("a view is a struct of plain values");
        PAGE.render("page.html", &context).expect("the template uses only what its view has")
    }

    fn view(self) -> View {
        let (choice, uid) = (self.choice, self.dashboard.uid.as_str());
        let moved = |end| Choice { range: Some(self.when.length()), end, ..choice.clone() }.href(uid);
        let (start, end) = (whole(self.range.start), whole(self.range.end));
        let length = end - start;
        View {
            stack: self.library.stack.clone(),
            title: self.dashboard.title.clone(),
            description: marked_up(&self.dashboard.description),
            theme: choice.theme.unwrap_or_default(),
            refresh: if self.answers.is_none() { NEXT_TRY } else { self.refresh() },
            narrow: choice.is_narrow,
            stays_narrow: choice.stays_narrow,
            other_width: Choice { stays_narrow: !choice.stays_narrow, ..choice.clone() }.href(uid),
            dashboards: self.dashboards(),
            themes: themes(choice, uid),
            lengths: lengths(choice, self.when, uid),
            links: self.links(),
            earlier: moved(Some(end - length)),
            later: if self.when.is_now { String::new() } else { moved(Some(end + length)) },
            now: moved(None),
            length: self.when.range.clone(),
            span: self.span(),
            hidden: self.hidden(),
            variables: self.chosen.iter().filter(|one| !one.variable.hidden).map(variable).collect(),
            refreshes: refreshes(self.when.refresh),
            rows: self.rows(),
            notices: self.notices.iter().map(|notice| marked_up(notice)).collect(),
            stands_in: self.stands_in.unwrap_or_default().to_owned(),
        }
    }

    /// What ended in the past does not change any more.
    fn refresh(&self) -> u32 {
        if self.when.is_moving { self.when.refresh } else { 0 }
    }

    fn span(&self) -> String {
        let range = self.range;
        format!("{} – {} {}", range.moment(range.start), range.moment(range.end), range.zone_name())
    }

    /// Every dashboard; the choices go along, variables aside, which have another meaning elsewhere.
    fn dashboards(&self) -> Vec<LinkView> {
        let elsewhere = Choice { variables: Vec::new(), ..self.choice.clone() };
        let links = self.library.dashboards.iter().map(|dashboard| LinkView {
            label: dashboard.title.clone(),
            href: elsewhere.href(&dashboard.uid),
            current: dashboard.uid == self.dashboard.uid,
        });
        links.collect()
    }

    /// Links of the dashboard's own; those by tag stand in the list of all dashboards.
    fn links(&self) -> Vec<LinkView> {
        let elsewhere = Choice { variables: Vec::new(), ..self.choice.clone() };
        let links = self.dashboard.links.iter().filter_map(|link| {
            let (label, href) = match link {
                Link::Dashboard { title, uid } => (title, elsewhere.href(uid)),
                Link::Address { title, url } if url.starts_with("http://") || url.starts_with("https://") => {
                    (title, url.clone())
                }
                Link::Address { .. } | Link::Tag { .. } => return None,
            };
            Some(LinkView { label: label.clone(), href, current: false })
        });
        links.collect()
    }

    /// What a form does not ask for and must not lose.
    fn hidden(&self) -> Vec<Field> {
        let unasked = self.chosen.iter().filter(|one| one.variable.hidden);
        let unasked: Vec<String> = unasked.map(|one| Choice::field(&one.variable.name)).collect();
        let is_kept = |name: &String| matches!(name.as_str(), "end" | "theme" | "narrow") || unasked.contains(name);
        let kept = self.choice.pairs().into_iter().filter(|(name, _)| is_kept(name));
        kept.map(|(name, value)| Field { name, value }).collect()
    }

    fn rows(&self) -> Vec<RowView> {
        let mut contents = self.answers.map(|answers| answers.contents.iter()).unwrap_or_default();
        let marks = self.answers.map(|answers| answers.marks.as_slice()).unwrap_or_default();
        let rows = self.dashboard.rows.iter().map(|row| RowView {
            title: row.title.clone().unwrap_or_default(),
            folded: row.collapsed,
            panels: row
                .panels
                .iter()
                .map(|panel| {
                    let body = contents
                        .next()
                        .map(|content| panel::body(panel, content, marks, self.range, self.choice.is_narrow));
                    panel_view(panel, body.unwrap_or_default())
                })
                .collect(),
        });
        rows.collect()
    }
}

fn panel_view(panel: &Panel, body: String) -> PanelView {
    let small = if panel::is_half(panel) { " half" } else { "" };
    PanelView {
        title: panel.title.clone(),
        // A tooltip knows no letters of another kind.
        description: panel.description.replace('`', ""),
        width: format!("{}{small}", panel.width.clamp(1, 24)),
        body,
        queries: panel.queries.iter().map(|query| query.expression.clone()).collect(),
    }
}

/// A text as HTML: what stands between backticks in the letters of code.
fn marked_up(text: &str) -> String {
    let parts: Vec<String> = text.split('`').map(plot::escaped).collect();
    if parts.len().is_multiple_of(2) {
        return plot::escaped(text);
    }
    let mark = |(position, part): (usize, String)| match position % 2 {
        1 => format!("<code>{part}</code>"),
        _ => part,
    };
    parts.into_iter().enumerate().map(mark).collect()
}

/// With the end that the reader has chosen, else up to now.
fn lengths(choice: &Choice, when: &When, uid: &str) -> Vec<LinkView> {
    let link = |length: &str| LinkView {
        label: length.to_owned(),
        href: Choice { range: Some(length.to_owned()), ..choice.clone() }.href(uid),
        current: when.range == length,
    };
    LENGTHS.into_iter().map(link).collect()
}

fn themes(choice: &Choice, uid: &str) -> Vec<LinkView> {
    let link = |(label, theme): (&str, Option<&'static str>)| LinkView {
        label: label.to_owned(),
        href: Choice { theme, ..choice.clone() }.href(uid),
        current: choice.theme == theme,
    };
    [("auto", None), ("light", Some("light")), ("dark", Some("dark"))].into_iter().map(link).collect()
}

fn refreshes(current: u32) -> Vec<OptionView> {
    let mut known = REFRESHES.to_vec();
    if !known.contains(&current) {
        known.push(current);
    }
    let option = |seconds: u32| OptionView {
        value: seconds.to_string(),
        label: match seconds {
            0 => "off".to_owned(),
            minutes if minutes.is_multiple_of(60) => format!("{} min", minutes / 60),
            seconds => format!("{seconds} s"),
        },
        chosen: current == seconds,
    };
    known.into_iter().map(option).collect()
}

fn variable(chosen: &Chosen) -> VariableView {
    let variable = &chosen.variable;
    let label = if variable.label.is_empty() { &variable.name } else { &variable.label };
    let choices = chosen.choices();
    VariableView {
        name: Choice::field(&variable.name),
        label: label.clone(),
        multiple: variable.multi,
        typed: matches!(variable.source, VariableSource::Text(_)),
        text: chosen.values.first().cloned().unwrap_or_default(),
        more: choices.more,
        options: choices.listed.into_iter().map(|(value, label, chosen)| OptionView { value, label, chosen }).collect(),
    }
}

/// Seconds since 1970 as an address has them.
#[expect(clippy::cast_possible_truncation, reason = "the end of the calendar is far below 2^53 seconds")]
fn whole(seconds: f64) -> i64 {
    seconds.round() as i64
}

#[cfg(test)]
mod tests {
    use super::marked_up;

    #[test]
    fn what_stands_between_backticks_is_code_and_nothing_else_means_anything_to_html() {
        assert_eq!(marked_up("`a<b` is no number & `c`"), "<code>a&lt;b</code> is no number &amp; <code>c</code>");
        assert_eq!(marked_up("one ` alone"), "one ` alone");
        assert_eq!(marked_up("none"), "none");
    }
}
