use std::fs;

use rung_kms::{needs_password, open};
use rung_pki::{KeyAlgorithm, PrivateKey, Signer, keyfile, pem};
use tempfile::TempDir;

use crate::contract;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), contents).unwrap();
        self.path(name)
    }
}

/// Check the message of a refusal, in which `FILE` stands for the path.
#[track_caller]
fn check_refused(location: &str, password: Option<&[u8]>, expected: &str) {
    let Err(error) = open(location, password) else { panic!("{location} was opened") };
    assert_eq!(error.to_string().replace(location, "FILE"), expected);
}

#[test]
fn keys_in_files_are_signers() {
    let folder = Folder::new();
    for algorithm in [
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
        KeyAlgorithm::EcP521,
        KeyAlgorithm::Ed25519,
        KeyAlgorithm::Rsa { bits: 2048 },
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let clear = folder.write("clear", keyfile::to_pem(&key).as_bytes());
        assert!(!needs_password(&clear).unwrap());
        contract::check(open(&clear, None).unwrap(), algorithm);

        let encrypted = folder.write("encrypted", keyfile::to_encrypted_pkcs8_pem(&key, b"pass").unwrap());
        assert!(needs_password(&encrypted).unwrap());
        let signer = open(&encrypted, Some(b"pass")).unwrap();
        assert_eq!(signer.public_key(), key.public_key());
        contract::check(signer, algorithm);
    }
}

#[test]
fn a_missing_file_is_named() {
    let folder = Folder::new();
    let location = folder.path("nothing");
    check_refused(&location, None, "the key file FILE does not exist");
    let error = needs_password(&location).unwrap_err().to_string();
    assert_eq!(error, format!("the key file {location} does not exist"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    check_refused(&folder.path("."), None, "the key file FILE cannot be read: Is a directory (os error 21)");
    let huge = folder.write("huge", vec![b'x'; 100_000]);
    check_refused(&huge, None, "the key file FILE cannot be read: it is larger than any key (64 KiB)");
}

#[test]
fn a_damaged_key_is_named() {
    let folder = Folder::new();
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let pem = keyfile::to_pem(&key);
    let cut = folder.write("cut", &pem.as_bytes()[..100]);
    check_refused(&cut, None, "the key file FILE is damaged: line 1: the block EC PRIVATE KEY has no end line");
    check_refused(&folder.write("empty", ""), None, "the key file FILE is damaged: it is empty");
}

#[test]
fn a_file_without_one_key_is_named() {
    let folder = Folder::new();
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let public = folder.write("public", pem::encode("PUBLIC KEY", key.public_key().spki()));
    let expected = "the key file FILE does not hold one private key: there is no private key in it";
    check_refused(&public, None, expected);
    let twice = folder.write("twice", keyfile::to_pem(&key).repeat(2));
    let expected = "the key file FILE does not hold one private key: it contains more than one PEM block; \
                    a key file holds exactly one key";
    check_refused(&twice, None, expected);
    let other = folder.write("other", r#"{"kty":"oct","k":"AAAA"}"#);
    check_refused(&other, None, "the key file FILE cannot be used: keys with JWK type oct are not supported");
}

#[test]
fn passwords_that_are_missing_or_wrong_are_told_apart() {
    let folder = Folder::new();
    let key = PrivateKey::generate(KeyAlgorithm::EcP256).unwrap();
    let encrypted = folder.write("encrypted", keyfile::to_encrypted_pkcs8_pem(&key, b"pass").unwrap());
    check_refused(&encrypted, None, "the key file FILE is encrypted: give its password");
    check_refused(&encrypted, Some(b"word"), "the password does not decrypt the key file FILE");
}

#[test]
fn keys_elsewhere_are_refused_by_name() {
    for scheme in
        ["awskms", "azurekms", "capi", "cloudkms", "kms", "mackms", "pkcs11", "sshagentkms", "tpmkms", "yubikey"]
    {
        let location = format!("{scheme}:name=ca");
        let expected = format!(
            "the key FILE is in a key store of type {scheme}, which is not supported yet: use the path of a key file"
        );
        check_refused(&location, None, &expected);
        assert!(needs_password(&location).is_err());
    }
}
