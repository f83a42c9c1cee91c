//! A rate limit per action that learns: a token bucket whose rate goes down when the API says
//! "too fast".
//!
//! The API counts calls per action, region and account, so everybody in the account shares the
//! limit, and most numbers are not published. A bucket starts at the published number or at a
//! cautious guess ([`LimitPolicy::of`]), drops when a call is throttled, and rises again after calm
//! minutes. Most actions count per minute, some per second: a bucket that is throttled again right
//! after a pause has met a minute's count, and the calls of the last minute tell its size.
//!
//! Time comes in as an argument: the time since a fixed moment, on a clock that never goes back.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::action::Action;
use crate::error::CallError;
use crate::product::Product;

/// How a bucket starts and learns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitPolicy {
    /// Calls per second at the start, and never more.
    pub rate: f64,
    /// Calls that may go out at once after a pause.
    pub burst: f64,
    /// The published limit, where there is one.
    pub published: Option<Published>,
}

/// A published limit: so many calls in any window of this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Calls in a window.
    pub calls: u32,
    /// The length of the window, at most one minute.
    pub window: Duration,
}

/// What is left of the rate after a throttling.
const DROP: f64 = 0.8;
/// What a calm minute gives back. Each rise may cost a throttled call, so this is small.
const RISE: f64 = 1.1;
/// The rate that was too fast is tried again only after so many calm windows.
const WINDOWS_BEFORE_TRYING_AGAIN: u32 = 10;
/// The slowest rate, calls per second: one call each ten seconds still makes progress.
const RATE_MIN: f64 = 0.1;
/// The pause after a throttling without a hint; it doubles while pauses do not help, up to the
/// API's counting window.
const PAUSE: Duration = Duration::from_secs(2);
/// The window in which the API counts.
const WINDOW: Duration = Duration::from_mins(1);

/// Numbers that the API publishes, as calls a minute; the first row that names an action counts.
///
/// Sources: the quota pages of EIP and of VPC 2016-04-28. Of VPC's listings the lowest published
/// number stands for all.
const A_MINUTE: &[(Product, &[&str], u32)] = &[
    (
        Product::Vpc,
        &["AllocateEipAddress", "AssociateEipAddress"],
        120,
    ),
    (Product::Vpc, &["ReleaseEipAddress"], 600),
    (
        Product::Vpc,
        &["CreateVSwitch", "ModifyVSwitchAttribute", "TagResources"],
        300,
    ),
    (Product::Vpc, &["DescribeNetworkAcls"], 30),
];

/// VPC's listings that have no row of their own, calls a minute.
const VPC_LISTING: u32 = 600;

/// Every action of CloudMonitor, calls a second.
const CLOUD_MONITOR: u32 = 20;

impl LimitPolicy {
    /// How the bucket of an action starts: at its published limit, or else at a rate that no
    /// account is known to be throttled at.
    ///
    /// `RunInstances` starts at a burst of 100, then 20 a second (5,000 machines a minute is the
    /// published ceiling); other writes at 10 a second, reads at 50.
    #[must_use]
    pub fn of(action: &Action) -> Self {
        let is_named = |row: &&(Product, &[&str], u32)| {
            row.0 == action.product && row.1.contains(&action.name)
        };
        let row = A_MINUTE.iter().find(is_named);
        match (action.product, row, action.is_read()) {
            (Product::Cms, _, _) => Self::published(CLOUD_MONITOR, Duration::from_secs(1)),
            (_, Some((_, _, calls)), _) => Self::published(*calls, WINDOW),
            (Product::Vpc, None, true) => Self::published(VPC_LISTING, WINDOW),
            (Product::Ecs, _, _) if action.name == "RunInstances" => Self::steady(20.0, 100.0),
            (_, None, true) => Self::steady(50.0, 50.0),
            (_, None, false) => Self::steady(10.0, 10.0),
        }
    }

    fn steady(rate: f64, burst: f64) -> Self {
        Self {
            rate,
            burst,
            published: None,
        }
    }

    /// All calls of a window may go out at once; after that the window decides.
    fn published(calls: u32, window: Duration) -> Self {
        let published = Some(Published { calls, window });
        Self {
            rate: f64::from(calls) / window.as_secs_f64(),
            burst: f64::from(calls),
            published,
        }
    }
}

