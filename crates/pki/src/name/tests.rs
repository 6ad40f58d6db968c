use std::{
    collections::HashSet,
    fmt::{Debug, Display},
    str::FromStr,
};

use super::*;

#[track_caller]
fn check_good<T: FromStr<Err = NameError> + Display>(texts: &[(&str, &str)]) {
    for (text, shown) in texts {
        assert_eq!(text.parse::<T>().map(|name| name.to_string()), Ok((*shown).to_owned()), "{text:?}");
    }
}

#[track_caller]
fn check_bad<T: FromStr<Err = NameError> + Debug>(cases: &[(&str, NameError)]) {
    for (text, error) in cases {
        assert_eq!(text.parse::<T>().err(), Some(*error), "{text:?}");
    }
}

#[test]
fn host_names_are_labels_of_letters_digits_and_hyphens() {
    let long = format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61));
    check_good::<DnsName>(&[
        ("localhost", "localhost"),
        ("Foo.Example", "Foo.Example"),
        ("*.svc.example", "*.svc.example"),
        ("a-b--c.1.x9", "a-b--c.1.x9"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
        ("XN--BCHER-KVA.example", "XN--BCHER-KVA.example"),
        ("0x7f.example", "0x7f.example"),
        (&long, &long),
    ]);
    let too_long = format!("{long}a");
    let long_label = format!("{}.example", "a".repeat(64));
    check_bad::<DnsName>(&[
        ("", NameError::Empty),
        ("a..b", NameError::LabelEmpty),
        (".a", NameError::LabelEmpty),
        (&long_label, NameError::LabelTooLong),
        (&too_long, NameError::TooLong(253)),
        ("-a.example", NameError::Hyphen),
        ("a-.example", NameError::Hyphen),
        ("a.example.", NameError::TrailingDot),
        ("a\0.example", NameError::Character('\0')),
        ("a\".example", NameError::Character('"')),
        ("a\n.example", NameError::Character('\n')),
        ("hello world", NameError::Character(' ')),
        ("<a>.example", NameError::Character('<')),
        ("a_b.example", NameError::Character('_')),
        ("[::1]", NameError::Character('[')),
        ("ann@a.example", NameError::Character('@')),
        ("münchen.example", NameError::NotAscii),
        ("\u{212a}elvin.example", NameError::NotAscii),
        ("xn--.example", NameError::Hyphen),
        ("xn--a.example", NameError::Punycode),
        ("xn--99999999.example", NameError::Punycode),
        ("xn--!.example", NameError::Character('!')),
    ]);
}

#[test]
fn host_names_do_not_look_like_addresses() {
    for text in ["127.0.0.1", "127.1", "0x7f.1", "1", "a.0x7f", "a.0x", "1.2.3.4.5", "*.10.0.1"] {
        assert_eq!(text.parse::<DnsName>(), Err(NameError::Address), "{text}");
    }
}

#[test]
fn a_wildcard_is_the_whole_first_label_over_at_least_two_others() {
    for text in ["*", "*.", "*.com", "*.*.x.example", "f*.x.example", "x.*.y", "**.x.example", "*x.y.example"] {
        assert_eq!(text.parse::<DnsName>(), Err(NameError::Wildcard), "{text}");
    }
    assert_eq!("*.a.example".parse::<DnsName>().unwrap().wildcard_of(), Some("a.example"));
    assert_eq!("a.example".parse::<DnsName>().unwrap().wildcard_of(), None);
}

#[test]
fn host_names_that_differ_in_case_are_equal() {
    let names: HashSet<DnsName> = ["a.example", "A.Example", "b.example"].map(|name| name.parse().unwrap()).into();
    assert_eq!(names.len(), 2);
}

