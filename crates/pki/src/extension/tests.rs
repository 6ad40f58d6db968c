use super::*;

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[track_caller]
fn check_value(extension: &Extension, critical: bool, expected: &str) {
    assert_eq!(hex(&extension.value), expected.replace(' ', ""));
    assert_eq!(extension.critical, critical);
    assert_eq!(extension.check(), Ok(()));
}

fn names(texts: &[&str]) -> Vec<SubjectAltName> {
    texts.iter().map(|text| SubjectAltName::classify(text).unwrap()).collect()
}

#[test]
fn extensions_have_the_octets_of_the_certificate_profile() {
    check_value(&key_usage(KeyUsage::DIGITAL_SIGNATURE), true, "03 02 07 80");
    check_value(&key_usage(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT), true, "03 02 05 a0");
    check_value(&key_usage(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN), true, "03 02 01 06");
    check_value(&key_usage(KeyUsage::DECIPHER_ONLY | KeyUsage::KEY_AGREEMENT), true, "03 03 07 08 80");
    let server_and_client = extended_key_usage(&[Purpose::ServerAuth, Purpose::ClientAuth]);
    check_value(&server_and_client, false, "30 14 06 08 2b06010505070301 06 08 2b06010505070302");
    check_value(&subject_key_identifier(&[7; 4]), false, "04 04 07070707");
    check_value(&authority_key_identifier(&[7; 4]), false, "30 06 80 04 07070707");
    check_value(&subject_alt_names(&names(&["foo.example"]), false), false, "30 0d 82 0b 666f6f2e6578616d706c65");
    check_value(&basic_constraints(BasicConstraints { is_ca: false, path_len: None }), true, "30 00");
    check_value(&basic_constraints(BasicConstraints { is_ca: true, path_len: None }), true, "30 03 01 01 ff");
    check_value(
        &basic_constraints(BasicConstraints { is_ca: true, path_len: Some(0) }),
        true,
        "30 06 01 01 ff 02 01 00",
    );
}

#[test]
fn the_provisioner_extension_has_its_octets() {
    let mut value = ProvisionerExtension {
        kind: 1,
        name: "admin@example.com".to_owned(),
        credential_id: "k".repeat(43),
        pairs: Vec::new(),
    };
    let extension = provisioner(&value);
    assert!(hex(&extension.value).starts_with(&format!("30430201010411{}042b6b6b", hex(b"admin@example.com"))));
    assert_eq!(ProvisionerExtension::read(&extension.value), Ok(value.clone()));
    value.pairs = ["InstanceID", "i-1", "Name", "a_b"].map(str::to_owned).into();
    let extension = provisioner(&value);
    assert!(hex(&extension.value).ends_with(&hex(b"\x13\x04Name\x0c\x03a_b")));
    assert_eq!(ProvisionerExtension::read(&extension.value), Ok(value));
    assert_eq!(extension.oid.to_string(), "1.3.6.1.4.1.37476.9000.64.1");
    for end in 0..extension.value.len() {
        assert_eq!(ProvisionerExtension::read(&extension.value[..end]), Err(NotDer), "{end}");
    }
}

#[test]
fn alternative_names_are_sorted_by_kind_and_stay_in_order_within_it() {
    let mixed = names(&["urn:a:b", "2001:db8::1", "b.example", "192.0.2.1", "x@y.example", "a.example"]);
    let extension = subject_alt_names(&mixed, true);
    assert!(extension.critical);
    let read: Vec<GeneralName> = general_names(&extension.value).unwrap().map(Result::unwrap).collect();
    assert_eq!(
        read,
        [
            GeneralName::Dns("b.example".to_owned()),
            GeneralName::Dns("a.example".to_owned()),
            GeneralName::Email("x@y.example".to_owned()),
            GeneralName::Ip("2001:db8::1".parse().unwrap()),
            GeneralName::Ip("192.0.2.1".parse().unwrap()),
            GeneralName::Uri("urn:a:b".to_owned()),
        ]
    );
}

