//! Plain scalars that YAML tools read differently.
//!
//! YAML 1.1 and 1.2 differ on booleans, octal and sexagesimal numbers, and dates. A text that
//! either version reads as a value that prints differently must be quoted.

/// Returns the value that other tools read in a plain scalar, if it differs from the text: `false`,
/// `the number 1200`, `a date`.
#[must_use]
pub fn reading(text: &str) -> Option<String> {
    let say = |what: &str| Some(what.to_owned());
    // Most texts are long words, which need no lower-case copy to be recognised.
    if text.len() > 5
        && text.starts_with(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '+' | '.')))
    {
        return None;
    }
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => return say("true"),
        "no" | "off" | "n" => return say("false"),
        "true" | "false" if text == "true" || text == "false" => return None,
        "true" => return say("true"),
        "false" => return say("false"),
        "~" | "null" | "" => return say("nothing"),
        ".inf" | "+.inf" | "-.inf" => return say("infinity"),
        ".nan" => return say("not a number"),
        "=" | "<<" => return say("a special key"),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if is_date(text) {
        return say("a date");
    }
    sexagesimal(unsigned).or_else(|| number(text, unsigned))
}

/// Whether other tools read a plain scalar as a number or boolean, in which case it cannot be a
/// key.
#[must_use]
pub(super) fn is_not_text(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    matches!(text, "true" | "false") || reading(text).is_some() || is_decimal(unsigned)
}

fn is_decimal(unsigned: &str) -> bool {
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// Whether it is a date such as `2026-11-23`, with or without a time.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let digits = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|b| b.is_ascii_digit())
    };
    let day = rest.split(['T', 't', ' ']).next().unwrap_or("");
    year.len() == 4 && digits(year, 4) && digits(month, 2) && digits(day, 2)
}

/// Reads a sexagesimal number: `20:00` is 1200 in YAML 1.1.
fn sexagesimal(text: &str) -> Option<String> {
    let (whole, _fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let first = parts.next()?;
    if first.is_empty() || !first.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return None;
    }
    let mut value: i64 = first.replace('_', "").parse().ok()?;
    let mut some = false;
    for part in parts {
        let n: i64 = if part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit()) {
            part.parse().ok()?
        } else {
            return None;
        };
        if n > 59 {
            return None;
        }
        value = value.checked_mul(60)?.checked_add(n)?;
        some = true;
    }
    some.then(|| format!("the number {value}"))
}

fn number(text: &str, unsigned: &str) -> Option<String> {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let radix = |prefix: &str, base: u32| {
        let rest = unsigned.strip_prefix(prefix)?;
        (!rest.is_empty() && rest.chars().all(|c| c.is_digit(base) || c == '_'))
            .then(|| "a number".to_owned())
    };
    if let Some(found) = radix("0x", 16)
        .or_else(|| radix("0o", 8))
        .or_else(|| radix("0b", 2))
    {
        return Some(found);
    }
    let (mantissa, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa
        .split_once('.')
        .map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && e.bytes().all(|b| b.is_ascii_digit())
    });
    let some_digit = mantissa.bytes().any(|b| b.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) || !exponent_fits || !some_digit {
        return None;
    }
    let plain_whole =
        whole == "0" || (!whole.is_empty() && !whole.starts_with('0') && !whole.contains('_'));
    let plain_fraction = fraction
        .is_none_or(|f| !f.contains('_') && f.ends_with(|c: char| c.is_ascii_digit() && c != '0'));
    let prints_back = plain_whole
        && plain_fraction
        && exponent.is_none()
        && !text.starts_with('+')
        && text != "-0"
        && mantissa.len() <= 16;
    let too_long = whole.len() + fraction.map_or(0, str::len) > 15;
    match (prints_back, too_long) {
        (true, false) => None,
        (true, true) => Some("a rounded number".to_owned()),
        (false, _) => Some("a number".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_quoted() {
        for text in [
            "yes", "No", "ON", "off", "y", "N", "~", "null", "NULL", "True", "0755", "1_000",
            "0x1f", "1e3", "1.10", "20:00",
        ] {
            assert!(reading(text).is_some(), "{text}");
        }
        for text in [
            "2026-11-23",
            "2026-11-23T10:00:00Z",
            "+1",
            ".5",
            "1.",
            "-0",
            "0o17",
            "0b1",
            "1:30:00",
            "1.0",
            "1234567890123456",
            ".inf",
            "<<",
        ] {
            assert!(reading(text).is_some(), "{text}");
        }
        for text in [
            "true",
            "4711",
            "-3",
            "0",
            "0.4",
            "1.5",
            "10.0.0.1",
            "10.0.0.0/24",
            "ecs.c7.large",
            "1.2.3",
            "2026",
            "8000-9000",
            "09:00-19:00",
            "e3",
            "a:b",
            "-",
            ".",
        ] {
            assert_eq!(reading(text), None, "{text}");
        }
        assert_eq!(reading("20:00").as_deref(), Some("the number 1200"));
    }
}
