//! End-to-end tests: the built programs, driven as a person drives them, against real clients and servers.

#[cfg(test)]
mod audit;
mod bad_input;
#[cfg(test)]
mod dresses;
#[cfg(test)]
mod elsewhere;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod journey;
#[cfg(test)]
mod key_files;
#[cfg(test)]
mod lifetime;
#[cfg(test)]
mod login;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod quantum;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod tutorial;