#[test]
fn malformed_values_are_refused() {
    for (oid, value) in [
        (oid::KEY_USAGE, &[3, 2, 8, 0x80][..]),                // eight unused bits
        (oid::KEY_USAGE, &[3, 2, 7, 0xc0]),                    // an unused bit is set
        (oid::KEY_USAGE, &[3, 1, 1]),                          // unused bits of nothing
        (oid::KEY_USAGE, &[3, 4, 0, 1, 1, 1]),                 // three octets
        (oid::KEY_USAGE, &[4, 1, 0]),                          // another type
        (oid::EXTENDED_KEY_USAGE, &[0x30, 0]),                 // no purpose
        (oid::BASIC_CONSTRAINTS, &[0x30, 3, 1, 1, 1]),         // neither true nor false
        (oid::BASIC_CONSTRAINTS, &[0x30, 3, 2, 1, 0xff]),      // a negative length
        (oid::BASIC_CONSTRAINTS, &[0x30, 0, 0]),               // something follows
        (oid::SUBJECT_KEY_IDENTIFIER, &[4, 2, 0]),             // cut off
        (oid::AUTHORITY_KEY_IDENTIFIER, &[0x30, 2, 0x85, 0]),  // an unknown field
        (oid::SUBJECT_ALT_NAME, &[0x30, 0]),                   // no name
        (oid::SUBJECT_ALT_NAME, &[0x30, 3, 0x82, 1, 0xe9]),    // not ASCII
        (oid::SUBJECT_ALT_NAME, &[0x30, 5, 0x87, 3, 1, 2, 3]), // an address of three octets
        (oid::SUBJECT_ALT_NAME, &[0x30, 3, 0xa2, 1, b'a']),    // a constructed host name
        (oid::SUBJECT_ALT_NAME, &[0x30, 2, 0x89, 0]),          // no such kind
        (oid::NAME_CONSTRAINTS, &[0x30, 2, 0xa0, 0]),          // no subtree
        (oid::NAME_CONSTRAINTS, &[0x30, 9, 0xa0, 7, 0x30, 5, 0x87, 3, 1, 2, 3]), // half a network
        (oid::NAME_CONSTRAINTS, &[0x30, 10, 0xa0, 8, 0x30, 6, 0x82, 1, b'a', 0x80, 1, 1]), // a minimum
    ] {
        let extension = Extension { oid, critical: false, value: value.to_vec() };
        assert_eq!(extension.check(), Err(NotDer), "{oid} {value:02x?}");
    }
}

fn constraints(permitted: &[Subtree], excluded: &[Subtree]) -> NameConstraints {
    let constraints = NameConstraints { permitted: permitted.to_vec(), excluded: excluded.to_vec() };
    let extension = name_constraints(&constraints);
    assert_eq!(NameConstraints::read(&extension.value).as_ref(), Ok(&constraints));
    constraints
}

#[track_caller]
fn check_permitted(subtree: Subtree, inside: &[&str], outside: &[&str]) {
    let permitted = constraints(std::slice::from_ref(&subtree), &[]);
    let excluded = constraints(&[], std::slice::from_ref(&subtree));
    for name in names(inside) {
        assert_eq!(permitted.permits(&name), Ok(()), "{name} in {subtree}");
        assert!(matches!(excluded.permits(&name), Err(ConstraintError::Excluded { .. })), "{name} in {subtree}");
    }
    for name in names(outside) {
        assert!(matches!(permitted.permits(&name), Err(ConstraintError::NotPermitted { .. })), "{name} in {subtree}");
        assert_eq!(excluded.permits(&name), Ok(()), "{name} in {subtree}");
    }
}

#[test]
fn host_names_are_compared_by_their_end() {
    let subtree = |text: &str| Subtree::Dns(text.to_owned());
    let outside = ["notcorp.example", "example", "corp.example.evil.example"];
    check_permitted(subtree("corp.example"), &["corp.example", "a.b.CORP.example", "*.corp.example"], &outside);
    check_permitted(subtree(".corp.example"), &["a.corp.example"], &["corp.example", "notcorp.example"]);
    check_permitted(subtree(""), &["a.example"], &[]);
}

#[test]
fn a_wildcard_does_not_speak_for_an_excluded_host() {
    let excluded = constraints(&[], &[Subtree::Dns("secret.corp.example".to_owned())]);
    for (text, allowed) in [("*.corp.example", false), ("*.example.com", true), ("*.a.corp.example", true)] {
        assert_eq!(excluded.permits(&names(&[text])[0]).is_ok(), allowed, "{text}");
    }
    let permitted = constraints(&[Subtree::Dns("secret.corp.example".to_owned())], &[]);
    assert!(permitted.permits(&names(&["*.corp.example"])[0]).is_err());
}

#[test]
fn mailboxes_and_uris_are_compared_by_host_and_with_a_dot_by_domain() {
    let email = |text: &str| Subtree::Email(text.to_owned());
    check_permitted(email("corp.example"), &["a@corp.example"], &["a@sub.corp.example", "a@notcorp.example"]);
    check_permitted(email(".corp.example"), &["a@sub.corp.example"], &["a@corp.example"]);
    check_permitted(email("Ann@corp.example"), &["Ann@corp.example"], &["ann@corp.example", "x@corp.example"]);
    let uri = |text: &str| Subtree::Uri(text.to_owned());
    check_permitted(
        uri("idp.example"),
        &["https://IDP.example:8443/x"],
        &["https://a.idp.example/", "https://x.example/"],
    );
    check_permitted(uri(".idp.example"), &["https://a.idp.example/"], &["https://idp.example/"]);
}

