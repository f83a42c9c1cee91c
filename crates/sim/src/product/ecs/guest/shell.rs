//! The shell of a guest: a part of the language that suffices for scripts of operations.
//!
//! It knows words with quotes, `;`, `&&`, `||`, `|`, `{ … }`, `( … )`, `until … do … done`, `set
//! -e`, `exit`, `$?`, `[ … -eq … ]`, `sh -c`, `timeout`. Nothing else is expanded, and redirections
//! are ignored. Time passes inside of a script: a loop with `sleep` sees the changes of that time,
//! and the script takes as long as its parts.

use crate::product::ecs::guest::{Outcome, command};
use crate::world::World;

/// The shortest time of a loop's round; otherwise a loop without `sleep` would not end.
const ROUND_MS: i64 = 1_000;

/// The most commands of a script, those in loops included, because the world is locked while it
/// runs.
const COMMANDS_MAX: u32 = 100_000;

/// The longest time of a script: one year.
const SECONDS_MAX: i64 = 366 * 86_400;

/// The greatest depth of nested scripts and groups.
const DEPTH_MAX: usize = 20;

/// A piece of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `;` or the end of a line.
    End,
    And,
    Or,
    Pipe,
    Open,
    Close,
}

/// A part of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Run(Vec<String>),
    /// Commands, each with the result of the one before that it requires.
    Chain(Vec<(If, Self)>),
    Pipe(Vec<Self>),
    Group(Vec<Self>),
    Until(Vec<Self>, Vec<Self>),
}

/// When a command of a chain runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum If {
    Always,
    Succeeded,
    Failed,
}

/// The reason why a script ends before its last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Exit(i64),
    /// A `timeout` has ended it.
    Late,
}

/// Runs a script at once, to its end or to its timeout, and changes the instance accordingly.
pub(super) fn run(world: &mut World, instance: &str, script: &str, limit_ms: i64) -> Outcome {
    let begun_ms = world.now_ms();
    let latest_ms = begun_ms.saturating_add(limit_ms);
    let mut shell = Shell {
        world,
        instance,
        at_ms: begun_ms,
        latest_ms,
        output: String::new(),
        last: 0,
        stops: false,
        forgiven: false,
        depth: 0,
        commands: 0,
    };
    let exit_code = match shell.script(script) {
        Ok(code) => code,
        Err(Ended::Exit(code)) => code,
        Err(Ended::Late) => 124,
    };
    Outcome {
        exit_code,
        lasts_ms: shell.at_ms - begun_ms,
        output: shell.output,
    }
}

struct Shell<'a> {
    world: &'a mut World,
    instance: &'a str,
    at_ms: i64,
    /// The end of the innermost `timeout`.
    latest_ms: i64,
    output: String,
    /// The exit code of the last command.
    last: i64,
    /// `set -e`.
    stops: bool,
    /// Whether the last failure was a condition, so that `set -e` ignores it.
    forgiven: bool,
    depth: usize,
    commands: u32,
}

