//! The file system behind [`LocalPort`]: creates private keys, saves them with mode 0600, and reads
//! them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use setpoint_plan::procedure::Local;
use setpoint_plan::{Map, Value};
use setpoint_spec::loader::{Entry, FsLoader, LoadError, Loader as _};
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::{EcdsaCurve, LineEnding, PrivateKey, PublicKey};

use crate::local::memory::Memory;
use crate::local::save::{self, Rights};
use crate::local::{Deleted, LocalError, LocalPort, Record};

/// The curve of new keys. ImportKeyPair documents RSA, DSA and ECDSA, but not Ed25519; of these, an
/// ECDSA key takes the least time to create.
const CURVE: EcdsaCurve = EcdsaCurve::NistP256;

/// The most bytes of a private key: an RSA key of 16,384 bits in OpenSSH's format has about 13,000.
const PRIVATE_KEY_MAX: usize = 64 << 10;

/// Files of this machine, relative to the folder of the spec.
#[derive(Debug, Clone)]
pub struct Disk {
    base: PathBuf,
    memory: Option<Memory>,
}

impl Disk {
    /// Creates a port whose relative paths start at `base`. The spec has already checked the paths
    /// and expanded `~/`.
    #[must_use]
    pub fn new(base: PathBuf) -> Self {
        Self { base, memory: None }
    }

    /// Records creations and deletions in this file.
    #[must_use]
    pub fn remembering(mut self, file: PathBuf) -> Self {
        self.memory = Some(Memory::new(file));
        self
    }
}

impl LocalPort for Disk {
    fn peek(&self, act: &Local) -> Result<Option<Map>, LocalError> {
        let Local::SshKey { path, public } = act;
        let file = self.base.join(path);
        let name = file.to_string_lossy();
        match FsLoader.read(&name, PRIVATE_KEY_MAX) {
            Ok(bytes) => read_key(&file, &bytes, public).map(Some),
            Err(LoadError::Missing) if FsLoader.look(&name) == Entry::Missing => Ok(None),
            Err(LoadError::Missing) => Err(failure(&file, &"it is a link to a missing file")),
            Err(error) => Err(failure(&file, &error)),
        }
    }

    fn perform(&self, act: &Local) -> Result<Map, LocalError> {
        if let Some(there) = self.peek(act)? {
            return Ok(there);
        }
        let Local::SshKey { path, public } = act;
        let file = self.base.join(path);
        let pair = EcdsaKeypair::random(&mut rand_core::OsRng, CURVE)
            .map_err(|error| failure(&file, &error))?;
        let key = PrivateKey::new(KeypairData::from(pair), "setpoint")
            .map_err(|error| failure(&file, &error))?;
        let text = key
            .to_openssh(LineEnding::LF)
            .map_err(|error| failure(&file, &error))?;
        match save::create(&file, text.as_bytes(), Rights::Owner) {
            Ok(()) => Ok(attributes(key.public_key(), public)),
            // Another run has created the file in the meantime. Its key is the one that remains, so
            // this run uses it too.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.peek(act)?.ok_or_else(|| failure(&file, &error))
            }
            Err(error) => Err(failure(&file, &error)),
        }
    }

    fn deleted(&self) -> Deleted {
        self.memory.as_ref().map(Memory::read).unwrap_or_default()
    }

    fn record(&self, record: &Record) {
        if let Some(memory) = &self.memory {
            memory.record(record);
        }
    }
}

fn failure(file: &Path, why: &dyn std::fmt::Display) -> LocalError {
    LocalError {
        path: file.display().to_string(),
        why: why.to_string(),
    }
}

fn read_key(file: &Path, bytes: &[u8], public: &str) -> Result<Map, LocalError> {
    let key = PrivateKey::from_openssh(bytes).map_err(|error| {
        let why = format!("it is not a valid OpenSSH private key: {error}");
        failure(file, &why)
    })?;
    Ok(attributes(key.public_key(), public))
}

/// Returns the public key under its attribute, without the comment, which the cloud does not keep.
fn attributes(key: &PublicKey, public: &str) -> Map {
    let text = PublicKey::from(key.key_data().clone())
        .to_openssh()
        .unwrap_or_default();
    [(public.to_owned(), Value::text(text))].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh_key(path: &str) -> Local {
        Local::SshKey {
            path: path.to_owned(),
            public: "public_key",
        }
    }

    #[test]
    fn a_key_is_created_once_and_readable_only_by_its_owner() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let disk = Disk::new(folder.path().to_path_buf());
        let act = Local::SshKey {
            path: "keys/app.pem".to_owned(),
            public: "public_key",
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
            "expected type and body without a comment: {words:?}"
        );
        let file = folder.path().join("keys/app.pem");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                file.metadata()
                    .expect("the file exists")
                    .permissions()
                    .mode()
                    & 0o777,
                0o600
            );
        }
        std::fs::write(&file, "not a key").expect("written");
        let error = disk.peek(&act).expect_err("the file is not a key");
        assert!(
            error
                .why
                .starts_with("it is not a valid OpenSSH private key"),
            "{error}"
        );
    }

    #[test]
    fn concurrent_runs_that_create_one_key_get_the_same_key() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let disk = Disk::new(folder.path().to_path_buf());
            let act = ssh_key("team.pem");
            let gate = std::sync::Barrier::new(2);
            let run = || {
                gate.wait();
                disk.perform(&act)
            };
            let (one, other) = std::thread::scope(|scope| {
                let (one, other) = (scope.spawn(run), scope.spawn(run));
                (
                    one.join().expect("no thread panicked"),
                    other.join().expect("no thread panicked"),
                )
            });
            assert_eq!(one, other);
            assert_eq!(disk.peek(&act), one.map(Some), "the file holds that key");
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_a_small_regular_file_is_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("folder")).expect("made");
        std::os::unix::fs::symlink("/dev/zero", at("zero")).expect("linked");
        std::os::unix::fs::symlink("nowhere", at("nothing")).expect("linked");
        let made = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(made.expect("mkfifo runs").success());
        std::fs::write(at("huge"), vec![b'x'; PRIVATE_KEY_MAX + 1]).expect("written");
        let disk = Disk::new(folder.path().to_path_buf());
        for (name, expected) in [
            ("folder", "it is not a regular file"),
            ("zero", "it is not a regular file"),
            ("pipe", "it is not a regular file"),
            ("nothing", "it is a link to a missing file"),
            ("huge", "it is larger than 65536 bytes"),
        ] {
            let act = ssh_key(name);
            assert_eq!(
                disk.peek(&act).expect_err("refused").why,
                expected,
                "{name}"
            );
            assert_eq!(
                disk.perform(&act).expect_err("refused").why,
                expected,
                "{name}"
            );
        }
    }
}
