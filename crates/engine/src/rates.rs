//! Rate limits of reads: each read takes a token from the bucket of its action and region.
//!
//! The apply machine paces the writes, since it also decides their order. Reads run concurrently,
//! so they share these buckets behind a lock. Each bucket has a queue, and only the first read of a
//! queue sleeps until the bucket has a token. So a thousand queued reads cause a thousand wake-ups
//! in all, not a million.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use setpoint_openapi::error::CallError;
use setpoint_openapi::limit::Limits;
use setpoint_openapi::product::Product;
use setpoint_openapi::request::Request;
use tokio::time::Instant;

use crate::session::Pace;

/// The buckets of all read actions of a run.
#[derive(Debug)]
pub struct Rates {
    started: Instant,
    limits: Mutex<Limits>,
    queues: Mutex<BTreeMap<Name, Queue>>,
}

/// An action in a region.
type Name = (Product, &'static str, String);

/// A fair lock: its holder waits for the bucket, and the others follow in the order of arrival.
type Queue = Arc<tokio::sync::Mutex<()>>;

impl Default for Rates {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            limits: Mutex::default(),
            queues: Mutex::default(),
        }
    }
}

impl Rates {
    /// Waits until the rate limit allows the request. Time is measured by the cloud's clock.
    pub async fn admit(&self, pace: Pace, request: &Request) {
        let queue = self.queue(request);
        let _first = queue.lock().await;
        loop {
            let now = self.now(pace);
            let taken = self.with(|limits| {
                let bucket = limits.bucket(request.action, &request.region, now);
                bucket.take(now)
            });
            match taken {
                Ok(()) => return,
                Err(wait) => tokio::time::sleep(pace.scaled(wait)).await,
            }
        }
    }

    /// Adapts the limit to the result of a call.
    pub fn learn<T>(&self, pace: Pace, request: &Request, result: &Result<T, CallError>) {
        let now = self.now(pace);
        self.with(|limits| {
            let bucket = limits.bucket(request.action, &request.region, now);
            bucket.learn(now, result);
        });
    }

    fn queue(&self, request: &Request) -> Queue {
        let action = request.action;
        let name = (action.product, action.name, request.region.clone());
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(name).or_default().clone()
    }

    fn now(&self, pace: Pace) -> Duration {
        self.started.elapsed().mul_f64(pace.speed)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Limits) -> T) -> T {
        // The buckets are plain numbers, so they stay usable after a panic of another lock holder.
        act(&mut self.limits.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
