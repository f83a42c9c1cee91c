//! The engine against the simulated cloud, under virtual time.

mod changes;
mod crash;
mod life;
mod stacks;
