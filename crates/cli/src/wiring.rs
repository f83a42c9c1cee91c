//! Opens a session with a cloud, real or simulated, from the options and the environment.
//!
//! Invariant: a command that does not need the cloud starts no runtime, sets up no TLS and reads no
//! file of credentials.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use setpoint_catalog::REGISTRY;
use setpoint_engine::local::Disk;
use setpoint_engine::session::{Pace, Session};
use setpoint_openapi::client::{Client, Config};
use setpoint_openapi::credential::{self, CredentialError};
use setpoint_openapi::endpoint::Endpoints;
use setpoint_openapi::http::{HttpConfig, HttpTransport};
use setpoint_openapi::sign::Scheme;
use setpoint_openapi::wire::Transport;
use setpoint_sim::embedded::{self, Embedded, OpenError};
use setpoint_sim::store::StoreError;
use setpoint_spec::loader::{Entry, FsLoader, Loader as _};

use crate::args::CloudArgs;
use crate::command::Cx;
use crate::env::Env;
use crate::error::Error;
use crate::{disk, ui};

/// The default folder of the simulated cloud.
pub const SIM_DIR: &str = ".setpoint/sim";

/// A cache of what runs in this folder created and deleted.
const MEMORY: &str = ".setpoint/memory";

/// The default speed of the simulated cloud: an instance that is ready after one minute of its time
/// is ready after 3 s, which is slow enough to watch.
pub const SIM_SPEED: f64 = 20.0;

/// The default seed: a new simulated cloud gives the same ids everywhere, so that readers of a
/// guide see the ids in it.
pub const SIM_SEED: u64 = 1;

/// Longer than any lag of the simulated cloud, so that a resource that was just created never
/// counts as missing.
const SIM_VISIBILITY: Duration = Duration::from_secs(1);

/// A cloud to work with.
pub struct Cloud {
    /// The session with it.
    pub session: Session,
    /// Whether it is the embedded simulation, which has one account and ignores `account:`.
    pub embedded: bool,
    /// The place that calls go to, for messages.
    pub address: String,
}

/// Opens the cloud that the options choose.
///
/// # Errors
/// There are no credentials, or the client cannot be set up.
pub fn connect(args: &CloudArgs, cx: &Cx) -> Result<Cloud, Error> {
    match (
        &args.sim,
        args.endpoint.clone().or_else(|| cx.env.endpoint()),
    ) {
        (Some(dir), _) => simulated(args, dir.as_deref()),
        (None, endpoint) => real(args, endpoint.as_deref(), cx),
    }
}

fn simulated(args: &CloudArgs, dir: Option<&str>) -> Result<Cloud, Error> {
    if dir == Some("") {
        return Err(Error::usage(
            "`--sim=` must name a folder: write --sim=DIR, or --sim for the default one".to_owned(),
        ));
    }
    let dir = dir.unwrap_or(SIM_DIR);
    let speed = speed("--sim-speed", args.sim_speed, SIM_SPEED)?;
    let fresh = !Path::new(dir).exists();
    if dir == SIM_DIR {
        disk::ignore_cache(".")?;
    }
    let config = embedded::Config {
        dir: Some(PathBuf::from(dir)),
        seed: SIM_SEED,
        speed,
        ..embedded::Config::new(embedded::Config::system_clock())
    };
    let cloud = open_sim(config)?;
    let state = if fresh { "new" } else { "existing" };
    ui::say(&format!(
        "Simulated cloud in {dir} ({state}): no account needed, no cost\n"
    ));
    let key = cloud.credential();
    let endpoints = Endpoints::single(&format!("http://{}", Embedded::endpoint_host()))
        .map_err(|error| Error::Setup(error.to_string()))?;
    let client = Client::new(Config {
        transport: Arc::new(cloud),
        endpoints,
        credentials: Arc::new(move || Ok(key.clone())),
        clock: embedded::Config::system_clock(),
        nonces: Arc::new(nonce),
        scheme: Scheme::V3,
    });
    let pace = Pace {
        speed,
        visibility: SIM_VISIBILITY,
    };
    Ok(Cloud {
        session: session(client, pace),
        embedded: true,
        address: dir.to_owned(),
    })
}

/// Opens an embedded simulated cloud in a folder, or in memory.
///
/// # Errors
/// The folder cannot be used.
pub fn open_sim(config: embedded::Config) -> Result<Embedded, Error> {
    Embedded::open(config).map_err(|error| sim_error(&error))
}

