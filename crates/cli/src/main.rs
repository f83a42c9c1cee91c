//! The command `setpoint`.
fn main() {}