#[test]
fn a_mailbox_has_one_local_part_and_one_ascii_domain() {
    check_good::<EmailAddress>(&[
        ("ann@corp.example", "ann@corp.example"),
        ("Ann.Lee+x@CORP.Example", "Ann.Lee+x@corp.example"),
        ("root@localhost", "root@localhost"),
        ("o'hara!#$%&*-/=?^_`{|}~@a.b", "o'hara!#$%&*-/=?^_`{|}~@a.b"),
    ]);
    let long = format!("{}@a.b", "a".repeat(65));
    check_bad::<EmailAddress>(&[
        ("user@evil.example#@corp.example", NameError::NotOneAt),
        ("\"a@evil\"@corp.example", NameError::NotOneAt),
        ("a@b@c", NameError::NotOneAt),
        ("corp.example", NameError::NotOneAt),
        ("a\0@corp.example", NameError::LocalPart),
        ("a\r\n@corp.example", NameError::LocalPart),
        ("a@corp.example\r\n", NameError::Character('\r')),
        ("\"a b\"@corp.example", NameError::LocalPart),
        ("@corp.example", NameError::LocalPart),
        (".a@corp.example", NameError::LocalPart),
        ("a..b@corp.example", NameError::LocalPart),
        ("<a>@corp.example", NameError::LocalPart),
        (&long, NameError::LocalPart),
        ("a@corp.example.", NameError::TrailingDot),
        ("a@", NameError::Empty),
        ("a@*.corp.example", NameError::Character('*')),
        ("a@[127.0.0.1]", NameError::Character('[')),
        ("a@127.0.0.1", NameError::Address),
        ("a@c\u{43e}rp.example", NameError::NotAscii),
        ("a\u{ff20}corp.example", NameError::NotAscii),
        ("a@\u{212a}orp.example", NameError::NotAscii),
    ]);
    let address: EmailAddress = "Ann@CORP.example".parse().unwrap();
    assert_eq!((address.local(), address.domain()), ("Ann", "corp.example"));
}

#[test]
fn a_uri_has_a_scheme_and_plain_characters() {
    for text in [
        "spiffe://trust_domain.example/svc/a",
        "https://idp.example:8443/realms/x#8b1a9953-c461",
        "https://192.0.2.1/",
        "https://[2001:db8::1]:443/?a=b%20c",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "host:8443",
        "mailto:a@b.example",
    ] {
        assert_eq!(text.parse::<UriName>().map(|uri| uri.to_string()), Ok(text.to_owned()), "{text}");
    }
    check_bad::<UriName>(&[
        ("a.example/x", NameError::NotAbsolute),
        ("1a:b", NameError::NotAbsolute),
        ("urn:", NameError::NotAbsolute),
        ("https://", NameError::NotAHost),
        ("file:///etc/passwd", NameError::NotAHost),
        ("https://:443/", NameError::NotAHost),
        ("https://a.example:99999/", NameError::NotAHost),
        ("https://a.example:x/", NameError::NotAHost),
        ("https://[::1/", NameError::NotAHost),
        ("https://[fe80::1%25eth0]/", NameError::NotAHost),
        ("https://127.1/", NameError::Address),
        ("https://a.example./", NameError::TrailingDot),
        ("https://user:secret@a.example/", NameError::UserInformation),
        ("https://a.example/ b", NameError::Character(' ')),
        ("https://a.example/\n", NameError::Character('\n')),
        ("https://a.example/<", NameError::Character('<')),
        ("https://a.example/#a#b", NameError::Character('#')),
        ("https://a.example/%zz", NameError::UriEscape),
        ("https://a.example/%2", NameError::UriEscape),
        ("https://a.example/é", NameError::NotAscii),
        ("fe80::1%eth0", NameError::UriEscape),
    ]);
    let host = |text: &str| text.parse::<UriName>().unwrap().host().map(str::to_owned);
    assert_eq!(host("https://A.example:1/x").as_deref(), Some("A.example"));
    assert_eq!(host("https://[::1]:1/x").as_deref(), Some("::1"));
    assert_eq!(host("urn:a:b"), None);
}

