//! rung-ca.
fn main() {}
