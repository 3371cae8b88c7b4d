//! The bytes of a file as text: JSON is UTF-8, and what is something else is called by its name.

use super::ImportError;

/// The text, without a mark of the byte order. Refused is what is not UTF-8.
pub fn text_of(bytes: &[u8]) -> Result<&str, ImportError> {
    let refused = |line, column, message: String| {
        Err(ImportError { line, column, message, help: "save the file as UTF-8, as JSON has to be" })
    };
    let is_wide = |first: usize| bytes.len() >= 4 && bytes[first] == 0 && bytes[first + 2] == 0;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || is_wide(0) || is_wide(1) {
        return refused(0, 0, "it is UTF-16".to_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_start_matches('\u{feff}')),
        Err(error) => {
            let before = &bytes[..error.valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
            let byte = bytes[error.valid_up_to()];
            refused(
                line,
                column,
                format!("the byte 0x{byte:02x} is not UTF-8, as if this were Latin-1 or Windows-1252"),
            )
        }
    }
}
