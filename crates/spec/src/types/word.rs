//! Parsers of words: names, regions, zones, enumerations, booleans.

use super::Wrong;
use crate::address::is_name;
use crate::suggest;

/// Words that the language reserves.
pub(crate) const RESERVED: &[&str] = &[
    "vars", "each", "env", "stack", "region", "account", "true", "false", "null", "yes", "no",
    "on", "off", "y", "n",
];

/// Whether the language reserves a word.
#[must_use]
pub fn is_reserved(text: &str) -> bool {
    RESERVED.contains(&text)
}

/// Checks a name; `noun` is used in the message. Forms of ids are checked by the schema.
///
/// # Errors
/// The rule that the name violates.
pub fn name(text: &str, noun: &str) -> Result<(), Wrong> {
    if is_reserved(text) {
        return Err(Wrong::new(format!(
            "`{text}` is reserved and cannot be {noun}"
        )));
    }
    if !is_name(text) {
        let rule = "a name must be a small letter, then small letters, digits, `_` and `-`, at most 40, not ending in `-` or `_`";
        let lower = text.to_lowercase().replace([' ', '.', '/'], "-");
        let wrong = Wrong::new(format!("`{text}` is not valid as {noun}"));
        return Err(if is_name(&lower) {
            wrong.hint(format!("{rule}; write `{lower}`"))
        } else {
            wrong.hint(rule)
        });
    }
    Ok(())
}

/// Checks that a text has the form of a region.
///
/// # Errors
/// The problem.
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
/// The problem.
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
    // If the two are this similar, the region may be the misspelt one.
    let hint = match strsim::damerau_levenshtein(other, region) {
        1 | 2 => {
            format!("write a zone of the region, such as `{example}`, or set `region: {other}`")
        }
        _ => format!("write a zone of the region, such as `{example}`"),
    };
    Err(Wrong::new(format!("`{text}` is not a zone of {region}")).hint(hint))
}

/// Checks that a text is one of the words, in the same case, and returns the word.
///
/// # Errors
/// The problem, with the word to write.
pub fn enum_word(text: &str, words: &[&'static str]) -> Result<&'static str, Wrong> {
    if let Some(word) = words.iter().find(|word| **word == text) {
        return Ok(word);
    }
    let wrong = Wrong::new(format!(
        "`{text}` is not one of {}",
        suggest::listing(words)
    ));
    if let Some(word) = words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
        return Err(
            Wrong::new(format!("`{text}` must be written in the case of the API"))
                .hint(format!("write `{word}`")),
        );
    }
    Err(match suggest::nearest(text, words.iter().copied()) {
        Some(word) => wrong.hint(format!("did you mean `{word}`?")),
        None => wrong,
    })
}

/// Parses `true` or `false`.
///
/// # Errors
/// The problem, with the word to write.
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
