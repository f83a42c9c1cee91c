//! One-line messages about retries and fallbacks. Those about the start and the end of a job belong
//! to the job.

use std::time::Duration;

use crate::words::{clean, short};

/// Returns `db: IncorrectInstanceStatus, trying again in 5s`.
pub(super) fn again(name: &str, why: &str, after: Duration) -> String {
    let when = if after < Duration::from_secs(1) {
        "at once".to_owned()
    } else {
        format!("in {}", short(after))
    };
    format!("{name}: {}, trying again {when}", clean(why))
}

/// Returns `web[1]: ecs.c7.large has no stock, taking ecs.c7a.large (next in the list)`.
pub(super) fn fell(name: &str, code: &str, differing: Option<&(String, String, String)>) -> String {
    let code = clean(code);
    match differing {
        Some((_, old, new)) if code.contains("NoStock") => {
            format!("{name}: {old} has no stock, taking {new} (next in the list)")
        }
        Some((_, old, new)) => {
            format!("{name}: {old} was refused ({code}), taking {new}")
        }
        None => format!("{name}: refused ({code}), trying the next in the list"),
    }
}
