//! The audit record of a real authority, in the hands of an auditor.

use crate::harness::Ca;

#[test]
fn an_auditor_sees_what_was_decided_and_proves_it() {
    let ca = Ca::init();
    let server = ca.serve();
    ca.certificate("svc.example.com", "svc", &[]).success();
    ca.place.rung(&["ca", "revoke", "--cert", "svc.crt", "--key", "svc.key"]).success();
    ca.place.rung(&["ca", "renew", "--force", "svc.crt", "svc.key"]).refusal(&[]);
    server.finish_with_term();
    ca.place.rung_ca(&["audit", "export", &ca.config(), "first"]).success();
    let server = ca.serve();
    ca.certificate("other.example.com", "other", &[]).success();
    server.finish_with_term();
    ca.place.rung_ca(&["audit", "export", &ca.config(), "second"]).success();

    let since = ["--since", "first/checkpoint"];
    let verified =
        ca.place.rung(&[&["audit", "verify", "second", "--key", "first/key"][..], &since].concat()).success();
    assert!(verified.stdout.contains("is whole") && verified.stdout.contains("goes on from"), "{verified:?}");
    let shown = ca.place.rung(&["audit", "show", "second", "--key", "first/key"]).success().stdout;
    for action in ["started", "issued", "revoked", "refused", "stopped"] {
        assert!(shown.contains(action), "{action}: {shown}");
    }
    let serial = ca.place.run("openssl", &["x509", "-in", "other.crt", "-noout", "-serial"]).success().stdout;
    let serial = format!("0x{}", serial.trim().trim_start_matches("serial="));
    let proof = ca.place.rung(&["audit", "prove", &serial, "second"]).success().stdout;
    ca.place.write("other.tlog-proof", &proof);
    let verified = ca.place.rung(&["audit", "verify", "other.tlog-proof", "--key", "first/key"]).success();
    assert!(verified.stdout.contains("other.example.com"), "{verified:?}");
    ca.place.rung(&["audit", "prove", &serial, "first"]).refusal(&["no record says"]);
}
