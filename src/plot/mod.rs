//! Draws: panels as SVG, dashboards as one picture, a plot for the terminal. Pure, but for the fonts that a PNG needs.
//!
//! The SVG is written here and not by a library. The ones there are (plotters, charming) put colours into each shape,
//! so that one drawing cannot follow a reader's dark or light screen, round their axes in powers of ten only, where
//! bytes and times want other steps, and have no legend with numbers.

mod ascii;
mod bars;
mod cells;
mod content;
mod gauge;
mod heatmap;
mod legend;
mod letters;
mod lines;
mod number;
mod palette;
mod panel;
mod picture;
mod range;
mod scale;
mod sheet;
mod stack;
mod stat;
mod svg;
mod table;
mod terminal;
mod words;

pub use ascii::in_ascii;
pub use content::{Content, Mark, Series, written};
pub use palette::{Theme, page_style};
pub use panel::{Canvas, current, panel};
pub use picture::{Fonts, PictureError, png};
pub use range::TimeRange;
pub use sheet::sheet;
pub use svg::escaped;
pub use table::{Cell, Table};
pub use terminal::{TerminalPlot, line_color, sparkline, terminal};
pub use words::to_html;
