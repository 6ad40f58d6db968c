//! CRLs and OCSP, judged by OpenSSL, and OpenSSL's judged by us.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use rung_pki::{
    Certificate, Crl, SerialNumber, Signer,
    crl::{CrlContent, CrlEntries, IssuingDistributionPoint, Reason, RevokedCertificate},
    extension::{self, GeneralName, KeyUsage, Purpose},
    keyfile,
    ocsp::{
        Answer, CertStatus, HashAlgorithm, IssuerHashes, Request, RequestContent, Response, ResponseContent,
        ResponseError,
    },
};

use crate::{
    authority::{Entity, NOW, at, set},
    openssl::OpenSsl,
};

/// A key in memory signs at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a key in memory signs at once"),
    }
}

fn content(issuer: &Entity) -> CrlContent {
    CrlContent {
        issuer_der: issuer.certificate.subject_der().to_vec(),
        authority_key_identifier: issuer.key.public_key().key_identifier().to_vec(),
        this_update: at(NOW - 10),
        next_update: at(NOW + 900),
        number: 300,
        base_number: None,
        distribution_point: None,
        freshest: Vec::new(),
    }
}

fn sign(content: &CrlContent, entries: &CrlEntries, issuer: &Entity) -> Crl {
    now(content.sign_and_read(entries, &issuer.key, issuer.key.algorithm().default_signature())).unwrap()
}

fn revoked(serial: &SerialNumber, reason: Reason) -> RevokedCertificate {
    RevokedCertificate { serial: *serial, revoked_at: at(NOW - 60), reason, invalid_since: None }
}

