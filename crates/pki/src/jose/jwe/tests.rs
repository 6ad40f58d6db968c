use serde_json::{Value, json};

use super::*;

fn vector() -> Value {
    let vectors: Value = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    vectors["RFC 7520 5.3"].clone()
}

/// The example of RFC 7520 with other members in its header.
fn with_header(changes: &Value) -> String {
    let compact = vector()["compact"].as_str().unwrap().to_owned();
    let (header, rest) = compact.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        header[name] = value.clone();
    }
    format!("{}.{rest}", base64url::encode(header.to_string()))
}

#[track_caller]
fn check_header(changes: &Value, expected: JweError) {
    let password = vector()["password"].as_str().unwrap().to_owned();
    let outcome = decrypt(&with_header(changes), password.as_bytes(), MAX_ITERATIONS);
    assert_eq!(outcome.map(drop), Err(expected), "{changes}");
}

#[test]
fn the_example_of_rfc_7520_decrypts() {
    let vector = vector();
    let password = vector["password"].as_str().unwrap().as_bytes();
    for text in [vector["compact"].as_str().unwrap().to_owned(), vector["flattened"].to_string()] {
        let plaintext = decrypt(&text, password, MAX_ITERATIONS).unwrap();
        assert_eq!(std::str::from_utf8(&plaintext).unwrap(), vector["plaintext"].as_str().unwrap());
        assert_eq!(decrypt(&text, b"another", MAX_ITERATIONS).map(drop), Err(JweError::WrongPassword));
    }
}

#[test]
fn the_key_of_rfc_7517_appendix_c_is_unwrapped() {
    let password = b"Thus from my lips, by yours, my sin is purged.";
    let salt = base64url::decode("2WCTcJZ1Rvd_CJuJripQ1w").unwrap();
    let kek = Wrap::HS256.derive(password, &salt, NonZeroU32::new(4096).unwrap());
    assert_eq!(*kek, [110, 171, 169, 92, 129, 92, 109, 117, 233, 242, 116, 233, 170, 14, 24, 75]);
    let wrapped = base64url::decode("TrqXOwuNUfDV9VPTNbyGvEJ9JMjefAVn-TR1uIxR9p6hsRQh9Tk7BA").unwrap();
    let key = Wrap::HS256.unwrap(&kek, &wrapped, 32).unwrap();
    assert_eq!(key[..8], [111, 27, 25, 52, 66, 29, 20, 78]);
    assert_eq!(Wrap::HS256.wrap(&kek, &key), wrapped);
}

#[test]
fn what_is_encrypted_is_decrypted() {
    for plaintext in [&b""[..], b"x", &[7; 5000]] {
        let compact = encrypt_compact(plaintext, b"pass", Some("jwk+json")).unwrap();
        assert_eq!(**decrypt(&compact, b"pass", ITERATIONS).unwrap(), *plaintext);
        assert_eq!(decrypt(&compact, b"pas", ITERATIONS).map(drop), Err(JweError::WrongPassword));
    }
    let json = encrypt_json(b"text", b"", None).unwrap();
    assert_eq!(**decrypt(&format!("{json}\n"), b"", ITERATIONS).unwrap(), *b"text");
}

#[test]
fn it_is_written_as_other_programs_write_it() {
    let compact = encrypt_compact(b"text", b"pass", Some("jwk+json")).unwrap();
    let header = base64url::decode(compact.split('.').next().unwrap()).unwrap();
    let header = String::from_utf8(header).unwrap();
    let rest = header
        .strip_prefix(r#"{"alg":"PBES2-HS256+A128KW","cty":"jwk+json","enc":"A256GCM","p2c":600000,"p2s":""#)
        .unwrap_or_else(|| panic!("{header}"));
    assert_eq!(base64url::decode(rest.strip_suffix("\"}").unwrap()).unwrap().len(), 16);

    let json = encrypt_json(b"text", b"pass", None).unwrap();
    let names: Vec<String> =
        serde_json::from_str::<Value>(&json).unwrap().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["protected", "encrypted_key", "iv", "ciphertext", "tag"]);
    assert!(json.starts_with("{\n  \"protected\": \"") && json.ends_with("\"\n}"), "{json}");
}