impl Shell<'_> {
    fn script(&mut self, text: &str) -> Result<i64, Ended> {
        if self.depth == DEPTH_MAX {
            return Ok(126);
        }
        let nodes = Parser {
            tokens: tokens(text),
            at: 0,
            depth: 0,
        }
        .list(&[]);
        self.depth += 1;
        let done = self.list(&nodes);
        self.depth -= 1;
        done
    }

    fn list(&mut self, nodes: &[Node]) -> Result<i64, Ended> {
        for node in nodes {
            let code = self.node(node)?;
            if self.stops && code != 0 && !self.forgiven {
                return Err(Ended::Exit(code));
            }
        }
        Ok(self.last)
    }

    fn node(&mut self, node: &Node) -> Result<i64, Ended> {
        self.forgiven = false;
        self.last = match node {
            Node::Run(words) => self.command(words)?,
            Node::Chain(parts) => self.chain(parts)?,
            Node::Pipe(parts) => self.pipe(parts)?,
            Node::Group(nodes) => self.list(nodes)?,
            Node::Until(condition, body) => self.until(condition, body)?,
        };
        Ok(self.last)
    }

    fn chain(&mut self, parts: &[(If, Node)]) -> Result<i64, Ended> {
        let mut forgiven = false;
        for (number, (when, node)) in parts.iter().enumerate() {
            let runs = match when {
                If::Always => true,
                If::Succeeded => self.last == 0,
                If::Failed => self.last != 0,
            };
            let is_last = number + 1 == parts.len();
            if runs {
                self.last = if is_last {
                    self.node(node)?
                } else {
                    self.tried(node)?
                };
            }
            forgiven = !(runs && is_last);
        }
        self.forgiven |= forgiven;
        Ok(self.last)
    }

    /// Runs a command whose failure is a condition, so that `set -e` ignores it.
    fn tried(&mut self, node: &Node) -> Result<i64, Ended> {
        let stops = std::mem::take(&mut self.stops);
        let done = self.node(node);
        self.stops = stops;
        done
    }

    fn until(&mut self, condition: &[Node], body: &[Node]) -> Result<i64, Ended> {
        loop {
            let begun = self.at_ms;
            if self.tried(&Node::Group(condition.to_vec()))? == 0 {
                return Ok(0);
            }
            self.list(body)?;
            self.pass((ROUND_MS - (self.at_ms - begun)).max(0))?;
        }
    }

    /// Of the commands that read input, only `grep` uses it.
    fn pipe(&mut self, parts: &[Node]) -> Result<i64, Ended> {
        let before = std::mem::take(&mut self.output);
        let mut done = Ok(0);
        for node in parts {
            let piped = std::mem::take(&mut self.output);
            match node {
                Node::Run(words) if words.first().is_some_and(|word| word == "grep") => {
                    done = Ok(grep(&mut self.output, words, &piped))
                }
                _ => done = self.tried(node),
            }
            if done.is_err() {
                break;
            }
        }
        self.output.insert_str(0, &before);
        done
    }

    fn pass(&mut self, ms: i64) -> Result<(), Ended> {
        self.at_ms = self.at_ms.saturating_add(ms.max(0));
        if self.at_ms >= self.latest_ms {
            self.at_ms = self.latest_ms;
            return Err(Ended::Late);
        }
        Ok(())
    }

    fn command(&mut self, words: &[String]) -> Result<i64, Ended> {
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            self.at_ms = self.latest_ms;
            return Err(Ended::Late);
        }
        let last = self.last.to_string();
        let words: Vec<&str> = words
            .iter()
            .map(|word| if word == "$?" { &last } else { word.as_str() })
            .filter(|word| *word != "sudo")
            .collect();
        match words.as_slice() {
            [] | ["true" | ":", ..] => Ok(0),
            ["exit", rest @ ..] => Err(Ended::Exit(
                rest.first()
                    .and_then(|code| code.parse().ok())
                    .unwrap_or(self.last),
            )),
            ["set", flags @ ..] => {
                self.stops |= flags
                    .iter()
                    .any(|flag| flag.starts_with('-') && flag.contains('e'));
                Ok(0)
            }
            ["[", left, test, right, "]"] => Ok(i64::from(!holds(left, test, right))),
            ["sh" | "bash" | "/bin/sh" | "/bin/bash", "-c", script, ..] => match self.inner(script)
            {
                Err(Ended::Exit(code)) => Ok(code),
                other => other,
            },
            ["timeout", "-k", _, seconds, inner @ ..] | ["timeout", seconds, inner @ ..] => {
                self.limited(seconds, inner)
            }
            words => {
                let outcome = command::run(self.world, self.instance, words, self.at_ms);
                // A command that is ended early has no output.
                self.pass(outcome.lasts_ms)?;
                self.output.push_str(&outcome.output);
                Ok(outcome.exit_code)
            }
        }
    }

    /// A subshell starts without `set -e`.
    fn inner(&mut self, script: &str) -> Result<i64, Ended> {
        let stops = std::mem::take(&mut self.stops);
        let done = self.script(script);
        self.stops = stops;
        done
    }

    fn limited(&mut self, seconds: &str, words: &[&str]) -> Result<i64, Ended> {
        if self.depth == DEPTH_MAX {
            return Ok(126);
        }
        // `timeout 0` is no limit.
        let limit = Some(milliseconds(seconds))
            .filter(|ms| *ms > 0)
            .unwrap_or(i64::MAX);
        let outer = self.latest_ms;
        self.latest_ms = outer.min(self.at_ms.saturating_add(limit));
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        self.depth += 1;
        let done = self.command(&words);
        self.depth -= 1;
        let is_ours = self.latest_ms < outer;
        self.latest_ms = outer;
        match done {
            Err(Ended::Late) if is_ours => Ok(124),
            other => other,
        }
    }
}

