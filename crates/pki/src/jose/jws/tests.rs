use serde_json::{Value, json};

use super::*;
use crate::{
    PrivateKey, Signer,
    jose::{PublicJwk, SignHeader, sign_compact},
};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors.json")).unwrap()
}

fn key(algorithm: KeyAlgorithm) -> (PrivateKey, VerificationKey) {
    let key = PrivateKey::generate(algorithm).unwrap();
    let public = VerificationKey::new(key.public_key().clone());
    (key, public)
}

/// A signed token with this header and payload, whatever they say.
fn forge(key: &PrivateKey, algorithm: JwsAlgorithm, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url::encode(header), base64url::encode(payload));
    let signature = key.sign_now(algorithm.signature_algorithm(), input.as_bytes()).unwrap();
    let signature = match key.algorithm().coordinate_len() {
        Some(len) => fixed(&signature, len),
        None => signature,
    };
    format!("{input}.{}", base64url::encode(signature))
}

/// The plain form of a DER signature, made independently of the code that signs tokens.
fn fixed(der: &[u8], len: usize) -> Vec<u8> {
    let start = if der[1] & 0x80 == 0 { 2 } else { 3 };
    let r_len = usize::from(der[start + 1]);
    let r = &der[start + 2..start + 2 + r_len];
    let s = &der[start + 2 + r_len + 2..];
    let pad = |number: &[u8]| {
        let number = &number[number.iter().take_while(|octet| **octet == 0).count()..];
        [vec![0; len - number.len()], number.to_vec()].concat()
    };
    [pad(r), pad(s)].concat()
}

