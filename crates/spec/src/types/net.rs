//! Parsers of addresses, blocks and ports.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Wrong;

/// Parses a block without bits set after its prefix, whose prefix is `min` to `max`, and returns
/// its canonical text.
///
/// # Errors
/// The problem, with the block to write.
pub fn cidr(text: &str, min: u8, max: u8) -> Result<String, Wrong> {
    let net = block(text)?;
    if net.prefix_len() < min || net.prefix_len() > max {
        return Err(
            Wrong::new(format!("`{text}` has a prefix of /{}", net.prefix_len()))
                .hint(format!("the prefix must be /{min} to /{max}")),
        );
    }
    Ok(net.to_string())
}

/// Parses a block without bits set after its prefix.
///
/// # Errors
/// The problem, with the block to write.
pub fn block(text: &str) -> Result<IpNet, Wrong> {
    let net: IpNet = match text.parse() {
        Ok(net) if is_plain(text) => net,
        _ if text.parse::<IpAddr>().is_ok() => {
            let host = if text.contains(':') { 128 } else { 32 };
            return Err(Wrong::new(format!("`{text}` has no prefix length"))
                .hint(format!("write `{text}/{host}` for one address")));
        }
        _ => {
            return Err(Wrong::new(format!("`{text}` is not a CIDR block"))
                .hint("write it as `10.0.0.0/16`"));
        }
    };
    if net.trunc() != net {
        return Err(
            Wrong::new(format!("`{text}` has bits set after its prefix"))
                .hint(format!("write `{}`", net.trunc())),
        );
    }
    Ok(net)
}

/// Whether no number of a block has a leading zero, which some tools read as octal.
fn is_plain(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, prefix)| {
        address.parse::<IpAddr>().is_ok() && (prefix == "0" || !prefix.starts_with('0'))
    })
}

/// Parses an address and returns its canonical text.
///
/// # Errors
/// The problem.
pub fn ip(text: &str) -> Result<String, Wrong> {
    let wrong =
        || Wrong::new(format!("`{text}` is not an IP address")).hint("write it as `10.0.0.5`");
    text.parse::<IpAddr>()
        .map(|ip| ip.to_string())
        .map_err(|_| wrong())
}

/// Parses a block, or an address as a block: `203.0.113.5` becomes `203.0.113.5/32`.
///
/// # Errors
/// The problem, with the block to write.
pub fn peer_block(text: &str) -> Result<String, Wrong> {
    match text.parse::<IpAddr>() {
        Ok(ip) => Ok(IpNet::from(ip).to_string()),
        Err(_) => block(text).map(|net| net.to_string()),
    }
}

/// Parses a port or a range of ports and returns `from/to`. The form of the API, `80/80`, is
/// accepted too.
///
/// # Errors
/// The problem, with the range to write.
pub fn port(text: &str) -> Result<String, Wrong> {
    let (from, to) = port_pair(text)?;
    Ok(format!("{from}/{to}"))
}

/// Parses a port or a range of ports and returns the first and the last port.
///
/// # Errors
/// The problem, with the range to write.
pub fn port_pair(text: &str) -> Result<(u16, u16), Wrong> {
    let (from, to) = text.split_once(['-', '/']).unwrap_or((text, text));
    if let Some((a, b)) = text.split_once(':') {
        return Err(
            Wrong::new(format!("`{text}` is not a valid port")).hint(format!(
                "write `{}-{}` for a range",
                a.trim(),
                b.trim()
            )),
        );
    }
    let number = |part: &str| {
        let part = part.trim();
        let canonical =
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) && !part.starts_with('0');
        let wrong = Wrong::new(format!("`{text}` is not a valid port"))
            .hint("write a port of 1 to 65535, a range `8000-9000` or several `[80, 443]`");
        if canonical {
            part.parse::<u16>().map_err(|_| wrong)
        } else {
            Err(wrong)
        }
    };
    let (from, to) = (number(from)?, number(to)?);
    if from > to {
        return Err(
            Wrong::new(format!("the range `{text}` ends before it begins"))
                .hint(format!("write `{to}-{from}`")),
        );
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(result: Result<String, Wrong>, expected: &str) {
        let shown = result.unwrap_or_else(|wrong| {
            format!("{} / {}", wrong.message, wrong.hint.unwrap_or_default())
        });
        assert_eq!(shown, expected);
    }

    #[test]
    fn blocks() {
        check(cidr("172.16.0.0/12", 8, 28), "172.16.0.0/12");
        check(
            cidr("172.16.1.0/12", 8, 28),
            "`172.16.1.0/12` has bits set after its prefix / write `172.16.0.0/12`",
        );
        check(
            cidr("10.0.0.0/4", 8, 28),
            "`10.0.0.0/4` has bits set after its prefix / write `0.0.0.0/4`",
        );
        check(
            cidr("10.0.0.0/29", 8, 28),
            "`10.0.0.0/29` has a prefix of /29 / the prefix must be /8 to /28",
        );
        check(
            cidr("10.0.0.1", 8, 28),
            "`10.0.0.1` has no prefix length / write `10.0.0.1/32` for one address",
        );
        check(
            cidr("10.0.0/8", 8, 28),
            "`10.0.0/8` is not a CIDR block / write it as `10.0.0.0/16`",
        );
        for octal in ["010.0.0.0/8", "10.0.0.0/08", "10.0.0.00/8"] {
            let refused = format!("`{octal}` is not a CIDR block / write it as `10.0.0.0/16`");
            check(cidr(octal, 8, 28), &refused);
        }
        check(peer_block("203.0.113.5"), "203.0.113.5/32");
        check(peer_block("2001:DB8::1"), "2001:db8::1/128");
        check(
            ip("10.0.0.256"),
            "`10.0.0.256` is not an IP address / write it as `10.0.0.5`",
        );
    }

    #[test]
    fn ports() {
        check(port("80"), "80/80");
        check(port("8000-9000"), "8000/9000");
        check(port("80/80"), "80/80");
        check(
            port("8000:9000"),
            "`8000:9000` is not a valid port / write `8000-9000` for a range",
        );
        check(
            port("9000-8000"),
            "the range `9000-8000` ends before it begins / write `8000-9000`",
        );
        check(
            port("65536"),
            "`65536` is not a valid port / write a port of 1 to 65535, a range `8000-9000` or \
             several `[80, 443]`",
        );
        check(
            port("0"),
            "`0` is not a valid port / write a port of 1 to 65535, a range `8000-9000` or several \
             `[80, 443]`",
        );
    }
}
