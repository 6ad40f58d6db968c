//! Templates' JSON against what step-ca 0.30 makes of the same: the values of extensions are those that it wrote.

use proptest::prelude::*;

use super::*;
use crate::{KeyAlgorithm, PrivateKey, Signer};

fn extensions(json: &str) -> Vec<(String, bool, String)> {
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let profile = Profile::parse(json).unwrap();
    let all = profile.certificate_extensions(Keys { subject: key.public_key(), issuer: Some(&[1, 2]) }).unwrap();
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let own = hex(&extension::subject_key_identifier(&key.public_key().key_identifier()).value);
    all.into_iter()
        .map(|extension| {
            let value = hex(&extension.value);
            (extension.oid.to_string(), extension.critical, if value == own { "own".to_owned() } else { value })
        })
        .collect()
}

#[track_caller]
fn check(json: &str, expected: &[(&str, bool, &str)]) {
    let found = extensions(json);
    let found: Vec<(&str, bool, &str)> =
        found.iter().map(|(oid, critical, value)| (oid.as_str(), *critical, value.as_str())).collect();
    assert_eq!(found, expected, "{json}");
}

const SKI: (&str, bool, &str) = ("2.5.29.14", false, "own");
const AKI: (&str, bool, &str) = ("2.5.29.35", false, "300480020102");

#[test]
fn extensions_come_in_the_order_of_the_reference() {
    check(r#"{"subject":"x"}"#, &[SKI, AKI]);
    check(
        r#"{"subject":"x","dnsNames":"a.b","keyUsage":["digital_signature","KEYENCIPHERMENT"],"extKeyUsage":"serverAuth",
            "unknownExtKeyUsage":["1.2.3"],"basicConstraints":{"isCA":true,"maxPathLen":0},"ocspServer":"http://o",
            "issuingCertificateURL":["http://i"],"policyIdentifiers":"1.2.3","crlDistributionPoints":"http://c",
            "nameConstraints":{"critical":true,"permittedDNSDomains":["a.b"],"excludedIPRanges":"10.0.0.0/8"},
            "extensions":[{"id":"1.2.3.4","critical":true,"value":"BQA="}]}"#,
        &[
            ("2.5.29.15", true, "030205a0"),
            ("2.5.29.37", false, "300e06082b0601050507030106022a03"),
            ("2.5.29.19", true, "30060101ff020100"),
            SKI,
            AKI,
            (
                "1.3.6.1.5.5.7.1.1",
                false,
                "302c301406082b060105050730018608687474703a2f2f6f301406082b060105050730028608687474703a2f2f69",
            ),
            ("2.5.29.17", false, "30058203612e62"),
            ("2.5.29.32", false, "3006300406022a03"),
            ("2.5.29.30", true, "3017a00730058203612e62a10c300a87080a000000ff000000"),
            ("2.5.29.31", false, "3010300ea00ca00a8608687474703a2f2f63"),
            ("1.2.3.4", true, "0500"),
        ],
    );
}