#[test]
fn uris_without_a_host_name_are_refused_where_uris_are_constrained() {
    let constraints = constraints(&[Subtree::Uri("idp.example".to_owned())], &[]);
    for name in names(&["urn:a:b", "https://192.0.2.1/", "https://[::1]/"]) {
        assert!(matches!(constraints.permits(&name), Err(ConstraintError::NotComparable { .. })), "{name}");
    }
}

#[test]
fn addresses_are_compared_under_the_mask() {
    let network = |text: &str, prefix| Subtree::network(text.parse().unwrap(), prefix).unwrap();
    check_permitted(network("10.1.2.3", 8), &["10.0.0.1", "10.255.255.255"], &["11.0.0.1", "2001:db8::1"]);
    check_permitted(network("2001:db8::", 32), &["2001:db8:ffff::1"], &["2001:db9::1", "10.0.0.1"]);
    check_permitted(network("0.0.0.0", 0), &["255.0.0.1"], &["::1"]);
    check_permitted(network("::", 0), &["::1"], &["1.2.3.4"]);
    check_permitted(network("192.0.2.1", 32), &["192.0.2.1"], &["192.0.2.2"]);
    assert_eq!(network("10.1.2.3", 8).to_string(), "10.0.0.0/8");
    assert_eq!(network("2001:db8::1", 128).to_string(), "2001:db8::1/128");
    assert_eq!(Subtree::network("10.0.0.0".parse().unwrap(), 33), None);
}

#[test]
fn excluded_wins_over_permitted_and_other_kinds_are_free() {
    let both = constraints(
        &[Subtree::Dns("example".to_owned())],
        &[Subtree::Dns("secret.example".to_owned()), Subtree::Email("example".to_owned())],
    );
    for (text, allowed) in
        [("a.example", true), ("a.secret.example", false), ("a.test", false), ("192.0.2.1", true), ("a@example", false)]
    {
        assert_eq!(both.permits(&names(&[text])[0]).is_ok(), allowed, "{text}");
    }
}

#[test]
fn names_of_kinds_that_are_not_compared_do_not_get_through() {
    let registered = Subtree::Unsupported { kind: 8, der: vec![0x88, 1, 0x2a] };
    let constraints = constraints(std::slice::from_ref(&registered), &[]);
    assert_eq!(registered.to_string(), "[8]");
    let refused = constraints.permits_candidate(&Candidate::Other(8));
    assert!(matches!(refused, Err(ConstraintError::NotComparable { .. })));
    assert_eq!(constraints.permits_candidate(&Candidate::Other(0)), Ok(()));
    assert_eq!(constraints.permits(&names(&["a.example"])[0]), Ok(()));
}

#[test]
fn signed_timestamps_are_taken_apart() {
    let signature = [0x30, 3, 2, 1, 1];
    let one = [&[0][..], &[7; 32], &1_700_000_000_123_u64.to_be_bytes(), &[0, 0, 4, 3, 0, 5], &signature].concat();
    let listed = [&(one.len() as u16).to_be_bytes()[..], &one].concat().repeat(2);
    let octets = [&(listed.len() as u16).to_be_bytes()[..], &listed].concat();
    let mut value = Writer::default();
    value.element(tag::OCTET_STRING, &octets);
    let value = value.into_der();
    let extension = |value: &[u8]| Extension { oid: oid::SIGNED_TIMESTAMPS, critical: false, value: value.to_vec() };
    let Decoded::SignedTimestamps(timestamps) = extension(&value).decode() else { panic!("timestamps") };
    assert_eq!(timestamps.len(), 2);
    let expected = SignedTimestamp {
        version: 1,
        log_id: [7; 32],
        timestamp: 1_700_000_000_123,
        algorithm: [4, 3],
        signature: signature.to_vec(),
    };
    assert_eq!(timestamps[1], expected);
    for end in 0..value.len() {
        assert_eq!(extension(&value[..end]).decode(), Decoded::Malformed, "{end}");
    }
}

#[test]
fn what_is_unknown_or_malformed_says_so() {
    let extension = |oid, value: &[u8]| Extension { oid, critical: false, value: value.to_vec() };
    assert_eq!(extension("1.2.3".parse().unwrap(), &[1]).decode(), Decoded::Unknown);
    for oid in [oid::AUTHORITY_INFORMATION_ACCESS, oid::CERTIFICATE_POLICIES, oid::CRL_DISTRIBUTION_POINTS] {
        for value in [&[][..], &[0x30, 0], &[0x30, 2, 0x30, 1], &[0x30, 4, 0x30, 2, 5, 0], &[4, 0]] {
            assert_eq!(extension(oid, value).decode(), Decoded::Malformed, "{oid} {value:?}");
        }
    }
}
