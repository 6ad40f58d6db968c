//! Certificates, PEM or DER: parsed, shown in every form, and judged.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| rung_cli::fuzz::certificate(octets));