#[test]
fn names_of_every_kind() {
    let names = |json: &str| {
        let all = extensions(json);
        let found = all.into_iter().find(|(oid, ..)| oid == "2.5.29.17");
        found.map(|(_, critical, value)| (critical, value))
    };
    let cases = [
        (
            r#"{"sans":[{"type":"dns","value":"a.b"},{"value":"a@b.c"},{"type":"auto","value":"1.2.3.4"}]}"#,
            true,
            "30128203612e628105614062 2e638704 01020304",
        ),
        (
            r#"{"subject":"x","sans":[{"type":"uri","value":"a://b"},{"type":"dns","value":""}]}"#,
            false,
            "30078605613a2f2f62",
        ),
        (
            r#"{"sans":[{"type":"permanentIdentifier","value":"123"}]}"#,
            true,
            "3015a01306082b06010505070803a00730050c03313233",
        ),
        (
            r#"{"sans":[{"type":"permanentIdentifier","asn1Value":{"assigner":"1.2.3"}}]}"#,
            true,
            "3014a01206082b06010505070803a006300406022a03",
        ),
        (r#"{"sans":[{"type":"userPrincipalName","value":"u"}]}"#, true, "3013a011060a2b060104018237140203a0030c0175"),
        (r#"{"sans":[{"type":"registeredID","value":"1.2.3"}]}"#, true, "300488022a03"),
        (r#"{"sans":[{"type":"dn","value":"{\"commonName\":\"x\"}"}]}"#, true, "3010a40e300c310a3008060355040313 0178"),
        (r#"{"sans":[{"type":"1.2.3.4","value":"utf8:x"}]}"#, true, "300ca00a06032a0304a0030c0178"),
        (r#"{"sans":[{"type":"1.2.3.4","value":"x"}]}"#, true, "300ca00a06032a0304a003130178"),
        (r#"{"sans":[{"type":"1.2.3.4","value":"int:5"}]}"#, true, "300ca00a06032a0304a003020105"),
        (
            r#"{"sans":[{"type":"hardwareModuleName","value":"{\"type\":\"1.2.3\",\"serialNumber\":\"AQ==\"}"}]}"#,
            true,
            "3017a01506082b06010505070804a009300706022a03840101",
        ),
    ];
    for (json, critical, value) in cases {
        assert_eq!(names(json), Some((critical, value.replace(' ', ""))), "{json}");
    }
    // An extension that the template makes itself stands for them.
    let own = r#"{"dnsNames":"q.r","extensions":[{"id":"2.5.29.17","value":"MAWCA2EuYg=="}]}"#;
    assert_eq!(names(own), Some((false, "30058203612e62".to_owned())));
    for none in [r#"{"subject":"x"}"#, r#"{"sans":[{"type":"dn","value":""},{"type":"dns","value":""}]}"#] {
        assert_eq!(names(none), None, "{none}");
    }
}

#[test]
fn subjects_have_the_order_of_the_profile() {
    let subject = |json: &str| Profile::parse(json).unwrap().subject.to_string();
    let cases = [
        (r#"{"subject":"x"}"#, "CN=x"),
        (r#"{"subject":""}"#, ""),
        (r#"{"SUBJECT":{"commonname":"x","Organization":["b","a"],"country":"NL"}}"#, "C=NL, O=a, O=b, CN=x"),
        (
            r#"{"subject":{"commonName":"x","extraNames":[{"type":"1.2.840.113549.1.9.1","value":"a@b.c"},{"type":"2.5.4.3","value":"y"}]}}"#,
            "CN=y, emailAddress=a@b.c",
        ),
        (r#"{"rawSubject":"MAwxCjAIBgNVBAMTAXg=","subject":"y"}"#, "CN=x"),
    ];
    for (json, expected) in cases {
        assert_eq!(subject(json), expected, "{json}");
    }
}

#[test]
fn c15_what_is_not_what_it_has_to_be_is_named() {
    let cases = [
        ("", "EOF while parsing"),
        ("junk", "expected"),
        ("[]", "a JSON object"),
        (r#"{"subject":1}"#, "the member subject is neither a text nor an object"),
        (r#"{"subject":{"country":[1]}}"#, "the member subject.country is neither a text nor a list of texts"),
        (r#"{"subject":{"commonName":"a\nb"}}"#, "the member subject.commonName has"),
        (r#"{"subject":"x","Subject":"y"}"#, "the member subject stands there twice"),
        (r#"{"keyUsage":"bogus"}"#, "the member keyUsage has \"bogus\""),
        (r#"{"extKeyUsage":["bogus"]}"#, "the member extKeyUsage has \"bogus\""),
        (r#"{"dnsNames":["a b"]}"#, "the member dnsNames has \"a b\""),
        (r#"{"ipAddresses":"1.2.3"}"#, "which is no IP address"),
        (r#"{"sans":[{"type":"foo","value":"x"}]}"#, "the member sans[0].type is \"foo\""),
        (r#"{"sans":[{"type":"foo","value":""}]}"#, "the member sans[0].type is \"foo\""),
        (r#"{"sans":[{"type":"1.2.3","value":"numeric:x"}]}"#, "which is no numeric string"),
        (r#"{"sans":{"type":"dns"}}"#, "the member sans is no list"),
        (r#"{"basicConstraints":{"isCA":"yes"}}"#, "the member basicConstraints.isCA is neither true nor false"),
        (r#"{"basicConstraints":{"isCA":true,"maxPathLen":300}}"#, "is larger than 255"),
        (r#"{"extensions":[{"id":"x","value":""}]}"#, "the member extensions[0].id is \"x\""),
        (r#"{"extensions":[{"id":"2.5.29.15","value":"AAAA"}]}"#, "is no value of the extension 2.5.29.15"),
        (r#"{"serialNumber":0}"#, "the member serialNumber is \"0\""),
        (r#"{"serialNumber":1.5}"#, "the member serialNumber"),
        (r#"{"signatureAlgorithm":"MD5-RSA"}"#, "which Rung does not sign with"),
        (r#"{"notAfter":"tomorrow"}"#, "which is no time of RFC 3339"),
        (r#"{"policyIdentifiers":"x"}"#, "which is no object identifier"),
        (r#"{"nameConstraints":{"permittedIPRanges":"10.0.0.0/33"}}"#, "the member nameConstraints.permittedIPRanges"),
        (r#"{"crlDistributionPoints":"http://a b"}"#, "which is no address"),
        (r#"{"subjectKeyId":"*"}"#, "the member subjectKeyId is not base64"),
    ];
    for (json, says) in cases {
        let error = Profile::parse(json).expect_err(json).to_string();
        assert!(error.contains(says), "{json}: {error}");
    }
    let twice = r#"{"extensions":[{"id":"1.2.3","value":"BQA="},{"id":"1.2.3","value":"BQA="}]}"#;
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let profile = Profile::parse(twice).unwrap();
    assert!(profile.certificate_extensions(Keys { subject: key.public_key(), issuer: None }).is_err());
}

#[test]
fn times_are_those_of_rfc_3339() {
    let time = |text: &str| {
        let profile = Profile::parse(&format!(r#"{{"notAfter":"{text}"}}"#)).ok()?;
        profile.not_after?.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_secs())
    };
    let cases = [
        ("2026-03-01T08:00:00Z", Some(1_772_352_000)),
        ("2026-03-01T09:30:00+01:30", Some(1_772_352_000)),
        ("2026-03-01T07:00:00.25-01:00", Some(1_772_352_000)),
        ("2026-02-29T08:00:00Z", None),
        ("2026-03-01T08:00:00", None),
        ("2026-03-01 08:00:00Z", None),
        ("2026-03-01T08:00:00.Z", None),
        ("2026-03-01T08:00:00+1:30", None),
        ("2026-03-01T08:00:00+24:00", None),
    ];
    for (text, expected) in cases {
        assert_eq!(time(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn anything_is_a_profile_or_refused(
        member in "(subject|sans|keyUsage|extensions|serialNumber|notAfter|basicConstraints|nameConstraints|rawSubject)",
        value in "(\"[a-z0-9:./=]{0,12}\"|[0-9]{1,30}|\\[(\"x\"|\\{\"type\":\"[a-zA-Z.0-9]{0,9}\",\"value\":\"[a-z:0-9]{0,9}\"\\})?\\]|\\{\"[a-zA-Z]{0,12}\":(true|1|\"x\")\\})",
    ) {
        let key = PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap();
        if let Ok(profile) = Profile::parse(&format!("{{\"{member}\":{value}}}")) {
            let _ = profile.request_extensions();
            let extensions = profile.certificate_extensions(Keys { subject: key.public_key(), issuer: Some(&[1]) });
            for extension in extensions.unwrap_or_default() {
                prop_assert!(extension.check().is_ok());
            }
        }
    }
}
