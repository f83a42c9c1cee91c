//! `setpoint sim`: the simulated cloud as a server.

use clap::{Args, Subcommand};
use setpoint_sim::server::{self, StartLine};
use tokio::net::TcpListener;

use crate::error::Error;
use crate::exit::Exit;
use crate::{live, ui, wire};

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
    /// Prints one line of JSON when it listens: {"endpoint", "access_key_id", "access_key_secret"}. Ends on Ctrl-C or SIGTERM.
    /// What it answered is kept in DIR; without one, in memory.
    Serve(ServeArgs),
}

/// Options of `sim serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// The folder that keeps the world
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
    /// How many times faster than ours its time runs
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    pub speed: f64,
    /// Decides the ids and the access key of a new world
    #[arg(long, value_name = "N", default_value_t = wire::SIM_SEED)]
    pub seed: u64,
}

/// Serves it.
///
/// # Errors
/// The address or the folder cannot be used.
pub fn run(args: &SimArgs) -> Result<Exit, Error> {
    let SimCommand::Serve(args) = &args.command;
    let cloud = wire::open_sim(args.data.as_deref(), args.seed, wire::speed(Some(args.speed), 1.0)?)?;
    wire::runtime()?.block_on(async {
        let listener =
            TcpListener::bind(&args.listen).await.map_err(|error| Error::usage(format!("`--listen {}`: {error}", args.listen)))?;
        let address = listener.local_addr().map_err(|error| Error::Setup(error.to_string()))?;
        let line = StartLine::new(address, &cloud).json();
        // Heard from before the line is out: whoever reads it may end us at once.
        let ended = live::interrupted()?;
        ui::print(&format!("{line}\n"));
        tokio::select! {
            served = server::serve(listener, cloud) => served.map_err(|error| Error::Setup(error.to_string()))?,
            () = ended => {}
        }
        Ok(Exit::Done)
    })
}
