//! Colours, and the style sheet that gives them to a drawing's classes: light, dark, or as the reader's screen has it.
//!
//! Lines have the colours of Okabe and Ito ("Color Universal Design", 2008), which people with any kind of colour
//! vision can tell apart; yellow is left out because it vanishes on white. On dark ground they are of the same families,
//! lighter and darker by turns. From the eighth line on the colours come again, dashed.

use std::fmt::Write as _;

use super::heatmap::SHADES;

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
    colour("s0", "#0072b2", "#8ccdf5"),
    colour("s1", "#e69f00", "#f8bd3c"),
    colour("s2", "#009e73", "#12b585"),
    colour("s3", "#d55e00", "#d9692a"),
    colour("s4", "#cc79a7", "#b9749f"),
    colour("s5", "#56b4e9", "#1a72ba"),
    colour("s6", "#333a42", "#f0f2f4"),
    colour("good", "#007a5a", "#1fc598"),
    colour("warn", "#b87500", "#e69f00"),
    colour("bad", "#a5260a", "#ff7350"),
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
    for shade in 1..=SHADES {
        let opacity = super::number::float(shade) / super::number::float(SHADES);
        write!(text, ".heat.shade{shade}{{fill:{};fill-opacity:{opacity:.2}}}", of("s0"))
            .expect("a String takes everything");
    }
    let (page, panel, edge, ink, grid) = (of("page"), of("panel"), of("edge"), of("ink"), of("grid"));
    write!(
        text,
        ".page{{fill:{page}}}.frame{{fill:{panel};stroke:{edge}}}.gridline{{stroke:{grid};stroke-width:1}}\
         .axis{{stroke:{edge};stroke-width:1}}.line{{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}}\
         .area{{opacity:.14}}.dash{{stroke-dasharray:6 4}}.dots{{stroke-dasharray:1.5 4}}.rest{{fill:{grid}}}\
         .halo{{paint-order:stroke;stroke:{panel};stroke-width:3px;stroke-linejoin:round}}\
         .limit{{fill:none;stroke-width:1.2;stroke-dasharray:2 3}}.thick{{stroke-width:3}}.dot{{stroke-width:6}}.faint{{opacity:.45}}.arc{{fill:none;stroke-width:16}}.thin{{stroke-width:4}}.arc.rest{{stroke:{grid}}}\
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

    /// The linear part of the colour whose two digits stand at that place.
    fn linear_of(hex: &str) -> impl Fn(usize) -> f64 {
        move |at| {
            let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).expect("two hex digits")) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        }
    }

    /// Relative luminance as WCAG 2.2 defines it.
    fn luminance(hex: &str) -> f64 {
        let channel = linear_of(hex);
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

    /// The linear parts of a colour as eyes see it that lack one kind of cone: Machado, Oliveira and Fernandes, "A
    /// Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.0.
    const EYES: [(&str, [[f64; 3]; 3]); 4] = [
        ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "no red",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "no green",
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
        ),
        (
            "no blue",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    /// A colour in CIELAB as these eyes see it.
    fn lab(hex: &str, eyes: &[[f64; 3]; 3]) -> [f64; 3] {
        let rgb = [1, 3, 5].map(linear_of(hex));
        let seen = eyes.map(|row| row.iter().zip(rgb).map(|(part, of)| part * of).sum::<f64>().clamp(0.0, 1.0));
        let sum = |parts: [f64; 3]| parts.iter().zip(seen).map(|(part, of)| part * of).sum::<f64>();
        let (x, y, z) = (
            sum([0.4124, 0.3576, 0.1805]) / 0.950_47,
            sum([0.2126, 0.7152, 0.0722]),
            sum([0.0193, 0.1192, 0.9505]) / 1.088_83,
        );
        let root = |part: f64| if part > 0.008_856 { part.cbrt() } else { 7.787 * part + 16.0 / 116.0 };
        [116.0 * root(y) - 16.0, 500.0 * (root(x) - root(y)), 200.0 * (root(y) - root(z))]
    }

    /// A difference of 2 is seen side by side; lines and numbers stand apart from each other.
    fn are_told_apart(names: &[&str], least: f64) {
        for (eyes, matrix) in &EYES {
            for (at, one) in names.iter().enumerate() {
                for other in &names[at + 1..] {
                    for (one, other) in [(of(one).light, of(other).light), (of(one).dark, of(other).dark)] {
                        let parts = lab(one, matrix).into_iter().zip(lab(other, matrix));
                        let apart = parts.map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt();
                        assert!(apart >= least, "{eyes}: {one} and {other} are {apart:.1} apart");
                    }
                }
            }
        }
    }

    #[test]
    fn every_eye_tells_the_lines_and_the_states_apart() {
        are_told_apart(&["s0", "s1", "s2", "s3", "s4", "s5", "s6"], 15.0);
        are_told_apart(&["good", "warn", "bad"], 20.0);
    }

    #[test]
    fn lines_can_be_seen_on_both_grounds() {
        for number in 0..LINE_COLOURS {
            let line = of(&format!("s{number}"));
            assert!(contrast(line.light, of("panel").light) >= 2.0, "{} on light", line.light);
            assert!(contrast(line.dark, of("panel").dark) >= 3.0, "{} on dark", line.dark);
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
