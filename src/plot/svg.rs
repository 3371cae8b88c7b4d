//! Writes SVG: shapes with classes, text escaped. Colours and fonts come from the style sheet alone.

use std::fmt::{Display, Write as _};

use super::number::nearest;

/// Where a text stands to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A rectangle; its corner is top left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    pub(super) const fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }

    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// Shapes, in the order in which they are drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Shapes(String);

impl Shapes {
    pub(super) fn rect(&mut self, area: Area, radius: f64, class: &str) {
        let Area { x, y, width, height } = area.sane();
        self.write(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            Short(x),
            Short(y),
            Short(width),
            Short(height)
        ));
        if radius > 0.0 {
            self.write(format_args!(" rx=\"{}\"", Short(radius)));
        }
        self.write(format_args!(" class=\"{class}\"/>"));
    }

    /// A rectangle that says something where the pointer rests on it.
    pub(super) fn hint(&mut self, area: Area, text: &str) {
        let Area { x, y, width, height } = area.sane();
        self.write(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"hover\"><title>{}</title></rect>",
            Short(x),
            Short(y),
            Short(width),
            Short(height),
            Escaped(text)
        ));
    }

    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        let (x1, y1, x2, y2) = (Short(x1), Short(y1), Short(x2), Short(y2));
        self.write(format_args!("<path d=\"M{x1} {y1}L{x2} {y2}\" class=\"{class}\"/>"));
    }

    /// A path in SVG's own words.
    pub(super) fn path(&mut self, path: &str, class: &str) {
        self.write(format_args!("<path d=\"{path}\" class=\"{class}\"/>"));
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: impl Display) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = text.to_string();
        // Otherwise the spaces that a line begins with are lost, and with them what YAML means.
        let space = if text.starts_with(' ') { " xml:space=\"preserve\"" } else { "" };
        self.write(format_args!(
            "<text x=\"{}\" y=\"{}\" class=\"{class}\"{anchor}{space}>{}</text>",
            Short(x),
            Short(y),
            Escaped(&text)
        ));
    }

    /// The whole drawing. `label` is what a screen reader says; `style`: the style sheet where it stands alone.
    pub(super) fn finish(self, width: f64, height: f64, label: &str, style: Option<&str>) -> String {
        let (width, height) = (Short(width), Short(height));
        let size = style.map(|_| format!(" width=\"{width}\" height=\"{height}\"")).unwrap_or_default();
        let style = style.map(|rules| format!("<style>{rules}</style>")).unwrap_or_default();
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"{size} role=\"img\" \
             aria-label=\"{}\">{style}{}</svg>",
            Escaped(label),
            self.0
        )
    }

    fn write(&mut self, text: std::fmt::Arguments) {
        self.0.write_fmt(text).expect("a String takes everything");
    }
}

impl Area {
    /// Without the negative sizes that a drawing too small for its margins comes to.
    fn sane(self) -> Self {
        Self { width: self.width.max(0.0), height: self.height.max(0.0), ..self }
    }
}

/// A coordinate to a tenth, without zeros at its end. What is no number stands at 0.
pub(super) struct Short(pub(super) f64);

impl Display for Short {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let tenths = nearest(self.0 * 10.0);
        let sign = if tenths < 0 { "-" } else { "" };
        match (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10) {
            (whole, 0) => write!(formatter, "{sign}{whole}"),
            (whole, tenth) => write!(formatter, "{sign}{whole}.{tenth}"),
        }
    }
}

/// The text as it stands in XML and HTML.
pub fn escaped(text: &str) -> String {
    Escaped(text).to_string()
}

/// Text that means nothing to XML: `<` is `&lt;`. Control characters, which XML cannot carry, are left out.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => formatter.write_str("&amp;")?,
                '<' => formatter.write_str("&lt;")?,
                '>' => formatter.write_str("&gt;")?,
                '"' => formatter.write_str("&quot;")?,
                '\n' => formatter.write_str("&#10;")?,
                character if character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}') => {}
                character => formatter.write_char(character)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short() {
        let written: Vec<String> =
            [1.0, 1.25, -0.04, -3.5, 1e3, f64::NAN].iter().map(|number| Short(*number).to_string()).collect();
        assert_eq!(written, ["1", "1.3", "0", "-3.5", "1000", "0"]);
    }

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(Escaped("a<b>\"&\u{1}\n").to_string(), "a&lt;b&gt;&quot;&amp;&#10;");
    }
}