/// The bucket of one action.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    policy: LimitPolicy,
    rate: f64,
    tokens: f64,
    filled: Duration,
    /// No call goes out before.
    closed_until: Duration,
    /// Throttlings since a call last passed, those of one event counted once.
    streak: u32,
    /// The last throttling, or the last rise since.
    calm_since: Duration,
    /// The rate at which the last throttling came; no limit yet if infinite.
    too_fast: f64,
    /// When the calls of the last window went out.
    recent: VecDeque<Duration>,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn new(policy: LimitPolicy, now: Duration) -> Self {
        let policy = LimitPolicy {
            rate: policy.rate.max(RATE_MIN),
            burst: policy.burst.max(1.0),
            ..policy
        };
        let (rate, tokens, recent) = (policy.rate, policy.burst, VecDeque::new());
        Self {
            policy,
            rate,
            tokens,
            filled: now,
            closed_until: now,
            streak: 0,
            calm_since: now,
            too_fast: f64::INFINITY,
            recent,
        }
    }

    /// Calls per second now.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Takes the right to make one call.
    ///
    /// # Errors
    ///
    /// How long to wait before asking again, never zero. Nothing is taken then.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.refill(now);
        if now < self.closed_until {
            return Err(self.closed_until - now);
        }
        if self.tokens < 1.0 {
            let wait = Duration::from_secs_f64((1.0 - self.tokens) / self.rate);
            return Err(wait.max(Duration::from_millis(1)));
        }
        if let Some(wait) = self.until_window_opens(now) {
            return Err(wait);
        }
        self.tokens -= 1.0;
        self.recent.push_back(now);
        Ok(())
    }

    /// How long the published window stays full.
    fn until_window_opens(&self, now: Duration) -> Option<Duration> {
        let Published { calls, window } = self.policy.published?;
        let calls = usize::try_from(calls.max(1)).unwrap_or(usize::MAX);
        let first = self.recent.len().checked_sub(calls)?;
        let opens = *self.recent.get(first)? + window;
        (opens > now).then(|| (opens - now).max(Duration::from_millis(1)))
    }

    /// Learns from the result of a call.
    pub fn learn<T>(&mut self, now: Duration, result: &Result<T, CallError>) {
        match result {
            Err(CallError::Api(error)) if error.is_throttling() => {
                self.throttled(now, error.retry_after);
            }
            _ => self.passed(now),
        }
    }

    /// Learns that a call was not throttled. Answers that come in during a pause belong to calls
    /// from before it.
    pub fn passed(&mut self, now: Duration) {
        if now >= self.closed_until {
            self.streak = 0;
        }
    }

    /// Learns that a call was throttled; `hint` is the pause that the server asks for.
    pub fn throttled(&mut self, now: Duration, hint: Option<Duration>) {
        self.refill(now);
        self.recent.pop_back();
        self.calm_since = now;
        // During the pause, throttled calls are those that were under way when the first one came
        // back.
        if now < self.closed_until {
            self.closed_until = self.closed_until.max(now + hint.unwrap_or_default());
            self.filled = self.closed_until;
            return;
        }
        self.streak += 1;
        match self.streak {
            1 => {
                self.too_fast = self.rate;
                self.rate *= DROP;
            }
            2 => {
                self.rate = self
                    .rate
                    .min(self.recent.len() as f64 / WINDOW.as_secs_f64());
                self.too_fast = self.too_fast.min(self.rate * RISE);
            }
            _ => {}
        }
        self.rate = self.rate.max(RATE_MIN);
        let doubled = PAUSE
            .saturating_mul(1 << (self.streak - 1).min(5))
            .min(WINDOW);
        self.closed_until = now + doubled.max(hint.unwrap_or_default());
        // Nothing is saved up during a pause, or it would end in a burst that is too fast again.
        (self.tokens, self.filled) = (1.0, self.closed_until);
    }

    fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.filled);
        self.filled = self.filled.max(now);
        // An action that counts per second minds bursts too: half a second's worth, once it has
        // shown a limit.
        let burst = if self.too_fast.is_finite() {
            (self.rate / 2.0).clamp(1.0, self.policy.burst)
        } else {
            self.policy.burst
        };
        self.tokens = (self.tokens + elapsed.as_secs_f64() * self.rate).min(burst);
        while self
            .recent
            .front()
            .is_some_and(|sent| *sent + WINDOW <= now)
        {
            self.recent.pop_front();
        }
        let next = (self.rate * RISE).min(self.policy.rate);
        let windows = if next < self.too_fast {
            1
        } else {
            WINDOWS_BEFORE_TRYING_AGAIN
        };
        if self.streak == 0 && now >= self.calm_since + WINDOW * windows {
            self.rate = next;
            self.calm_since = now;
        }
    }
}

/// The buckets of all actions in all regions.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    buckets: BTreeMap<(Product, &'static str, String), Bucket>,
}

