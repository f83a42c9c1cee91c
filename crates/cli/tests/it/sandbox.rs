//! A folder of its own, an empty environment, no terminal, a simulated cloud with a fixed seed.

use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// A network with a subnet and a firewall: made in moments, no machine, no key.
pub(crate) const NETWORK: &str = "\
stack: demo
region: cn-beijing
resources:
  net:
    type: vpc
    cidr_block: 10.0.0.0/16
  subnet:
    type: vswitch
    vpc: net
    zone: cn-beijing-h
    cidr_block: 10.0.1.0/24
  web:
    type: security_group
    vpc: net
    ingress:
      - {port: 443, source: 0.0.0.0/0, description: Web}
outputs:
  vpc: ${net.id}
  block: ${net.cidr_block}
";

/// The same with a machine.
pub(crate) const SERVER: &str = "\
stack: demo
region: cn-beijing
defaults:
  instance: {image: {family: acs:alibaba_cloud_linux_3_2104_lts_x64}, vswitch: subnet, security_groups: [web]}
resources:
  net: {type: vpc, cidr_block: 10.0.0.0/16}
  subnet: {type: vswitch, vpc: net, zone: cn-beijing-h, cidr_block: 10.0.1.0/24}
  web: {type: security_group, vpc: net}
  app: {type: instance, instance_type: ecs.c7.large}
";

/// Quick enough for tests, slow enough that states are passed through.
const SPEED: &str = "2000";

/// A place for one script.
pub(crate) struct Sandbox {
    folder: TempDir,
    vars: Vec<(String, String)>,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(folder.path().join("home")).expect("a home folder");
        std::fs::create_dir_all(folder.path().join("work")).expect("a working folder");
        Self {
            folder,
            vars: Vec::new(),
        }
    }

    /// A folder with a stack in it.
    pub(crate) fn with(stack: &str) -> Self {
        let sandbox = Self::new();
        sandbox.write("stack.yaml", stack);
        sandbox
    }

    /// The same with an environment variable.
    pub(crate) fn var(mut self, name: &str, value: &str) -> Self {
        self.vars.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a path below the folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a file")
    }

    /// Replaces a piece of a file that must be there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "`{from}` is in {name}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// The command, ready to run: every `--sim` gets a clock that is fast enough for tests.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_setpoint"));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path().join("work"))
            .env_clear();
        command
            .env("HOME", self.folder.path().join("home"))
            .stdin(Stdio::null());
        command.envs(self.vars.iter().map(|(name, value)| (name, value)));
        if line.contains("--sim") && !line.contains("--sim-speed") {
            command.args(["--sim-speed", SPEED]);
        }
        command
    }

    /// Starts a command whose outputs are read while it runs.
    pub(crate) fn start(&self, line: &str) -> Child {
        self.command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts")
    }

    /// Runs a command; gives what it printed and how it ended.
    #[must_use = "a transcript is there to be compared"]
    pub(crate) fn run(&self, line: &str) -> Run {
        let output = self.command(line).output().expect("the binary runs");
        Run::new(line, &output, self)
    }

    /// Runs commands one after another; all of them as one text.
    #[must_use = "a transcript is there to be compared"]
    pub(crate) fn script(&self, lines: &[&str]) -> String {
        lines
            .iter()
            .map(|line| self.run(line).transcript())
            .collect()
    }

    /// Runs a command that must end well, for its effect alone.
    pub(crate) fn done(&self, line: &str) {
        let run = self.run(line);
        assert_eq!(run.code, Some(0), "{}", run.transcript());
    }

    fn normal(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).expect("output is UTF-8");
        let folder = self
            .folder
            .path()
            .canonicalize()
            .expect("the folder is there");
        let text = text
            .replace(&*folder.to_string_lossy(), "$DIR")
            .replace(&*self.folder.path().to_string_lossy(), "$DIR");
        text.lines().map(|line| steady(line) + "\n").collect()
    }
}

/// What a command printed and how it ended, normalised.
pub(crate) struct Run {
    line: String,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Run {
    pub(crate) fn new(line: &str, output: &Output, sandbox: &Sandbox) -> Self {
        let (stdout, stderr) = (
            sandbox.normal(&output.stdout),
            sandbox.normal(&output.stderr),
        );
        Self {
            line: line.to_owned(),
            stdout,
            stderr,
            code: output.status.code(),
        }
    }

    /// The same with the lines of stderr sorted and without retries: what runs side by side may end
    /// in any order, and a busy machine makes the simulated cloud's time jump.
    pub(crate) fn settled(mut self) -> Self {
        let by_chance = |line: &str| line.contains("Still ") || line.contains("trying again");
        let mut lines: Vec<&str> = self
            .stderr
            .lines()
            .filter(|line| !by_chance(line))
            .collect();
        lines.sort_unstable();
        self.stderr = lines.iter().map(|line| format!("{line}\n")).collect();
        self
    }

    /// The command, stdout, stderr and status in one text.
    pub(crate) fn transcript(&self) -> String {
        let mut text = format!("$ setpoint {}\n{}", self.line, self.stdout);
        if !self.stderr.is_empty() {
            text += &self
                .stderr
                .lines()
                .map(|line| format!("2| {line}").trim_end().to_owned() + "\n")
                .collect::<String>();
        }
        let exit = match self.code {
            Some(0) => String::new(),
            Some(code) => format!("exit {code}\n"),
            None => "ended by a signal\n".to_owned(),
        };
        text + &exit
    }
}

/// What stands for a time that differs from run to run.
const TIME: &str = "<time>";

/// A line without what differs from run to run: how long things took, and how many looks that was.
fn steady(line: &str) -> String {
    let mut steady: Vec<String> = Vec::new();
    let mut words = line.split(' ').peekable();
    while let Some(word) = words.next() {
        let amount = !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '.');
        let unit = words.peek().and_then(|next| {
            ["s", "ms", "min", "h"]
                .into_iter()
                .find(|unit| next.trim_end_matches([',', '.', ';']) == *unit)
        });
        if let (true, Some(unit)) = (amount, unit) {
            let after = words.next().map_or("", |next| &next[unit.len()..]);
            // `1 min 20 s` is one time.
            if steady.last().is_some_and(|last| last == TIME) {
                steady.pop();
            }
            steady.push(format!("{TIME}{after}"));
        } else {
            steady.push(if is_time(word) {
                TIME.to_owned()
            } else {
                word.to_owned()
            });
        }
    }
    let text = steady.join(" ");
    // What reading costs grows with every kind of the catalogue.
    if text.starts_with("Read with ") {
        return "Read with <cost>".to_owned();
    }
    if let Some((head, _)) = text.split_once(" live resources, ") {
        return format!("{head} live resources, <cost>");
    }
    // The last line of a run; how often waits looked depends on the machine.
    if text.starts_with(TIME) && text.contains(" calls") {
        format!("{TIME} and some calls")
    } else {
        text
    }
}

/// `3s`, `1m20s`, `0:31`, `2026-11-23T10:00:00Z`.
fn is_time(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let seconds = word.strip_suffix('s').is_some_and(|rest| {
        rest.chars()
            .all(|c| c.is_ascii_digit() || c == 'm' || c == 'h')
    });
    let clock = word
        .split_once(':')
        .is_some_and(|(before, after)| !before.is_empty() && !after.is_empty())
        && word.chars().all(|c| c.is_ascii_digit() || c == ':');
    let moment = word.ends_with('Z') && word.contains('T') && digits >= 14;
    digits > 0 && (seconds || clock || moment)
}
