//! The cases, in the order of the page.

use super::Case;

mod exclusive;
mod in_pictures;
mod parents;
mod replacement;
mod rolling;
mod up_and_down;
mod what_stays;

pub(super) fn cases() -> impl Iterator<Item = &'static Case> {
    let all = [
        up_and_down::CASES,
        replacement::CASES,
        what_stays::CASES,
        exclusive::CASES,
        in_pictures::CASES,
        rolling::CASES,
        parents::CASES,
    ];
    all.into_iter().flatten()
}
