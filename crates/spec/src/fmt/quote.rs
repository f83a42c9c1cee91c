//! Adds quotes to plain texts with `${` inside `{ }` and `[ ]`, where YAML would end the text at
//! the brace.

/// Returns the text with these plain texts quoted.
pub(super) fn expressions(text: &str) -> String {
    let mut scan = Scan {
        text,
        at: 0,
        out: String::new(),
        depth: 0,
        start: true,
    };
    while scan.at < text.len() {
        scan.step();
    }
    scan.out
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    out: String,
    /// The number of open brackets.
    depth: usize,
    /// Whether a value or key may begin here.
    start: bool,
}

impl Scan<'_> {
    fn step(&mut self) {
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else { return };
        let after_space = self.at == 0 || self.text[..self.at].ends_with([' ', '\t', '\n']);
        match c {
            '#' if after_space => self.copy(rest.find('\n').unwrap_or(rest.len())),
            '"' | '\'' if self.start => {
                self.copy(quoted_end(rest, c));
                self.start = false;
            }
            '|' | '>' if self.start && self.depth == 0 => self.block_scalar(),
            '{' | '[' if self.start => {
                self.depth += 1;
                self.copy(1);
            }
            '}' | ']' if self.depth > 0 => {
                self.depth -= 1;
                self.start = false;
                self.copy(1);
            }
            ',' if self.depth > 0 => {
                self.start = true;
                self.copy(1);
            }
            ':' if rest[1..].starts_with([' ', '\n', '\r']) || rest.len() == 1 => {
                self.start = true;
                self.copy(1);
            }
            '-' if self.start && rest[1..].starts_with([' ', '\n']) => self.copy(1),
            '\n' => {
                self.start = true;
                self.copy(1);
            }
            ' ' | '\t' | '\r' => self.copy(1),
            _ if self.depth > 0 && self.start => self.plain_in_flow(),
            c => {
                self.start = false;
                self.copy(c.len_utf8());
            }
        }
    }

    fn copy(&mut self, len: usize) {
        self.out.push_str(&self.text[self.at..self.at + len]);
        self.at += len;
    }

    /// Copies a plain text inside brackets, with each `${…}` as a whole, and quotes it if it has
    /// one.
    fn plain_in_flow(&mut self) {
        let rest = &self.text[self.at..];
        let mut end = 0;
        let mut has_expression = false;
        while end < rest.len() {
            let tail = &rest[end..];
            if tail.starts_with("${") {
                let Some(close) = tail
                    .find('}')
                    .filter(|close| !tail[..*close].contains('\n'))
                else {
                    break;
                };
                has_expression = true;
                end += close + 1;
                continue;
            }
            let stop = tail.starts_with([',', ']', '}', '[', '{', '\n', '\r'])
                || tail.starts_with(": ")
                || tail.starts_with(":\n")
                || tail.starts_with(" #");
            if stop {
                break;
            }
            end += tail.chars().next().map_or(1, char::len_utf8);
        }
        let word = rest[..end].trim_end();
        self.start = false;
        if has_expression {
            self.out.push_str(&in_quotes(word));
            self.at += word.len();
        } else {
            self.copy(end.max(rest.chars().next().map_or(1, char::len_utf8)));
        }
    }

    /// Copies the header of a block scalar and all lines that are indented more than the header's
    /// line.
    fn block_scalar(&mut self) {
        let line_start = self.text[..self.at].rfind('\n').map_or(0, |nl| nl + 1);
        let indent = indent_of(&self.text[line_start..]);
        let mut end = self.text[self.at..]
            .find('\n')
            .map_or(self.text.len(), |nl| self.at + nl + 1);
        while end < self.text.len() {
            let line = &self.text[end..self.text[end..]
                .find('\n')
                .map_or(self.text.len(), |nl| end + nl + 1)];
            if !line.trim().is_empty() && indent_of(line) <= indent {
                break;
            }
            end += line.len();
        }
        self.copy(end - self.at);
        self.start = true;
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The length of a quoted text with its quotes, in bytes.
fn quoted_end(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\\' if quote == '"' && !escaped => escaped = true,
            c if c == quote && !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn in_quotes(word: &str) -> String {
    let plain_in_double = !word.contains(['"', '\\']);
    if plain_in_double {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', "''"))
    }
}
