//! Address blocks: parsing, containment, forbidden ranges, the usable addresses of a subnet.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

/// Ranges that no VPC may use, not even in part.
const FORBIDDEN: [&str; 4] = [
    "100.64.0.0/10",
    "224.0.0.0/4",
    "127.0.0.0/8",
    "169.254.0.0/16",
];

/// Parses a block. Its host bits must be zero.
pub(crate) fn exact(text: &str) -> Option<Ipv4Net> {
    let net: Ipv4Net = text.parse().ok()?;
    (net.trunc() == net && net.to_string() == text).then_some(net)
}

/// Whether two blocks overlap.
pub(crate) fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b) || b.contains(&a)
}

/// Whether a block is inside of a forbidden range, or contains one.
pub(crate) fn forbidden(net: Ipv4Net) -> bool {
    FORBIDDEN
        .iter()
        .filter_map(|text| text.parse().ok())
        .any(|range| overlap(range, net))
}

/// The number of usable addresses of a subnet: the cloud reserves the first and the last three.
pub(crate) fn usable(net: Ipv4Net) -> u32 {
    size(net).saturating_sub(4)
}

/// The usable address with this number, counted from 0.
pub(crate) fn usable_at(net: Ipv4Net, number: u32) -> Ipv4Addr {
    Ipv4Addr::from(
        u32::from(net.network())
            .saturating_add(1)
            .saturating_add(number),
    )
}

/// Whether an address of a subnet is usable.
pub(crate) fn is_usable(net: Ipv4Net, address: Ipv4Addr) -> bool {
    let offset = u32::from(address).wrapping_sub(u32::from(net.network()));
    net.contains(&address) && offset >= 1 && offset < size(net).saturating_sub(3)
}

fn size(net: Ipv4Net) -> u32 {
    1u32.checked_shl(32 - u32::from(net.prefix_len()))
        .unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> Ipv4Net {
        exact(text).expect("a block in its exact form")
    }

    #[test]
    fn host_bits_are_refused() {
        assert!(exact("172.16.1.0/24").is_some());
        for text in [
            "172.16.1.5/24",
            "172.16.1.0",
            "172.16.1.0/33",
            "x",
            "172.16.001.0/24",
        ] {
            assert!(exact(text).is_none(), "{text}");
        }
    }

    #[test]
    fn four_addresses_are_reserved() {
        assert_eq!(usable(net("10.0.0.0/29")), 4);
        assert_eq!(usable(net("10.0.0.0/24")), 252);
        let small = net("10.0.0.0/29");
        let usable: Vec<bool> = (0..8)
            .map(|n| is_usable(small, Ipv4Addr::new(10, 0, 0, n)))
            .collect();
        assert_eq!(usable, [false, true, true, true, true, false, false, false]);
        assert_eq!(usable_at(small, 0), Ipv4Addr::new(10, 0, 0, 1));
    }

    #[test]
    fn reserved_ranges() {
        assert!(forbidden(net("100.64.0.0/16")) && forbidden(net("0.0.0.0/0")));
        assert!(!forbidden(net("172.16.0.0/12")) && !forbidden(net("8.0.0.0/8")));
    }
}
