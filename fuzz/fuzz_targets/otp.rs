#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rung_cli::fuzz::otp(data));
