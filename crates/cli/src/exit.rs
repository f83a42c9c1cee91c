//! Exit codes. They are documented and stable, and only this module chooses one.

use std::process::ExitCode;

use crate::error::Error;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, or no changes.
    Done,
    /// An error.
    Error,
    /// With `--detailed-exitcode`: changes are pending.
    Changes,
    /// Refused by a rule: held steps, protected resources, unformatted files.
    Refused,
    /// Another run holds what this one needs.
    Locked,
    /// The saved plan is stale.
    Stale,
    /// Partly applied: the same command continues.
    Partial,
    /// The command line itself is wrong.
    Usage,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::Refused => 3,
            Self::Locked => 4,
            Self::Stale => 5,
            Self::Partial => 6,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }

    /// The exit of an error.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Usage(_)
            | Error::NoStackFile(_)
            | Error::NoTerminal { .. }
            | Error::Region { .. } => Self::Usage,
            Error::Spec(_)
            | Error::File { .. }
            | Error::Credentials { .. }
            | Error::Setup(_)
            | Error::Account { .. }
            | Error::Observe(_)
            | Error::Faults(_)
            | Error::BadPlanFile { .. }
            | Error::Declined => Self::Error,
            Error::Plan(refused) if refused.is_protection() => Self::Refused,
            Error::Plan(_) => Self::Error,
            Error::Sim { in_use: true, .. } => Self::Locked,
            Error::Sim { in_use: false, .. } => Self::Error,
            Error::Held(_) => Self::Refused,
            Error::Stale(_) => Self::Stale,
            Error::Interrupted => Self::Interrupted,
        }
    }

    /// The worse of two, for commands that work on several stacks: pending changes are not a
    /// failure, everything else is.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Done => 0,
            Self::Changes => 1,
            Self::Refused => 2,
            Self::Usage => 3,
            Self::Stale => 4,
            Self::Locked => 5,
            Self::Partial => 6,
            Self::Error => 7,
            Self::Interrupted => 8,
        };
        if weight(other) > weight(self) {
            other
        } else {
            self
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Exit; 9] = [
        Exit::Done,
        Exit::Error,
        Exit::Changes,
        Exit::Refused,
        Exit::Locked,
        Exit::Stale,
        Exit::Partial,
        Exit::Usage,
        Exit::Interrupted,
    ];

    #[test]
    fn the_help_lists_every_code() {
        let listed: Vec<u8> = crate::args::EXIT_CODES
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(listed, ALL.map(Exit::code));
    }

    #[test]
    fn pending_changes_are_better_than_any_failure() {
        assert_eq!(Exit::Done.worse(Exit::Changes), Exit::Changes);
        assert_eq!(Exit::Error.worse(Exit::Changes), Exit::Error);
        assert_eq!(Exit::Usage.worse(Exit::Error), Exit::Error);
    }
}
