//! SVG → PNG. Letters come from the fonts of this machine; without any, there is no picture but a word that says so.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// Families that have every letter of the pictures, the best first. Others are taken as they come.
const FAMILIES: [&str; 8] =
    ["DejaVu Sans", "Noto Sans", "Liberation Sans", "Open Sans", "Roboto", "Arial", "Helvetica", "FreeSans"];

/// Fonts to draw letters with.
#[derive(Debug, Clone)]
pub struct Fonts(Arc<fontdb::Database>);

/// Why there is no PNG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureError {
    /// There is no font on this machine.
    NoFonts,
    /// The file holds no font that can be read.
    UnreadableFont(String),
    /// The picture would be too large, or a drawing is broken: a mistake in stackctl.
    Undrawable(String),
}

impl fmt::Display for PictureError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::NoFonts => {
                formatter.write_str("there is no font on this machine, and without one a picture has no words")
            }
            Self::UnreadableFont(why) => write!(formatter, "the font cannot be read: {why}"),
            Self::Undrawable(why) => write!(formatter, "the drawing cannot be turned into pixels: {why}"),
        }
    }
}

impl std::error::Error for PictureError {}

impl Fonts {
    /// Those that the system has installed.
    pub fn of_system() -> Result<Self, PictureError> {
        let mut fonts = fontdb::Database::new();
        fonts.load_system_fonts();
        let has = |family: &&str| {
            let families = [fontdb::Family::Name(family)];
            fonts.query(&fontdb::Query { families: &families, ..fontdb::Query::default() }).is_some()
        };
        let family = FAMILIES.into_iter().find(has).map(str::to_owned).or_else(|| first_family(&fonts));
        Ok(Self::with_family(fonts, family.ok_or(PictureError::NoFonts)?))
    }

    /// The font in a file alone.
    pub fn of_file(path: &Path) -> Result<Self, PictureError> {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_file(path).map_err(|error| PictureError::UnreadableFont(error.to_string()))?;
        let family = first_family(&fonts);
        let family = family.ok_or_else(|| PictureError::UnreadableFont("it holds no font".to_owned()))?;
        Ok(Self::with_family(fonts, family))
    }

    fn with_family(mut fonts: fontdb::Database, family: String) -> Self {
        fonts.set_sans_serif_family(family);
        Self(Arc::new(fonts))
    }
}

fn first_family(fonts: &fontdb::Database) -> Option<String> {
    fonts.faces().find_map(|face| face.families.first().map(|(name, _)| name.clone()))
}

/// Draws the SVG, twice as fine as it is large, so that it is sharp on any screen.
pub fn png(svg: &str, fonts: &Fonts) -> Result<Vec<u8>, PictureError> {
    const SCALE: f32 = 2.0;
    let undrawable = |why: &dyn fmt::Display| PictureError::Undrawable(why.to_string());
    let options = Options { font_family: "sans-serif".to_owned(), fontdb: fonts.0.clone(), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| undrawable(&error))?;
    let size = tree.size().to_int_size().scale_by(SCALE).ok_or_else(|| undrawable(&"it has no size"))?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(|| undrawable(&"it is too large"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| undrawable(&error))
}
