//! Colours, and the style sheet that gives them to a drawing's classes: light, dark, or as the reader's screen has it.
//!
//! Lines have the colours of Okabe and Ito ("Color Universal Design", 2008), which people with any kind of colour
//! vision can tell apart; yellow is left out because it vanishes on white. From the eighth line on the colours come
//! again, dashed.

use std::fmt::Write as _;

/// Which colours a drawing has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// As the reader's screen asks for, by `prefers-color-scheme`.
    Auto,
}

/// One colour of a drawing: its name in style sheets, on light ground, on dark ground.
struct Colour {
    name: &'static str,
    light: &'static str,
    dark: &'static str,
}

const fn colour(name: &'static str, light: &'static str, dark: &'static str) -> Colour {
    Colour { name, light, dark }
}

const COLOURS: [Colour; 19] = [
    colour("page", "#f4f5f7", "#101418"),
    colour("panel", "#ffffff", "#181d23"),
    colour("edge", "#d9dde3", "#2b323b"),
    colour("ink", "#1d232b", "#e4e8ed"),
    colour("dim", "#5b6673", "#98a3b0"),
    colour("grid", "#e6e9ed", "#272e36"),
    colour("link", "#005a8e", "#7cc4f0"),
    colour("s0", "#0072b2", "#56b4e9"),
    colour("s1", "#e69f00", "#e69f00"),
    colour("s2", "#009e73", "#1fc598"),
    colour("s3", "#d55e00", "#f0782a"),
    colour("s4", "#cc79a7", "#d98fb8"),
    colour("s5", "#56b4e9", "#3a8fd0"),
    colour("s6", "#333a42", "#d5dae0"),
    colour("good", "#007a5a", "#1fc598"),
    colour("warn", "#b87500", "#e69f00"),
    colour("bad", "#c0340f", "#ff7350"),
    colour("blue", "#0072b2", "#56b4e9"),
    colour("purple", "#a8558a", "#d98fb8"),
];

/// How many lines have a colour of their own.
pub(super) const LINE_COLOURS: usize = 7;

/// Class of the colour of a line, counted from 0.
pub(super) fn line_class(number: usize) -> String {
    let dashed = ["", " dash", " dots"][(number / LINE_COLOURS).min(2)];
    format!("s{}{dashed}", number % LINE_COLOURS)
}

/// Rules for everything that a drawing has, each colour as `value` writes it.
fn rules(value: impl Fn(&Colour) -> String) -> String {
    let of =
        |name: &str| value(COLOURS.iter().find(|colour| colour.name == name).expect("every colour is in the list"));
    let mut text = String::from("text{font-family:system-ui,\"DejaVu Sans\",sans-serif;font-size:12px}");
    for name in ["ink", "dim", "good", "warn", "bad", "blue", "purple"] {
        let colour = of(name);
        write!(text, ".{name}{{fill:{colour}}}.limit.{name},.arc.{name},.line.{name}{{stroke:{colour};fill:none}}")
            .expect("a String takes everything");
    }
    for number in 0..LINE_COLOURS {
        let colour = of(&format!("s{number}"));
        write!(text, ".line.s{number}{{stroke:{colour}}}.area.s{number},.bar.s{number}{{fill:{colour}}}")
            .expect("a String takes everything");
    }
    let (page, panel, edge, ink, grid) = (of("page"), of("panel"), of("edge"), of("ink"), of("grid"));
    write!(
        text,
        ".page{{fill:{page}}}.frame{{fill:{panel};stroke:{edge}}}.gridline{{stroke:{grid};stroke-width:1}}\
         .axis{{stroke:{edge};stroke-width:1}}.line{{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}}\
         .area{{opacity:.14}}.dash{{stroke-dasharray:6 4}}.dots{{stroke-dasharray:1.5 4}}.rest{{fill:{grid}}}\
         .halo{{paint-order:stroke;stroke:{panel};stroke-width:3px;stroke-linejoin:round}}\
         .limit{{fill:none;stroke-width:1.2;stroke-dasharray:2 3}}.thick{{stroke-width:3}}.faint{{opacity:.45}}.arc{{fill:none;stroke-width:16}}.thin{{stroke-width:4}}.arc.rest{{stroke:{grid}}}\
         .title{{font-weight:600;font-size:13px;fill:{ink}}}.small{{font-size:11px}}.heading{{font-weight:600;font-size:15px}}\
         .huge{{font-weight:600;font-size:34px}}.large{{font-weight:600;font-size:22px}}.strong{{font-weight:600}}\
         .code{{font-family:ui-monospace,\"DejaVu Sans Mono\",monospace}}.hover{{fill:transparent}}.hover:hover{{fill:{ink};fill-opacity:.07}}"
    )
    .expect("a String takes everything");
    text
}

/// The style sheet for a drawing that stands alone.
pub(super) fn style(theme: Theme) -> String {
    match theme {
        Theme::Light => rules(|colour| colour.light.to_owned()),
        Theme::Dark => rules(|colour| colour.dark.to_owned()),
        Theme::Auto => {
            let light = style(Theme::Light);
            format!("{light}@media (prefers-color-scheme:dark){{{}}}", style(Theme::Dark))
        }
    }
}

/// The same for drawings within a page: colours are custom properties (`--ink`, `--s0` …), which the page uses, too.
/// `data-theme` on the root element decides over the reader's screen.
pub fn page_style() -> String {
    let list = |pick: fn(&Colour) -> &'static str| {
        COLOURS.iter().fold(String::new(), |mut text, colour| {
            write!(text, "--{}:{};", colour.name, pick(colour)).expect("a String takes everything");
            text
        })
    };
    let (light, dark) = (list(|colour| colour.light), list(|colour| colour.dark));
    format!(
        ":root{{color-scheme:light;{light}}}:root[data-theme=dark]{{color-scheme:dark;{dark}}}\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}{}",
        rules(|colour| format!("var(--{})", colour.name))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("two hex digits")) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn of(name: &str) -> &'static Colour {
        COLOURS.iter().find(|colour| colour.name == name).expect("it is there")
    }

    #[test]
    fn words_can_be_read_on_both_grounds() {
        for name in ["ink", "dim", "link"] {
            for ground in ["page", "panel"] {
                for (word, ground) in [(of(name).light, of(ground).light), (of(name).dark, of(ground).dark)] {
                    assert!(contrast(word, ground) >= 4.5, "{name}: {word} on {ground}: {}", contrast(word, ground));
                }
            }
        }
    }

    #[test]
    fn large_numbers_can_be_read_in_every_state() {
        for name in ["good", "warn", "bad"] {
            assert!(contrast(of(name).light, of("panel").light) >= 3.0, "{name} on light");
            assert!(contrast(of(name).dark, of("panel").dark) >= 3.0, "{name} on dark");
        }
    }

    #[test]
    fn lines_beyond_the_colours_are_told_apart_by_their_dashes() {
        assert_eq!(line_class(0), "s0");
        assert_eq!(line_class(7), "s0 dash");
        assert_eq!(line_class(15), "s1 dots");
    }

    #[test]
    fn a_drawing_that_stands_alone_needs_no_custom_properties() {
        assert!(!style(Theme::Auto).contains("var("));
        assert!(page_style().contains("--s0:#0072b2") && page_style().contains("stroke:var(--s0)"));
    }
}
