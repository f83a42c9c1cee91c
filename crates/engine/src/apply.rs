//! Applies a plan: executes the commands of the [machine](crate::machine), and nothing else.
//!
//! # Expected flow
//!
//! The caller has made, checked and confirmed the plan.
//!
//! # Guarantees
//!
//! - Every write call that is made is part of the plan.
//! - After `cancel` turns true, no step starts except those that belong to an open window. Calls
//!   that are in flight are awaited, and the outcome lists the resources that were not started.
//!
//! # Errors
//!
//! None. The outcome lists every failure.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{FutureExt as _, LocalBoxFuture};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use setpoint_plan::plan::{Plan, StepId};
use setpoint_plan::procedure::Local;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::calls;
use crate::local::{Listener, LocalError};
use crate::machine::{Command, Input, Machine, Settings, Ticket};
use crate::outcome::Outcome;
use crate::pages;
use crate::session::Session;

/// Options of one apply.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The largest number of write calls in flight.
    pub parallelism: usize,
    /// The age of the observation that the plan was made from, in real time.
    pub observed_before: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parallelism: 10,
            observed_before: Duration::ZERO,
        }
    }
}

/// Applies the plan and returns the result.
pub async fn apply(
    session: &Session,
    plan: &Plan,
    options: Options,
    cancel: watch::Receiver<bool>,
    listener: Listener<'_>,
) -> Outcome {
    let machine = machine(session, plan, options);
    let mut run = Run {
        session,
        machine,
        started: Instant::now(),
        under_way: FuturesUnordered::new(),
    };
    run.drive(cancel, listener).await
}

fn machine(session: &Session, plan: &Plan, options: Options) -> Machine {
    let settings = Settings {
        parallelism: options.parallelism,
        visibility: session.pace.visibility.mul_f64(session.pace.speed),
        observed_before: options.observed_before.mul_f64(session.pace.speed),
    };
    let client = session.client.clone();
    let machine = Machine::new(
        Arc::new(plan.clone()),
        session.registry,
        settings,
        Box::new(move || client.nonce()),
    );
    machine.with_deleted(session.local.deleted())
}

/// The result of one call, look or local act, with the number of read calls that it took.
type Happened = (Input, usize);

struct Run<'a> {
    session: &'a Session,
    machine: Machine,
    started: Instant,
    under_way: FuturesUnordered<LocalBoxFuture<'a, Happened>>,
}

impl Run<'_> {
    async fn drive(
        &mut self,
        mut cancel: watch::Receiver<bool>,
        listener: Listener<'_>,
    ) -> Outcome {
        let mut input = if *cancel.borrow() {
            Input::Interrupt
        } else {
            Input::Tick
        };
        let mut told = *cancel.borrow();
        loop {
            let now = self.now();
            for command in self.machine.step(now, input) {
                self.carry_out(command, listener);
            }
            if self.machine.is_done() {
                return self.machine.outcome();
            }
            let wake = self.wake_at();
            if wake.is_none() && self.under_way.is_empty() {
                // Nothing is in flight and nothing is due, so no step can make progress. The
                // outcome lists those that remain.
                return self.machine.outcome();
            }
            input = tokio::select! {
                biased;
                Ok(()) = cancel.changed(), if !told => {
                    told = true;
                    Input::Interrupt
                }
                Some((input, reads)) = self.under_way.next() => {
                    self.machine.count_reads(reads);
                    input
                }
                () = sleep_until(wake) => Input::Tick,
            };
        }
    }

    /// Returns the cloud time since the start of the run.
    fn now(&self) -> Duration {
        self.started.elapsed().mul_f64(self.session.pace.speed)
    }

    fn wake_at(&self) -> Option<Instant> {
        self.machine
            .wake_at()
            .map(|at| self.started + self.session.pace.scaled(at) + Duration::from_millis(1))
    }

    fn carry_out(&mut self, command: Command, listener: Listener<'_>) {
        match command {
            Command::Tell(event) => listener(&event, &self.machine.tally()),
            Command::Remember(record) => self.session.local.record(&record),
            Command::Send(ticket, request) => {
                let session = self.session;
                let reason = self.machine.reason(ticket);
                let tries = self.machine.tries(ticket);
                let attempt = reason.in_scope(|| calls::attempt(tries));
                let send = async move {
                    let call = session.client.call(&request).instrument(attempt);
                    (Input::Replied(ticket, call.await), 0)
                };
                self.under_way.push(send.instrument(reason).boxed_local());
            }
            Command::Look(ticket, queries) => {
                let reads = look(self.session, ticket, queries);
                let reason = self.machine.reason(ticket);
                self.under_way.push(reads.instrument(reason).boxed_local());
            }
            Command::Act(step, act) => {
                let session = self.session;
                self.under_way
                    .push(async move { act_here(session, step, act).await }.boxed_local());
            }
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn look(
    session: &Session,
    ticket: Ticket,
    queries: Vec<setpoint_plan::view::Query>,
) -> Happened {
    let reads =
        futures_util::future::join_all(queries.iter().map(|query| pages::read(session, query)))
            .await;
    let mut rows = Vec::new();
    let mut calls = 0;
    for read in reads {
        match read {
            Ok(read) => {
                calls += read.pages + read.proofs;
                rows.extend(read.rows);
            }
            Err(error) => return (Input::Looked(ticket, Err(error)), calls + 1),
        }
    }
    (Input::Looked(ticket, Ok(rows)), calls)
}

/// Performs a local act on a blocking thread, since it computes a key and may wait for a slow disk.
async fn act_here(session: &Session, step: StepId, act: Local) -> Happened {
    let local = session.local.clone();
    let path = match &act {
        Local::SshKey { path, .. } => path.clone(),
    };
    let result = tokio::task::spawn_blocking(move || local.perform(&act)).await;
    let result = result.unwrap_or_else(|error| {
        Err(LocalError {
            path,
            why: error.to_string(),
        })
    });
    (Input::Acted(step, result), 0)
}
