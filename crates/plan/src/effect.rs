//! The effect of a change, on three axes: interruption, loss and payment.
//!
//! The axes are independent: resizing a subscription interrupts a machine and costs money, while a
//! snapshot policy does neither. Effects of several fields merge axis by axis ([`Effect::and`]), so
//! three fields that need a restart show one restart. Invariant: merging never makes an axis
//! milder.

use std::fmt;

/// The effect of a change on running resources, on data and identities, and on the bill.
///
/// Effects are ordered by severity: the interruption first, then the losses, then the payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Effect {
    /// The interruption of running resources.
    pub interrupts: Interruption,
    /// What is lost for good.
    pub loses: Losses,
    /// What is paid or refunded at once, and whether the price per hour changes.
    pub pays: Payments,
}

/// The interruption of running resources, from mild to severe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Interruption {
    /// Nothing is interrupted.
    #[default]
    None,
    /// The network is interrupted for some seconds.
    Brief,
    /// The machine is stopped, changed and started.
    Restart,
    /// The machine is stopped and not started again.
    Stop,
    /// The system disk is replaced; the id and the private address stay.
    Rebuild,
    /// The resource is destroyed and another one is created.
    Replace,
}

/// What a change loses for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Losses {
    /// Data that exists nowhere else.
    pub data: bool,
    /// The id by which others outside the stack may know the resource.
    pub identity: bool,
    /// The private address, by which others in the network may know the resource.
    pub private_address: Loss,
    /// The public address, by which others may know the resource.
    pub public_address: Loss,
}

/// How sure it is that a change loses something, from no to yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Loss {
    /// It stays.
    #[default]
    No,
    /// It may be lost.
    Possible,
    /// It is lost.
    Certain,
}

/// How a change affects the bill at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Payments {
    /// A commitment is bought: a subscription or a reservation.
    pub commitment: bool,
    /// A part of the payment is refunded.
    pub refund: bool,
    /// The price per hour changes.
    pub price: bool,
}

impl Effect {
    /// Nothing is interrupted, lost or paid.
    pub const NONE: Self = Self::of(Interruption::None);
    /// A network interruption of some seconds.
    pub const BRIEF: Self = Self::of(Interruption::Brief);
    /// One restart.
    pub const RESTART: Self = Self::of(Interruption::Restart);
    /// A stop that the spec asks for.
    pub const STOP: Self = Self::of(Interruption::Stop);
    /// A new system disk. The data on the old one is lost.
    pub const REBUILD: Self = Self {
        loses: Losses {
            data: true,
            ..Losses::NONE
        },
        ..Self::of(Interruption::Rebuild)
    };
    /// A new resource in place of the old one. The identity of the old one is lost.
    pub const REPLACE: Self = Self {
        loses: Losses {
            identity: true,
            ..Losses::NONE
        },
        ..Self::of(Interruption::Replace)
    };

    /// Returns an effect that only interrupts.
    #[must_use]
    pub const fn of(interrupts: Interruption) -> Self {
        Self {
            interrupts,
            loses: Losses::NONE,
            pays: Payments {
                commitment: false,
                refund: false,
                price: false,
            },
        }
    }

    /// Returns the same effect, which also changes the price per hour.
    #[must_use]
    pub const fn priced(mut self) -> Self {
        self.pays.price = true;
        self
    }

    /// Returns the same effect, which also loses the private address.
    #[must_use]
    pub const fn losing_private_address(mut self) -> Self {
        self.loses.private_address = Loss::Certain;
        self
    }

    /// Returns the same effect, which may also lose the public address.
    #[must_use]
    pub const fn risking_public_address(mut self) -> Self {
        self.loses.public_address = Loss::Possible;
        self
    }

    /// Returns the same effect without the interruption, for a resource that is not running.
    #[must_use]
    pub fn at_rest(self) -> Self {
        Self {
            interrupts: Interruption::None,
            ..self
        }
    }

    /// Merges two effects, axis by axis.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            interrupts: self.interrupts.max(other.interrupts),
            loses: Losses {
                data: self.loses.data || other.loses.data,
                identity: self.loses.identity || other.loses.identity,
                private_address: self.loses.private_address.max(other.loses.private_address),
                public_address: self.loses.public_address.max(other.loses.public_address),
            },
            pays: Payments {
                commitment: self.pays.commitment || other.pays.commitment,
                refund: self.pays.refund || other.pays.refund,
                price: self.pays.price || other.pays.price,
            },
        }
    }

    /// Merges all effects.
    #[must_use]
    pub fn merged(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::NONE, Self::and)
    }

    /// Returns the word for the interruption in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.interrupts.word()
    }
}

impl Interruption {
    /// Returns the word in output: `none`, `brief`, `restart`, `stop`, `rebuild`, `replace`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Brief => "brief",
            Self::Restart => "restart",
            Self::Stop => "stop",
            Self::Rebuild => "rebuild",
            Self::Replace => "replace",
        }
    }
}

impl Losses {
    /// Nothing is lost.
    pub const NONE: Self = Self {
        data: false,
        identity: false,
        private_address: Loss::No,
        public_address: Loss::No,
    };

    /// Returns `private` and `public`, each with how sure it is that this address is lost, if it is
    /// or may be.
    pub fn addresses(self) -> impl Iterator<Item = (&'static str, Loss)> {
        let both = [
            ("private", self.private_address),
            ("public", self.public_address),
        ];
        both.into_iter().filter(|(_, loss)| *loss > Loss::No)
    }

    /// Returns the words for what is or may be lost, in the order data, identity, address.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let address = self.private_address.max(self.public_address);
        words([
            (self.data, "data"),
            (self.identity, "identity"),
            (address > Loss::No, "address"),
        ])
    }
}

impl Payments {
    /// Returns the words for what is paid, in the order commitment, refund, price.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        words([
            (self.commitment, "commitment"),
            (self.refund, "refund"),
            (self.price, "price"),
        ])
    }
}

fn words(all: [(bool, &'static str); 3]) -> impl Iterator<Item = &'static str> {
    all.into_iter().filter(|(on, _)| *on).map(|(_, word)| word)
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_merge_independently() {
        let both = Effect::RESTART.and(Effect::NONE.priced());
        assert_eq!(both, Effect::RESTART.priced());
        let all = Effect::merged([
            Effect::REBUILD,
            Effect::BRIEF.risking_public_address(),
            both,
        ]);
        assert_eq!(all.interrupts, Interruption::Rebuild);
        assert_eq!(all.loses.words().collect::<Vec<_>>(), ["data", "address"]);
        assert_eq!(all.pays.words().collect::<Vec<_>>(), ["price"]);
    }

    #[test]
    fn severity_orders_effects() {
        let mild_to_severe = [
            Effect::NONE,
            Effect::BRIEF,
            Effect::RESTART,
            Effect::STOP,
            Effect::REBUILD,
            Effect::REPLACE,
        ];
        assert!(mild_to_severe.is_sorted());
        assert!(Effect::RESTART.losing_private_address() > Effect::RESTART);
        assert_eq!(Effect::RESTART.at_rest(), Effect::NONE);
    }
}
