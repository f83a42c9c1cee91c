//! Requirements on the version of Setpoint.

use crate::types::Wrong;

/// Whether a version meets all requirements of a list such as `>= 0.3, < 2`.
pub(super) fn satisfies(version: &str, requirement: &str) -> Result<bool, Wrong> {
    let own = numbers(version).unwrap_or_default();
    let mut all = true;
    for part in requirement.split(',').map(str::trim) {
        let digits = part
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(part.len());
        let (operator, wanted) = (part[..digits].trim(), numbers(&part[digits..]));
        let wrong = || {
            Wrong::new(format!("`{part}` is not a valid version requirement"))
                .hint("write it as `\">= 0.3\"`")
        };
        let wanted = wanted.ok_or_else(wrong)?;
        all &= match operator {
            ">=" => own >= wanted,
            ">" => own > wanted,
            "<=" => own <= wanted,
            "<" => own < wanted,
            "=" | "" => own == wanted,
            _ => return Err(wrong()),
        };
    }
    Ok(all)
}

/// Parses `0.3` to three numbers; missing ones are 0.
fn numbers(text: &str) -> Option<[u64; 3]> {
    let mut numbers = [0; 3];
    for (at, part) in text.split('.').enumerate() {
        *numbers.get_mut(at)? = part.parse().ok()?;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(satisfies("0.3.1", ">= 0.3"), Ok(true));
        assert_eq!(satisfies("0.3.1", ">= 0.3, < 0.3.1"), Ok(false));
        assert_eq!(satisfies("1.0.0", "1"), Ok(true));
        assert!(satisfies("1.0.0", "~> 1").is_err() && satisfies("1.0.0", "latest").is_err());
    }
}
