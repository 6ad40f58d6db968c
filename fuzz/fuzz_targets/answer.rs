//! Answers of OCSP responders: parsed and verified.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| rung_cli::fuzz::answer(octets));
