//! Percent-encoding in the form of the API, and the parsing of queries and forms.
//!
//! Invariant: `parse_form(&form(pairs)) == pairs`. The text to sign is always encoded anew from
//! decoded pairs, because clients differ in the text they send (a blank as `+` or `%20`) but not in
//! the text they sign.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Percent-encodes by RFC 3986 with upper-case hex: only `A-Z a-z 0-9 - _ . ~` stay as they are.
#[must_use]
pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// `k=v&k=v` with both sides percent-encoded, in the given order: a query or a form body.
#[must_use]
pub fn form(pairs: &[(String, String)]) -> String {
    join(pairs, percent)
}

/// Decodes a query or a form body: `+` is a blank, then percent-decoding.
/// Bytes that are not UTF-8 become replacement characters; a `%` without two digits is kept. Empty
/// parts are left out.
/// pieces are left out.
#[must_use]
pub fn parse_form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            (decode(key), decode(value))
        })
        .collect()
}

/// The query for V3 signatures: sorted by key, values encoded, keys as they are.
pub(crate) fn canonical_raw_keys(pairs: &[(String, String)]) -> String {
    join(&sorted(pairs), str::to_owned)
}

/// The parameters for V1 signatures: sorted by key, both sides encoded.
pub(crate) fn canonical(pairs: &[(String, String)]) -> String {
    form(&sorted(pairs))
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn decode(text: &str) -> String {
    let blanks = text.replace('+', " ");
    percent_decode(blanks.as_bytes())
        .decode_utf8_lossy()
        .into_owned()
}

/// Sorts by the bytes of the key; values of one key keep their order.
fn sorted(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut pairs = pairs.to_vec();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

fn join(pairs: &[(String, String)], key: impl Fn(&str) -> String) -> String {
    let pieces: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", key(name), percent(value)))
        .collect();
    pieces.join("&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(percent("Az09-_.~"), "Az09-_.~");
        assert_eq!(percent(" *!'()+/:"), "%20%2A%21%27%28%29%2B%2F%3A");
        assert_eq!(percent("é"), "%C3%A9");
    }

    #[test]
    fn keys_sort_bytewise() {
        let pairs =
            ["Tag.2.Key", "a", "Tag.10.Key", "B"].map(|key| (key.to_owned(), String::new()));
        assert_eq!(canonical(&pairs), "B=&Tag.10.Key=&Tag.2.Key=&a=");
    }

    #[test]
    fn odd_texts_still_decode() {
        let pairs = |list: &[(&str, &str)]| {
            list.iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            parse_form("a=1+2&b&&c=%zz%4"),
            pairs(&[("a", "1 2"), ("b", ""), ("c", "%zz%4")])
        );
        assert_eq!(parse_form(""), pairs(&[]));
        assert_eq!(parse_form("a=b=c"), pairs(&[("a", "b=c")]));
    }

    proptest! {
        #[test]
        fn forms_survive_the_wire(pairs in prop::collection::vec(("[^\u{0}]{1,8}", any::<String>()), 0..6)) {
            prop_assert_eq!(parse_form(&form(&pairs)), pairs);
        }

        #[test]
        fn encoded_text_is_plain(text in any::<String>()) {
            prop_assert!(percent(&text).bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~%".contains(&b)));
        }
    }
}