#[test]
fn a_text_is_an_address_else_a_uri_else_a_mailbox_else_a_host_name() {
    for (text, kind) in [
        ("192.0.2.7", "ip"),
        ("2001:db8::7", "ip"),
        ("::1", "ip"),
        ("spiffe://example/svc", "uri"),
        ("host:8443", "uri"),
        ("mailto:a@b", "uri"),
        ("ann@corp.example", "email"),
        ("foo.example", "dns"),
        ("localhost", "dns"),
    ] {
        let name = SubjectAltName::classify(text).unwrap();
        assert_eq!((name.kind(), name.to_string().as_str()), (kind, text));
    }
    for (text, error) in [
        ("", NameError::Empty),
        ("::ffff:192.0.2.7", NameError::MappedAddress),
        ("192.0.2.07", NameError::Address),
        ("192.0.2.7:80", NameError::Character(':')),
        ("fe80::1%eth0", NameError::UriEscape),
        ("a b@c", NameError::LocalPart),
    ] {
        assert_eq!(SubjectAltName::classify(text), Err(error), "{text:?}");
    }
}

fn built(attributes: &[(Attribute, &str)]) -> DistinguishedName {
    attributes.iter().fold(DistinguishedName::new(), |name, (attribute, value)| name.with(*attribute, value).unwrap())
}

#[test]
fn a_made_name_has_the_order_of_the_profile() {
    let name = built(&[
        (Attribute::EmailAddress, "a@b.example"),
        (Attribute::SerialNumber, "7"),
        (Attribute::CommonName, "x"),
        (Attribute::OrganizationalUnit, "Eng"),
        (Attribute::Organization, "Rung, Inc"),
        (Attribute::PostalCode, "1000"),
        (Attribute::Street, "Main 1"),
        (Attribute::Locality, "Delft"),
        (Attribute::State, "ZH"),
        (Attribute::DomainComponent, "example"),
        (Attribute::Country, "NL"),
        (Attribute::CommonName, "y"),
    ]);
    let expected = "C=NL, ST=ZH, L=Delft, STREET=Main 1, POSTALCODE=1000, O=Rung, Inc, OU=Eng, CN=y, SERIALNUMBER=7, \
                    emailAddress=a@b.example, DC=example";
    assert_eq!(name.to_string(), expected);
    assert_eq!(name.common_name(), Some("y"));
    assert_eq!(name.joined(","), expected.replace(", ", ",").replace("Rung,Inc", "Rung, Inc"));
    assert_eq!(DistinguishedName::from_der(name.der()), Ok(name));
}

#[test]
fn several_values_of_one_attribute_share_a_part_in_ascending_order() {
    let name = built(&[(Attribute::CommonName, "x"), (Attribute::Organization, "b"), (Attribute::Organization, "a")]);
    let parts: Vec<_> = name.attributes().map(|value| (value.part, value.text().unwrap().into_owned())).collect();
    assert_eq!(parts, [(0, "a".to_owned()), (0, "b".to_owned()), (1, "x".to_owned())]);
}

#[test]
fn strings_are_printable_where_go_writes_them_so_else_utf8() {
    let tags = |attribute, value| {
        let name = built(&[(attribute, value)]);
        name.der()[name.der().len() - value.len() - 2]
    };
    for printable in ["Example CA", "a'()+,-./:=?Z9"] {
        assert_eq!(tags(Attribute::CommonName, printable), 0x13, "{printable}");
    }
    for other in ["*.example", "a@b", "a_b", "a&b", "Zoë", "a\"b", "a;b"] {
        assert_eq!(tags(Attribute::CommonName, other), 0x0c, "{other}");
    }
    assert_eq!(tags(Attribute::EmailAddress, "a@b"), 0x16);
}

#[test]
fn values_that_do_not_belong_in_a_name_are_refused() {
    for (attribute, value, error) in [
        (Attribute::CommonName, "", NameError::Empty),
        (Attribute::CommonName, "a\nb", NameError::Character('\n')),
        (Attribute::CommonName, "a\0b", NameError::Character('\0')),
        (Attribute::CommonName, "\u{9b}2J", NameError::Character('\u{9b}')),
        (Attribute::EmailAddress, "é@b", NameError::NotAscii),
        (Attribute::CommonName, &"x".repeat(257), NameError::TooLong(256)),
    ] {
        assert_eq!(DistinguishedName::new().with(attribute, value), Err(error), "{value:?}");
    }
}