#[track_caller]
fn check_header(header: &str, expected: Result<(), JwsError>) {
    let (key, public) = key(KeyAlgorithm::EcP256);
    let token = forge(&key, JwsAlgorithm::Es256, header, r#"{"sub":"a"}"#);
    let outcome = UnverifiedJws::parse(&token).and_then(|jws| jws.verify(&public).map(drop));
    assert_eq!(outcome, expected, "{header}");
}

#[track_caller]
fn check_refused(token: &str, expected: JwsError) {
    assert_eq!(UnverifiedJws::parse(token).map(drop), Err(expected), "{token:.60}");
}

const HEADER: &str = r#"{"alg":"ES256","kid":"k","typ":"JWT"}"#;

#[test]
fn a_good_token_shows_what_it_says() {
    let (key, public) = key(KeyAlgorithm::EcP256);
    let header = SignHeader { key_id: Some("k"), typ: Some("JWT"), ..SignHeader::default() };
    let token = sign_compact(&header, br#"{"sub":"alice"}"#, &key).unwrap();
    let jws = UnverifiedJws::parse(&token).unwrap();
    assert_eq!(jws.unverified_header().key_id.as_deref(), Some("k"));
    assert_eq!(jws.unverified_payload(), br#"{"sub":"alice"}"#);
    let verified = jws.verify(&public).unwrap();
    assert_eq!(verified.payload(), br#"{"sub":"alice"}"#);
    assert_eq!(verified.header().typ.as_deref(), Some("JWT"));
    assert_eq!(verified.header().algorithm, JwsAlgorithm::Es256);
    assert!(token.starts_with(verified.signing_input()));
    assert_eq!(verified.signing_input().matches('.').count(), 1);
}

#[test]
fn vectors_of_the_standards_verify() {
    let vectors = vectors();
    for name in ["RFC 7515 A.2", "RFC 7515 A.3"] {
        let vector = &vectors[name];
        let jwk = PublicJwk::from_json(vector["key"].to_string().as_bytes()).unwrap();
        let jws = UnverifiedJws::parse(vector["token"].as_str().unwrap()).unwrap();
        let verified = jws.verify(jwk.verification_key()).unwrap();
        assert_eq!(
            serde_json::from_slice::<Value>(verified.payload()).unwrap(),
            json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})
        );
    }
}

#[test]
fn vectors_whose_payload_is_text_verify_but_are_no_tokens() {
    let vectors = vectors();
    for name in ["RFC 7515 A.4", "RFC 7520 4.1", "RFC 7520 4.2", "RFC 7520 4.3"] {
        let vector = &vectors[name];
        let text = vector["token"].as_str().unwrap();
        assert!(matches!(UnverifiedJws::parse(text), Err(JwsError::Json { part: Part::Payload, .. })), "{name}");
        let (signing_input, signature) = text.rsplit_once('.').unwrap();
        let header = Header::parse(&base64url::decode(text.split('.').next().unwrap()).unwrap()).unwrap();
        let signature = base64url::decode(signature).unwrap();
        let jws = UnverifiedJws { signing_input, header, payload: vec![], signature };
        let jwk = PublicJwk::from_json(vector["key"].to_string().as_bytes()).unwrap();
        assert!(jws.verify(jwk.verification_key()).is_ok(), "{name}");
    }
}

#[test]
fn an_rsa_key_verifies_what_it_signs_in_every_way_unless_it_is_bound_to_one() {
    let (key, public) = key(KeyAlgorithm::Rsa { bits: 2048 });
    let bound = VerificationKey::with_algorithm(public.key().clone(), JwsAlgorithm::Ps256).unwrap();
    for algorithm in JwsAlgorithm::ALL.into_iter().filter(|algorithm| algorithm.fits(key.algorithm())) {
        let header = SignHeader { algorithm: Some(algorithm), ..SignHeader::default() };
        let token = sign_compact(&header, b"{}", &key).unwrap();
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert!(jws.verify(&public).is_ok(), "{algorithm}");
        assert_eq!(jws.verify(&bound).is_ok(), algorithm == JwsAlgorithm::Ps256, "{algorithm}");
    }
}

#[test]
fn t05_a_token_has_one_spelling() {
    let (key, public) = key(KeyAlgorithm::EcP256);
    let token = forge(&key, JwsAlgorithm::Es256, HEADER, r#"{"sub":"a"}"#);
    assert!(UnverifiedJws::parse(&token).unwrap().verify(&public).is_ok());

    for changed in [format!("{token}="), format!("{token}\n"), format!("{token} ")] {
        check_refused(&changed, JwsError::NotBase64(Part::Signature));
    }
    check_refused(&format!(" {token}"), JwsError::NotBase64(Part::Header));
    check_refused(&token.replacen('.', "=.", 1), JwsError::NotBase64(Part::Header));
    check_refused(&token.replacen('.', ".\r\n", 1), JwsError::NotBase64(Part::Payload));
    check_refused(&token.replacen('.', "+.", 1), JwsError::NotBase64(Part::Header));

    // 64 octets leave four bits of the last character unused.
    let last = token.chars().last().unwrap();
    for other in ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).filter(|other| *other != last) {
        let changed = format!("{}{other}", &token[..token.len() - 1]);
        let accepted = UnverifiedJws::parse(&changed).is_ok_and(|jws| jws.verify(&public).is_ok());
        assert!(!accepted, "{last} as {other}");
    }

    let mut parts = token.split('.');
    let (header, payload, signature) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let flattened = json!({"protected": header, "payload": payload, "signature": signature}).to_string();
    check_refused(&flattened, JwsError::NotCompact);
}

#[test]
fn t05_the_other_signature_of_ecdsa_has_the_same_signing_input() {
    // The order of P-256 (SP 800-186).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (key, public) = key(KeyAlgorithm::EcP256);
    let token = forge(&key, JwsAlgorithm::Es256, HEADER, "{}");
    let first = UnverifiedJws::parse(&token).unwrap();
    let mut signature = first.signature.clone();
    let mut borrow = 0;
    for place in (0..32).rev() {
        let difference = i16::from(ORDER[place]) - i16::from(signature[32 + place]) - borrow;
        borrow = i16::from(difference < 0);
        signature[32 + place] = difference.rem_euclid(256) as u8;
    }
    let respelled = format!("{}.{}", first.signing_input(), base64url::encode(signature));
    let second = UnverifiedJws::parse(&respelled).unwrap();
    assert!(second.verify(&public).is_ok());
    assert_eq!(first.signing_input(), second.signing_input());
    assert_ne!(token, respelled);
}

#[test]
fn t08_unsigned_tokens_are_refused() {
    for name in ["none", "None", "nOnE", "", "NONE"] {
        check_header(&format!(r#"{{"alg":"{name}"}}"#), Err(super::super::UnknownAlgorithm.into()));
        let header = base64url::encode(format!(r#"{{"alg":"{name}"}}"#));
        check_refused(&format!("{header}.e30."), super::super::UnknownAlgorithm.into());
    }
    check_header("{}", Err(JwsError::Header("it has no `alg`")));
    for alg in ["null", "1", "[\"ES256\"]", "{}"] {
        let outcome = Header::parse(format!(r#"{{"alg":{alg}}}"#).as_bytes());
        assert!(matches!(outcome, Err(JwsError::Header(_))), "{alg}");
    }
}

#[test]
fn t09_a_public_key_is_never_a_shared_secret() {
    use aws_lc_rs::hmac;
    let (key, _) = key(KeyAlgorithm::Rsa { bits: 2048 });
    let jwk = PublicJwk::describe(key.public_key().clone());
    let pem = crate::pem::encode("PUBLIC KEY", key.public_key().spki());
    for secret in [pem.as_bytes(), key.public_key().spki(), jwk.to_json().as_bytes()] {
        for (name, hash) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
            let input = format!("{}.e30", base64url::encode(format!(r#"{{"alg":"{name}"}}"#)));
            let tag = hmac::sign(&hmac::Key::new(hash, secret), input.as_bytes());
            check_refused(&format!("{input}.{}", base64url::encode(tag)), super::super::UnknownAlgorithm.into());
        }
    }
}

#[test]
fn t10_an_algorithm_of_another_key_is_refused() {
    let keys = [KeyAlgorithm::EcP256, KeyAlgorithm::EcP384, KeyAlgorithm::EcP521, KeyAlgorithm::Ed25519];
    let keys = keys.into_iter().chain([KeyAlgorithm::Rsa { bits: 2048 }]);
    for (private, public) in keys.map(key) {
        let right = JwsAlgorithm::default_for(private.algorithm());
        for claimed in JwsAlgorithm::ALL {
            let token = forge(&private, right, &format!(r#"{{"alg":"{claimed}"}}"#), "{}");
            let outcome = UnverifiedJws::parse(&token).unwrap().verify(&public).map(drop);
            let expected = match (claimed == right, claimed.fits(private.algorithm())) {
                (true, _) => Ok(()),
                (false, true) => Err(JwsError::Signature),
                (false, false) => Err(JwsError::AlgorithmMismatch { token: claimed, key: private.algorithm() }),
            };
            assert_eq!(outcome, expected, "{claimed} with {}", private.algorithm());
        }
    }
    let (key, _) = key(KeyAlgorithm::EcP384);
    assert!(VerificationKey::with_algorithm(key.public_key().clone(), JwsAlgorithm::Es256).is_err());
}

#[test]
fn t11_degenerate_signatures_are_refused() {
    for (algorithm, len) in [(KeyAlgorithm::EcP256, 32), (KeyAlgorithm::EcP384, 48), (KeyAlgorithm::EcP521, 66)] {
        let (private, public) = key(algorithm);
        let name = JwsAlgorithm::default_for(algorithm);
        let token = forge(&private, name, &format!(r#"{{"alg":"{name}"}}"#), "{}");
        let jws = UnverifiedJws::parse(&token).unwrap();
        let der = private.sign_now(name.signature_algorithm(), jws.signing_input.as_bytes()).unwrap();
        let good = jws.signature.clone();
        let one = [vec![0; len - 1], vec![1]].concat();
        let bad = [
            vec![],
            vec![0; 2 * len],
            vec![0xff; 2 * len],
            [vec![0; len], good[len..].to_vec()].concat(),
            [good[..len].to_vec(), vec![0; len]].concat(),
            [good[..len].to_vec(), vec![0xff; len]].concat(),
            [one.clone(), one].concat(),
            der,
            good[..2 * len - 1].to_vec(),
            [good.clone(), vec![0]].concat(),
        ];
        for signature in bad {
            let text = format!("{}.{}", jws.signing_input, base64url::encode(&signature));
            let outcome = UnverifiedJws::parse(&text).unwrap().verify(&public).map(drop);
            assert_eq!(outcome, Err(JwsError::Signature), "{signature:02x?}");
        }
    }
}

#[test]
fn t12_a_key_id_is_only_a_text() {
    let long = "k".repeat(10 * 1024);
    for id in ["", "../../etc/passwd", "' OR 1=1 --", "\0", "a\nb", "\x1b[2J", &long] {
        let (key, public) = key(KeyAlgorithm::EcP256);
        let token = forge(&key, JwsAlgorithm::Es256, &json!({"alg": "ES256", "kid": id}).to_string(), "{}");
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(jws.unverified_header().key_id.as_deref(), Some(id));
        assert!(jws.verify(&public).is_ok());
        assert!(!format!("{jws:?}").contains("OR 1=1"));
    }
    for kid in ["null", "1", "{}"] {
        let outcome = Header::parse(format!(r#"{{"alg":"ES256","kid":{kid}}}"#).as_bytes());
        assert!(matches!(outcome, Err(JwsError::Header(_))), "{kid}");
    }
}

#[test]
fn t13_keys_that_a_token_brings_along_are_ignored() {
    let (attacker, own) = key(KeyAlgorithm::EcP256);
    let (_, trusted) = key(KeyAlgorithm::EcP256);
    let header = json!({
        "alg": "ES256", "jku": "https://evil.test/keys", "x5u": "https://evil.test/cert",
        "jwk": serde_json::from_str::<Value>(&PublicJwk::describe(attacker.public_key().clone()).to_json()).unwrap(),
    });
    let token = forge(&attacker, JwsAlgorithm::Es256, &header.to_string(), "{}");
    let jws = UnverifiedJws::parse(&token).unwrap();
    assert!(jws.verify(&own).is_ok());
    assert_eq!(jws.verify(&trusted).map(drop), Err(JwsError::Signature));
}

#[test]
fn t15_extensions_that_must_be_understood_are_refused() {
    for value in ["[]", "[\"exp\"]", "[\"b64\"]", "null", "\"b64\"", "{}"] {
        check_header(&format!(r#"{{"alg":"ES256","crit":{value}}}"#), Err(JwsError::Critical("crit")));
    }
    for value in ["false", "true", "null"] {
        check_header(&format!(r#"{{"alg":"ES256","b64":{value}}}"#), Err(JwsError::Critical("b64")));
    }
    check_header(r#"{"alg":"ES256","b64":false,"crit":["b64"]}"#, Err(JwsError::Critical("crit")));
    check_header(r#"{"alg":"ES256","cty":"x","x5t":"y","made-up":[1]}"#, Ok(()));
}

#[test]
fn t16_duplicate_names_are_refused() {
    let duplicate =
        |part, name: &str| Err(JwsError::Json { part, problem: json::JsonError::DuplicateName(name.to_owned()) });
    check_header(r#"{"alg":"ES256","alg":"none"}"#, duplicate(Part::Header, "alg"));
    check_header(r#"{"alg":"ES256","kid":"a","kid":"a"}"#, duplicate(Part::Header, "kid"));
    check_header(r#"{"alg":"ES256","\u0061lg":"ES256"}"#, duplicate(Part::Header, "alg"));
    let (key, _) = key(KeyAlgorithm::EcP256);
    for (payload, name) in [
        (r#"{"aud":"a","aud":"b"}"#, "aud"),
        (r#"{"sub":"a","sans":[],"sans":["x"]}"#, "sans"),
        (r#"{"step":{"ra":{},"ra":{}}}"#, "ra"),
    ] {
        let token = forge(&key, JwsAlgorithm::Es256, HEADER, payload);
        assert_eq!(UnverifiedJws::parse(&token).map(drop), duplicate(Part::Payload, name));
    }
}

#[test]
fn t17_huge_and_strange_texts_are_refused() {
    check_refused(&"a".repeat(5_000_000), JwsError::TooLong);
    check_refused(&".".repeat(1_000_000), JwsError::TooLong);
    check_refused(&".".repeat(MAX_TOKEN_LEN), JwsError::NotCompact);
    check_refused("", JwsError::NotCompact);
    check_refused(".", JwsError::NotCompact);
    check_refused("a.b.c.d", JwsError::NotCompact);
    let deep = base64url::encode(format!("{{\"a\":{}", "[".repeat(10_000)));
    let header = base64url::encode(HEADER);
    let too_deep = |part| JwsError::Json { part, problem: json::JsonError::TooDeep };
    check_refused(&format!("{header}.{deep}."), too_deep(Part::Payload));
    check_refused(&format!("{deep}.e30."), too_deep(Part::Header));
}

#[test]
fn t19_encrypted_and_nested_tokens_are_refused() {
    check_refused("e30.a.b.c.d", JwsError::NotCompact);
    let (key, _) = key(KeyAlgorithm::EcP256);
    let inner = forge(&key, JwsAlgorithm::Es256, HEADER, "{}");
    let nested = forge(&key, JwsAlgorithm::Es256, r#"{"alg":"ES256","cty":"JWT"}"#, &inner);
    assert!(matches!(UnverifiedJws::parse(&nested), Err(JwsError::Json { part: Part::Payload, .. })));
}

#[test]
fn certificates_in_the_header_are_kept_as_they_are() {
    let text = r#"{"alg":"RS256","x5c":["AAEC","not base64!"],"x5cInsecure":[],"sshpop":"s","nebula":"n"}"#;
    let header = Header::parse(text.as_bytes()).unwrap();
    assert_eq!(header.x5c.unwrap(), ["AAEC", "not base64!"]);
    assert_eq!(header.x5c_insecure.unwrap(), Vec::<String>::new());
    assert_eq!((header.sshpop.unwrap(), header.nebula.unwrap()), ("s".to_owned(), "n".to_owned()));
    for text in [r#"{"alg":"RS256","x5c":"AAEC"}"#, r#"{"alg":"RS256","x5c":[1]}"#, r#"{"alg":"RS256","sshpop":[]}"#] {
        assert!(matches!(Header::parse(text.as_bytes()), Err(JwsError::Header(_))), "{text}");
    }
}

#[test]
fn every_damaged_octet_is_noticed() {
    let (key, public) = key(KeyAlgorithm::EcP256);
    let token = forge(&key, JwsAlgorithm::Es256, HEADER, r#"{"sub":"a"}"#);
    for place in 0..token.len() {
        let mut octets = token.clone().into_bytes();
        octets[place] = if octets[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(octets).unwrap();
        assert!(!UnverifiedJws::parse(&changed).is_ok_and(|jws| jws.verify(&public).is_ok()), "{place}");
    }
}

mod arbitrary {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,400}") {
            let _ = UnverifiedJws::parse(&text);
        }

        #[test]
        fn no_header_makes_the_parser_panic(header in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Header::parse(&header);
            let _ = UnverifiedJws::parse(&format!("{}.e30.", base64url::encode(&header)));
        }

        #[test]
        fn every_payload_survives(name in "[a-z]{0,8}", value in ".{0,60}") {
            let payload = json!({ name: value }).to_string();
            let text = format!("{}.{}.AAAA", base64url::encode(HEADER), base64url::encode(&payload));
            let jws = UnverifiedJws::parse(&text).unwrap();
            prop_assert_eq!(jws.unverified_payload(), payload.as_bytes());
        }
    }
}
