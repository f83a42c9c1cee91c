//! References to resources outside the stack: entries of `existing` and resources of `stacks`.
//!
//! In a [`crate::stack::Stack`] their addresses begin with a reserved segment that cannot be a
//! name: `@existing.NAME` for an entry of `existing`, `@stacks.ALIAS.ADDRESS` for a resource of
//! another stack. The planner resolves them from look-ups. If the `file` of the other stack is not
//! given, an `@stacks` address without a key may mean a whole group.

use crate::address::Address;

const EXISTING: &str = "@existing";
const STACKS: &str = "@stacks";

/// The target of a reserved address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outside<'a> {
    /// An entry of `existing`, by its name.
    Existing(&'a str),
    /// A resource of another stack.
    Stack {
        /// The alias under `stacks`.
        alias: &'a str,
        /// The address within that stack, as text.
        address: String,
    },
}

/// The address of an entry of `existing`.
#[must_use]
pub fn existing(name: &str) -> Address {
    Address::root(name).below(&Address::root(EXISTING))
}

/// The prefix of the addresses of another stack.
#[must_use]
pub fn stack(alias: &str) -> Address {
    Address::root(alias).below(&Address::root(STACKS))
}

/// Returns the target of an address outside the stack; `None` for an address of the stack.
#[must_use]
pub fn outside(address: &Address) -> Option<Outside<'_>> {
    match address.segments() {
        [root, name] if root.name == EXISTING => Some(Outside::Existing(&name.name)),
        [root, alias, rest @ ..] if root.name == STACKS => {
            let parts: Vec<String> = rest
                .iter()
                .map(|segment| {
                    segment.key.as_ref().map_or_else(
                        || segment.name.clone(),
                        |key| format!("{}[{key}]", segment.name),
                    )
                })
                .collect();
            Some(Outside::Stack {
                alias: &alias.name,
                address: parts.join("."),
            })
        }
        _ => None,
    }
}

/// Formats an address as it is written in a spec: `network.net` for a resource of another stack,
/// `dns` for an entry of `existing`.
#[must_use]
pub fn said(address: &Address) -> String {
    match outside(address) {
        Some(Outside::Existing(name)) => name.to_owned(),
        Some(Outside::Stack { alias, address }) => format!("{alias}.{address}"),
        None => address.to_string(),
    }
}

/// Whether an address is outside the stack.
#[must_use]
pub fn is_outside(address: &Address) -> bool {
    address
        .segments()
        .first()
        .is_some_and(|first| first.name.starts_with('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_addresses_cannot_be_written() {
        assert_eq!(existing("dns").to_string(), "@existing.dns");
        assert!("@existing.dns".parse::<Address>().is_err());
        let net: Address = "private[h]".parse().expect("an address");
        let far = net.below(&stack("network"));
        assert_eq!(
            outside(&far),
            Some(Outside::Stack {
                alias: "network",
                address: "private[h]".to_owned()
            })
        );
        assert!(is_outside(&far) && !is_outside(&net));
    }
}
