//! `load`: the load that a resource shows in its metrics. Nothing runs in the simulator, so a test
//! sets it.
//!
//! Every value is a function of seed, resource, metric and time: the same query has the same
//! answer.

use serde::{Deserialize, Serialize};

use crate::base::Base;
use crate::ids;
use crate::table::Row;

/// The load of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// 2 to 5 %. The default.
    #[default]
    Idle,
    /// 85 to 95 %.
    Busy,
    /// Idle, with 90 % in the first five minutes of each half hour.
    Burst,
    /// Idle, but memory and disks fill up within a day after it was set.
    Leak,
}

/// The load of one resource, whose id is the row's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Load {
    pub(crate) profile: Profile,
    pub(crate) since_ms: i64,
}

impl Row for Load {
    const KIND: &'static str = "load";

    fn base(&self) -> Option<&Base> {
        None
    }
}

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

impl Load {
    /// The load at a moment, in percent of the capacity.
    pub(crate) fn level(&self, seed: u64, thing: &str, metric: &str, at_ms: i64) -> f64 {
        let noise = f64::from(
            u32::try_from(
                ids::draw_u64(
                    seed,
                    &format!("load/{thing}/{metric}"),
                    at_ms.unsigned_abs(),
                ) % 1_000,
            )
            .unwrap_or(0),
        ) / 1_000.0;
        let idle = 2.0 + 3.0 * noise;
        match self.profile {
            Profile::Idle => idle,
            Profile::Busy => 85.0 + 10.0 * noise,
            Profile::Burst if at_ms.rem_euclid(30 * MINUTE) < 5 * MINUTE => 90.0 + 2.0 * noise,
            Profile::Leak if metric.starts_with("memory") || metric.starts_with("diskusage") => {
                let minutes = i32::try_from((at_ms - self.since_ms).clamp(0, DAY) / MINUTE)
                    .unwrap_or(i32::MAX);
                (30.0 + f64::from(minutes) * 70.0 / 1_440.0).min(100.0)
            }
            Profile::Burst | Profile::Leak => idle,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_look_different() {
        let at = |profile, metric, minutes: i64| {
            Load {
                profile,
                since_ms: 0,
            }
            .level(7, "i-1", metric, minutes * MINUTE)
        };
        for minute in 0..120 {
            assert!((2.0..=5.0).contains(&at(Profile::Idle, "CPUUtilization", minute)));
            assert!((85.0..=95.0).contains(&at(Profile::Busy, "CPUUtilization", minute)));
            assert_eq!(
                at(Profile::Burst, "CPUUtilization", minute) > 80.0,
                minute % 30 < 5,
                "{minute}"
            );
        }
        assert!(at(Profile::Leak, "memory_usedutilization", 1_440) > 99.0);
        assert!(at(Profile::Leak, "memory_usedutilization", 720) < 70.0);
        assert!(at(Profile::Leak, "CPUUtilization", 1_440) < 6.0);
    }
}
