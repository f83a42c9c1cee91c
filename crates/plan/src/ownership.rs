//! Ownership tags: the stack, the kind and the address that own a resource, and its guard words.
//!
//! `setpoint:stack` is a separate tag so that a listing can filter by it. `setpoint:address` holds
//! the address in an encoding of its own, since brackets in tag values are not verified to survive:
//! `web[eu].app[0]` is written `web/eu/.app/0/`. `setpoint:guard` holds words that later runs
//! respect. The call that creates the resource sets all three. A kind and an address together
//! identify an owner: the cloud copies a machine's tags to its disks and interfaces, and such a
//! copy names the machine's kind.
//!
//! # The format of the guard tag
//!
//! Words separated by commas, in any order; at most [`GUARD_MAX`] characters. The format is fixed:
//! a later version may add words, but never another form. Every version keeps the words that it
//! does not know and writes them back.
//!
//! | word | meaning |
//! | --- | --- |
//! | `k=KIND` | the kind that owns the row; without it, one of the kinds of the first version |
//! | `protect` | never destroyed, replaced or rebuilt, even if the file no longer exists |
//! | `keep` | kept when a destroy or an edit would delete it |
//! | `iN` | the incarnation: the N-th successor at its address; absent for the first resource |
//! | a mark of the kind | for example `unready`: created, but its readiness check has not passed |
//! | `X=DIGEST` | the digest of a field that no listing carries; for example `u` of the user data |
//! | `h=KEYID.DIGEST` | reserved: a keyed digest of the fields with secrets, with its key's id |

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::live::Tags;
use crate::{Address, Text};

/// The tag that names the owning stack.
pub const STACK: &str = "setpoint:stack";
/// The tag that names the address within it.
pub const ADDRESS: &str = "setpoint:address";
/// The tag that holds the guard words.
pub const GUARD: &str = "setpoint:guard";

/// The greatest length of a tag value, in characters.
pub const GUARD_MAX: usize = 128;

/// The greatest length of the keyed digest of the fields that hold secrets, in characters: 8 of the
/// key's id, a dot, and 16 of the digest.
pub const KEYED_DIGEST_MAX: usize = 8 + 1 + 16;

/// The owner of a live resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The stack's identity.
    pub stack: String,
    /// The address within it.
    pub address: Address,
    /// The guard words.
    pub guard: Guard,
}

impl Owner {
    /// The value of one of the ownership tags; `None` for any other key, and for a guard without
    /// words.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<Cow<'_, str>> {
        match key {
            STACK => Some(Cow::from(&self.stack)),
            ADDRESS => Some(Cow::from(encode_address(&self.address))),
            GUARD => Some(Cow::from(self.guard.encode())).filter(|words| !words.is_empty()),
            _ => None,
        }
    }
}

/// The words of the guard tag.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guard {
    /// The kind that owns the row; `None` in a tag of the first version.
    pub kind: Option<String>,
    /// Never destroyed, replaced or rebuilt, even if the file no longer exists.
    pub protect: bool,
    /// Kept when a destroy or an edit would delete it.
    pub keep: bool,
    /// The incarnation: 0 for the first resource at its address, N for its N-th successor.
    pub incarnation: u32,
    /// Words without a value: the marks of kinds, and words of later versions.
    pub marks: BTreeSet<String>,
    /// Words with a value, by their key: digests, and words of later versions.
    pub digests: BTreeMap<String, String>,
}

impl Guard {
    /// Returns the words separated by commas, in a fixed order; empty if there are none.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        words.extend(self.kind.iter().map(|kind| format!("k={kind}")));
        words.extend(self.protect.then(|| "protect".to_owned()));
        words.extend(self.keep.then(|| "keep".to_owned()));
        words.extend(self.marks.iter().cloned());
        words.extend((self.incarnation > 0).then(|| format!("i{}", self.incarnation)));
        words.extend(
            self.digests
                .iter()
                .map(|(key, value)| format!("{key}={value}")),
        );
        words.join(",")
    }

    /// Reads the words of a tag value. Words of later versions are kept as they are.
    #[must_use]
    pub fn decode(text: &str) -> Self {
        let mut guard = Self::default();
        for word in text
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            guard.read(word);
        }
        guard
    }

    fn read(&mut self, word: &str) {
        let number = word
            .strip_prefix('i')
            .and_then(|digits| digits.parse().ok());
        match (word, word.split_once('='), number) {
            ("protect", ..) => self.protect = true,
            ("keep", ..) => self.keep = true,
            (_, Some(("k", kind)), _) => self.kind = Some(kind.to_owned()),
            (_, Some((key, value)), _) => {
                self.digests.insert(key.to_owned(), value.to_owned());
            }
            (.., Some(n)) => self.incarnation = n,
            _ => {
                self.marks.insert(word.to_owned());
            }
        }
    }

    /// Returns whether it carries this mark.
    #[must_use]
    pub fn has(&self, mark: &str) -> bool {
        self.marks.contains(mark)
    }

    /// Returns the same words with this mark.
    #[must_use]
    pub fn with(mut self, mark: &str) -> Self {
        self.marks.insert(mark.to_owned());
        self
    }

    /// Returns the same words without this mark.
    #[must_use]
    pub fn without(mut self, mark: &str) -> Self {
        self.marks.remove(mark);
        self
    }
}

/// Encodes an address as a tag value.
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

/// Decodes an address from a tag value; `None` if it is not a valid address.
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

/// Returns the ownership tags of a resource. The guard tag is left out if it has no words.
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

/// Returns the owner that the tags of a live resource name; `None` if they name none.
#[must_use]
pub fn owner_of(tags: &Tags) -> Option<Owner> {
    let stack = tags.get(STACK)?.to_string();
    let address = decode_address(tags.get(ADDRESS)?)?;
    Some(Owner {
        stack,
        address,
        guard: Guard::decode(tags.get(GUARD).map_or("", Text::as_str)),
    })
}

/// Returns whether a tag key is one of our own.
#[must_use]
pub fn is_own_key(key: &str) -> bool {
    key.starts_with("setpoint:")
}

/// Returns whether a tag that the spec does not declare is left alone: it is the platform's or our
/// own.
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
            kind: Some("instance".to_owned()),
            protect: true,
            marks: ["restarting".to_owned()].into(),
            incarnation: 3,
            digests: [("u".to_owned(), "ab12".to_owned())].into(),
            ..Guard::default()
        };
        assert_eq!(guard.encode(), "k=instance,protect,restarting,i3,u=ab12");
        assert_eq!(Guard::decode(&guard.encode()), guard);
    }

    /// A version ignores words that it does not know, and keeps them.
    #[test]
    fn words_of_later_versions_are_written_back() {
        let text = "k=vpc,keep,i2ndpass,later,h=0a1b2c3d.0123456789abcdef,z=1";
        let guard = Guard::decode(text);
        assert!(guard.keep && guard.has("later") && guard.has("i2ndpass"));
        let words = |text: &str| text.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(words(&guard.encode()), words(text));
    }

    #[test]
    fn the_words_of_the_first_version_are_read() {
        let guard = Guard::decode("protect,keep,unready,restarting,i3,u=ab12");
        assert_eq!((guard.kind.as_deref(), guard.incarnation), (None, 3));
        assert!(guard.protect && guard.keep && guard.has("unready") && guard.has("restarting"));
        assert_eq!(guard.digests["u"], "ab12");
    }
}