fn sim_error(error: &OpenError) -> Error {
    match error {
        OpenError::Store(StoreError::InUse { .. }) => Error::Sim {
            in_use: true,
            why: error.to_string(),
        },
        OpenError::Load { .. } => Error::Sim {
            in_use: false,
            why: error.to_string(),
        },
        OpenError::Store(store) if store.is_damage() => Error::Sim {
            in_use: false,
            why: error.to_string(),
        },
        // A path or a permission: the stored cloud is unchanged.
        _ => Error::Setup(error.to_string()),
    }
}

/// Checks the speed of a clock.
///
/// # Errors
/// The speed is out of range.
pub fn speed(option: &str, asked: Option<f64>, otherwise: f64) -> Result<f64, Error> {
    let speed = asked.unwrap_or(otherwise);
    if speed > 0.0 && speed <= 100_000.0 {
        Ok(speed)
    } else {
        Err(Error::usage(format!(
            "`{option} {speed}`: the speed must be above 0 and at most 100000"
        )))
    }
}

fn real(args: &CloudArgs, endpoint: Option<&str>, cx: &Cx) -> Result<Cloud, Error> {
    let setup = |error: &dyn std::fmt::Display| Error::Setup(error.to_string());
    let endpoints = endpoint
        .map_or_else(|| Ok(Endpoints::public()), Endpoints::single)
        .map_err(|error| Error::usage(error.to_string()))?;
    let speed = speed("--sim-speed", args.sim_speed, 1.0)?;
    let resolved = credentials(args.profile.as_deref(), cx.env)?;
    tracing::info!(source = %resolved.source, endpoint = endpoint.unwrap_or("the public ones"), "signing");
    let transport: Arc<dyn Transport> =
        Arc::new(HttpTransport::new(&http(endpoint, cx.env)?).map_err(|error| setup(&error))?);
    let key = resolved.credential;
    let client = Client::new(Config {
        transport,
        endpoints,
        credentials: Arc::new(move || Ok(key.clone())),
        clock: embedded::Config::system_clock(),
        nonces: Arc::new(nonce),
        scheme: Scheme::V3,
    });
    let pace = Pace {
        speed,
        ..Pace::default()
    };
    let address = endpoint.unwrap_or("the cloud").to_owned();
    Ok(Cloud {
        session: session(client, pace),
        embedded: false,
        address,
    })
}

fn session(client: Client, pace: Pace) -> Session {
    // Paths in the spec were resolved when it was read: they are relative to the working folder.
    let local = Disk::new(PathBuf::new()).remembering(PathBuf::from(MEMORY));
    Session {
        client: Arc::new(client),
        registry: *REGISTRY,
        local: Arc::new(local),
        pace,
        rates: Arc::default(),
    }
}

fn http(endpoint: Option<&str>, env: Env) -> Result<HttpConfig, Error> {
    let extra_ca_pem = match env.ca_file() {
        Some(path) => Some(disk::read_bytes(&path, disk::FILE_MAX)?),
        None => None,
    };
    let plain_only = endpoint.is_some_and(|url| url.starts_with("http://"));
    // A proxy cannot reach this machine's own loopback.
    let loopback = endpoint.is_some_and(|url| {
        ["//127.", "//localhost", "//[::1]"]
            .iter()
            .any(|host| url.contains(host))
    });
    Ok(HttpConfig {
        extra_ca_pem,
        plain_only,
        proxy: !loopback,
        ..HttpConfig::default()
    })
}

fn credentials(profile: Option<&str>, env: Env) -> Result<credential::Resolved, Error> {
    let look = |name: &str| env.get(name);
    let path = credential::config_path(&look);
    let config = match path.as_deref() {
        Some(path) if FsLoader.look(path) != Entry::Missing => Some(disk::read(path)?),
        _ => None,
    };
    credential::resolve(None, profile, &look, config.as_deref()).map_err(|error| {
        let looked = if matches!(error, CredentialError::Nowhere { .. }) {
            looked_at(path.as_deref(), config.is_some())
        } else {
            Vec::new()
        };
        Error::Credentials { error, looked }
    })
}

fn looked_at(path: Option<&str>, there: bool) -> Vec<String> {
    let file = match path {
        Some(path) if there => {
            format!("{path}: ignored (profiles are disabled by the environment)")
        }
        Some(path) => format!("{path}: does not exist"),
        None => "~/.aliyun/config.json: HOME is not set".to_owned(),
    };
    vec![
        "environment (ALIBABA_CLOUD_ACCESS_KEY_ID, ALICLOUD_ACCESS_KEY and similar): not set"
            .to_owned(),
        file,
    ]
}

/// 128 random bits in hexadecimal.
fn nonce() -> String {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).expect("the system gives random bits to every process");
    base16ct::lower::encode_string(&bits)
}

/// The runtime of one command. One thread is enough, since nearly all time is spent waiting.
///
/// # Errors
/// The system cannot create it.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Setup(format!("cannot start the event loop: {error}")))
}
