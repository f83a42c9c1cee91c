//! The signals that end a command: Ctrl-C, a request to terminate, a closed terminal.
//!
//! All of them count as interrupts, so that each one stops a run cleanly. Invariant: hang-ups alone
//! never end a run at once, because closing one terminal sends several: one from the kernel, others
//! from the shell.

use crate::error::Error;

/// The signal that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// A request to end the process: Ctrl-C, `SIGTERM`, `SIGQUIT`.
    Asked,
    /// The terminal was closed: `SIGHUP`, or a closed console.
    HangUp,
}

/// Interrupts, received from the creation of this value on.
#[cfg(unix)]
pub struct Interrupts {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
    /// `None` if the process was started to outlive its terminal, as with `nohup`.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Interrupts {
    /// Starts listening.
    ///
    /// # Errors
    /// The system refuses a signal handler.
    pub fn new() -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let hear = |kind| signal(kind).map_err(|error| unheard(&error));
        let hang_up = SignalKind::hangup();
        let hang_up = (!is_ignored(hang_up.as_raw_value())).then_some(hang_up);
        Ok(Self {
            interrupt: hear(SignalKind::interrupt())?,
            terminate: hear(SignalKind::terminate())?,
            quit: hear(SignalKind::quit())?,
            hang_up: hang_up.map(hear).transpose()?,
        })
    }

    /// The next interrupt.
    pub async fn next(&mut self) -> Interrupt {
        let Self {
            interrupt,
            terminate,
            quit,
            hang_up,
        } = self;
        let hang_up = async {
            match hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => Interrupt::Asked,
            _ = terminate.recv() => Interrupt::Asked,
            _ = quit.recv() => Interrupt::Asked,
            _ = hang_up => Interrupt::HangUp,
        }
    }
}

/// Interrupts, received from the creation of this value on.
#[cfg(windows)]
pub struct Interrupts {
    interrupt: tokio::signal::windows::CtrlC,
    stop: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(windows)]
impl Interrupts {
    /// Starts listening.
    ///
    /// # Errors
    /// The system refuses a signal handler.
    pub fn new() -> Result<Self, Error> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
        Ok(Self {
            interrupt: ctrl_c().map_err(|error| unheard(&error))?,
            stop: ctrl_break().map_err(|error| unheard(&error))?,
            close: ctrl_close().map_err(|error| unheard(&error))?,
        })
    }

    /// The next interrupt.
    pub async fn next(&mut self) -> Interrupt {
        tokio::select! {
            _ = self.interrupt.recv() => Interrupt::Asked,
            _ = self.stop.recv() => Interrupt::Asked,
            _ = self.close.recv() => Interrupt::HangUp,
        }
    }
}

fn unheard(error: &std::io::Error) -> Error {
    Error::Setup(format!("the process cannot listen for signals: {error}"))
}

/// A future that ends at the first interrupt after this call; for servers.
///
/// # Errors
/// The system refuses a signal handler.
pub fn interrupted() -> Result<impl Future<Output = ()>, Error> {
    let mut interrupts = Interrupts::new()?;
    Ok(async move {
        interrupts.next().await;
    })
}

/// Whether the process was started with a signal ignored. Only Linux shows it; elsewhere the signal
/// counts as not ignored, which stops the run cleanly.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores(&status, signal)
}

/// Reads the mask of ignored signals: hexadecimal, bit 0 for signal 1.
#[cfg(unix)]
fn ignores(status: &str, signal: i32) -> bool {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = u32::try_from(signal - 1)
        .ok()
        .and_then(|at| 1_u64.checked_shl(at));
    mask.zip(bit).is_some_and(|(mask, bit)| mask & bit != 0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores;

    #[test]
    fn the_mask_of_ignored_signals() {
        let status = "Name:\tsetpoint\nSigBlk:\t0000000000000001\nSigIgn:\t0000000000001001\n";
        assert!(ignores(status, 1) && ignores(status, 13));
        assert!(!ignores(status, 2) && !ignores("", 1));
    }
}
