//! rung.
fn main() {}
