use std::time::{Duration, UNIX_EPOCH};

use super::*;

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::default();
    write(&mut out);
    out.into_der()
}

#[test]
fn lengths_have_their_shortest_form() {
    for (len, head) in [
        (0, &[4, 0][..]),
        (127, &[4, 127]),
        (128, &[4, 0x81, 128]),
        (255, &[4, 0x81, 255]),
        (256, &[4, 0x82, 1, 0]),
        (65_536, &[4, 0x83, 1, 0, 0]),
    ] {
        let der = written(|out| out.element(tag::OCTET_STRING, &vec![7; len]));
        assert_eq!(&der[..head.len()], head);
        let mut reader = Reader::new(&der);
        assert_eq!(reader.expect(tag::OCTET_STRING).unwrap().content.len(), len);
        assert_eq!(reader.finish(), Ok(()));
    }
}

#[test]
fn ber_that_is_not_der_is_refused() {
    for der in [
        &[0x30, 0x80, 0, 0][..],   // indefinite
        &[4, 0x81, 1, 7],          // long form of a short length
        &[4, 0x82, 0, 0x80],       // leading zero
        &[4, 0x85, 1, 0, 0, 0, 0], // more octets than anything may have
        &[4, 2, 7],                // cut off
        &[0x1f, 0x81, 1, 0],       // a long tag
        &[4],                      // no length
        &[],
    ] {
        assert_eq!(Reader::new(der).element().map(|element| element.tag), Err(NotDer), "{der:?}");
    }
}

#[test]
fn integers_have_their_shortest_form() {
    for (number, content) in [
        (0_i64, &[0][..]),
        (127, &[127]),
        (128, &[0, 128]),
        (-1, &[0xff]),
        (-128, &[0x80]),
        (-129, &[0xff, 0x7f]),
        (i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        let der = written(|out| out.signed(number));
        assert_eq!(&der[2..], content);
        assert_eq!(Reader::new(&der).element().unwrap().signed(), Ok(number));
    }
    assert_eq!(written(|out| out.unsigned(&[0, 0, 0x80])), [2, 2, 0, 0x80]);
    assert_eq!(written(|out| out.unsigned(&[])), [2, 1, 0]);
    for der in [&[2, 0][..], &[2, 2, 0, 1], &[2, 1, 0x80]] {
        assert_eq!(Reader::new(der).unsigned(), Err(NotDer), "{der:?}");
    }
}

#[track_caller]
fn check_time(seconds: i64, tag: u8, text: &str) {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance };
    let der = written(|out| write_time(out, time));
    assert_eq!((der[0], std::str::from_utf8(&der[2..]).unwrap()), (tag, text));
    assert_eq!(read_time(&Reader::new(&der).element().unwrap()), Ok(time));
}

#[test]
fn times_change_their_form_with_the_year_2050() {
    check_time(0, tag::UTC_TIME, "700101000000Z");
    check_time(-1, tag::UTC_TIME, "691231235959Z");
    check_time(-631_152_000, tag::UTC_TIME, "500101000000Z");
    check_time(-631_152_001, tag::GENERALIZED_TIME, "19491231235959Z");
    check_time(1_709_208_000, tag::UTC_TIME, "240229120000Z");
    check_time(2_524_607_999, tag::UTC_TIME, "491231235959Z");
    check_time(2_524_608_000, tag::GENERALIZED_TIME, "20500101000000Z");
    check_time(253_402_300_799, tag::GENERALIZED_TIME, "99991231235959Z");
    check_time(-62_167_219_200, tag::GENERALIZED_TIME, "00000101000000Z");
}

#[test]
fn times_out_of_range_stop_at_its_ends_and_parts_of_a_second_are_cut_off() {
    let text = |time| String::from_utf8(written(|out| write_time(out, time))[2..].to_vec()).unwrap();
    assert_eq!(text(UNIX_EPOCH + Duration::from_secs(u64::MAX / 4)), "99991231235959Z");
    assert_eq!(text(UNIX_EPOCH - Duration::from_secs(u64::MAX / 4)), "00000101000000Z");
    assert_eq!(text(UNIX_EPOCH + Duration::from_millis(1999)), "700101000001Z");
    assert_eq!(text(UNIX_EPOCH - Duration::from_millis(1)), "691231235959Z");
}

#[test]
fn times_that_do_not_exist_are_refused() {
    for (tag, text) in [
        (tag::UTC_TIME, "230229000000Z"),
        (tag::UTC_TIME, "230431000000Z"),
        (tag::UTC_TIME, "231301000000Z"),
        (tag::UTC_TIME, "230100000000Z"),
        (tag::UTC_TIME, "230101240000Z"),
        (tag::UTC_TIME, "230101006000Z"),
        (tag::UTC_TIME, "230101000060Z"),
        (tag::UTC_TIME, "2301010000Z"),
        (tag::UTC_TIME, "230101000000+0000"),
        (tag::UTC_TIME, "230101000000z"),
        (tag::UTC_TIME, "23010100000 Z"),
        (tag::GENERALIZED_TIME, "20230101000000.5Z"),
        (tag::GENERALIZED_TIME, "230101000000Z"),
        (tag::OCTET_STRING, "230101000000Z"),
    ] {
        let der = written(|out| out.element(tag, text.as_bytes()));
        assert_eq!(read_time(&Reader::new(&der).element().unwrap()), Err(NotDer), "{text}");
    }
}
