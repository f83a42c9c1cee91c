//! Parsers of whole and decimal numbers.

use super::Wrong;

/// Parses a whole number from `min` to `max`, inclusive; `unit` is used in messages.
///
/// # Errors
/// The problem, with the number to write if it can be guessed.
pub fn integer(text: &str, min: i64, max: i64, unit: &str) -> Result<i64, Wrong> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    let wanted = if unit.is_empty() {
        "a whole number".to_owned()
    } else {
        format!("a whole number ({unit})")
    };
    if !canonical || text == "-0" {
        let wrong = Wrong::new(format!("`{text}` is not {wanted}"));
        let leading: String = text
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '_')
            .filter(|c| *c != '_')
            .collect();
        let number = leading.trim_start_matches('0');
        let rest = text
            .trim_start_matches(|c: char| c.is_ascii_digit() || c == '_')
            .trim();
        let is_unit = rest.chars().all(|c| c.is_ascii_alphabetic() || c == '/');
        return Err(match number {
            "" => wrong.hint("write only decimal digits, such as `40`"),
            number if rest.is_empty() => wrong.hint(format!("write `{number}`")),
            number if is_unit && !unit.is_empty() => {
                wrong.hint(format!("write `{number}`; the unit is always {unit}"))
            }
            number if is_unit => wrong.hint(format!("write `{number}`")),
            _ => wrong.hint("write only decimal digits, such as `40`"),
        });
    }
    let out = || Wrong::new(format!("{text} is out of range")).hint(range(min, max, unit));
    let n: i64 = text.parse().map_err(|_| out())?;
    if n < min || n > max {
        Err(out())
    } else {
        Ok(n)
    }
}

fn range(min: i64, max: i64, unit: &str) -> String {
    let unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    match (min, max) {
        (i64::MIN, i64::MAX) => "write a smaller number".to_owned(),
        (min, i64::MAX) => format!("write at least {min}{unit}"),
        (i64::MIN, max) => format!("write at most {max}{unit}"),
        (min, max) => format!("write {min} to {max}{unit}"),
    }
}

/// Parses a decimal number and returns its canonical text: `0.40` becomes `0.4`, `2.0` becomes `2`.
///
/// # Errors
/// The problem.
pub fn decimal(text: &str) -> Result<String, Wrong> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || !digits(fraction) || leading_zero || unsigned.len() > 30 {
        return Err(Wrong::new(format!("`{text}` is not a number"))
            .hint("write decimal digits with at most one point, such as `0.4`"));
    }
    let fraction = fraction.trim_end_matches('0');
    let number = if fraction.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{fraction}")
    };
    Ok(if text.starts_with('-') && number != "0" {
        format!("-{number}")
    } else {
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = match integer(text, 0, 100, "GiB") {
            Ok(n) => n.to_string(),
            Err(wrong) => format!("{} / {}", wrong.message, wrong.hint.unwrap_or_default()),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn integers() {
        check("40", "40");
        check(
            "40Gi",
            "`40Gi` is not a whole number (GiB) / write `40`; the unit is always GiB",
        );
        check("040", "`040` is not a whole number (GiB) / write `40`");
        check("1_0", "`1_0` is not a whole number (GiB) / write `10`");
        check(
            "1e1",
            "`1e1` is not a whole number (GiB) / write only decimal digits, such as `40`",
        );
        check(
            "1.5",
            "`1.5` is not a whole number (GiB) / write only decimal digits, such as `40`",
        );
        check("101", "101 is out of range / write 0 to 100 GiB");
        check(
            "99999999999999999999",
            "99999999999999999999 is out of range / write 0 to 100 GiB",
        );
    }

    #[test]
    fn decimals() {
        for (text, expected) in [
            ("0.40", "0.4"),
            ("2.0", "2"),
            ("-0.0", "0"),
            ("10", "10"),
            ("-1.50", "-1.5"),
        ] {
            assert_eq!(decimal(text).as_deref(), Ok(expected));
        }
        for text in ["", ".5", "1.", "01", "1e3", "1_0", "1.2.3"] {
            assert!(decimal(text).is_err(), "{text}");
        }
    }
}
