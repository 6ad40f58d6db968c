//! The real program, started as a person starts it.

mod basics;
mod contexts;
mod sandbox;
