//! Client tokens: at most 64 ASCII characters that make a repeated call the same call.
//!
//! A derived token is a hash of its parts and nothing else, so a run that was killed derives it
//! again. Invariant: different lists of parts never give one text to hash, since each part is
//! preceded by its length.

use sha2::{Digest, Sha256};

use crate::encode::hex;

/// The longest client token that the API takes, in characters. A SHA-256 in hex has exactly that
/// many.
pub const TOKEN_CHARS_MAX: usize = 64;

/// The token of these parts, in order: 64 lower-case hex digits.
#[must_use]
pub fn derive(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// A token that no other call has, from a nonce that no other call has.
#[must_use]
pub fn fresh(nonce: &str) -> String {
    derive(&["fresh", nonce])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_decide_the_token() {
        let token = derive(&["web", "i-1"]);
        assert_eq!(
            token,
            "4c111ccd8baabccf43e11ac2419efa2b711ede50c988a0a8d945243798431d8f"
        );
        assert_eq!(token.len(), TOKEN_CHARS_MAX);
        for other in [
            &["we", "bi-1"][..],
            &["i-1", "web"],
            &["web", "i-1", ""],
            &["webi-1"],
            &[],
        ] {
            assert_ne!(derive(other), token, "{other:?}");
        }
        assert_ne!(fresh("a"), fresh("b"));
    }
}
