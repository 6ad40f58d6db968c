//! The corpus of the fuzz targets, replayed.

#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/jose.rs"]
mod jose;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/pki.rs"]
mod pki;
#[expect(unreachable_pub, reason = "the fuzz targets are another crate")]
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn jose() {
    replay("jwe", jose::jwe);
    replay("jwk", jose::jwk);
    replay("jws", jose::jws);
    replay("jwt", jose::jwt);
}

#[test]
fn pki() {
    replay("key", pki::key);
    replay("ocsp", pki::ocsp);
    replay("pem", pki::pem);
    replay("pkcs12", pki::pkcs12);
    replay("profile", pki::profile);
}
