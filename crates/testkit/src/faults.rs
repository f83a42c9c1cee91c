//! Faults for tests: the fate of the nth write call, and the end of a run at that call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use setpoint_sim::fault::{CallInfo, Fate, Hook};
use tokio::sync::Notify;

/// A hook that gives the nth write call (from 1) this fate. All other calls are performed normally.
#[must_use]
pub fn at_write(n: usize, fate: Fate) -> Hook {
    let mut writes = 0;
    Box::new(move |call: &CallInfo| {
        writes += usize::from(!call.is_read);
        if !call.is_read && writes == n {
            fate.clone()
        } else {
            Fate::Normal
        }
    })
}

/// A hook that counts write calls, and the counter.
#[must_use]
pub fn counting() -> (Hook, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let hook = Box::new(move |call: &CallInfo| {
        seen.fetch_add(usize::from(!call.is_read), Ordering::Relaxed);
        Fate::Normal
    });
    (hook, count)
}

/// The end of a run: at its nth write call, before or after the cloud performs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// The call never arrives.
    Before,
    /// The call is performed, and its response is lost.
    After,
}

/// A hook that ends a run at its nth write call: no later call arrives. The notice wakes the task
/// that must drop the run; the flag says whether the run has ended so.
#[must_use]
pub fn dying_at(n: usize, death: Death) -> (Hook, Arc<Notify>, Arc<AtomicBool>) {
    let (notice, died) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
    let (tell, dead) = (notice.clone(), died.clone());
    let mut writes = 0;
    let hook = Box::new(move |call: &CallInfo| {
        if dead.load(Ordering::Relaxed) {
            return Fate::NotSent;
        }
        writes += usize::from(!call.is_read);
        if call.is_read || writes != n {
            return Fate::Normal;
        }
        dead.store(true, Ordering::Relaxed);
        tell.notify_one();
        match death {
            Death::Before => Fate::NotSent,
            Death::After => Fate::LoseReplyAfterExecuting,
        }
    });
    (hook, notice, died)
}
