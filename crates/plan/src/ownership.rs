//! Ownership tags: how a resource says which stack owns it, under which address, and what to heed.
//!
//! `setpoint:stack` stands apart so that a listing can filter by it. `setpoint:address` is the address in a codec of
//! its own, since brackets in tag values are not verified to survive: `web[eu].app[0]` is written `web/eu/.app/0/`.
//! `setpoint:guard` holds words. All three go into the call that creates the resource.

use std::collections::BTreeMap;

use crate::Address;

/// The tag that names the owning stack.
pub const STACK: &str = "setpoint:stack";
/// The tag that names the address within it.
pub const ADDRESS: &str = "setpoint:address";
/// The tag that holds guard words.
pub const GUARD: &str = "setpoint:guard";

/// Who owns a live resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The stack's identity.
    pub stack: String,
    /// The address within it.
    pub address: Address,
    /// What to heed.
    pub guard: Guard,
}

/// The attribute by which a kind says whether a resource has passed its readiness check.
pub const READY: &str = "ready";

/// The words of the guard tag. Absent words are false, zero or `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guard {
    /// No delete, replace or rebuild, even when the spec is gone.
    pub protect: bool,
    /// `destroy` leaves it.
    pub keep: bool,
    /// It was made but never passed its readiness check.
    pub unready: bool,
    /// A window of our own is open: whoever finds it so starts the machine again.
    pub restarting: bool,
    /// Which successor under its address it is; 0 for the first.
    pub incarnation: u32,
    /// Digest of the user data it was made with, since no listing carries them.
    pub user_data: Option<String>,
}

impl Guard {
    /// The words joined by commas, in a fixed order; empty if there are none.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        let flags = [
            (self.protect, "protect"),
            (self.keep, "keep"),
            (self.unready, "unready"),
            (self.restarting, "restarting"),
        ];
        words.extend(
            flags
                .iter()
                .filter(|(on, _)| *on)
                .map(|(_, word)| (*word).to_owned()),
        );
        if self.incarnation > 0 {
            words.push(format!("i{}", self.incarnation));
        }
        words.extend(self.user_data.iter().map(|digest| format!("u={digest}")));
        words.join(",")
    }

    /// Reads the words; unknown ones, from a later version, are passed over.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        let mut guard = Self::default();
        for word in text.split(',').map(str::trim) {
            match word {
                "protect" => guard.protect = true,
                "keep" => guard.keep = true,
                "unready" => guard.unready = true,
                "restarting" => guard.restarting = true,
                _ => guard.read_valued(word),
            }
        }
        guard
    }

    fn read_valued(&mut self, word: &str) {
        if let Some(digest) = word.strip_prefix("u=") {
            self.user_data = Some(digest.to_owned());
        } else if let Some(Ok(n)) = word.strip_prefix('i').map(str::parse) {
            self.incarnation = n;
        }
    }
}

/// Writes an address as a tag value.
#[must_use]
pub fn encode_address(address: &Address) -> String {
    let segment = |s: &setpoint_spec::address::Segment| match &s.key {
        None => s.name.clone(),
        Some(key) => format!("{}/{key}/", s.name),
    };
    address
        .segments()
        .iter()
        .map(segment)
        .collect::<Vec<_>>()
        .join(".")
}

/// Reads an address from a tag value; `None` if it is none.
#[must_use]
pub fn decode_address(text: &str) -> Option<Address> {
    let mut printed = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '/' if inside => printed.push(']'),
            '/' => printed.push('['),
            '[' | ']' => return None,
            _ => printed.push(c),
        }
        inside ^= c == '/';
    }
    printed.parse().ok()
}

/// The ownership tags of a resource that is about to be created.
#[must_use]
pub fn tags_for(stack: &str, address: &Address, guard: &Guard) -> BTreeMap<String, String> {
    let mut tags: BTreeMap<String, String> = [
        (STACK.to_owned(), stack.to_owned()),
        (ADDRESS.to_owned(), encode_address(address)),
    ]
    .into();
    let words = guard.encode();
    if !words.is_empty() {
        tags.insert(GUARD.to_owned(), words);
    }
    tags
}

/// The owner that a live resource's tags name; `None` if they name none.
#[must_use]
pub fn owner_of(tags: &BTreeMap<String, String>) -> Option<Owner> {
    let stack = tags.get(STACK)?.clone();
    let address = decode_address(tags.get(ADDRESS)?)?;
    Some(Owner {
        stack,
        address,
        guard: Guard::decode(tags.get(GUARD).map_or("", String::as_str)),
    })
}

/// Whether a tag key is one of our own.
#[must_use]
pub fn is_own_key(key: &str) -> bool {
    key.starts_with("setpoint:")
}

/// Whether a tag that no line declares is left alone: the platform's own, or ours.
#[must_use]
pub fn is_reserved_key(key: &str) -> bool {
    [
        "acs:",
        "aliyun",
        "setpoint:",
        "ack.aliyun.com",
        "kubernetes",
    ]
    .iter()
    .any(|prefix| key.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_survive_the_codec() {
        for text in ["app", "app[0]", "app[1.b]", "web[eu].app[0]", "network.net"] {
            let address: Address = text.parse().expect("a valid address");
            assert_eq!(
                decode_address(&encode_address(&address)),
                Some(address),
                "{text}"
            );
        }
        assert_eq!(
            encode_address(&"web[eu].app[0]".parse().expect("valid")),
            "web/eu/.app/0/"
        );
        assert_eq!(decode_address("app[0]"), None);
    }

    #[test]
    fn guard_words_survive() {
        let guard = Guard {
            protect: true,
            restarting: true,
            incarnation: 3,
            user_data: Some("ab12".into()),
            ..Guard::default()
        };
        assert_eq!(guard.encode(), "protect,restarting,i3,u=ab12");
        assert_eq!(Guard::decode(&guard.encode()), guard);
        assert_eq!(
            Guard::decode("later-word,keep"),
            Guard {
                keep: true,
                ..Guard::default()
            }
        );
    }
}
