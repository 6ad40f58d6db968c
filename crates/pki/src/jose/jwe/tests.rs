use serde_json::{Value, json};

use super::{content::Sealed, *};
use crate::jose::base64url;

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
    for alg in ["dir", "RSA-OAEP", "ECDH-ES", "none"] {
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
    flattened["recipients"] = json!([{"encrypted_key": "AA"}, {"encrypted_key": "AA"}]);
    let expected = JweError::Malformed("it has both one recipient and a list of them");
    assert_eq!(decrypt(&flattened.to_string(), b"", 1).map(drop), Err(expected));
    flattened.as_object_mut().unwrap().remove("encrypted_key");
    let expected = JweError::Unsupported("several recipients".to_owned());
    assert_eq!(decrypt(&flattened.to_string(), b"", 1).map(drop), Err(expected));
}

mod objects {
    use super::*;
    use crate::{
        ExchangeAlgorithm, ExchangePrivateKey, KeyAlgorithm, PrivateKey,
        jose::{Jwk, Material, Secret},
    };

    /// The examples of RFC 7516 appendix A and RFC 7520 §5.
    fn standards() -> Vec<Value> {
        serde_json::from_str(include_str!("standards.json")).unwrap()
    }

    fn pair(algorithm: KeyAlgorithm) -> Jwk {
        Jwk::new(Material::Private(Box::new(PrivateKey::generate(algorithm).unwrap())))
    }

    fn x25519() -> Jwk {
        Jwk::new(Material::ExchangePrivate(Box::new(ExchangePrivateKey::generate(ExchangeAlgorithm::X25519).unwrap())))
    }

    fn secret(len: usize) -> Jwk {
        Jwk::new(Material::Secret(Secret::generate(len).unwrap()))
    }

