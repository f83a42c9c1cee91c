//! Pieces of text that all formats share: counts, durations, sizes, names of group members, and
//! text that is safe to print.

use std::time::Duration;

use setpoint_plan::{Address, Key};
use setpoint_spec::stack::Location;

/// Returns a count with its noun: `1 restart`, `3 restarts`. The plural adds an `s`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

/// Returns a measured duration: `0.8 s`, `58 s`, `3 min 12 s`, `2 h 5 min`.
pub(crate) fn took(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = (seconds + 0.5) as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 if whole.is_multiple_of(60) => format!("{} min", whole / 60),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Returns a duration in whole seconds, in the form of Terraform: `31s`, `1m12s`, `1h2m3s`.
pub(crate) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        _ => format!(
            "{}h{}m{}s",
            seconds / 3600,
            seconds % 3600 / 60,
            seconds % 60
        ),
    }
}

/// Returns a duration in the form of a clock: `0:31`, `12:05`, `1:02:03`.
pub(crate) fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 3600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds % 3600 / 60,
            seconds % 60
        )
    }
}

/// Returns an estimate: `about 20 s`, `about 1 min`, `about 2 h`; `None` for less than a second.
pub(crate) fn about(duration: Duration) -> Option<String> {
    let seconds = duration.as_secs();
    Some(match seconds {
        0 => return None,
        1..50 => format!("about {} s", seconds.div_ceil(5) * 5),
        50..5400 => format!("about {} min", (seconds + 30) / 60),
        _ => format!("about {} h", (seconds + 1800) / 3600),
    })
}

/// Returns the size of a text: `120 bytes`, `1.2 KiB`.
#[expect(clippy::cast_precision_loss, reason = "a rounded number for people")]
pub(crate) fn size(bytes: usize) -> String {
    if bytes < 1024 {
        format!("{bytes} bytes")
    } else {
        format!("{:.1} KiB", bytes as f64 / 1024.0)
    }
}

/// Returns a place as `file:line:column`.
pub(crate) fn place(at: &Location) -> String {
    format!("{}:{}:{}", at.file, at.line, at.column)
}

/// Returns an account id without its middle: `1234…3456`.
pub(crate) fn account(id: &str) -> String {
    ends(id, 4, 4)
}

/// Returns the first and the last characters of a text, with `…` between; the whole text if that
/// would not be longer.
pub(crate) fn ends(text: &str, first: usize, last: usize) -> String {
    let n = text.chars().count();
    if n <= first + last + 1 {
        return text.to_owned();
    }
    let head: String = text.chars().take(first).collect();
    let tail: String = text.chars().skip(n - last).collect();
    format!("{head}…{tail}")
}

/// Returns text that is safe to print: characters that could move the cursor, change colours or
/// reverse the direction of writing are written as escapes.
pub(crate) fn clean(text: &str) -> String {
    let unsafe_char = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.chars().any(unsafe_char) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| {
            if unsafe_char(c) {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// Returns the members of one group as one name: `web[0..2]`, `web[0,2]`, `disk[a,b]`. Any other
/// addresses are listed, separated by commas.
pub(crate) fn members(addresses: &[&Address]) -> String {
    let Some(first) = addresses.first() else {
        return String::new();
    };
    let group = first.group();
    let keys: Option<Vec<&Key>> = addresses
        .iter()
        .map(|address| address.key().filter(|_| address.group() == group))
        .collect();
    match keys {
        Some(mut keys) if keys.len() > 1 => {
            keys.sort();
            format!("{group}[{}]", key_ranges(&keys))
        }
        _ => addresses
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    }
}

/// Returns sorted keys, separated by commas, with runs of consecutive indexes as `0..2`.
fn key_ranges(keys: &[&Key]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut run: Option<(u32, u32)> = None;
    let close = |run: &mut Option<(u32, u32)>, parts: &mut Vec<String>| match run.take() {
        Some((from, to)) if from == to => parts.push(from.to_string()),
        Some((from, to)) => parts.push(format!("{from}..{to}")),
        None => {}
    };
    for key in keys {
        match (key, run) {
            (Key::Index(n), Some((from, to))) if *n == to + 1 => run = Some((from, *n)),
            (Key::Index(n), _) => {
                close(&mut run, &mut parts);
                run = Some((*n, *n));
            }
            (Key::Text(text), _) => {
                close(&mut run, &mut parts);
                parts.push(text.clone());
            }
        }
    }
    close(&mut run, &mut parts);
    parts.join(",")
}

/// Returns the names of resources, with adjacent members of a group as one: `web[0..2], db`.
pub(crate) fn names(addresses: &[&Address]) -> String {
    let mut runs: Vec<Vec<&Address>> = Vec::new();
    for address in addresses {
        match runs.last_mut() {
            Some(run)
                if address.key().is_some()
                    && run[0].key().is_some()
                    && run[0].group() == address.group() =>
            {
                run.push(address)
            }
            _ => runs.push(vec![address]),
        }
    }
    runs.iter()
        .map(|run| members(run))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let ms = Duration::from_millis;
        let shown = [800, 9_960, 58_400, 120_000, 192_000, 7_500_000].map(|n| took(ms(n)));
        assert_eq!(
            shown,
            ["0.8 s", "10 s", "58 s", "2 min", "3 min 12 s", "2 h 5 min"]
        );
        assert_eq!(
            [31, 72, 3723].map(|n| short(Duration::from_secs(n))),
            ["31s", "1m12s", "1h2m3s"]
        );
        assert_eq!(
            [31, 725, 3723].map(|n| clock(Duration::from_secs(n))),
            ["0:31", "12:05", "1:02:03"]
        );
        assert_eq!(
            [0, 12, 55, 170, 7200].map(|n| about(Duration::from_secs(n)).unwrap_or_default()),
            ["", "about 15 s", "about 1 min", "about 3 min", "about 2 h"]
        );
    }

    #[test]
    fn members_are_named_together() {
        #[track_caller]
        fn check(given: &[&str], expected: &str) {
            let addresses: Vec<Address> = given
                .iter()
                .map(|text| text.parse().expect("a valid address"))
                .collect();
            assert_eq!(names(&addresses.iter().collect::<Vec<_>>()), expected);
        }
        check(&["web[0]", "web[1]", "web[2]", "db"], "web[0..2], db");
        check(&["web[0]", "web[2]", "web[3]"], "web[0,2..3]");
        check(&["web[2]", "web[1]", "web[0]"], "web[0..2]");
        check(
            &["d[a]", "d[b]", "m[x].app[0]", "m[y].app[0]"],
            "d[a,b], m[x].app[0], m[y].app[0]",
        );
        check(&["app"], "app");
    }

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(clean("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
        assert_eq!(ends("1234567890123456", 4, 4), "1234…3456");
        assert_eq!(ends("123456789", 4, 4), "123456789");
    }
}
