//! `setpoint sim`: the simulated cloud as a server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use setpoint_sim::embedded::Config;
use setpoint_sim::fault;
use setpoint_sim::limits::Limits;
use setpoint_sim::profile::{Options, Profile};
use setpoint_sim::server::{self, StartLine};
use setpoint_sim::tls::Tls;
use setpoint_sim::users::User;
use tokio::net::TcpListener;

use crate::error::Error;
use crate::exit::Exit;
use crate::{disk, signals, ui, wiring};

/// The greatest deviation of a call's latency from `--latency`, as a share of it.
const JITTER: f64 = 0.25;

/// Run the simulated cloud as a server
#[derive(Debug, Args)]
pub struct SimArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub command: SimCommand,
}

/// The subcommands of `sim`.
#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Serve the simulated cloud over HTTP, for any client of the API
    ///
    /// Prints one line of JSON when it is ready: {"endpoint", "access_key_id",
    /// "access_key_secret"}, with --tls also {"ca_file"}, with --keys also {"users"}. Stops on
    /// Ctrl-C, SIGTERM, SIGQUIT or SIGHUP. The page ENDPOINT/_sim/ shows its resources. See
    /// docs/simulator.md for the formats of the files.
    Serve(ServeArgs),
}

/// Options of `sim serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on; port 0 chooses a free port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// Serve HTTPS, with a certificate authority that is created at the first start and stored in
    /// DIR/tls
    #[arg(long)]
    pub tls: bool,
    /// The folder where the cloud is stored; if not given, the cloud is lost when the server stops
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// How long operations take: no time, or the shortest or longest times of the real cloud
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub profile: Pace,
    /// How many times faster than real time the cloud runs
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub speed: f64,
    /// The seed of resource ids, of the access key and of variations in latency
    #[arg(long, value_name = "N", default_value_t = wiring::SIM_SEED)]
    pub seed: u64,
    /// The latency of each call, such as `100ms`; it varies by a quarter
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub latency: Option<Duration>,
    /// Limits on resources and on call rates: `documented`, `none`, or a JSON file
    #[arg(long, value_name = "WHAT", default_value = "documented")]
    pub quotas: String,
    /// Append every call to FILE as one line of JSON, without secrets
    #[arg(long, value_name = "FILE")]
    pub call_log: Option<PathBuf>,
    /// A JSON file that overrides durations, numbers and switches
    #[arg(long, value_name = "FILE")]
    pub options: Option<PathBuf>,
    /// Refuse parameters that an action does not have, which the cloud ignores
    #[arg(long)]
    pub strict_parameters: bool,
    /// A JSON file with RAM users, their keys and permissions
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// A JSON file that makes chosen calls fail
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// How long operations take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Pace {
    /// Every operation is finished at the next call.
    Instant,
    /// The shortest times of the real cloud.
    #[default]
    Fast,
    /// The longest times of the real cloud.
    Realistic,
}

/// Reads `100ms`, `1.5s`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (
            text.strip_suffix('s')
                .ok_or("must be a time such as `100ms` or `1.5s`")?,
            1.0,
        ),
    };
    let seconds = number.parse::<f64>().map_err(|error| error.to_string())? * unit;
    if (0.0..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be between 0 and one hour".to_owned())
    }
}

