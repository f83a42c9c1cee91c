//! The real disk behind [`LocalPort`]: private keys made, saved with mode 0600, and read.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use setpoint_plan::Value;
use setpoint_plan::procedure::Local;
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::{EcdsaCurve, HashAlg, LineEnding, PrivateKey, PublicKey};

use crate::local::memory::Memory;
use crate::local::{Deleted, LocalError, LocalPort, Note};

/// ImportKeyPair documents RSA, DSA and ECDSA, and no Ed25519; of these ECDSA is made in no time.
const CURVE: EcdsaCurve = EcdsaCurve::NistP256;

/// Files of this machine, seen from the spec's folder.
#[derive(Debug, Clone)]
pub struct Disk {
    base: PathBuf,
    home: Option<PathBuf>,
    memory: Option<Memory>,
}

impl Disk {
    /// Relative paths start at `base`, `~/` at `home`.
    #[must_use]
    pub fn new(base: PathBuf, home: Option<PathBuf>) -> Self {
        Self {
            base,
            home,
            memory: None,
        }
    }

    /// Remembers in this file what is made and deleted.
    #[must_use]
    pub fn remembering(mut self, file: PathBuf) -> Self {
        self.memory = Some(Memory::new(file));
        self
    }

    fn path(&self, text: &str) -> Result<PathBuf, LocalError> {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => Ok(home.join(rest)),
            (Some(_), None) => Err(LocalError {
                path: text.to_owned(),
                why: "there is no home folder (HOME is not set)".to_owned(),
            }),
            (None, _) => Ok(self.base.join(text)),
        }
    }
}

impl LocalPort for Disk {
    fn peek(&self, act: &Local) -> Result<Option<BTreeMap<String, Value>>, LocalError> {
        let Local::SshKey { path } = act;
        let file = self.path(path)?;
        match std::fs::read_to_string(&file) {
            Ok(text) => read_key(&file, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failure(&file, &error)),
        }
    }

    fn perform(&self, act: &Local) -> Result<BTreeMap<String, Value>, LocalError> {
        if let Some(there) = self.peek(act)? {
            return Ok(there);
        }
        let Local::SshKey { path } = act;
        let file = self.path(path)?;
        let pair = EcdsaKeypair::random(&mut rand_core::OsRng, CURVE)
            .map_err(|error| failure(&file, &error))?;
        let key = PrivateKey::new(KeypairData::from(pair), "setpoint")
            .map_err(|error| failure(&file, &error))?;
        let text = key
            .to_openssh(LineEnding::LF)
            .map_err(|error| failure(&file, &error))?;
        save(&file, &text)?;
        Ok(attributes(key.public_key()))
    }

    fn deleted(&self) -> Deleted {
        self.memory.as_ref().map(Memory::read).unwrap_or_default()
    }

    fn note(&self, note: &Note) {
        if let Some(memory) = &self.memory {
            memory.note(note);
        }
    }
}

fn failure(file: &Path, why: &dyn std::fmt::Display) -> LocalError {
    LocalError {
        path: file.display().to_string(),
        why: why.to_string(),
    }
}

fn read_key(file: &Path, text: &str) -> Result<BTreeMap<String, Value>, LocalError> {
    let key = PrivateKey::from_openssh(text)
        .map_err(|error| failure(file, &format!("it is no OpenSSH private key: {error}")))?;
    Ok(attributes(key.public_key()))
}

/// Without the comment, which the cloud does not keep.
fn attributes(key: &PublicKey) -> BTreeMap<String, Value> {
    let text = PublicKey::from(key.key_data().clone())
        .to_openssh()
        .unwrap_or_default();
    let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
    [
        ("public_key".to_owned(), Value::Text(text)),
        ("fingerprint".to_owned(), Value::Text(fingerprint)),
    ]
    .into()
}

/// Written whole or not at all, readable by its owner alone from the first byte on, and never over something.
fn save(file: &Path, text: &str) -> Result<(), LocalError> {
    let folder = file.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| failure(folder, &error))?;
    // Of its own for each file, or `a.pem` and `a.key`, made side by side, would write into one.
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let draft = file.with_file_name(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut out = options
        .open(&draft)
        .map_err(|error| failure(&draft, &error))?;
    out.write_all(text.as_bytes())
        .and_then(|()| out.sync_all())
        .map_err(|error| failure(&draft, &error))?;
    std::fs::hard_link(&draft, file).map_err(|error| failure(file, &error))?;
    std::fs::remove_file(&draft).map_err(|error| failure(&draft, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path().to_path_buf(), None);
        let act = Local::SshKey {
            path: "keys/app.pem".to_owned(),
        };
        assert_eq!(disk.peek(&act), Ok(None));
        let made = disk.perform(&act).expect("made");
        assert_eq!(disk.perform(&act).expect("read"), made);
        assert_eq!(disk.peek(&act), Ok(Some(made.clone())));
        let words: Vec<&str> = made["public_key"]
            .as_text()
            .unwrap_or_default()
            .split(' ')
            .collect();
        assert!(
            matches!(words.as_slice(), ["ecdsa-sha2-nistp256", _]),
            "type and body, no comment: {words:?}"
        );
        let file = folder.path().join("keys/app.pem");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                file.metadata().expect("there").permissions().mode() & 0o777,
                0o600
            );
        }
        assert!(!folder.path().join("keys/app.pem.part").exists());
        std::fs::write(&file, "not a key").expect("written");
        let error = disk.peek(&act).expect_err("no key");
        assert!(
            error.why.starts_with("it is no OpenSSH private key"),
            "{error}"
        );
    }

    #[test]
    fn a_draft_of_one_file_is_not_that_of_another() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("app.pem.part"))
            .expect("somebody writes `app.pem` just now");
        let disk = Disk::new(folder.path().to_path_buf(), None);
        disk.perform(&Local::SshKey {
            path: "app.key".to_owned(),
        })
        .expect("made");
    }

    #[test]
    fn a_home_path_without_a_home_is_refused() {
        let disk = Disk::new(PathBuf::from("/nowhere"), None);
        let error = disk
            .peek(&Local::SshKey {
                path: "~/.ssh/app.pem".to_owned(),
            })
            .expect_err("no home");
        assert_eq!(
            error.to_string(),
            "~/.ssh/app.pem: there is no home folder (HOME is not set)"
        );
    }
}
