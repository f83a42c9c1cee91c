//! The environment variables that the command reads, in one place.
//!
//! Credentials use the names of the official clients; `openapi` reads those through [`Env::get`].

/// Looks environment variables up through a plain function, which tests can replace.
#[derive(Debug, Clone, Copy)]
pub struct Env {
    look: fn(&str) -> Option<String>,
}

/// The variables with their meaning; the docs are generated from this table.
pub const VARIABLES: &[(&str, &str)] = &[
    ("SETPOINT_ENV", "the environment, as `--env`"),
    (
        "SETPOINT_VAR_name",
        "the value of the variable `name`, like `--var`; use it to pass a secret",
    ),
    (
        "SETPOINT_ENDPOINT",
        "the address that every API call is sent to, as `--endpoint`",
    ),
    (
        "SETPOINT_CA_FILE",
        "a PEM file of certificate authorities that are trusted in addition to the system's",
    ),
    ("SETPOINT_LOG", "the level of the log on stderr, as `--log`"),
    (
        "NO_COLOR",
        "no colours if set to any value, as `--no-color`",
    ),
    (
        "COLUMNS",
        "the width of output that is not a terminal, and of a terminal whose width is not known; \
         80 if it is not set",
    ),
    (
        "ALIBABA_CLOUD_ACCESS_KEY_ID",
        "the access key's id; the variable names of the aliyun CLI and of Terraform are read too",
    ),
    ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the access key's secret"),
    (
        "ALIBABA_CLOUD_SECURITY_TOKEN",
        "the security token of a temporary access key",
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

    /// The variables that a function gives.
    #[must_use]
    pub fn new(look: fn(&str) -> Option<String>) -> Self {
        Self { look }
    }

    /// A variable's value; an empty one counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        (self.look)(name).filter(|value| !value.is_empty())
    }

    /// The environment of the stack, by `SETPOINT_ENV`.
    #[must_use]
    pub fn environment(&self) -> Option<String> {
        self.get("SETPOINT_ENV")
    }

    /// The address that every call is sent to.
    #[must_use]
    pub fn endpoint(&self) -> Option<String> {
        self.get("SETPOINT_ENDPOINT")
    }

    /// A file of certificate authorities that are trusted too.
    #[must_use]
    pub fn ca_file(&self) -> Option<String> {
        self.get("SETPOINT_CA_FILE")
    }

    /// The level of the log.
    #[must_use]
    pub fn log(&self) -> Option<String> {
        self.get("SETPOINT_LOG")
    }

    /// Whether colours are unwanted, by `NO_COLOR` or a terminal that has none.
    #[must_use]
    pub fn no_color(&self) -> bool {
        self.get("NO_COLOR").is_some() || self.get("TERM").is_some_and(|term| term == "dumb")
    }

    /// The width where no terminal tells it, 1 to 1000 columns; any other value counts as not set.
    #[must_use]
    pub fn columns(&self) -> Option<usize> {
        let columns = self.get("COLUMNS")?.parse().ok()?;
        (1..=1000).contains(&columns).then_some(columns)
    }

    /// The home folder.
    #[must_use]
    pub fn home(&self) -> Option<String> {
        self.get("HOME").or_else(|| self.get("USERPROFILE"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_a_number_of_some_columns() {
        let of = |look| Env::new(look).columns();
        assert_eq!(of(|_| Some("132".to_owned())), Some(132));
        assert_eq!(of(|_| Some("0".to_owned())), None);
        assert_eq!(of(|_| Some("wide".to_owned())), None);
        assert_eq!(of(|_| None), None);
    }
}
