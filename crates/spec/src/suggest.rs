//! Suggestions for unknown words: the most similar known name, or the list of all.
//!
//! A name is similar if it is at most a third of the word's length away in Damerau–Levenshtein
//! distance, at most three edits, or if it is the word with one more or one less part (`cidr` for
//! `cidr_block`).

/// Returns the name that is most similar to a word, if it is similar enough to be a misspelling.
///
/// # Examples
///
/// ```
/// use setpoint_spec::suggest::nearest;
///
/// assert_eq!(nearest("vswich", ["vpc", "vswitch"]), Some("vswitch"));
/// assert_eq!(nearest("bandwidth", ["vpc", "vswitch"]), None);
/// ```
#[must_use]
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let names: Vec<&str> = names.into_iter().collect();
    slip(word, &names).or_else(|| part(word, names))
}

/// Returns the name with the smallest edit distance, if that is small enough.
fn slip<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let lower = word.to_lowercase();
    // Any two words of one or two letters are within two edits.
    let most = match word.chars().count() {
        0..=2 => 0,
        len => (len / 3).clamp(1, 3),
    };
    let near = |name: &&'n str| {
        let distance = strsim::damerau_levenshtein(&lower, &name.to_lowercase());
        (distance <= most).then_some(distance)
    };
    let mut found: Vec<(usize, &str)> = names
        .iter()
        .filter_map(|name| near(name).map(|distance| (distance, *name)))
        .collect();
    found.sort_unstable();
    found.first().map(|(_, name)| *name)
}

/// Returns the only name that is the word with one more or one less part: `cidr_block` for `cidr`,
/// `zone` for `zone_id`.
fn part<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let bare = |text: &str| {
        text.strip_suffix("_ids")
            .or_else(|| text.strip_suffix("_id"))
            .map(str::to_owned)
    };
    let longer = |name: &str| {
        name.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with('_'))
            || name
                .strip_suffix(word)
                .is_some_and(|rest| rest.ends_with('_'))
    };
    let mut found = names
        .into_iter()
        .filter(|name| bare(word).is_some_and(|bare| bare == *name) || longer(name));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Returns the hint `did you mean …?`, or the list of names if it has at most 12.
#[must_use]
pub fn hint<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let names: Vec<&str> = names.into_iter().collect();
    if let Some(name) = nearest(word, names.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    match names.len() {
        0 => None,
        1 => Some(format!("expected `{}`", names[0])),
        2..=12 => Some(format!("expected one of {}", listing(&names))),
        _ => None,
    }
}

/// Adds the article to a noun: `a vpc`, `an instance`.
#[must_use]
pub fn a(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// Lists names in backticks, separated by commas.
#[must_use]
pub fn listing(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_only() {
        let names = ["vswitch", "vpc", "security_groups", "instance_type"];
        assert_eq!(nearest("vswich", names), Some("vswitch"));
        assert_eq!(nearest("security_group", names), Some("security_groups"));
        assert_eq!(nearest("Instance_Type", names), Some("instance_type"));
        assert_eq!(nearest("bandwidth", names), None);
        assert_eq!(nearest("instance", names), Some("instance_type"));
        assert_eq!(nearest("vswitch_id", names), Some("vswitch"));
    }
}
