use super::*;

#[track_caller]
fn check_serial(text: &str, decimal: &str, hex: &str) {
    let serial: SerialNumber = text.parse().unwrap();
    assert_eq!(serial.to_string(), decimal);
    assert_eq!(serial.to_hex(), hex);
    assert_eq!(decimal.parse(), Ok(serial));
    assert_eq!(format!("0x{hex}").parse(), Ok(serial));
    assert_eq!(SerialNumber::from_bytes(serial.as_bytes()), Ok(serial));
}

#[test]
fn a_serial_number_is_written_in_decimal_and_hexadecimal() {
    check_serial("1", "1", "01");
    check_serial("0x00ff", "255", "ff");
    check_serial("1000000000", "1000000000", "3b9aca00");
    check_serial(
        "1512366075204170947332355369683137040",
        "1512366075204170947332355369683137040",
        "0123456789abcdeffedcba9876543210",
    );
    check_serial(
        "0X1F2e3d4c5b6a79880011223344556677",
        "41446156801443023912643935467736491639",
        "1f2e3d4c5b6a79880011223344556677",
    );
    let longest = "1461501637330902918203684832716283019655932542975";
    check_serial(longest, longest, "ffffffffffffffffffffffffffffffffffffffff");
}

#[test]
fn what_is_no_serial_number_is_refused() {
    for (text, error) in [
        ("", SerialNumberError::NotANumber),
        ("0x", SerialNumberError::NotANumber),
        ("-1", SerialNumberError::NotANumber),
        ("+1", SerialNumberError::NotANumber),
        (" 1", SerialNumberError::NotANumber),
        ("1e3", SerialNumberError::NotANumber),
        ("0", SerialNumberError::Zero),
        ("0x0000", SerialNumberError::Zero),
        ("1461501637330902918203684832716283019655932542976", SerialNumberError::TooLong),
        ("0x10000000000000000000000000000000000000000", SerialNumberError::TooLong),
    ] {
        assert_eq!(text.parse::<SerialNumber>(), Err(error), "{text:?}");
    }
    assert_eq!(SerialNumber::from_bytes(&[1; 21]), Err(SerialNumberError::TooLong));
    assert!(SerialNumber::from_bytes(&[&[0; 9][..], &[1; 20]].concat()).is_ok());
}

#[test]
fn random_serial_numbers_have_128_bits_and_differ() {
    let drawn: Vec<_> = (0..64).map(|_| SerialNumber::random(&SystemRandom).unwrap()).collect();
    assert!(drawn.iter().all(|serial| serial.as_bytes().len() <= 16));
    assert!(drawn.iter().any(|serial| serial.as_bytes()[0] >= 0x80 && serial.as_bytes().len() == 16));
    let distinct: std::collections::HashSet<_> = drawn.iter().collect();
    assert_eq!(distinct.len(), drawn.len());
}

#[test]
fn a_broken_generator_makes_no_serial_number() {
    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
            out.fill(0);
            Ok(())
        }
    }
    assert_eq!(SerialNumber::random(&Zeros), Err(RandomError));
}
