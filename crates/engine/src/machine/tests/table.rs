//! The cases, grouped by state.

use super::Case;

mod answered;
mod looking;
mod over;
mod to_be_sent;

pub(super) fn cases() -> impl Iterator<Item = &'static Case> {
    let all = [
        to_be_sent::CASES,
        answered::CASES,
        looking::CASES,
        over::CASES,
    ];
    all.into_iter().flatten()
}
