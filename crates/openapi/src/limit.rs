//! A rate limit per action that learns: a token bucket whose rate goes down when the API says "too fast".
//!
//! Per-action limits of the API are not published and are shared with everyone else in the account. So each bucket starts
//! at a guess, drops at a throttling, and creeps back after calm minutes. Some actions count per second, most per minute:
//! a bucket that is throttled again right after a pause has met a minute's count, and what the last minute let through
//! tells its size. Time comes in as an argument: the time since some fixed moment on a clock that never goes back.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::action::Action;
use crate::product::Product;

/// How a bucket starts and learns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitPolicy {
    /// Calls per second at the start, and never more.
    pub rate: f64,
    /// Calls that may go out at once after a pause.
    pub burst: f64,
}

/// What is left of the rate after a throttling.
const DROP: f64 = 0.8;
/// What a calm minute gives back. Each rise may cost a throttled call, so this is small.
const RISE: f64 = 1.1;
/// The rate that was too fast is tried again only after so many calm windows.
const WINDOWS_BEFORE_TRYING_AGAIN: u32 = 10;
/// The slowest rate, calls per second: one call each ten seconds still makes progress.
const RATE_MIN: f64 = 0.1;
/// The pause after a throttling without a hint; it doubles while pauses do not help, up to the API's counting window.
const PAUSE: Duration = Duration::from_secs(2);
/// The window in which the API counts.
const WINDOW: Duration = Duration::from_mins(1);

impl Default for LimitPolicy {
    /// Ten calls per second and action, the safe start that the facts about the API suggest.
    fn default() -> Self {
        Self {
            rate: 10.0,
            burst: 10.0,
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
        self.tokens -= 1.0;
        self.recent.push_back(now);
        Ok(())
    }

    /// Learns that a call was not throttled. Answers that come in during a pause belong to calls from before it.
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
        // During the pause, throttled calls are those that were under way when the first one came back.
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
        // An action that counts per second minds bursts too: half a second's worth, once it has shown a limit.
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
    policy: LimitPolicy,
    buckets: BTreeMap<(Product, &'static str, String), Bucket>,
}

impl Limits {
    /// No bucket yet; each starts by this policy.
    #[must_use]
    pub fn new(policy: LimitPolicy) -> Self {
        Self {
            policy,
            buckets: BTreeMap::new(),
        }
    }

    /// The bucket of an action in a region: the API counts per action, region and account.
    pub fn bucket(&mut self, action: &'static Action, region: &str, now: Duration) -> &mut Bucket {
        let key = (action.product, action.name, region.to_owned());
        self.buckets
            .entry(key)
            .or_insert_with(|| Bucket::new(self.policy, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::ecs;

    /// Calls a server that lets `allowed` calls through in each window; says (made, throttled) per minute.
    fn drive(allowed: u32, window: Duration, minutes: u64) -> Vec<(u32, u32)> {
        let mut bucket = Bucket::new(LimitPolicy::default(), Duration::ZERO);
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
        let mut bucket = Bucket::new(LimitPolicy::default(), Duration::ZERO);
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
        let mut bucket = Bucket::new(LimitPolicy::default(), Duration::ZERO);
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
        assert!(rate(&ecs::RUN_INSTANCES, "cn-beijing") < 10.0);
        assert!(
            rate(&ecs::RUN_INSTANCES, "cn-hangzhou") >= 10.0
                && rate(&ecs::DESCRIBE_INSTANCES, "cn-beijing") >= 10.0
        );
    }
}
