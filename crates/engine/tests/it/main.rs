//! The engine against the simulated cloud, under virtual time.

mod adopt;
mod changes;
mod cost;
mod crash;
mod faults;
mod groups;
mod life;
mod random;
mod stacks;
mod together;
