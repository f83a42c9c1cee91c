//! Addresses: the names of resources within a stack.
//!
//! ```text
//! address = { segment "." } segment
//! segment = name [ "[" key "]" ]
//! ```
//!
//! An address has at most [`ADDRESS_MAX`] characters. Every segment except the last names a module.
//! The key of a member is its number (`count`) or its key (`for_each`).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The longest address, in characters. Ownership tags hold the whole address, so the API limits it.
pub const ADDRESS_MAX: usize = 128;

/// The address of one resource within its stack, for example `web[eu].app[0]`.
///
/// Ordered by name, then by key, where whole numbers sort as numbers (`app[2]` before `app[10]`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    segments: Arc<[Segment]>,
}

/// One step of an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Segment {
    /// The name as written in the file.
    pub name: String,
    /// The member's key, for a member of a group.
    pub key: Option<Key>,
}

/// The key of one member of a group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A whole number: from `count`, or a `for_each` key that is one.
    Index(u32),
    /// Any other key of a `for_each`.
    Text(String),
}

/// The reason why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address: {why}")]
pub struct BadAddress {
    /// The text as given.
    pub text: String,
    /// The reason, as a clause without a full stop.
    pub why: &'static str,
}

impl Address {
    /// The address of a resource outside any group or module. `name` must follow the rules of
    /// [`is_name`].
    #[must_use]
    pub fn root(name: &str) -> Self {
        Self {
            segments: Arc::new([Segment {
                name: name.to_owned(),
                key: None,
            }]),
        }
    }

    /// The same address with this key on its last segment.
    #[must_use]
    pub fn member(&self, key: Key) -> Self {
        self.with_key(Some(key))
    }

    fn with_key(&self, key: Option<Key>) -> Self {
        let mut segments = self.segments.to_vec();
        if let Some(last) = segments.last_mut() {
            last.key = key;
        }
        Self {
            segments: segments.into(),
        }
    }

    /// This address below a module's address.
    #[must_use]
    pub fn below(&self, module: &Self) -> Self {
        Self {
            segments: [&module.segments[..], &self.segments[..]].concat().into(),
        }
    }

    /// The address without the key of its last segment: the group it belongs to, or itself.
    #[must_use]
    pub fn group(&self) -> Self {
        self.with_key(None)
    }

    /// Whether this address is or contains `other`: the same address, a member of this group, or a
    /// resource inside this module or group of modules.
    ///
    /// # Examples
    ///
    /// ```
    /// use setpoint_spec::address::{Address, BadAddress};
    ///
    /// let group: Address = "web.app".parse()?;
    /// assert!(group.covers(&"web.app[0]".parse()?));
    /// assert!(!group.covers(&"web.db".parse()?));
    /// # Ok::<(), BadAddress>(())
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let Some((last, outer)) = self.segments.split_last() else {
            return false;
        };
        let Some((at_last, _)) = other
            .segments
            .get(outer.len()..)
            .and_then(<[_]>::split_first)
        else {
            return false;
        };
        let is_inside = other.segments.starts_with(outer) && at_last.name == last.name;
        is_inside && (last.key.is_none() || last.key == at_last.key)
    }

    /// The address of the first `n` segments, which is a module that contains this address, or the
    /// address itself. `None` if `n` is 0 or larger than the number of segments.
    #[must_use]
    pub fn first(&self, n: usize) -> Option<Self> {
        let segments = self.segments.get(..n).filter(|some| !some.is_empty())?;
        Some(Self {
            segments: segments.into(),
        })
    }

    /// The segments, outermost first; never empty.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The key of the last segment.
    #[must_use]
    pub fn key(&self) -> Option<&Key> {
        self.segments.last().and_then(|last| last.key.as_ref())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            if at > 0 {
                f.write_str(".")?;
            }
            f.write_str(&segment.name)?;
            if let Some(key) = &segment.key {
                write!(f, "[{key}]")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Key {
    /// Parses a key of at most 40 characters; surrounding double quotes are removed. A whole number
    /// without leading zeros becomes an index.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches('"');
        let first = text.chars().next()?;
        let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if text.len() > 40 || !first.is_ascii_alphanumeric() || !text.chars().all(rest) {
            return None;
        }
        match text.parse::<u32>() {
            Ok(n) if n.to_string() == text => Some(Self::Index(n)),
            _ => Some(Self::Text(text.to_owned())),
        }
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let bad = |why| BadAddress {
            text: text.to_owned(),
            why,
        };
        if text.chars().count() > ADDRESS_MAX {
            return Err(bad("it is longer than 128 characters"));
        }
        let segments = split_segments(text)
            .into_iter()
            .map(|part| segment(part).map_err(bad))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            segments: segments.into(),
        })
    }
}

/// Splits at dots outside brackets, since keys may contain dots.
fn split_segments(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn segment(part: &str) -> Result<Segment, &'static str> {
    let (name, key) = match part.split_once('[') {
        None => (part, None),
        Some((name, rest)) => {
            let inner = rest.strip_suffix(']').ok_or("the closing `]` is missing")?;
            (
                name,
                Some(Key::parse(inner).ok_or(
                    "a key must be a letter or digit, then letters, digits, `.`, `_`, `-`",
                )?),
            )
        }
    };
    if !is_name(name) {
        return Err(
            "a name must be a small letter, then small letters, digits, `_`, `-`, at most 40, not \
             ending in `-` or `_`",
        );
    }
    Ok(Segment {
        name: name.to_owned(),
        key,
    })
}

/// Whether a text may name a resource, module, output, alias or environment.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
        && text.len() <= 40
        && !text.ends_with(['-', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, printed: &str) {
        let printed_back = text
            .parse::<Address>()
            .map_or_else(|bad| bad.why.to_owned(), |address| address.to_string());
        assert_eq!(printed_back, printed);
    }

    #[test]
    fn parses_and_prints() {
        check("app", "app");
        check("app[\"blue\"]", "app[blue]");
        check("web[eu].app[0]", "web[eu].app[0]");
        check("app[1.2]", "app[1.2]");
        check("app[", "the closing `]` is missing");
        check(
            "app[-x]",
            "a key must be a letter or digit, then letters, digits, `.`, `_`, `-`",
        );
        check(&"a".repeat(129), "it is longer than 128 characters");
    }

    #[test]
    fn numbers_sort_as_numbers() {
        let mut all: Vec<Address> = ["app[10]", "app[2]", "app"]
            .iter()
            .map(|t| t.parse().expect("valid"))
            .collect();
        all.sort();
        let printed: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(printed, ["app", "app[2]", "app[10]"]);
    }
}