/// A name of one common name in that string type.
fn common_name(tag: u8, octets: &[u8]) -> DistinguishedName {
    let value = [&[tag, octets.len() as u8], octets].concat();
    let entry = [&[6, 3, 0x55, 4, 3][..], &value].concat();
    let nested = |tag: u8, inside: &[u8]| [&[tag, inside.len() as u8], inside].concat();
    DistinguishedName::from_der(&nested(0x30, &nested(0x31, &nested(0x30, &entry)))).unwrap()
}

#[test]
fn a_read_name_keeps_its_octets_and_shows_every_string_type() {
    for (tag, octets, shown) in [
        (0x0c, "Zoë".as_bytes(), "CN=Zoë"),
        (0x13, b"a*b", "CN=a*b"),
        (0x14, b"Zo\xeb", "CN=Zoë"),
        (0x1e, b"\0Z\0o\0\xeb", "CN=Zoë"),
        (0x1c, b"\0\0\0Z\0\x01\xf6\0", "CN=Z😀"),
        (0x0c, b"\xff\xfe", "CN=#0c:fffe"),
        (0x1e, b"\0Z\0", "CN=#1e:005a00"),
        (0x02, b"\x05", "CN=#02:05"),
        (0x0c, b"a\x1b[2J\nb", "CN=a\\u{1b}[2J\\nb"),
    ] {
        assert_eq!(common_name(tag, octets).to_string(), shown);
    }
}

#[test]
fn a_requested_name_is_plain() {
    for (tag, octets, expected) in [
        (0x0c, "Zoë".as_bytes(), Ok(())),
        (0x13, b"a b", Ok(())),
        (0x16, b"a@b", Ok(())),
        (0x14, b"abc", Err(NameError::StringType)),
        (0x1e, b"\0a", Err(NameError::StringType)),
        (0x0c, b"\xff", Err(NameError::Malformed)),
        (0x13, "ë".as_bytes(), Err(NameError::NotAscii)),
        (0x0c, b"a\nb", Err(NameError::Character('\n'))),
        (0x0c, b"a\0b", Err(NameError::Character('\0'))),
        (0x0c, b"", Err(NameError::Empty)),
    ] {
        assert_eq!(common_name(tag, octets).check_plain(), expected, "{octets:?}");
    }
    let many = built(&[(Attribute::OrganizationalUnit, "x"); 33]);
    assert_eq!(many.check_plain(), Err(NameError::TooMany(32)));
    let [one, other] = [common_name(0x0c, b"a"), common_name(0x0c, b"b")];
    let both = [&[0x30, 2 * (one.der().len() - 2) as u8], &one.der()[2..], &other.der()[2..]].concat();
    let both = DistinguishedName::from_der(&both).unwrap();
    assert_eq!(both.check_plain(), Err(NameError::TwoCommonNames));
    assert_eq!(both.common_name(), Some("b"));
}

#[test]
fn names_are_comparable_whatever_their_case_spacing_and_string_type() {
    let name = common_name(0x0c, b"Example  CA");
    assert_eq!(name.comparable(), common_name(0x1e, b"\0e\0x\0a\0m\0p\0l\0e\0 \0c\0a").comparable());
    assert_ne!(name.comparable(), common_name(0x0c, b"ExampleCA").comparable());
}

#[test]
fn what_is_no_name_is_refused() {
    let good = built(&[(Attribute::CommonName, "x"), (Attribute::Organization, "y")]);
    for end in 0..good.der().len() {
        assert_eq!(DistinguishedName::from_der(&good.der()[..end]), Err(NameError::Malformed), "{end}");
    }
    for der in [&[0x30, 2, 0x31, 0][..], &[0x30, 0, 0], &[0x31, 0]] {
        assert_eq!(DistinguishedName::from_der(der), Err(NameError::Malformed));
    }
    assert!(DistinguishedName::from_der(&[0x30, 0]).unwrap().is_empty());
}
