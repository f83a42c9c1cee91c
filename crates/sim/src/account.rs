//! The account of a world: number and access key, both derived from the seed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids;

/// An account and its access key. The key is accepted only by a simulated cloud; nevertheless
/// `Debug` does not show its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account number: 16 digits.
    pub id: String,
    /// The id of the key.
    pub access_key_id: String,
    /// The secret of the key.
    pub access_key_secret: String,
}

impl Account {
    /// The account that belongs to a seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let number = ids::draw_u64(seed, "account", 1) % 900_000_000_000_000;
        Self {
            id: format!("1{number:015}"),
            access_key_id: format!("LTAI5tSim{}", ids::letters(&ids::draw(seed, "key", 1), 15)),
            access_key_secret: ids::letters(&ids::draw(seed, "secret", 1), 30),
        }
    }

    /// The account number for the numeric fields of the API.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.id.parse().unwrap_or_default()
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}
