//! The command `setpoint`. Everything else is in the library beside it, where tests can call it.

use std::process::ExitCode;

fn main() -> ExitCode {
    setpoint_cli::run(std::env::args_os(), setpoint_cli::env::Env::process())
}
