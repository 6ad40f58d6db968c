use super::*;
use crate::asn1::Writer;

#[test]
fn reasons_are_the_codes_of_the_standard() {
    let codes: Vec<u8> = Reason::ALL.into_iter().map(Reason::code).collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]);
    for code in [-1, 7, 11, 256] {
        assert_eq!(Reason::try_from(code), Err(UnknownReason(code)));
    }
    assert_eq!(Reason::try_from(9), Ok(Reason::PrivilegeWithdrawn));
}

#[test]
fn a_distribution_point_is_read_as_it_was_written() {
    let point = IssuingDistributionPoint { only_user_certificates: true, ..IssuingDistributionPoint::at("http://a/b") };
    let mut out = Writer::default();
    point.write(&mut out);
    assert_eq!(IssuingDistributionPoint::read(&out.into_der()), Ok(point));
    // [3] with the bits 1 (keyCompromise) and 6 (certificateHold), and [4].
    let value = [0x30, 7, 0x83, 2, 1, 0b0100_0010, 0x84, 1, 0xff];
    let read = IssuingDistributionPoint::read(&value).unwrap();
    assert_eq!((read.only_reasons, read.indirect), (Some(0b0100_0010), true));
}
