//! The terminal: what it can do, writing to it, and asking.
//!
//! Invariant: a reader that goes away (`setpoint plan | head`) is no error and no panic.

use std::io::{self, BufRead, IsTerminal as _, Write};

use setpoint_report::style::Style;

use crate::env::Env;

/// Columns where there is no terminal to ask.
const WIDTH: usize = 80;

/// Lines where there is no terminal to ask.
const HEIGHT: usize = 24;

/// Wider lines are hard to read; the texts are laid out for 80.
const WIDTH_MAX: usize = 120;

/// What the terminal can do.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    /// Whether somebody can answer: stdin and stderr are terminals.
    pub interactive: bool,
    /// How the result is laid out.
    pub out: Style,
    /// How progress and errors are laid out.
    pub err: Style,
    /// Whether progress may be redrawn.
    pub live: bool,
    /// Lines of the terminal.
    pub height: usize,
    /// Asks a question and takes one line; `None` at the end of the input.
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
        let width = size.map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(1, WIDTH_MAX));
        Self {
            interactive: stdin && stderr,
            out: Style {
                color: color && stdout,
                width: if stdout { width } else { WIDTH },
            },
            err: Style {
                color: color && stderr,
                width: if stderr { width } else { WIDTH },
            },
            live: stderr && env.get("TERM").is_none_or(|term| term != "dumb"),
            height: size.map_or(HEIGHT, |(_, height)| usize::from(height.0)),
            ask,
        }
    }

    /// A pipe on every side.
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

/// Writes progress, a note or an error to stderr.
pub fn say(text: &str) {
    write_to(&mut io::stderr().lock(), text);
}

/// Whoever read is gone: there is nobody left to tell, and the work itself must not suffer.
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
    fn a_reader_that_is_gone_is_no_panic() {
        write_to(&mut Gone, "text");
    }

    #[test]
    fn an_answer_is_one_trimmed_line() {
        assert_eq!(answer(&mut "yes \nno\n".as_bytes()).as_deref(), Some("yes"));
        assert_eq!(answer(&mut "".as_bytes()), None);
    }
}
