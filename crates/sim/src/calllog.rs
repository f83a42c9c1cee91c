//! The call log: one line of JSON for each call, in the order of the answers.
//!
//! Guarantee: it contains no password, token, private key or user data, because people read it and
//! pass it on.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};
use setpoint_openapi::timestamp::Timestamp;

use crate::calls::Entry;

/// The text in place of a secret.
const MASK: &str = "***";

/// The file that calls are written to.
#[derive(Debug)]
#[expect(clippy::disallowed_types, reason = "the log is a file")]
pub(crate) struct CallLog {
    path: PathBuf,
    file: std::fs::File,
    failed: bool,
}

/// The call log cannot be opened or written.
#[derive(Debug, thiserror::Error)]
#[error("the call log `{path}` cannot be written: {source}")]
pub struct CallLogError {
    /// The file.
    pub path: PathBuf,
    /// What the file system says.
    pub source: std::io::Error,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    action: &'a str,
    parameters: Map<String, Value>,
    /// Parameters that the action does not have. They had no effect.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    ignored: &'a [String],
    status: u16,
    code: Option<&'a str>,
    request_id: &'a str,
}

impl CallLog {
    /// Opens a file for appending, and creates it if missing.
    #[expect(clippy::disallowed_types, reason = "the log is a file")]
    pub(crate) fn open(path: &Path) -> Result<Self, CallLogError> {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        let path = path.to_owned();
        match file {
            Ok(file) => Ok(Self {
                path,
                file,
                failed: false,
            }),
            Err(source) => Err(CallLogError { path, source }),
        }
    }

    /// Writes one call. A full disk must not change what the cloud does, so only the first failure
    /// is reported, and calls go on.
    ///
    /// # Errors
    /// The first time that a line cannot be written.
    pub(crate) fn write(&mut self, entry: &Entry) -> Result<(), CallLogError> {
        let mut line = line(entry);
        line.push('\n');
        match self.file.write_all(line.as_bytes()) {
            Err(source) if !std::mem::replace(&mut self.failed, true) => Err(CallLogError {
                path: self.path.clone(),
                source,
            }),
            _ => Ok(()),
        }
    }
}

/// One call as a line of JSON, without the line break.
pub(crate) fn line(entry: &Entry) -> String {
    let line = Line {
        time: Timestamp(entry.at_ms).seconds(),
        action: &entry.action,
        parameters: masked(&entry.params),
        ignored: &entry.ignored,
        status: entry.status,
        code: entry.code.as_deref(),
        request_id: &entry.request_id,
    };
    serde_json::to_string(&line).expect("texts and numbers are JSON")
}

/// The parameters, with secrets replaced.
pub(crate) fn masked(params: &[(String, String)]) -> Map<String, Value> {
    params
        .iter()
        .map(|(name, value)| {
            (
                name.clone(),
                if is_secret(name) {
                    MASK.into()
                } else {
                    value.as_str().into()
                },
            )
        })
        .collect()
}

/// Whether the value of a parameter may be a secret. Some flags that are only about passwords are
/// included.
fn is_secret(name: &str) -> bool {
    const SECRET: [&str; 7] = [
        "password",
        "secret",
        "privatekey",
        "passphrase",
        "userdata",
        "securitytoken",
        "commandcontent",
    ];
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered_wherever_they_stand() {
        let covered = |name: &str| masked(&[(name.to_owned(), "canary".to_owned())])[name] == MASK;
        for name in [
            "Password",
            "UserData",
            "LaunchConfiguration.Password",
            "CommandContent",
            "Parameters.DBPassword",
            "SecretData",
        ] {
            assert!(covered(name), "{name}");
        }
        for name in [
            "InstanceName",
            "ClientToken",
            "NextToken",
            "PublicKeyBody",
            "Tag.1.Value",
        ] {
            assert!(!covered(name), "{name}");
        }
    }

    #[test]
    fn a_line() {
        let entry = Entry {
            at_ms: 1_767_225_600_000,
            action: "CreateVpc".to_owned(),
            params: vec![("VpcName".to_owned(), "a\"b".to_owned())],
            ignored: vec!["Tag.0.Key".to_owned()],
            request_id: "ID".to_owned(),
            status: 400,
            code: Some("QuotaExceeded".to_owned()),
        };
        assert_eq!(
            line(&entry),
            r#"{"time":"2026-01-01T00:00:00Z","action":"CreateVpc","parameters":{"VpcName":"a\"b"},"ignored":["Tag.0.Key"],"status":400,"code":"QuotaExceeded","request_id":"ID"}"#
        );
    }
}