impl Limits {
    /// The bucket of an action in a region: the API counts per action, region and account.
    pub fn bucket(&mut self, action: &'static Action, region: &str, now: Duration) -> &mut Bucket {
        let key = (action.product, action.name, region.to_owned());
        self.buckets
            .entry(key)
            .or_insert_with(|| Bucket::new(LimitPolicy::of(action), now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{cms, ecs, vpc};

    /// Calls a server that lets `allowed` calls through in each window; says (made, throttled) per
    /// minute.
    fn drive(allowed: u32, window: Duration, minutes: u64) -> Vec<(u32, u32)> {
        let mut bucket = Bucket::new(LimitPolicy::steady(10.0, 10.0), Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut counts = Vec::new();
        let (mut in_window, mut used) = (0, 0);
        for minute in 1..=minutes {
            let (mut made, mut refused) = (0, 0);
            while now < Duration::from_mins(minute) {
                if let Err(wait) = bucket.take(now) {
                    now += wait;
                    continue;
                }
                let this_window = now.as_millis() / window.as_millis();
                (in_window, used) = if this_window == in_window {
                    (in_window, used + 1)
                } else {
                    (this_window, 1)
                };
                made += 1;
                if used > allowed {
                    refused += 1;
                    bucket.throttled(now, None);
                } else {
                    bucket.passed(now);
                }
                now += Duration::from_millis(20);
            }
            counts.push((made, refused));
        }
        counts
    }

    /// Checks what is made and throttled in the last 25 of 30 minutes, in percent.
    fn check(allowed: u32, window: Duration, used_percent_min: u32) {
        let counts = drive(allowed, window, 30);
        let (made, refused) = counts[5..]
            .iter()
            .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        let possible = 25 * 60 * allowed / u32::try_from(window.as_secs()).unwrap();
        assert!(refused * 100 <= made, "more than 1 % throttled: {counts:?}");
        assert!(
            made * 100 >= possible * used_percent_min,
            "{made} of {possible}: {counts:?}"
        );
    }

    #[test]
    fn the_rate_is_learned_downwards() {
        check(200, WINDOW, 80);
        check(60, WINDOW, 75);
        check(20, WINDOW, 70);
        check(5, Duration::from_secs(1), 75);
    }

    #[test]
    fn nobody_throttles_a_modest_caller() {
        let counts = drive(100_000, WINDOW, 3);
        assert!(
            counts
                .iter()
                .all(|(made, refused)| (590..=610).contains(made) && *refused == 0),
            "{counts:?}"
        );
    }

    #[test]
    fn one_storm_is_one_event() {
        let mut bucket = Bucket::new(LimitPolicy::steady(10.0, 10.0), Duration::ZERO);
        for at in 0..20 {
            bucket.throttled(Duration::from_millis(10 * at), None);
        }
        assert!((bucket.rate() - 8.0).abs() < 1e-9, "{}", bucket.rate());
        for at in 1..100 {
            bucket.throttled(Duration::from_mins(2 * at), None);
        }
        assert!((bucket.rate() - RATE_MIN).abs() < 0.02, "{}", bucket.rate());
    }

    #[test]
    fn the_servers_pause_is_kept() {
        let mut bucket = Bucket::new(LimitPolicy::steady(10.0, 10.0), Duration::ZERO);
        bucket.throttled(Duration::from_secs(1), Some(Duration::from_secs(5)));
        assert_eq!(
            bucket.take(Duration::from_secs(2)),
            Err(Duration::from_secs(4))
        );
        assert_eq!(bucket.take(Duration::from_secs(6)), Ok(()));
        assert_eq!(
            bucket.take(Duration::from_secs(1)),
            Err(Duration::from_secs(5)),
            "a clock that goes back only waits"
        );
    }

    #[test]
    fn each_action_and_region_has_its_own() {
        let mut limits = Limits::default();
        limits
            .bucket(&ecs::RUN_INSTANCES, "cn-beijing", Duration::ZERO)
            .throttled(Duration::ZERO, None);
        let mut rate = |action, region| limits.bucket(action, region, Duration::ZERO).rate();
        assert!(rate(&ecs::RUN_INSTANCES, "cn-beijing") < 20.0);
        assert!(rate(&ecs::RUN_INSTANCES, "cn-hangzhou") >= 20.0);
        assert!(rate(&ecs::DESCRIBE_INSTANCES, "cn-beijing") >= 50.0);
    }

    /// How many calls go out within this time when as many as possible are made.
    fn made_within(action: &Action, time: Duration) -> u32 {
        let mut bucket = Bucket::new(LimitPolicy::of(action), Duration::ZERO);
        let (mut now, mut made) = (Duration::ZERO, 0);
        while now < time {
            match bucket.take(now) {
                Ok(()) => made += 1,
                Err(wait) => now += wait,
            }
        }
        made
    }

    #[test]
    fn a_bucket_starts_at_the_published_limit_or_at_a_guess() {
        let minute = Duration::from_mins(1);
        let second = Duration::from_secs(1);
        assert_eq!(made_within(&ecs::RUN_INSTANCES, minute), 100 + 20 * 60 - 1);
        assert_eq!(made_within(&ecs::STOP_INSTANCE, second), 10 + 10 - 1);
        assert_eq!(made_within(&ecs::DESCRIBE_INSTANCES, second), 50 + 50 - 1);
        assert_eq!(made_within(&vpc::ALLOCATE_EIP_ADDRESS, minute), 120);
        assert_eq!(made_within(&vpc::ALLOCATE_EIP_ADDRESS, minute * 3), 360);
        assert_eq!(made_within(&vpc::DESCRIBE_VPCS, minute), 600);
        assert_eq!(made_within(&cms::PUT_RESOURCE_METRIC_RULE, second), 20);
    }
}