#[test]
fn openssl_reads_our_lists_and_obeys_them() {
    let root = Entity::root("Root", |_| ());
    let (good, bad) = (root.leaf(|_| ()), root.leaf(|_| ()));
    let mut entries = CrlEntries::default();
    entries.push(&revoked(bad.serial(), Reason::KeyCompromise));
    for (index, reason) in Reason::ALL.into_iter().enumerate() {
        let serial: SerialNumber = format!("0x{:x}", 0x80 + index).parse().unwrap();
        entries.push(&RevokedCertificate { invalid_since: Some(at(NOW - 5000)), ..revoked(&serial, reason) });
    }
    let mut content = content(&root);
    content.distribution_point = Some(IssuingDistributionPoint::at("http://crl.example/ca.crl"));
    let crl = sign(&content, &entries, &root);
    assert_eq!((crl.len(), crl.number()), (11, Some(&[1, 44][..])));
    assert_eq!(crl.find(bad.serial()).map(|entry| entry.reason), Some(Reason::KeyCompromise));
    assert_eq!(crl.find(good.serial()), None);
    assert_eq!(crl.distribution_point(), content.distribution_point);
    assert_eq!(crl.is_signed_by(root.key.public_key()), Ok(()));
    assert!(crl.is_signed_by(Entity::root("Root", |_| ()).key.public_key()).is_err());

    let openssl = OpenSsl::new();
    openssl.write("crl.pem", crl.to_pem());
    openssl.write("root.pem", root.certificate.to_pem());
    let text = openssl.run(&["crl", "-in", "crl.pem", "-noout", "-text", "-CAfile", "root.pem"]);
    for expected in [
        "verify OK",
        "Version 2 (0x1)",
        "X509v3 CRL Number",
        "300",
        "Issuing Distribution Point: critical",
        "URI:http://crl.example/ca.crl",
        "Key Compromise",
        "Remove From CRL",
        "Certificate Hold",
        "Invalidity Date",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    let again = openssl.run(&["crl", "-in", "crl.pem", "-outform", "PEM"]);
    assert_eq!(Crl::from_pem_or_der(again.as_bytes()).unwrap(), crl);

    // Without a distribution point, since OpenSSL wants the certificates to name the same.
    content.distribution_point = None;
    openssl.write("crl.pem", sign(&content, &entries, &root).to_pem());
    openssl.write("good.pem", good.to_pem());
    openssl.write("bad.pem", bad.to_pem());
    let moment = NOW.to_string();
    let verify = |leaf: &str| {
        let arguments = ["-attime", &moment, "-crl_check", "-CAfile", "root.pem", "-CRLfile", "crl.pem", leaf];
        openssl.try_run(&[&["verify"][..], &arguments].concat())
    };
    verify("good.pem").unwrap();
    assert!(verify("bad.pem").unwrap_err().contains("certificate revoked"));
}

#[test]
fn an_empty_list_has_no_entries_at_all() {
    let root = Entity::root("Root", |_| ());
    let crl = sign(&content(&root), &CrlEntries::default(), &root);
    assert!(crl.is_empty() && crl.entries().next().is_none());
    let openssl = OpenSsl::new();
    openssl.write("crl.der", crl.der());
    assert!(openssl.run(&["crl", "-in", "crl.der", "-inform", "DER", "-noout", "-text"]).contains("No Revoked"));
}

#[test]
fn a_list_that_goes_on_from_another_says_so() {
    let root = Entity::root("Root", |_| ());
    let delta = CrlContent { base_number: Some(299), ..content(&root) };
    let crl = sign(&delta, &CrlEntries::default(), &root);
    assert_eq!(crl.base_number(), Some(&[1, 43][..]));
    let openssl = OpenSsl::new();
    openssl.write("crl.pem", crl.to_pem());
    let text = openssl.run(&["crl", "-in", "crl.pem", "-noout", "-text"]);
    assert!(text.contains("Delta CRL Indicator: critical"), "{text}");
}

#[test]
fn a_list_of_several_parts_says_where_what_came_after_it_is() {
    let root = Entity::root("Root", |_| ());
    let leaves: Vec<_> = (0..3).map(|_| root.leaf(|_| ())).collect();
    let part = |which: &[usize]| {
        let mut entries = CrlEntries::default();
        which.iter().for_each(|at| entries.push(&revoked(leaves[*at].serial(), Reason::Superseded)));
        entries
    };
    let parts = [part(&[0]), part(&[]), part(&[1, 2])];
    let names = (0..200).map(|number| GeneralName::Uri(format!("http://pki.example/{number}"))).collect();
    let content = CrlContent {
        freshest: vec!["http://pki.example/delta".to_owned()],
        distribution_point: Some(IssuingDistributionPoint { full_name: names, ..IssuingDistributionPoint::default() }),
        ..content(&root)
    };
    let algorithm = root.key.algorithm().default_signature();
    let parts: Vec<&CrlEntries> = parts.iter().collect();
    let crl = Crl::from_der(now(content.sign_parts(&parts, &root.key, algorithm)).unwrap()).unwrap();
    assert_eq!(
        crl.entries().map(|entry| entry.certificate.serial).collect::<Vec<_>>(),
        leaves.iter().map(|leaf| *leaf.serial()).collect::<Vec<_>>()
    );
    let openssl = OpenSsl::new();
    openssl.write("crl.pem", crl.to_pem());
    let text = openssl.run(&["crl", "-in", "crl.pem", "-noout", "-text"]);
    assert!(text.contains("X509v3 Freshest CRL: \n") && text.contains("URI:http://pki.example/delta"), "{text}");
}

#[test]
fn lists_of_openssl_are_read() {
    let root = Entity::root("Root", |_| ());
    let openssl = OpenSsl::new();
    openssl.write("root.pem", root.certificate.to_pem());
    openssl.write("root.key", keyfile::to_pem(&root.key));
    openssl.write("index.txt", "R\t300101000000Z\t260101000000Z,superseded\t1234\tunknown\t/CN=x\n");
    openssl.write("number", "0fff\n");
    openssl.write(
        "ca.cnf",
        "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=30\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n",
    );
    openssl
        .run(&["ca", "-config", "ca.cnf", "-gencrl", "-cert", "root.pem", "-keyfile", "root.key", "-out", "crl.pem"]);
    let crl = Crl::from_pem_or_der(&openssl.read("crl.pem")).unwrap();
    assert_eq!((crl.version(), crl.len(), crl.number()), (2, 1, Some(&[0x0f, 0xff][..])));
    let entry = crl.entries().next().unwrap().certificate;
    assert_eq!((entry.serial.to_hex(), entry.reason), ("1234".to_owned(), Reason::Superseded));
    assert_eq!(crl.is_signed_by(root.key.public_key()), Ok(()));
    let damaged: Vec<u8> = crl.der().iter().copied().take(crl.der().len() - 1).collect();
    assert!(Crl::from_der(damaged).is_err());
}

/// A root, a responder that it delegated to, and a certificate.
struct Online {
    root: Entity,
    responder: Entity,
    leaf: Certificate,
}

impl Online {
    fn new() -> Self {
        let root = Entity::root("Root", |_| ());
        let responder = root.ca("Responder", |content| {
            content.extensions.retain(|extension| extension.oid != extension::oid::BASIC_CONSTRAINTS);
            set(content, extension::key_usage(KeyUsage::DIGITAL_SIGNATURE));
            content.extensions.push(extension::extended_key_usage(&[Purpose::OcspSigning]));
            content.extensions.push(extension::ocsp_no_check());
        });
        Self { leaf: root.leaf(|_| ()), root, responder }
    }

    fn answer(&self, request: &Request, status: CertStatus, by: &Entity) -> Vec<u8> {
        let answers: Vec<Answer> = request
            .questions
            .iter()
            .map(|id| Answer { id: id.clone(), status, this_update: at(NOW - 30), next_update: at(NOW + 600) })
            .collect();
        let content = ResponseContent {
            answers: &answers,
            nonce: request.nonce.as_deref(),
            produced_at: at(NOW),
            delegate: (by.certificate != self.root.certificate).then_some(&by.certificate),
        };
        now(content.sign(&by.key, by.key.algorithm().default_signature())).unwrap()
    }
}

#[test]
fn openssl_asks_and_believes_our_answers() {
    let online = Online::new();
    let openssl = OpenSsl::new();
    openssl.write("root.pem", online.root.certificate.to_pem());
    openssl.write("leaf.pem", online.leaf.to_pem());
    for (hash, algorithm) in [("-sha1", HashAlgorithm::Sha1), ("-sha256", HashAlgorithm::Sha256)] {
        openssl.run(&["ocsp", hash, "-issuer", "root.pem", "-cert", "leaf.pem", "-reqout", "request.der"]);
        let request = Request::from_der(&openssl.read("request.der")).unwrap();
        let hashes = IssuerHashes::of(&online.root.certificate).unwrap();
        assert!(hashes.are_in(&request.questions[0]));
        assert!(request.questions[0].is_same(&hashes.id(algorithm, online.leaf.serial())));
        assert!(request.nonce.is_some());
        let revoked = CertStatus::Revoked { at: at(NOW - 60), reason: Reason::CessationOfOperation };
        for (status, by, expected) in [
            (CertStatus::Good, &online.responder, "Cert Status: good"),
            (revoked, &online.responder, "Revocation Reason: cessationOfOperation"),
            (CertStatus::Unknown, &online.root, "Cert Status: unknown"),
        ] {
            openssl.write("response.der", online.answer(&request, status, by));
            let moment = NOW.to_string();
            let said = openssl.run(&[
                "ocsp",
                "-reqin",
                "request.der",
                "-respin",
                "response.der",
                "-CAfile",
                "root.pem",
                "-verify_other",
                "root.pem",
                "-attime",
                &moment,
                "-resp_text",
            ]);
            assert!(said.contains("Response verify OK") && said.contains(expected), "{said}");
        }
    }
}

#[test]
fn answers_of_openssl_are_believed_when_they_may_be() {
    let online = Online::new();
    let openssl = OpenSsl::new();
    openssl.write("root.pem", online.root.certificate.to_pem());
    openssl.write("responder.pem", online.responder.certificate.to_pem());
    openssl.write("responder.key", keyfile::to_pem(&online.responder.key));
    openssl.write("leaf.pem", online.leaf.to_pem());
    let serial = online.leaf.serial().to_hex().to_uppercase();
    openssl.write("index.txt", format!("V\t300101000000Z\t\t{serial}\tunknown\t/CN=somebody\n"));
    openssl.run(&["ocsp", "-issuer", "root.pem", "-cert", "leaf.pem", "-reqout", "request.der"]);
    openssl.run(&[
        "ocsp",
        "-index",
        "index.txt",
        "-CA",
        "root.pem",
        "-rsigner",
        "responder.pem",
        "-rkey",
        "responder.key",
        "-reqin",
        "request.der",
        "-respout",
        "response.der",
        "-ndays",
        "99999",
    ]);
    let response = Response::from_der(&openssl.read("response.der")).unwrap();
    let request = Request::from_der(&openssl.read("request.der")).unwrap();
    let verified = response.verify(&online.root.certificate, request.nonce.as_deref(), at(NOW)).unwrap();
    // OpenSSL answers by the clock of the machine.
    let answer = verified.about(&request.questions[0], at(4_000_000_000)).unwrap();
    assert_eq!(answer.status, CertStatus::Good);
}

#[test]
fn answers_that_prove_nothing_are_refused() {
    let online = Online::new();
    let hashes = IssuerHashes::of(&online.root.certificate).unwrap();
    let id = hashes.id(HashAlgorithm::Sha256, online.leaf.serial());
    let nonce = [3; 32];
    let request =
        |nonce| Request::from_der(&RequestContent { questions: std::slice::from_ref(&id), nonce }.to_der()).unwrap();
    let check = |response: Vec<u8>, expected: Result<CertStatus, ResponseError>| {
        let response = Response::from_der(&response).unwrap();
        let verified = response.verify(&online.root.certificate, Some(&nonce), at(NOW));
        let said = verified.and_then(|verified| verified.about(&id, at(NOW))).map(|answer| answer.status);
        assert_eq!(said, expected);
    };
    let asked = request(Some(&nonce));
    check(online.answer(&asked, CertStatus::Good, &online.responder), Ok(CertStatus::Good));
    check(online.answer(&request(None), CertStatus::Good, &online.responder), Ok(CertStatus::Good));
    check(online.answer(&request(Some(&[4; 32])), CertStatus::Good, &online.responder), Err(ResponseError::Nonce));
    // Somebody with a certificate of the same root that was made for something else.
    let stranger = online.root.ca("Stranger", |content| {
        content.extensions.retain(|extension| extension.oid != extension::oid::BASIC_CONSTRAINTS);
        content.extensions.push(extension::extended_key_usage(&[Purpose::ServerAuth, Purpose::Any]));
    });
    check(online.answer(&asked, CertStatus::Good, &stranger), Err(ResponseError::Unauthorized));
    // A responder of another root.
    check(online.answer(&asked, CertStatus::Good, &Online::new().responder), Err(ResponseError::Unauthorized));
    // About another certificate.
    let other = online.root.leaf(|_| ());
    let other_id = hashes.id(HashAlgorithm::Sha256, other.serial());
    let other_request = Request { questions: vec![other_id], nonce: Some(nonce.to_vec()) };
    check(online.answer(&other_request, CertStatus::Good, &online.responder), Err(ResponseError::NotAbout));
    // Too late and too early.
    let response = Response::from_der(&online.answer(&asked, CertStatus::Good, &online.root)).unwrap();
    let verified = response.verify(&online.root.certificate, Some(&nonce), at(NOW)).unwrap();
    for moment in [NOW + 600 + 301, NOW - 30 - 301] {
        assert_eq!(verified.about(&id, at(moment)), Err(ResponseError::Stale));
    }
    assert!(verified.about(&id, at(NOW) + Duration::from_secs(600)).is_ok());
    // Changed on the way.
    let mut changed = online.answer(&asked, CertStatus::Unknown, &online.root);
    let place = changed.windows(2).rposition(|pair| pair == [0x82, 0]).unwrap();
    changed[place] = 0x80;
    check(changed, Err(ResponseError::Unauthorized));
}
