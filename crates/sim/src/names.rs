//! Rules for display names, descriptions and wildcards.

/// Whether a text has an allowed length and is not a link. The cloud counts characters, not bytes.
pub(crate) fn is_text(value: &str, min: usize, max: usize) -> bool {
    let n = value.chars().count();
    (min..=max).contains(&n) && !is_link(value)
}

/// Whether a text is a name: a letter of any script, then letters, digits and these marks.
pub(crate) fn is_name(value: &str, min: usize, max: usize, marks: &str) -> bool {
    is_text(value, min, max)
        && value.starts_with(char::is_alphabetic)
        && value
            .chars()
            .all(|letter| letter.is_alphanumeric() || marks.contains(letter))
}

fn is_link(value: &str) -> bool {
    value.starts_with("http://") || value.starts_with("https://")
}

/// Whether a text matches a pattern in which `*` stands for any text.
pub(crate) fn like(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, fits) in [
            ("web", "web", true),
            ("web", "web1", false),
            ("web*", "web1", true),
            ("*web", "my-web", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
        ] {
            assert_eq!(like(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn names_start_with_a_letter() {
        assert!(is_name("web-1", 2, 128, "-_:."));
        assert!(is_name("网络", 2, 128, "-_:."));
        for bad in ["1web", "w", "web/1", "http://x"] {
            assert!(!is_name(bad, 2, 128, "-_:."), "{bad}");
        }
    }
}
