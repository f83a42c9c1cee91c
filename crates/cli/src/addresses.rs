//! Addresses and globs on the command line: `app`, `app[0]`, `app.0`, `'app[*]'`, `'web.*'`.

use setpoint_plan::diff::glob_match;
use setpoint_spec::address::Address;

/// A pattern that matches no resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{flag} {pattern}` matches no resource of this stack")]
pub struct NoMatch {
    /// The flag.
    pub flag: &'static str,
    /// The pattern as typed.
    pub pattern: String,
    /// The stack's addresses.
    pub known: Vec<Address>,
}

/// The addresses that match the patterns, in the order of the patterns.
///
/// # Errors
/// The first pattern that matches none of the known addresses.
pub fn select(
    flag: &'static str,
    patterns: &[String],
    known: &[Address],
) -> Result<Vec<Address>, NoMatch> {
    let mut found: Vec<Address> = Vec::new();
    for pattern in patterns {
        let wanted = canonical(pattern);
        let before = found.len();
        let mut any = false;
        for address in known.iter().filter(|address| means(&wanted, address)) {
            any = true;
            if !found[..before].contains(address) {
                found.push(address.clone());
            }
        }
        if !any {
            return Err(NoMatch {
                flag,
                pattern: pattern.clone(),
                known: known.to_vec(),
            });
        }
    }
    Ok(found)
}

/// `app["blue"]` and `app.0` in the form in which addresses are printed.
fn canonical(pattern: &str) -> String {
    let bare = pattern.replace(['"', '\''], "");
    match bare.rsplit_once('.') {
        Some((group, index))
            if !index.is_empty()
                && index.bytes().all(|byte| byte.is_ascii_digit())
                && !index_is_inside(group) =>
        {
            format!("{group}[{index}]")
        }
        _ => bare,
    }
}

/// Whether a dot is inside brackets: keys may contain dots.
fn index_is_inside(before: &str) -> bool {
    before.matches('[').count() > before.matches(']').count()
}

/// Whether a pattern matches an address: the address itself, a glob of it, or the group or module
/// that it belongs to.
fn means(pattern: &str, address: &Address) -> bool {
    let text = address.to_string();
    let inside = text
        .strip_prefix(pattern)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']));
    inside || glob_match(pattern, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: &str) {
        let known: Vec<Address> = [
            "app[0]",
            "app[1]",
            "db",
            "net",
            "web.app[0]",
            "web.net",
            "disk[v1.2]",
        ]
        .iter()
        .map(|text| text.parse().expect("a valid address"))
        .collect();
        let got = match select("--target", &[pattern.to_owned()], &known) {
            Ok(found) => found
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "{pattern}");
    }

    #[test]
    fn patterns_mean_addresses() {
        check("db", "db");
        check("app", "app[0] app[1]");
        check("app.1", "app[1]");
        check("app[\"0\"]", "app[0]");
        check("app[*]", "app[0] app[1]");
        check("web.*", "web.app[0] web.net");
        check("web", "web.app[0] web.net");
        check("web.app.0", "web.app[0]");
        check("disk[v1.2]", "disk[v1.2]");
        check("*", "app[0] app[1] db net web.app[0] web.net disk[v1.2]");
        check("ap", "`--target ap` matches no resource of this stack");
    }
}
