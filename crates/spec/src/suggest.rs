//! "Did you mean …?": the nearest of the names there are.

/// The name nearest to a word, if it is near enough to be a slip of the hand.
#[must_use]
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let names: Vec<&str> = names.into_iter().collect();
    slip(word, &names).or_else(|| part(word, names))
}

/// A name so near that a slip of the hand made it the word.
fn slip<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let lower = word.to_lowercase();
    // In a word of one or two letters every other such word is a slip away.
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

/// A name that is the word with a part more or less: `cidr` for `cidr_block`, `zone_id` for `zone`.
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

/// "did you mean `x`?", else the list of names where it is short enough to read.
#[must_use]
pub fn hint<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let names: Vec<&str> = names.into_iter().collect();
    if let Some(name) = nearest(word, names.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    match names.len() {
        0 => None,
        1..=12 => Some(format!("there is {}", listing(&names))),
        _ => None,
    }
}

/// A noun with its article: `a vpc`, `an instance`.
#[must_use]
pub fn a(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// Names in backticks, parted by commas.
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
