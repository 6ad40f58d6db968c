//! PEM, questions to OCSP responders and files with keys.

use rung_pki::ocsp::{HashAlgorithm, Request, RequestContent};
use rung_pki::{Signer, keyfile, pem};

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
        assert!(question.is_same(question));
        let _ = (question.serial().to_string(), question.hash().is_some_and(|hash| hash == HashAlgorithm::Sha1));
    }
    let content = RequestContent { questions: &request.questions, nonce: request.nonce.as_deref() };
    assert_eq!(Request::from_der(&content.to_der()).as_ref(), Ok(&request), "what was written is read");
}

/// Files with keys, plain or under a password.
pub fn key(data: &[u8]) {
    let _ = keyfile::read_public_key(data);
    if keyfile::is_encrypted(data) {
        // Deriving a key from a password takes its time by design; only what stands around it is looked at.
        return;
    }
    let Ok(key) = keyfile::read_private_key(data, None) else { return };
    let written = keyfile::to_pkcs8_pem(&key);
    let again = keyfile::read_private_key(written.as_bytes(), None).expect("what was written is read");
    assert_eq!(again.public_key(), key.public_key());
}