    fn open(vector: &Value) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let object = EncryptedObject::parse(vector["text"].as_str().unwrap())?;
        let recipient = usize::try_from(vector["recipient"].as_u64().unwrap()).unwrap();
        match vector["password"].as_str() {
            Some(password) => {
                let password = password.as_bytes();
                object.decrypt(recipient, DecryptionKey::Password { password, most_iterations: MAX_ITERATIONS })
            }
            None => {
                let key = Jwk::from_json(vector["key"].to_string().as_bytes()).unwrap();
                object.decrypt(recipient, DecryptionKey::Jwk(&key))
            }
        }
    }

    #[test]
    fn examples_of_the_standards_decrypt() {
        let standards = standards();
        assert_eq!(standards.len(), 37);
        for vector in standards {
            let name = vector["name"].as_str().unwrap();
            if name.starts_with("RFC 7520 5.9") {
                let expected = JweError::Unsupported("compression (`zip`)".to_owned());
                assert_eq!(open(&vector).map(drop), Err(expected), "{name}");
                continue;
            }
            let plaintext = open(&vector).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(base64url::encode(&*plaintext), vector["plaintext"].as_str().unwrap(), "{name}");
        }
    }

    #[test]
    fn the_key_agreement_of_rfc_7518_appendix_c_is_derived() {
        let shared = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128,
            106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let what = (KeyManagement::EcdhEs(None), ContentEncryption::Gcm(16));
        let key = super::super::manage::derive(&shared, what, &(b"Alice".to_vec(), b"Bob".to_vec()));
        assert_eq!(base64url::encode(&*key), "VqqN6vgjbSBcIijNcacQGg");
    }

    /// Every algorithm with a key for it.
    fn every_algorithm() -> Vec<(KeyManagement, Jwk)> {
        let mut all = Vec::new();
        for (_, algorithm) in KeyManagement::ALL {
            match algorithm {
                KeyManagement::AesGcmWrap(len) | KeyManagement::AesWrap(len) => all.push((algorithm, secret(len))),
                KeyManagement::EcdhEs(_) => {
                    for curve in [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::EcP521] {
                        all.push((algorithm, pair(curve)));
                    }
                    all.push((algorithm, x25519()));
                }
                KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => {
                    all.push((algorithm, pair(KeyAlgorithm::Rsa { bits: 2048 })));
                }
                // The length of its key depends on the content; no key; not for encrypting.
                KeyManagement::Direct | KeyManagement::Password(_) | KeyManagement::Rsa15 => {}
            }
        }
        all
    }

    fn how(algorithm: KeyManagement, content: ContentEncryption, to: &Jwk) -> Encryption<'_> {
        Encryption { algorithm, content, to: EncryptionKey::Jwk(to), key_id: Some("k"), typ: None, cty: Some("text") }
    }

    #[test]
    fn what_is_encrypted_is_decrypted_by_its_key_alone() {
        let keys = every_algorithm();
        let other_rsa = pair(KeyAlgorithm::Rsa { bits: 2048 }).to_json();
        for (_, content) in ContentEncryption::ALL {
            let direct = (KeyManagement::Direct, secret(content.key_len()));
            for (algorithm, key) in keys.iter().chain([&direct]) {
                let algorithm = *algorithm;
                let public = key.public();
                let how = how(algorithm, content, public.as_ref().unwrap_or(key));
                let object = EncryptedObject::encrypt(b"plaintext", &how).unwrap();
                let other = match &key.material {
                    Material::Secret(octets) => secret(octets.octets().len()),
                    _ if key.key_type() == "RSA" => Jwk::from_json(other_rsa.as_bytes()).unwrap(),
                    Material::ExchangePrivate(_) => x25519(),
                    _ => pair(key.algorithm_of_pair().unwrap()),
                };
                for text in [object.to_compact().unwrap(), object.to_flattened().unwrap(), object.to_pretty().unwrap()]
                {
                    let object = EncryptedObject::parse(&text).unwrap();
                    assert_eq!(object.key_id(0).unwrap().as_deref(), Some("k"));
                    assert_eq!(**object.decrypt(0, DecryptionKey::Jwk(key)).unwrap(), *b"plaintext", "{algorithm}");
                    let refused = object.decrypt(0, DecryptionKey::Jwk(&other)).map(drop);
                    assert_eq!(refused, Err(JweError::WrongKey), "{algorithm}");
                }
            }
        }
    }

    #[test]
    fn damage_looks_like_a_wrong_key() {
        for (algorithm, key) in every_algorithm() {
            let object = EncryptedObject::encrypt(b"plaintext", &how(algorithm, ContentEncryption::CbcHmac(32), &key));
            let text = object.unwrap().to_compact().unwrap();
            let parts: Vec<&str> = text.split('.').collect();
            for place in (1..5).filter(|place| !parts[*place].is_empty()) {
                let mut damaged: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
                let first = if damaged[place].starts_with('A') { "B" } else { "A" };
                damaged[place].replace_range(..1, first);
                let object = EncryptedObject::parse(&damaged.join(".")).unwrap();
                let refused = object.decrypt(0, DecryptionKey::Jwk(&key)).map(drop);
                assert_eq!(refused, Err(JweError::WrongKey), "{algorithm}, part {place}");
            }
        }
    }

    #[test]
    fn rsa_padding_that_is_wrong_looks_like_damaged_content() {
        let vector = standards().into_iter().find(|vector| vector["name"] == "RFC 7516 A.2").unwrap();
        let key = Jwk::from_json(vector["key"].to_string().as_bytes()).unwrap();
        let text = vector["text"].as_str().unwrap();
        let parts: Vec<&str> = text.split('.').collect();
        let random = base64url::encode([0x55; 256]);
        for encrypted_key in [random.as_str(), "AAAA", ""] {
            let text = [parts[0], encrypted_key, parts[2], parts[3], parts[4]].join(".");
            let object = EncryptedObject::parse(&text).unwrap();
            assert_eq!(object.decrypt(0, DecryptionKey::Jwk(&key)).map(drop), Err(JweError::WrongKey));
        }
        let outcome = EncryptedObject::encrypt(b"", &how(KeyManagement::Rsa15, ContentEncryption::Gcm(16), &key));
        assert!(matches!(outcome, Err(JweError::Unsupported(_))));
    }

    #[test]
    fn the_key_chooses_the_algorithm() {
        let (rsa, ec, oct) = (pair(KeyAlgorithm::Rsa { bits: 2048 }), pair(KeyAlgorithm::EcP256), secret(32));
        for (algorithm, _) in every_algorithm() {
            for key in [&rsa, &ec, &oct].into_iter().filter(|key| !algorithm.fits(key)) {
                let outcome = EncryptedObject::encrypt(b"", &how(algorithm, ContentEncryption::Gcm(32), key));
                assert_eq!(outcome.map(drop), Err(JweError::Key { algorithm, kty: key.key_type() }));
            }
        }
        let mut bound = pair(KeyAlgorithm::Rsa { bits: 2048 });
        bound.algorithm = Some("RSA-OAEP-256".to_owned());
        let outcome = EncryptedObject::encrypt(b"", &how(KeyManagement::RsaOaep, ContentEncryption::Gcm(32), &bound));
        assert!(matches!(outcome, Err(JweError::Key { .. })));
        let mut signing = pair(KeyAlgorithm::EcP256);
        signing.usage = Some("sig".to_owned());
        let outcome =
            EncryptedObject::encrypt(b"", &how(KeyManagement::EcdhEs(None), ContentEncryption::Gcm(32), &signing));
        assert_eq!(outcome.map(drop), Err(JweError::KeyUse));
        let outcome = EncryptedObject::encrypt(b"", &how(KeyManagement::Direct, ContentEncryption::Gcm(16), &oct));
        assert!(matches!(outcome, Err(JweError::SecretLength { needed: 16, len: 32, .. })));
    }

    #[test]
    fn a_foreign_ephemeral_key_is_refused() {
        let key = pair(KeyAlgorithm::EcP256);
        let other = pair(KeyAlgorithm::EcP384).public().unwrap().to_json();
        let good = pair(KeyAlgorithm::EcP256).public().unwrap().to_json();
        let private = pair(KeyAlgorithm::EcP256).to_json();
        let off_curve =
            json!({"kty": "EC", "crv": "P-256", "x": base64url::encode([1; 32]), "y": base64url::encode([2; 32])});
        let expected = JweError::Malformed("`epk` is missing or not a public key of the recipient's curve");
        let check = |epk: &str, expected: &JweError| {
            let header = format!("{{\"alg\":\"ECDH-ES\",\"enc\":\"A128GCM\",\"epk\":{epk}}}");
            let text = format!("{}..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA", base64url::encode(header));
            let object = EncryptedObject::parse(&text).unwrap();
            assert_eq!(object.decrypt(0, DecryptionKey::Jwk(&key)).map(drop).as_ref(), Err(expected), "{epk}");
        };
        check(&good, &JweError::WrongKey);
        for epk in [&*other, &*private, &off_curve.to_string(), "null", "{}", "1"] {
            check(epk, &expected);
        }
    }

    #[test]
    fn a_header_that_is_not_base64url_is_never_written_again() {
        let expected = JweError::Malformed("its header is not base64url");
        for header in ["a\"b", "e30=", "e3", "é", "a b"] {
            let compact = format!("{header}.AA.AA.AA.AA");
            let flattened =
                json!({"protected": header, "encrypted_key": "AA", "iv": "AA", "ciphertext": "AA", "tag": "AA"});
            for text in [compact, flattened.to_string()] {
                assert!(EncryptedObject::parse(&text).is_err(), "{text}");
            }
        }
        assert_eq!(EncryptedObject::parse("a^.AA.AA.AA.AA").map(drop), Err(expected));
    }

    #[test]
    fn recipients_and_headers_are_bounded() {
        let vector = standards().into_iter().find(|vector| vector["name"] == "RFC 7516 A.4, first").unwrap();
        let mut text: Value = serde_json::from_str(vector["text"].as_str().unwrap()).unwrap();
        let mut twice = text.clone();
        twice["unprotected"]["enc"] = "A128GCM".into();
        let object = EncryptedObject::parse(&twice.to_string()).unwrap();
        assert_eq!(object.algorithm_name(0), Err(JweError::Malformed("a header member occurs twice")));
        text["recipients"] = Value::Array(vec![text["recipients"][0].clone(); 21]);
        let outcome = EncryptedObject::parse(&text.to_string()).map(drop);
        assert_eq!(outcome, Err(JweError::Malformed("it has no recipients, or more than 20")));
    }
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
            let aad = next();
            let sealed = Sealed { iv: next(), ciphertext: next(), tag: next() };
            for (_, content) in ContentEncryption::ALL {
                let _ = content.decrypt(&key[..content.key_len()], &aad, &sealed);
            }
        }
    }
}