#[test]
fn every_content_encryption_is_read() {
    // Made with the Python library jwcrypto 1.6, password `pass`, 1000 iterations.
    for text in include_str!("../jwcrypto.txt").lines() {
        assert_eq!(**decrypt(text, b"pass", MAX_ITERATIONS).unwrap(), *b"a plaintext of some length");
    }
}

#[test]
fn t18_the_cost_of_the_key_derivation_has_a_bound() {
    for iterations in [u64::from(MAX_ITERATIONS) + 1, 1 << 31, 1 << 32, u64::MAX] {
        let expected = JweError::TooManyIterations { iterations, most: MAX_ITERATIONS };
        check_header(&json!({ "p2c": iterations }), expected);
    }
    check_header(&json!({"p2c": 0}), JweError::Malformed("`p2c` is missing or zero"));
    check_header(&json!({"p2c": null}), JweError::Malformed("`p2c` is missing or zero"));
    check_header(&json!({"p2c": -1}), JweError::Malformed("`alg` and `enc` are missing or no strings"));
    check_header(&json!({"p2s": "AAAA"}), JweError::Malformed("`p2s` is missing or too short"));
}

#[test]
fn t19_compression_and_extensions_are_refused() {
    check_header(&json!({"zip": "DEF"}), JweError::Unsupported("compression (`zip`)".to_owned()));
    check_header(&json!({"crit": []}), JweError::Unsupported("extensions (`crit`)".to_owned()));
    for alg in ["dir", "RSA-OAEP", "PBES2-HS384+A192KW", "none"] {
        check_header(&json!({ "alg": alg }), JweError::Unsupported(alg.to_owned()));
    }
    check_header(&json!({"enc": "XC20P"}), JweError::Unsupported("XC20P".to_owned()));
}

#[test]
fn damage_is_told_from_a_wrong_password() {
    let vector = vector();
    let password = vector["password"].as_str().unwrap().as_bytes();
    let parts: Vec<&str> = vector["compact"].as_str().unwrap().split('.').collect();
    let damaged = "Malformed(\"its content does not fit its tag, so it is damaged\")";
    for (place, expected) in [(0, damaged), (1, "WrongPassword"), (2, damaged), (3, damaged), (4, damaged)] {
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        if place == 0 {
            parts[0] = with_header(&json!({"x": 1})).split('.').next().unwrap().to_owned();
        } else {
            let first = if parts[place].starts_with('A') { "B" } else { "A" };
            parts[place].replace_range(..1, first);
        }
        let error = decrypt(&parts.join("."), password, MAX_ITERATIONS).unwrap_err();
        assert_eq!(format!("{error:?}"), expected, "part {place}");
    }
}

#[test]
fn other_texts_are_refused() {
    for text in ["", "a.b.c.d", "a.b.c.d.e.f", "{}", "{", "{\"protected\":1}", "e30.e30.e30"] {
        assert!(matches!(decrypt(text, b"", 1), Err(JweError::Malformed(_) | JweError::Json(_))), "{text}");
    }
    let mut flattened = vector()["flattened"].clone();
    flattened["recipients"] = json!([]);
    let expected = JweError::Unsupported("several recipients".to_owned());
    assert_eq!(decrypt(&flattened.to_string(), b"", 1).map(drop), Err(expected));
}

mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,300}") {
            let _ = decrypt(&text, b"pass", 10);
        }

        #[test]
        fn no_parts_make_the_reader_panic(
            enc in prop::sample::select(vec!["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"]),
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 4),
        ) {
            let header = json!({"alg": "PBES2-HS256+A128KW", "enc": enc, "p2c": 1, "p2s": "AAAAAAAAAAAAAA"});
            let mut text = base64url::encode(header.to_string());
            for part in &parts {
                text.push('.');
                base64url::append(&mut text, part);
            }
            let _ = decrypt(&text, b"pass", 10);
        }

        #[test]
        fn no_content_makes_the_decryption_panic(
            key in prop::collection::vec(any::<u8>(), 64),
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 4),
        ) {
            let mut parts = parts.into_iter();
            let mut next = || parts.next().unwrap();
            let parts = Parts {
                protected: String::new(), encrypted_key: next(), iv: next(), ciphertext: next(), tag: next(),
            };
            for enc in ["A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"] {
                let content = ContentEncryption::find(enc).unwrap();
                let _ = content.decrypt(&key[..content.key_len()], &parts);
            }
        }
    }
}
