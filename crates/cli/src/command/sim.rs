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

/// By which part of itself `--latency` is shorter or longer from call to call.
const JITTER: f64 = 0.25;

/// The simulated cloud
#[derive(Debug, Args)]
pub struct SimArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: SimCommand,
}

/// What to do with the simulated cloud.
#[derive(Debug, Subcommand)]
pub enum SimCommand {
    /// Serve the simulated cloud on a socket, for any client of the API
    ///
    /// Prints one line of JSON when it listens: {"endpoint", "access_key_id", "access_key_secret"},
    /// with --tls also {"ca_file"}, with --keys also {"users"}. Ends on Ctrl-C, SIGTERM, SIGQUIT or
    /// SIGHUP. What it answered is kept in DIR; without one, in memory. The page ENDPOINT/_sim/
    /// shows what there is.
    Serve(ServeArgs),
}

/// Options of `sim serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// Speak HTTPS, by an authority that is made at the first start and kept in DIR/tls
    #[arg(long)]
    pub tls: bool,
    /// The folder that keeps the world
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// How long states last: not at all, as briefly as in the cloud, as long as in the cloud
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub profile: Pace,
    /// How many times faster than ours its time runs
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub speed: f64,
    /// Decides the ids and the access key of a new world, and the jitter of the latency
    #[arg(long, value_name = "N", default_value_t = wiring::SIM_SEED)]
    pub seed: u64,
    /// How long each call takes on its way, give or take a quarter
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub latency: Option<Duration>,
    /// How often and how many: `documented`, `none`, or a file of JSON
    #[arg(long, value_name = "WHAT", default_value = "documented")]
    pub quotas: String,
    /// Append every call to a file, a line of JSON each, without secrets
    #[arg(long, value_name = "FILE")]
    pub call_log: Option<PathBuf>,
    /// A file of JSON with durations, numbers and switches that differ
    #[arg(long, value_name = "FILE")]
    pub options: Option<PathBuf>,
    /// A file of JSON with users, their keys and what they may call
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// A file of JSON that says which calls fail, and how
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
}

/// How long states last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Pace {
    /// Everything is done at the next call.
    Instant,
    /// The lower end of what the cloud takes.
    #[default]
    Fast,
    /// The upper end.
    Realistic,
}

/// Reads `100ms`, `1.5s`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (
            text.strip_suffix('s')
                .ok_or("a time is written as `100ms` or `1.5s`")?,
            1.0,
        ),
    };
    let seconds = number.parse::<f64>().map_err(|error| error.to_string())? * unit;
    if (0.0..=3600.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("from 0 to an hour".to_owned())
    }
}

/// Serves it.
///
/// # Errors
/// The address, the folder or a file cannot be used.
pub fn run(args: &SimArgs) -> Result<Exit, Error> {
    let SimCommand::Serve(args) = &args.command;
    // The port first: what cannot be served need not be made.
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
    let served = server::runtime().map_err(|error| Error::Setup(format!("no event loop: {error}")))?.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(|error| Error::Setup(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| Error::Setup(error.to_string()))?;
        let dir = args.data.as_ref().map_or_else(|| temporary.clone(), |data| Path::new(data).join("tls"));
        let tls = args.tls.then(|| Tls::open(&dir, address.ip(), (Config::system_clock())()));
        let tls = tls.transpose().map_err(|error| Error::Setup(error.to_string()))?;
        let line = StartLine::new(address, tls.as_ref(), &cloud).json();
        if !address.ip().is_loopback() {
            ui::say("Warning: whoever reaches this address may do everything: the pages under /_sim/ ask for no signature\n");
        }
        // Heard from before the line is out: whoever reads it may end us at once.
        let ended = signals::interrupted()?;
        ui::print(&format!("{line}\n"));
        tokio::select! {
            served = server::serve(listener, tls, cloud) => served.map_err(|error| Error::Setup(error.to_string()))?,
            () = ended => {}
        }
        Ok(Exit::Done)
    });
    // An authority that nobody can trust any more; it is there only with TLS and without a folder.
    drop(std::fs::remove_dir_all(temporary));
    served
}

fn listen(address: &str) -> Result<std::net::TcpListener, Error> {
    let wrong = |error: std::io::Error| {
        let hint = if error.kind() == std::io::ErrorKind::AddrInUse {
            "; port 0 takes a free one"
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
                    "`--quotas {path}`: neither `documented` nor `none` nor a file that can be read"
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
