//! What no error shows: an engine quotes what it was given, and a stack file may give it the value of a secret variable.

use std::sync::{PoisonError, RwLock};

/// Shorter words stand in errors for other reasons.
const SHORTEST: usize = 6;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// In lower case, the longest first.
static WORDS: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// From now on no error shows these values, nor the pieces of them that an engine quotes alone: a user and its group, the
/// words of a command, the lines of a text.
pub fn keep_secret(values: impl IntoIterator<Item = String>) {
    let mut words = WORDS.write().unwrap_or_else(PoisonError::into_inner);
    for value in values {
        let pieces = value.split([':', ' ', '\t', '\n', '\r']).chain([value.trim()]);
        for piece in pieces.filter(|piece| piece.len() >= SHORTEST) {
            // Engines quote as Go does: with quotes and control characters escaped.
            words.extend([piece.to_ascii_lowercase(), piece.escape_debug().to_string().to_ascii_lowercase()]);
        }
    }
    words.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    words.dedup();
}

/// The text without what was to be kept secret, whichever case it is written in: the engine writes some words in capitals.
pub fn without_secrets(mut text: String) -> String {
    let words = WORDS.read().unwrap_or_else(PoisonError::into_inner);
    for word in words.iter() {
        let mut from = 0;
        while let Some(at) = text[from..].to_ascii_lowercase().find(word.as_str()) {
            text.replace_range(from + at..from + at + word.len(), HIDDEN);
            from += at + HIDDEN.len();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_show_no_secret_in_whichever_form_the_engine_quotes_it() {
        keep_secret(["Zeta\"Quorum7 omicron:kappa-eight".to_owned(), "short".to_owned()]);
        for (said, shown) in [
            (
                "unable to find user Zeta\"Quorum7 omicron:kappa-eight: no such user",
                "unable to find user ***: no such user",
            ),
            ("unable to find group kappa-eight", "unable to find group ***"),
            ("exec: \"Zeta\\\"Quorum7\": not found", "exec: \"***\": not found"),
            ("unknown capability: \"CAP_KAPPA-EIGHT\"", "unknown capability: \"CAP_***\""),
            ("a short word", "a short word"),
            ("omicron, Omicron", "***, ***"),
        ] {
            assert_eq!(without_secrets(said.to_owned()), shown);
            let error = super::super::Error::new("cannot start", said).advise(said);
            assert_eq!((error.cause.as_str(), error.advice.as_deref()), (shown, Some(shown)));
        }
    }
}
