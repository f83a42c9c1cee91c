//! The terminal: its abilities, output to it, and questions.
//!
//! Everything on stderr goes through [`say`] and [`draw_table`], which know the progress table at
//! the bottom of the terminal: other lines are written above it. Invariant: a reader that goes away
//! (`setpoint plan | head`) causes neither an error nor a panic.

use std::io::{self, BufRead, IsTerminal as _, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use setpoint_report::style::Style;

use crate::env::Env;

/// The width without a terminal and without `COLUMNS`, in columns.
const WIDTH: usize = 80;

/// The height without a terminal, in lines.
const HEIGHT: usize = 24;

/// The greatest width: longer lines are hard to read.
const WIDTH_MAX: usize = 120;

/// The abilities of the terminal.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Whether questions can be answered: stdin and stderr are terminals.
    pub interactive: bool,
    /// The layout of the result.
    pub out: Style,
    /// The layout of progress and errors.
    pub err: Style,
    /// Whether progress is a table that is redrawn.
    pub live: bool,
    /// The height in lines.
    pub height: usize,
    /// Asks a question and reads one line; `None` at the end of the input.
    pub ask: fn(&str) -> Option<String>,
}

impl Terminal {
    /// The terminal of this process.
    #[must_use]
    pub fn of_process(no_color: bool, env: Env) -> Self {
        let color = !no_color && !env.no_color();
        let (stdin, stdout, stderr) = (
            io::stdin().is_terminal(),
            io::stdout().is_terminal(),
            io::stderr().is_terminal(),
        );
        let size = terminal_size::terminal_size();
        let unseen = env.columns().unwrap_or(WIDTH);
        let width = size.map_or(unseen, |(width, _)| {
            usize::from(width.0).clamp(1, WIDTH_MAX)
        });
        Self {
            interactive: stdin && stderr,
            out: Style {
                color: color && stdout,
                width: if stdout { width } else { unseen },
            },
            err: Style {
                color: color && stderr,
                width: if stderr { width } else { unseen },
            },
            live: stderr && env.get("TERM").is_none_or(|term| term != "dumb"),
            height: size.map_or(HEIGHT, |(_, height)| usize::from(height.0)),
            ask,
        }
    }

    /// No terminal: all streams are pipes.
    #[must_use]
    pub fn none() -> Self {
        let style = Style::plain(WIDTH);
        Self {
            interactive: false,
            out: style,
            err: style,
            live: false,
            height: HEIGHT,
            ask: |_| None,
        }
    }
}

/// Writes the result to stdout.
pub fn print(text: &str) {
    write_to(&mut io::stdout().lock(), text);
}

/// Writes progress, a note or an error to stderr, above the progress table if there is one.
pub fn say(text: &str) {
    let table = table();
    write_to(&mut io::stderr().lock(), &above(&table, text));
}

/// The progress table as it stands on the terminal; empty if there is none.
static TABLE: Mutex<String> = Mutex::new(String::new());

fn table() -> MutexGuard<'static, String> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces the progress table on the terminal.
pub fn draw_table(lines: &[String]) {
    let mut table = table();
    let drawn: String = lines.iter().map(|line| format!("{line}\n")).collect();
    write_to(
        &mut io::stderr().lock(),
        &format!("{}{drawn}", erase(&table)),
    );
    *table = drawn;
}

/// Leaves the last table on the terminal; later output follows below it.
pub fn leave_table() {
    table().clear();
}

/// The text, and below it the table again.
fn above(table: &str, text: &str) -> String {
    format!("{}{text}{table}", erase(table))
}

/// Moves up to the table's first line and erases everything from there on.
fn erase(table: &str) -> String {
    match table.lines().count() {
        0 => String::new(),
        lines => format!("\x1b[{lines}A\x1b[J"),
    }
}

/// Ignores a reader that is gone: nobody reads the text any more, and the work must not suffer.
fn write_to(to: &mut dyn Write, text: &str) {
    drop(to.write_all(text.as_bytes()).and_then(|()| to.flush()));
}

fn ask(question: &str) -> Option<String> {
    say(question);
    answer(&mut io::stdin().lock())
}

fn answer(from: &mut dyn BufRead) -> Option<String> {
    let mut line = String::new();
    match from.read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_written_above_the_table() {
        assert_eq!(above("", "note\n"), "note\n");
        assert_eq!(above("a\nb\n", "note\n"), "\x1b[2A\x1b[Jnote\na\nb\n");
    }

    #[test]
    fn a_reader_that_is_gone_causes_no_panic() {
        write_to(&mut Gone, "text");
    }

    #[test]
    fn an_answer_is_one_trimmed_line() {
        assert_eq!(answer(&mut "yes \nno\n".as_bytes()).as_deref(), Some("yes"));
        assert_eq!(answer(&mut "".as_bytes()), None);
    }
}
