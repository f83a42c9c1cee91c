//! The engine against the simulated cloud, under virtual time.

mod adopt;
mod changes;
mod cost;
mod crash;
mod damaged;
mod doubt;
mod exclusive;
mod faults;
mod groups;
mod life;
mod random;
mod ready;
mod regressions;
mod rules;
mod stacks;
mod tagged;
mod together;
mod unauthorised;
mod windows;
