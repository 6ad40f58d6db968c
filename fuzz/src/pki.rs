//! PEM, questions to OCSP responders, files with keys, and what templates yield.

use rung_pki::keyfile::{self, AnyKey, Container, Extent};
use rung_pki::ocsp::{HashAlgorithm, Request, RequestContent};
use rung_pki::pem;
use rung_pki::pkcs12::Bundle;
use rung_pki::profile::{Keys, Profile};
use rung_pki::{KeyAlgorithm, PrivateKey, Signer as _};
use std::sync::OnceLock;

/// PEM of any kind; what is read is written, and read again as the same.
pub fn pem(data: &[u8]) {
    let Ok(blocks) = pem::decode_all(data) else { return };
    for block in &blocks {
        let written = pem::encode(&block.label, &block.contents);
        let again = pem::decode_all(written.as_bytes()).expect("what was written is read");
        let [again] = &again[..] else { panic!("one block was written, {} were read", again.len()) };
        assert_eq!((&again.label, &again.contents), (&block.label, &block.contents));
    }
}

/// Questions to the OCSP responder.
pub fn ocsp(data: &[u8]) {
    let Ok(request) = Request::from_der(data) else { return };
    for question in &request.questions {
        // Nothing is known of names and keys under a hash that is not known, so they are not the same as any others.
        assert_eq!(question.is_same(question), question.hash().is_some());
        let _ = (question.serial().to_string(), question.hash().is_some_and(|hash| hash == HashAlgorithm::Sha1));
    }
    let content = RequestContent { questions: &request.questions, nonce: request.nonce.as_deref() };
    assert_eq!(Request::from_der(&content.to_der()).as_ref(), Ok(&request), "what was written is read");
}

/// Files with keys: PEM, DER, OpenSSH, JWK, JWE. What is read is written in every clothing, and read again as the same.
pub fn key(data: &[u8]) {
    // Without a password, since the costs that a file may ask for would only cost time here; what they are is read.
    let is_encrypted = keyfile::is_encrypted(data);
    let container = Container::of(data);
    let _ = keyfile::openssh_comment(data, None);
    let public = keyfile::read_public_key(data);
    let first = keyfile::read_key(data, None, Extent::First);
    let only = keyfile::read_key(data, None, Extent::Only);
    if let Ok(key) = &first {
        // Not every kind of key has a form of OpenSSH.
        let line = key.ssh_line().ok();
        for written in line.iter().map(String::as_bytes).chain([key.spki()]) {
            let again = keyfile::read_key(written, None, Extent::Only).expect("what was written is read");
            // Base64 and DER have one form here, but SPKI may differ in what it leaves open.
            assert_eq!(again.bits(), key.bits());
        }
    }
    let Ok(key) = keyfile::read_private_key(data, None) else {
        assert!(is_encrypted || !matches!(only, Ok(AnyKey::Private(_))) || public.is_err());
        return;
    };
    assert!(!is_encrypted && container.is_ok() && matches!(only, Ok(AnyKey::Private(_))));
    let pem = keyfile::to_pem(&key);
    let pkcs8 = keyfile::to_pkcs8_pem(&key);
    let ssh = keyfile::to_openssh_pem(&key, None, "a comment").ok();
    let der = keyfile::to_der(&key);
    let ssh = ssh.iter().map(|text| text.as_bytes());
    for written in [pem.as_bytes(), pkcs8.as_bytes(), &der, key.pkcs8()].into_iter().chain(ssh) {
        let again = keyfile::read_private_key(written, None).expect("what was written is read");
        assert_eq!(again.pkcs8(), key.pkcs8());
    }
}

/// PKCS #12 files under a password that the seeds have.
pub fn pkcs12(data: &[u8]) {
    let Ok(bundle) = Bundle::read(data, "password") else { return };
    if let (Some(key), Some(first)) = (&bundle.key, bundle.certificates.first()) {
        let fits = first.public_key_info() == key.public_key().spki();
        assert!(fits || bundle.certificates.iter().all(|one| one.public_key_info() != key.public_key().spki()));
    }
    for certificate in &bundle.certificates {
        assert_eq!(rung_pki::Certificate::from_der(certificate.der()).as_ref(), Ok(certificate));
    }
}

/// The JSON that a certificate template yields, made into extensions of certificates and requests.
pub fn profile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(profile) = Profile::parse(text) else { return };
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    let key = KEY.get_or_init(|| PrivateKey::generate(KeyAlgorithm::EcP256).expect("the system has randomness"));
    let keys = Keys { subject: key.public_key(), issuer: Some(&[7; 20]) };
    for extensions in [profile.certificate_extensions(keys), profile.request_extensions()].into_iter().flatten() {
        for (place, extension) in extensions.iter().enumerate() {
            assert!(extensions[..place].iter().all(|earlier| earlier.oid != extension.oid), "one of each");
            let _ = extension.decode();
        }
    }
}
