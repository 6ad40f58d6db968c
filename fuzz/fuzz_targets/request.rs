//! Certificate requests, PEM or DER: parsed and shown in every form.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| rung_cli::fuzz::request(octets));
