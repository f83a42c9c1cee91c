//! Words with rules: names, regions, zones, ids, enumerations.

use super::Wrong;
use crate::address::is_name;
use crate::suggest;

/// Words that name nothing of a stack.
pub(crate) const RESERVED: &[&str] = &[
    "vars", "each", "env", "stack", "region", "account", "true", "false", "null", "yes", "no",
    "on", "off", "y", "n",
];

/// Whether a word is reserved by the language.
#[must_use]
pub fn is_reserved(text: &str) -> bool {
    RESERVED.contains(&text)
}

/// Checks a name but for ids, which the schema knows; `noun` says what it names.
///
/// # Errors
/// Says what is wrong.
pub fn name(text: &str, noun: &str) -> Result<(), Wrong> {
    if is_reserved(text) {
        return Err(Wrong::new(format!(
            "`{text}` is reserved and cannot be {noun}"
        )));
    }
    if !is_name(text) {
        let rule = "a small letter, then small letters, digits, `_` and `-`, at most 40, not ending in `-` or `_`";
        let lower = text.to_lowercase().replace([' ', '.', '/'], "-");
        let wrong = Wrong::new(format!("`{text}` cannot be {noun}"));
        return Err(if is_name(&lower) {
            wrong.hint(format!("{rule}: `{lower}`"))
        } else {
            wrong.hint(rule)
        });
    }
    Ok(())
}

/// Checks that a text has the form of a region.
///
/// # Errors
/// Says what is wrong.
pub fn region(text: &str) -> Result<(), Wrong> {
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let fits = parts.len() >= 2 && parts[0].len() == 2 && parts.iter().all(|part| word(part));
    if fits {
        return Ok(());
    }
    Err(Wrong::new(format!("`{text}` is not a region"))
        .hint("write it as `cn-beijing` or `ap-southeast-1`"))
}

/// Checks that a text is a zone of a region: `cn-beijing-h`, `ap-southeast-1a`.
///
/// # Errors
/// Says what is wrong.
pub fn zone(text: &str, region: &str) -> Result<(), Wrong> {
    let rest = text
        .strip_prefix(region)
        .map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    let fits = rest.is_some_and(|rest| {
        (1..=2).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_lowercase())
    });
    if fits {
        return Ok(());
    }
    let example = if region.ends_with(|c: char| c.is_ascii_digit()) {
        format!("{region}a")
    } else {
        format!("{region}-h")
    };
    let other = text
        .trim_end_matches(|c: char| c.is_ascii_lowercase())
        .trim_end_matches('-');
    // As near as that, the region may be the one that was misspelt.
    let hint = match strsim::damerau_levenshtein(other, region) {
        1 | 2 => {
            format!("a zone begins with its region: `{example}`; or was `region: {other}` meant?")
        }
        _ => format!("a zone begins with its region: `{example}`"),
    };
    Err(Wrong::new(format!("`{text}` is not a zone of {region}")).hint(hint))
}

/// One of a field's words, in its case.
///
/// # Errors
/// Says what is wrong, with the word to write.
pub fn enum_word(text: &str, words: &[&'static str]) -> Result<&'static str, Wrong> {
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Ok(word);
    }
    let wrong = Wrong::new(format!(
        "`{text}` is not one of {}",
        suggest::listing(words)
    ));
    if let Some(word) = words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Err(Wrong::new(format!("`{text}` is not in the API's case"))
            .hint(format!("write `{word}`")));
    }
    Err(match suggest::nearest(text, words.iter().copied()) {
        Some(word) => wrong.hint(format!("did you mean `{word}`?")),
        None => wrong,
    })
}

/// `true` or `false`, nothing else.
///
/// # Errors
/// Says what is wrong, with the word to write.
pub fn boolean(text: &str) -> Result<bool, Wrong> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => {
            let wrong = Wrong::new(format!("`{text}` is neither `true` nor `false`"));
            Err(match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "true" | "1" => wrong.hint("write `true`"),
                "no" | "off" | "n" | "false" | "0" => wrong.hint("write `false`"),
                _ => wrong,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones() {
        assert!(zone("cn-beijing-h", "cn-beijing").is_ok());
        assert!(zone("ap-southeast-1a", "ap-southeast-1").is_ok());
        for text in ["cn-shanghai-b", "cn-beijing", "cn-beijing-", "cn-beijing-H"] {
            assert!(zone(text, "cn-beijing").is_err(), "{text}");
        }
    }

    #[test]
    fn words() {
        let words = ["PayByTraffic", "PayByBandwidth"];
        assert_eq!(
            enum_word("paybytraffic", &words)
                .unwrap_err()
                .hint
                .as_deref(),
            Some("write `PayByTraffic`")
        );
        assert_eq!(
            enum_word("PayByTrafic", &words)
                .unwrap_err()
                .hint
                .as_deref(),
            Some("did you mean `PayByTraffic`?")
        );
        assert!(name("y", "a name").is_err() && name("web-", "a name").is_err());
    }
}
