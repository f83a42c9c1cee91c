//! The times at which a step reads live state: soon after its write was answered, and then less and
//! less often.
//!
//! A wait does not know how long a state lasts; it follows the state that the cloud shows. The
//! first look is sent half a second after the answer, or as soon as the last look at the same kind
//! allows. Each later one follows after a pause that grows with the time waited so far. So a state
//! that lasts `t` is noticed at most `max(1 s, t / 20)` late, and the number of looks grows with
//! the logarithm of `t`. A look of many pages makes the pause longer, so reads by id stay at three
//! or four per second, no matter how many resources are waited for.

use std::time::Duration;

/// The time from the answer of a write to the first look.
pub(super) const FIRST_LOOK: Duration = Duration::from_millis(500);

/// The shortest pause between two looks.
pub(super) const PAUSE_MIN: Duration = Duration::from_secs(1);

/// The longest pause between two looks.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// The pause that each page of a look adds.
const PAUSE_PER_PAGE: Duration = Duration::from_millis(300);

/// Returns the pause before the next look, given the time waited so far and the pages of a look.
pub(super) fn pause(waited: Duration, pages: usize) -> Duration {
    (waited / 20)
        .max(pages_pause(pages))
        .clamp(PAUSE_MIN, PAUSE_MAX)
}

/// Returns how long after a look of this many pages no other look at its kind is sent.
pub(super) fn pages_pause(pages: usize) -> Duration {
    PAUSE_PER_PAGE
        .saturating_mul(u32::try_from(pages).unwrap_or(u32::MAX))
        .min(PAUSE_MAX)
}

/// Returns whether a look that is due later may join one that is sent now: after a third of its
/// pause. So steps that began at different times soon share all their looks.
pub(super) fn may_join(since: Duration, due: Duration, now: Duration) -> bool {
    due <= now || due - now <= due.saturating_sub(since) / 3 * 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_time_and_pages() {
        let paused = |waited, pages| pause(Duration::from_secs(waited), pages).as_secs_f64();
        assert_eq!([0, 19, 20].map(|waited| paused(waited, 1)), [1.0; 3]);
        assert_eq!(
            [40, 200, 300, 900].map(|waited| paused(waited, 1)),
            [2.0, 10.0, 15.0, 15.0]
        );
        assert_eq!(
            [3, 4, 10, 100, usize::MAX].map(|pages| paused(0, pages)),
            [1.0, 1.2, 3.0, 15.0, 15.0]
        );
    }

    #[test]
    fn a_look_may_be_joined_after_a_third_of_its_pause() {
        let joins = |now: u64| {
            may_join(
                Duration::from_secs(10),
                Duration::from_secs(13),
                Duration::from_secs(now),
            )
        };
        assert_eq!(
            [10, 11, 12, 13, 14].map(joins),
            [false, true, true, true, true]
        );
    }
}
