//! Parsers of durations, time spans and dates.

use std::fmt::Write as _;

use super::Wrong;

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Parses a duration and returns whole seconds: `90s`, `10m`, `1h30m`, `7d`. The unit is required,
/// and the largest unit must be first.
///
/// # Errors
/// The problem, with the duration to write.
pub fn duration(text: &str) -> Result<u64, Wrong> {
    let wrong = || {
        Wrong::new(format!("`{text}` is not a duration"))
            .hint("write it as `90s`, `10m`, `1h30m` or `7d`")
    };
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds: u64 = text.parse().map_err(|_| wrong())?;
        let long = duration_text(seconds);
        let short = format!("{seconds}s");
        let hint = if long == short || seconds == 0 {
            format!("write `{short}`")
        } else {
            format!("write `{short}` or `{long}`")
        };
        return Err(Wrong::new(format!("`{text}` has no unit")).hint(hint));
    }
    let mut total: u64 = 0;
    let mut next_unit = 0;
    let mut number = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let at = UNITS
            .iter()
            .position(|(unit, _)| *unit == c)
            .ok_or_else(wrong)?;
        if at < next_unit && !number.is_empty() {
            return Err(
                Wrong::new(format!("`{text}` must have its largest unit first"))
                    .hint("write it as `1h30m`"),
            );
        }
        let seconds = number
            .parse::<u64>()
            .ok()
            .and_then(|n| n.checked_mul(UNITS[at].1))
            .and_then(|n| total.checked_add(n));
        total = seconds.ok_or_else(wrong)?;
        next_unit = at + 1;
        number.clear();
    }
    if number.is_empty() && next_unit > 0 {
        Ok(total)
    } else {
        Err(wrong())
    }
}

/// Formats seconds as a duration, with the largest units first.
#[must_use]
pub fn duration_text(seconds: u64) -> String {
    let mut rest = seconds;
    let mut text = String::new();
    for (unit, size) in UNITS {
        if rest >= size {
            let _ = write!(text, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// Parses a time span of the day, such as `09:00-19:00`.
///
/// # Errors
/// The problem.
pub fn time_span(text: &str) -> Result<String, Wrong> {
    let wrong =
        || Wrong::new(format!("`{text}` is not a time span")).hint("write it as \"09:00-19:00\"");
    let (from, to) = text.split_once('-').ok_or_else(wrong)?;
    if !is_time(from) || !is_time(to) {
        return Err(wrong());
    }
    if from == to {
        Err(Wrong::new(format!("the time span `{text}` is empty")))
    } else {
        Ok(text.to_owned())
    }
}

fn is_time(text: &str) -> bool {
    let two = |part: &str, below: u8| {
        part.len() == 2
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|n| n < below)
    };
    text.split_once(':')
        .is_some_and(|(hour, minute)| two(hour, 24) && two(minute, 60))
}

/// Checks a calendar date, such as `2026-12-15`.
///
/// # Errors
/// The problem.
pub fn date(text: &str) -> Result<String, Wrong> {
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if date.to_string() == text => Ok(text.to_owned()),
        _ => Err(Wrong::new(format!("`{text}` is not a date")).hint("write it as `2026-12-15`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5400),
            ("7d", 604_800),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in [
            "",
            "s",
            "10",
            "30m1h",
            "1h1h",
            "10 m",
            "1.5h",
            "99999999999999999d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(
            duration("600").unwrap_err().hint.as_deref(),
            Some("write `600s` or `10m`")
        );
        assert_eq!(duration_text(5400), "1h30m");
    }

    #[test]
    fn days() {
        assert!(time_span("09:00-19:00").is_ok() && time_span("22:00-06:00").is_ok());
        for text in ["9:00-19:00", "09:00", "09:00-24:00", "09:00-09:00"] {
            assert!(time_span(text).is_err(), "{text}");
        }
        assert!(date("2026-12-15").is_ok());
        assert!(
            date("2026-02-30").is_err()
                && date("20261215").is_err()
                && date("2026-12-15T10:00").is_err()
        );
    }
}