/// A number of seconds, as `10` or `10s`; 0 if it is not a number, at most a year.
pub(super) fn milliseconds(seconds: &str) -> i64 {
    seconds
        .trim_end_matches('s')
        .parse::<i64>()
        .unwrap_or(0)
        .clamp(0, SECONDS_MAX)
        * 1_000
}

fn holds(left: &str, test: &str, right: &str) -> bool {
    let numbers = || left.parse::<i64>().ok().zip(right.parse::<i64>().ok());
    match test {
        "=" | "==" => left == right,
        "!=" => left != right,
        "-eq" => numbers().is_some_and(|(left, right)| left == right),
        "-ne" => numbers().is_some_and(|(left, right)| left != right),
        "-lt" => numbers().is_some_and(|(left, right)| left < right),
        "-gt" => numbers().is_some_and(|(left, right)| left > right),
        _ => false,
    }
}

/// `grep [-q] [-x] TEXT`, for a plain text.
fn grep(output: &mut String, words: &[String], piped: &str) -> i64 {
    let flag = |letter: char| {
        words
            .iter()
            .any(|word| word.starts_with('-') && word.contains(letter))
    };
    let wanted = words
        .iter()
        .skip(1)
        .find(|word| !word.starts_with('-'))
        .map_or("", String::as_str);
    let fits = |line: &&str| {
        if flag('x') {
            *line == wanted
        } else {
            line.contains(wanted)
        }
    };
    let found: Vec<&str> = piped.lines().filter(fits).collect();
    if !flag('q') {
        found.iter().for_each(|line| {
            output.push_str(line);
            output.push('\n');
        });
    }
    i64::from(found.is_empty())
}

/// Cuts a script into its pieces. Comments and redirections are left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let twice = letters.peek() == Some(&letter);
        match letter {
            '\n' | ';' => found.push(Token::End),
            ' ' | '\t' | '\r' => {}
            '#' => while letters.next_if(|next| *next != '\n').is_some() {},
            '&' | '|' if twice => {
                letters.next();
                found.push(if letter == '&' { Token::And } else { Token::Or });
            }
            '|' => found.push(Token::Pipe),
            '(' => found.push(Token::Open),
            ')' => found.push(Token::Close),
            _ => found.extend(word(letter, &mut letters)),
        }
    }
    found
}

