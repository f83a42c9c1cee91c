//! The log on stderr: which events are shown, and how a line looks.
//!
//! An event is one line of `key=value` pairs without colour codes: `TIME LEVEL TARGET`, then the
//! fields of the spans around it, then its own. Every API call is one event of the client, at
//! `debug`; the engine's spans say which resource it is for. Invariant: the log goes through
//! [`ui::say`], so it never tears a progress table apart, and never to stdout.

use std::fmt;
use std::io::{self, Write};

use tracing::{Event, Subscriber};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::error::Error;
use crate::ui;

/// The beginning of the targets of all our crates.
const OURS: &str = "setpoint";

/// Shows events of this level, or of these targets, from now on.
///
/// # Errors
/// The text is neither a level nor a list of targets with levels.
pub(crate) fn start(level: &str) -> Result<(), Error> {
    let filter = filter(level).ok_or_else(|| {
        Error::usage_hint(
            format!("`--log {level}`: `{level}` is not a valid level"),
            "Levels: off, error, warn, info, debug, trace; or target=level, separated by commas",
        )
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .event_format(Line)
        .with_writer(|| Stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
    Ok(())
}

/// A level for our own events, or levels by target.
///
/// Libraries (HTTP, TLS) are shown from `warn` on, and in full only with `trace`. A single word
/// that is not a level would be read as a target, and nothing would be logged.
fn filter(text: &str) -> Option<Targets> {
    if let Ok(level) = text.parse::<LevelFilter>() {
        let others = match level {
            LevelFilter::TRACE => level,
            _ => level.min(LevelFilter::WARN),
        };
        return Some(Targets::new().with_target(OURS, level).with_default(others));
    }
    if text.contains('=') {
        text.parse().ok()
    } else {
        None
    }
}

/// The layout of a line.
struct Line;

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut to: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        SystemTime.format_time(&mut to)?;
        write!(to, " {:5} {} ", metadata.level(), metadata.target())?;
        for span in context
            .event_scope()
            .into_iter()
            .flat_map(|scope| scope.from_root())
        {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>()
                && !fields.is_empty()
            {
                write!(to, "{fields} ")?;
            }
        }
        context.format_fields(to.by_ref(), event)?;
        writeln!(to)
    }
}

/// Takes whole lines and writes them above the progress table, if there is one.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        ui::say(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[track_caller]
    fn check(text: &str, target: &str, expected: Option<Level>) {
        let filter = filter(text).expect("a filter");
        let levels = [
            Level::TRACE,
            Level::DEBUG,
            Level::INFO,
            Level::WARN,
            Level::ERROR,
        ];
        let most = levels
            .into_iter()
            .find(|level| filter.would_enable(target, level));
        assert_eq!(most, expected, "{text}, {target}");
    }

    #[test]
    fn a_level_is_for_our_own_events() {
        check("debug", "setpoint::call", Some(Level::DEBUG));
        check("debug", "setpoint_engine::local", Some(Level::DEBUG));
        check("debug", "hyper_util::client", Some(Level::WARN));
        check("error", "hyper_util::client", Some(Level::ERROR));
        check("trace", "hyper_util::client", Some(Level::TRACE));
        check("off", "setpoint::call", None);
        check("rustls=debug", "rustls::client", Some(Level::DEBUG));
        check("rustls=debug", "setpoint::call", None);
        assert!(filter("loud").is_none());
    }
}
