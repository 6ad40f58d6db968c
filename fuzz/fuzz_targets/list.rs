//! Lists of revoked certificates, PEM or DER: parsed and shown in every form.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| rung_cli::fuzz::list(octets));
