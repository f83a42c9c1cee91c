//! An index of the changes whose live rows use each other, since every pass needs it for every row.

use std::collections::BTreeMap;

use crate::live::Live;
use crate::planner::Classified;

/// For each change, the changes whose live rows use its live row, in their order.
#[derive(Debug, Default)]
pub(crate) struct Users(Vec<Vec<usize>>);

impl Users {
    /// Builds the index in one pass over the live rows: `n log n` in rows and uses.
    pub(crate) fn of(all: &[Classified]) -> Self {
        let live = |at: usize| all[at].change.before.as_deref();
        let rows = (0..all.len()).filter_map(|at| Some((live(at)?, at)));
        let mut places: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (row, at) in rows {
            places.entry((row.kind, &row.id)).or_default().push(at);
        }
        let used_by = |row: &Live| -> Vec<usize> {
            let uses = row.uses.iter();
            let found = uses.filter_map(|(kind, id)| places.get(&(*kind, id.as_str())));
            found.flatten().copied().collect()
        };
        let mut users = vec![Vec::new(); all.len()];
        for user in 0..all.len() {
            for used in live(user).map(used_by).unwrap_or_default() {
                if users[used].last() != Some(&user) {
                    users[used].push(user);
                }
            }
        }
        Self(users)
    }

    /// Returns the changes whose live rows use the live row of this one.
    pub(crate) fn of_change(&self, at: usize) -> &[usize] {
        &self.0[at]
    }
}