/// Runs the command.
///
/// # Errors
/// The address, the folder or a file cannot be used.
pub fn run(args: &SimArgs) -> Result<Exit, Error> {
    let SimCommand::Serve(args) = &args.command;
    // The port is taken first, so that nothing has been opened when it is in use.
    let listener = listen(&args.listen)?;
    let cloud = wiring::open_sim(config(args)?)?;
    if let Some(path) = &args.faults {
        let plan = fault::Plan::parse(&read(path)?)
            .map_err(|error| Error::usage(format!("`--faults {}`: {error}", path.display())))?;
        cloud.set_plan(plan);
    }
    if let Some(path) = &args.keys {
        let wrong = |error: String| Error::usage(format!("`--keys {}`: {error}", path.display()));
        let users: Vec<User> =
            serde_json::from_slice(&read(path)?).map_err(|error| wrong(error.to_string()))?;
        cloud
            .with(|world| world.set_users(users))
            .map_err(|error| wrong(error.to_string()))?;
    }
    let temporary = std::env::temp_dir().join(format!("setpoint-sim-{}", std::process::id()));
    let served = server::runtime().map_err(|error| Error::Setup(format!("cannot start the event loop: {error}")))?.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(|error| Error::Setup(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| Error::Setup(error.to_string()))?;
        let dir = args.data.as_ref().map_or_else(|| temporary.clone(), |data| Path::new(data).join("tls"));
        let tls = args.tls.then(|| Tls::open(&dir, address.ip(), (Config::system_clock())()));
        let tls = tls.transpose().map_err(|error| Error::Setup(error.to_string()))?;
        let line = StartLine::new(address, tls.as_ref(), &cloud).json();
        if !address.ip().is_loopback() {
            ui::say("Warning: the pages under /_sim/ need no signature, so everybody who reaches this address has full control\n");
        }
        // Listen for signals before printing the line: its reader may end the process at once.
        let ended = signals::interrupted()?;
        ui::print(&format!("{line}\n"));
        tokio::select! {
            served = server::serve(listener, tls, cloud) => served.map_err(|error| Error::Setup(error.to_string()))?,
            () = ended => {}
        }
        Ok(Exit::Done)
    });
    // The authority of a server without a folder; it exists only with TLS.
    drop(std::fs::remove_dir_all(temporary));
    served
}

fn listen(address: &str) -> Result<std::net::TcpListener, Error> {
    let wrong = |error: std::io::Error| {
        let hint = if error.kind() == std::io::ErrorKind::AddrInUse {
            "; port 0 chooses a free port"
        } else {
            ""
        };
        Error::Setup(format!("`--listen {address}`: {error}{hint}"))
    };
    let listener = std::net::TcpListener::bind(address).map_err(wrong)?;
    listener.set_nonblocking(true).map_err(wrong)?;
    Ok(listener)
}

fn config(args: &ServeArgs) -> Result<Config, Error> {
    let limits = match args.quotas.as_str() {
        "documented" => Limits::documented(),
        "none" => Limits::none(),
        path => {
            let hint = |_| {
                Error::usage(format!(
                    "`--quotas {path}`: must be `documented`, `none` or a readable file"
                ))
            };
            let text = disk::read_bytes(path, disk::FILE_MAX).map_err(hint)?;
            Limits::parse(&text)
                .map_err(|error| Error::usage(format!("`--quotas {path}`: {error}")))?
        }
    };
    let profile = match args.profile {
        Pace::Instant => Profile::instant(),
        Pace::Fast => Profile::fast(),
        Pace::Realistic => Profile::realistic(),
    };
    let mut options = Options {
        profile,
        quotas: limits.counts,
        rates: limits.rates,
        strict_parameters: args.strict_parameters,
        ..Options::default()
    };
    if let Some(path) = &args.options {
        let wrong = |error: &dyn std::fmt::Display| {
            Error::usage(format!("`--options {}`: {error}", path.display()))
        };
        let changes = serde_json::from_slice(&read(path)?).map_err(|error| wrong(&error))?;
        options = options.merged(&changes).map_err(|error| wrong(&error))?;
    }
    Ok(Config {
        dir: args.data.as_ref().map(PathBuf::from),
        seed: args.seed,
        speed: wiring::speed("--speed", Some(args.speed), 1.0)?,
        options,
        latency: args.latency,
        jitter: JITTER,
        call_log: args.call_log.clone(),
        tell: Arc::new(|trouble| ui::say(&format!("Warning: {trouble}\n"))),
        ..Config::new(Config::system_clock())
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    disk::read_bytes(&path.to_string_lossy(), disk::FILE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("100ms", Some(100)),
            ("1.5s", Some(1500)),
            ("0ms", Some(0)),
            ("100", None),
            ("-1s", None),
            ("2h", None),
        ] {
            assert_eq!(
                duration(text).ok().map(|time| time.as_millis()),
                expected,
                "{text}"
            );
        }
    }
}
