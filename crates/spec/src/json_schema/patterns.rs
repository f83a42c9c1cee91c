//! The forms of texts as regular expressions that JavaScript, Python and Rust interpret alike: no
//! look-ahead, ASCII only.
//!
//! Each pattern follows a parser in [`crate::types`] and accepts everything that the parser
//! accepts. `setpoint validate` checks what a pattern cannot: bits set after a prefix, a zone of
//! another region.

/// A text with an expression.
pub(super) const EXPRESSION: &str = r"\$\{";

/// The name of a resource, module, output, alias or environment.
pub(super) const NAME: &str = "^[a-z]([a-z0-9_-]{0,38}[a-z0-9])?$";

/// The name of a stack.
pub(super) const STACK: &str = "^[a-z][a-z0-9-]{0,38}[a-z0-9]$";

/// The name of a variable.
pub(super) const VARIABLE: &str = "^[a-z]([a-z0-9_]{0,38}[a-z0-9])?$";

/// An address: names with keys, separated by dots.
pub(super) const ADDRESS: &str = r#"^[a-z][a-z0-9_-]*(\["?[A-Za-z0-9][A-Za-z0-9._-]*"?\])?(\.[a-z][a-z0-9_-]*(\["?[A-Za-z0-9][A-Za-z0-9._-]*"?\])?)*$"#;

/// The region of a stack.
pub(super) const REGION: &str = "^[a-z0-9]{2}(-[a-z0-9]+)+$";

/// A zone of some region.
pub(super) const ZONE: &str = "^[a-z0-9]{2}(-[a-z0-9]+)+-?[a-z]{1,2}$";

/// An account.
pub(super) const ACCOUNT: &str = "^[0-9]{16}$";

/// A version requirement.
pub(super) const REQUIRES: &str =
    r"^\s*([<>]=?|=)?\s*[0-9]+(\.[0-9]+){0,2}\s*(,\s*([<>]=?|=)?\s*[0-9]+(\.[0-9]+){0,2}\s*)*$";

/// A date.
pub(super) const DATE: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$";

/// A duration with units, the largest first.
pub(super) const DURATION: &str = "^([0-9]+d([0-9]+h)?([0-9]+m)?([0-9]+s)?|[0-9]+h([0-9]+m)?([0-9]+s)?|[0-9]+m([0-9]+s)?|[0-9]+s)$";

/// A time span of the day.
pub(super) const TIME_SPAN: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$";

/// A path relative to the file, or below the home folder.
pub(super) const PATH: &str = r"^[^/\\][^\\]*$";

/// The first character of a display name: a letter, or any character outside ASCII.
pub(super) const LETTER_FIRST: &str = r"^[^\x00-\x40\x5b-\x60\x7b-\x7f]";

const BYTE: &str = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const PORT: &str =
    "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])";
/// An IPv6 address, checked loosely: it must contain a colon.
const IPV6: &str = "[0-9a-fA-F.]*:[0-9a-fA-F:.]*";

/// A CIDR block with a prefix within bounds.
pub(super) fn cidr(min: u8, max: u8) -> String {
    let prefixes: Vec<String> = (min..=max).map(|n| n.to_string()).collect();
    let prefixes = prefixes.join("|");
    format!(r"^({BYTE}(\.{BYTE}){{3}}|{IPV6})/({prefixes})$")
}

/// An IP address.
pub(super) fn ip() -> String {
    format!(r"^({BYTE}(\.{BYTE}){{3}}|{IPV6})$")
}

/// A port or a range of ports.
pub(super) fn port() -> String {
    format!(r"^\s*{PORT}\s*([-/]\s*{PORT}\s*)?$")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types;

    /// The pattern takes whatever the reader takes, and of these texts nothing else.
    #[track_caller]
    fn follows(pattern: &str, reads: impl Fn(&str) -> bool, texts: &[&str]) {
        let regex = regex_lite::Regex::new(pattern).expect("a pattern");
        for text in texts {
            assert_eq!(regex.is_match(text), reads(text), "{text:?} and {pattern}");
        }
    }

    #[test]
    fn patterns_of_networks_follow_their_readers() {
        follows(
            &cidr(8, 28),
            |text| types::cidr(text, 8, 28).is_ok(),
            &[
                "10.0.0.0/8",
                "10.0.0.0/28",
                "10.0.0.0/29",
                "10.0.0.0/7",
                "10.0.0.0",
                "10.0/16",
                "010.0.0.0/8",
                "256.0.0.0/8",
                "fd00::/16",
                "10.0.0.0/08",
                "10.0.0.0/8 ",
                "",
            ],
        );
        follows(
            &ip(),
            |text| types::ip(text).is_ok(),
            &[
                "10.0.0.5",
                "255.255.255.255",
                "10.0.0.256",
                "10.0.0",
                "::1",
                "fd00::5",
                "a",
                "",
            ],
        );
        follows(
            &port(),
            |text| types::port(text).is_ok(),
            &[
                "1",
                "80",
                "9999",
                "10000",
                "59999",
                "64999",
                "65499",
                "65529",
                "65535",
                "65536",
                "70000",
                "0",
                "080",
                "8000-9000",
                "80/80",
                "8000 - 9000",
                "8000:9000",
                "http",
                "",
            ],
        );
    }

    #[test]
    fn patterns_of_times_and_places_follow_their_readers() {
        follows(
            DURATION,
            |text| types::duration(text).is_ok(),
            &[
                "90s", "10m", "1h30m", "7d", "1d2h3m4s", "30m1h", "1h1h", "10", "", "m", "1.5h",
                "10 m",
            ],
        );
        follows(
            TIME_SPAN,
            |text| types::time_span(text).is_ok(),
            &[
                "09:00-19:00",
                "22:00-06:59",
                "9:00-19:00",
                "09:00",
                "09:00-24:00",
                "09:60-10:00",
            ],
        );
        follows(
            DATE,
            |text| types::date(text).is_ok(),
            &[
                "2026-12-15",
                "2026-13-01",
                "2026-00-10",
                "20261215",
                "2026-1-5",
                "2026-12-32",
            ],
        );
        follows(
            REGION,
            |text| types::region(text).is_ok(),
            &[
                "cn-beijing",
                "ap-southeast-1",
                "cn",
                "beijing",
                "CN-beijing",
                "cn-",
                "cn_beijing",
            ],
        );
    }

    #[test]
    fn names_follow_their_readers() {
        let longest = "a".repeat(40);
        let longer = "a".repeat(41);
        let names = [
            "a",
            "web-1",
            "web_",
            "web-",
            "1a",
            "A",
            "a.b",
            "",
            longest.as_str(),
            longer.as_str(),
        ];
        follows(NAME, crate::address::is_name, &names);
        follows(
            ADDRESS,
            |text| text.parse::<crate::address::Address>().is_ok(),
            &[
                "app",
                "app[0]",
                "app[\"blue\"]",
                "web[eu].app[1.2]",
                "app[",
                "app[-x]",
                "App",
                "a..b",
                "",
            ],
        );
        let region = "cn-beijing";
        follows(
            ZONE,
            |text| types::zone(text, region).is_ok(),
            &[
                "cn-beijing-h",
                "cn-beijinga",
                "h",
                "CN-beijing-h",
                "cn-beijing-",
                "cn-beijing-H",
            ],
        );
    }
}