/// A word; `None` for a redirection with its target.
fn word(first: char, letters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<Token> {
    let mut text = String::new();
    let (mut quote, mut quoted) = (None, false);
    let mut next = Some(first);
    while let Some(letter) = next {
        match (quote, letter) {
            (None, '\'' | '"') => (quote, quoted) = (Some(letter), true),
            (Some(open), letter) if letter == open => quote = None,
            (None, '\\') => text.extend(letters.next()),
            // In double quotes a backslash is literal, unless it precedes a character that they
            // expand.
            (Some('"'), '\\') => text.push(
                letters
                    .next_if(|next| "\"\\$`".contains(*next))
                    .unwrap_or('\\'),
            ),
            (_, letter) => text.push(letter),
        }
        let goes_on = |letter: &char| quote.is_some() || !" \t\r\n;|&()".contains(*letter);
        next = letters.next_if(goes_on);
    }
    match text.as_str() {
        "{" if !quoted => Some(Token::Open),
        "}" if !quoted => Some(Token::Close),
        bare if !quoted && is_redirection(bare) => {
            if bare.ends_with(['>', '&']) {
                while letters
                    .next_if(|letter| matches!(letter, ' ' | '&'))
                    .is_some()
                {}
                while letters
                    .next_if(|letter| !letter.is_whitespace() && *letter != ';')
                    .is_some()
                {}
            }
            None
        }
        _ => Some(Token::Word(text)),
    }
}

/// `>file`, `2>/dev/null`, `2>`; not `</dev/tcp/…`, which opens a connection.
fn is_redirection(word: &str) -> bool {
    word.trim_start_matches(|letter: char| letter.is_ascii_digit())
        .starts_with('>')
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn skip(&mut self, token: &Token) -> bool {
        let is_it = self.peek() == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    fn skip_word(&mut self, word: &str) -> bool {
        self.skip(&Token::Word(word.to_owned()))
    }

    /// Commands up to one of these words, a closing brace or the end. Groups that are nested too
    /// deep are empty.
    fn list(&mut self, ends: &[&str]) -> Vec<Node> {
        if self.depth == DEPTH_MAX {
            self.at = self.tokens.len();
            return Vec::new();
        }
        self.depth += 1;
        let nodes = self.commands(ends);
        self.depth -= 1;
        nodes
    }

    fn commands(&mut self, ends: &[&str]) -> Vec<Node> {
        let mut nodes = Vec::new();
        loop {
            while self.skip(&Token::End) {}
            match self.peek() {
                None | Some(Token::Close) => return nodes,
                Some(Token::Word(word)) if ends.contains(&word.as_str()) => return nodes,
                Some(Token::And | Token::Or | Token::Pipe) => self.at += 1,
                Some(_) => nodes.push(self.chain()),
            }
        }
    }

    fn chain(&mut self) -> Node {
        let mut parts = vec![(If::Always, self.piped())];
        loop {
            let when = if self.skip(&Token::And) {
                If::Succeeded
            } else if self.skip(&Token::Or) {
                If::Failed
            } else {
                break;
            };
            while self.skip(&Token::End) {}
            parts.push((when, self.piped()));
        }
        Node::Chain(parts)
    }

    fn piped(&mut self) -> Node {
        let mut parts = vec![self.single()];
        while self.skip(&Token::Pipe) {
            parts.push(self.single());
        }
        if parts.len() == 1 {
            parts.remove(0)
        } else {
            Node::Pipe(parts)
        }
    }

    fn single(&mut self) -> Node {
        if self.skip(&Token::Open) {
            let nodes = self.list(&[]);
            self.skip(&Token::Close);
            return Node::Group(nodes);
        }
        if self.skip_word("until") {
            let condition = self.list(&["do"]);
            self.skip_word("do");
            let body = self.list(&["done"]);
            self.skip_word("done");
            return Node::Until(condition, body);
        }
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.peek() {
            words.push(word.clone());
            self.at += 1;
        }
        Node::Run(words)
    }
}

#[cfg(test)]
mod tests {
    use crate::product::ecs::guest::shell;
    use crate::testing::Bench;

    /// The result of a script on an instance whose cloud-init runs for six more seconds: exit code,
    /// output, seconds.
    #[track_caller]
    fn check(script: &str, expected: (i64, &str, i64)) {
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[("HostName", "web-1")]);
        bench.wait(18_500);
        // A call brings the world up to now.
        bench.instance(&id);
        let done = shell::run(&mut bench.world, &id, script, 60_000);
        assert_eq!(
            (done.exit_code, done.output.as_str(), done.lasts_ms / 1000),
            expected,
            "{script}"
        );
    }

    #[test]
    fn commands_follow_each_other() {
        check("echo a; echo b\necho c # not d", (0, "a\nb\nc\n", 0));
        check("false && echo a || echo b", (0, "b\n", 0));
        check("true && echo a || echo b", (0, "a\n", 0));
        check("echo 'a; b' \"c # d\" e\\ f", (0, "a; b c # d e f\n", 0));
        check(
            "hostname > /tmp/name; whoami 2>&1 >/dev/null; echo x",
            (0, "web-1\nroot\nx\n", 0),
        );
        check("exit 3; echo a", (3, "", 0));
        check("false; exit", (1, "", 0));
    }

    #[test]
    fn failures_end_what_asks_for_it() {
        check("false\necho a", (0, "a\n", 0));
        check("set -e\nfalse\necho a", (1, "", 0));
        check(
            "set -euo pipefail\nfalse || true\nfalse && true\necho a",
            (0, "a\n", 0),
        );
        check(
            "set -e; bash -c 'false; echo a'; (false; echo b)",
            (1, "a\n", 0),
        );
        check("false || [ $? -eq 1 ] && echo a", (0, "a\n", 0));
        check(
            "false || [ $? -eq 2 ] || { echo a; exit 4; }; echo b",
            (4, "a\n", 0),
        );
    }

    #[test]
    fn time_passes() {
        check("sleep 5; sleep 2", (0, "", 7));
        check(
            "until cloud-init status | grep -q done; do sleep 4; done; echo up",
            (0, "up\n", 8),
        );
        check(
            "timeout 10 bash -c 'until false; do sleep 2; done' || echo late",
            (0, "late\n", 10),
        );
        check("timeout 20 sleep 3; echo a", (0, "a\n", 3));
        check("until false; do :; done", (124, "", 60));
        check(
            "cloud-init status --wait | grep -qx 'status: done' && echo up",
            (0, "up\n", 6),
        );
    }

    #[test]
    fn whatever_is_written_ends() {
        let deep = [
            "(",
            "{ ",
            "until ",
            "bash -c '",
            "timeout 9 ",
            "true && ",
            "true | ",
            "false || ",
        ]
        .map(|piece| piece.repeat(5_000));
        for script in deep.iter().map(String::as_str).chain([
            "",
            ";;&&||",
            "| | (",
            "until do done do",
            "'",
            "\"\\",
            "} ) done",
            "> > 2>",
        ]) {
            let mut bench = Bench::new();
            let (id, _, _) = bench.machine(&[]);
            bench.wait(20_000);
            shell::run(&mut bench.world, &id, script, 60_000);
        }
    }

    #[test]
    fn time_never_goes_back_and_no_loop_is_for_ever() {
        for (script, lasts_ms) in [
            ("sleep -9000000000000; until false; do :; done", 60_000),
            ("sleep 9223372036854775807", 60_000),
            ("sleep 9223372036854775", 60_000),
            ("timeout -5 true; sleep 2", 2_000),
            ("timeout 0 sleep 3", 3_000),
            ("timeout -k 10 2 sleep 3", 2_000),
        ] {
            let mut bench = Bench::new();
            let (id, _, _) = bench.machine(&[]);
            bench.wait(20_000);
            assert_eq!(
                shell::run(&mut bench.world, &id, script, 60_000).lasts_ms,
                lasts_ms,
                "{script}"
            );
        }
        let busy = format!("until false; do {}; done", "true; ".repeat(2_000));
        let mut bench = Bench::new();
        let (id, _, _) = bench.machine(&[]);
        bench.wait(20_000);
        assert_eq!(
            shell::run(&mut bench.world, &id, &busy, 86_400_000).exit_code,
            124
        );
    }
}
