//! Every environment variable that the command reads, in one place.
//!
//! Credentials stand under the names of the official clients; `openapi` reads those through
//! [`Env::get`].

/// Looks environment variables up. A plain function, so that tests can hand in another one.
#[derive(Debug, Clone, Copy)]
pub struct Env {
    look: fn(&str) -> Option<String>,
}

/// The variables of Setpoint itself, each with what it does; the docs are made from this table.
pub const VARIABLES: &[(&str, &str)] = &[
    ("SETPOINT_ENV", "the environment, as `--env`"),
    (
        "SETPOINT_VAR_name",
        "the value of the variable `name`, as `--var`; secrets too",
    ),
    (
        "SETPOINT_ENDPOINT",
        "where every call is sent, as `--endpoint`",
    ),
    (
        "SETPOINT_CA_FILE",
        "certificates in PEM that are trusted beside the system's",
    ),
    ("SETPOINT_LOG", "what is logged to stderr, as `--log`"),
    ("NO_COLOR", "set to anything: no colours, as `--no-color`"),
    (
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "the access key's id; the names of the aliyun CLI and of Terraform work too",
    ),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the access key's secret"),
    (
        "ALIBABA_CLOUD_SECURITY_TOKEN",
        "the token of a temporary key",
    ),
    (
        "ALIBABA_CLOUD_PROFILE",
        "the profile of `~/.aliyun/config.json`, as `--profile`",
    ),
];

impl Env {
    /// The variables of this process.
    #[must_use]
    pub fn process() -> Self {
        Self {
            look: |name| std::env::var(name).ok(),
        }
    }

    /// Variables that a function knows.
    #[must_use]
    pub fn new(look: fn(&str) -> Option<String>) -> Self {
        Self { look }
    }

    /// A variable's value; one that is set to nothing counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.look)(name).filter(|value| !value.is_empty())
    }

    /// The environment of the stack.
    #[must_use]
    pub fn environment(&self) -> Option<String> {
        self.get("SETPOINT_ENV")
    }

    /// Where every call is sent.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        self.get("SETPOINT_ENDPOINT")
    }

    /// A file of certificates that are trusted too.
    #[must_use]
    pub fn ca_file(&self) -> Option<String> {
        self.get("SETPOINT_CA_FILE")
    }

    /// What is logged.
    #[must_use]
    pub fn log(&self) -> Option<String> {
        self.get("SETPOINT_LOG")
    }

    /// Whether colours are unwanted, by `NO_COLOR` or a terminal that has none.
    #[must_use]
    pub fn no_color(&self) -> bool {
        self.get("NO_COLOR").is_some() || self.get("TERM").is_some_and(|term| term == "dumb")
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> Option<String> {
        self.get("HOME").or_else(|| self.get("USERPROFILE"))
    }
}
