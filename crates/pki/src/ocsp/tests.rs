use super::{request::RequestError, *};
use crate::{Certificate, serial::SerialNumber};

fn issuer() -> Certificate {
    Certificate::from_pem(include_bytes!("tests/issuer.pem")).unwrap()
}

#[test]
fn a_request_is_read_as_it_was_written() {
    let hashes = IssuerHashes::of(&issuer()).unwrap();
    let serial: SerialNumber = "0x7f00000000000000000000000000000000000001".parse().unwrap();
    for hash in HashAlgorithm::ALL {
        let id = hashes.id(hash, &serial);
        assert!(hashes.are_in(&id));
        let nonce = [7; 32];
        let der = RequestContent { questions: std::slice::from_ref(&id), nonce: Some(&nonce) }.to_der();
        let request = Request::from_der(&der).unwrap();
        assert_eq!((request.questions, request.nonce), (vec![id], Some(nonce.to_vec())));
    }
}

#[test]
fn r01_requests_are_bounded() {
    let hashes = IssuerHashes::of(&issuer()).unwrap();
    let id = hashes.id(HashAlgorithm::Sha1, &"1".parse().unwrap());
    let with = |count: usize, nonce: Option<&[u8]>| {
        Request::from_der(&RequestContent { questions: &vec![id.clone(); count], nonce }.to_der())
    };
    assert!(with(MAX_QUESTIONS, None).is_ok());
    assert_eq!(with(0, None), Err(RequestError::Questions));
    assert_eq!(with(MAX_QUESTIONS + 1, None), Err(RequestError::Questions));
    assert_eq!(with(1000, None), Err(RequestError::TooLong));
    assert!(with(1, Some(&[1; MAX_NONCE])).is_ok());
    assert_eq!(with(1, Some(&[1; MAX_NONCE + 1])), Err(RequestError::Nonce));
    assert_eq!(with(1, Some(&[1; 1024])), Err(RequestError::Nonce));
    assert_eq!(with(1, Some(&[])), Err(RequestError::Nonce));
    assert_eq!(Request::from_der(&vec![0x30; 20_000]), Err(RequestError::TooLong));
    for der in [&b""[..], &[0x30, 0], &[0x30, 2, 0x30, 0], b"hello"] {
        assert_eq!(Request::from_der(der), Err(RequestError::Malformed), "{der:?}");
    }
}

#[test]
fn errors_are_five_octets() {
    for status in ResponseStatus::ALL.into_iter().filter(|status| *status != ResponseStatus::Successful) {
        let der = error_response(status);
        assert_eq!(der.len(), 5);
        let response = Response::from_der(&der).unwrap();
        assert_eq!(response.status(), status);
        let now = std::time::UNIX_EPOCH;
        assert_eq!(response.verify(&issuer(), None, now).unwrap_err(), ResponseError::Status(status));
    }
    assert!(Response::from_der(&error_response(ResponseStatus::Successful)).is_err());
}
