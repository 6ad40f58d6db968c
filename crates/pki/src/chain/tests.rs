use super::*;

const LEAF: &str = include_str!("../certificate/tests/leaf.pem");

#[test]
fn a_certificate_is_for_the_hosts_among_its_names() {
    let leaf = Certificate::from_pem(LEAF.as_bytes()).unwrap();
    for host in [
        "svc.example",
        "SVC.Example",
        "svc.example.",
        "a.svc.example",
        "192.0.2.7",
        "2001:db8::7",
        "[2001:db8::7]",
        "2001:DB8:0::7",
    ] {
        assert_eq!(matches_host(&leaf, host), Ok(()), "{host}");
    }
    for host in
        ["", ".", "example", "a.b.svc.example", ".svc.example", "xsvc.example", "192.0.2.8", "*", "ops@svc.example"]
    {
        assert!(matches!(matches_host(&leaf, host), Err(ChainError::Host { .. })), "{host}");
    }
    let error = matches_host(&leaf, "b.example").unwrap_err().to_string();
    let names = "svc.example, *.svc.example, 192.0.2.7, 2001:db8::7";
    assert_eq!(error, format!("the certificate is valid for {names}, not for b.example"));
}

#[test]
fn a_common_name_is_no_host() {
    let ca = Certificate::from_pem(include_bytes!("../certificate/tests/intermediate.pem")).unwrap();
    let error = matches_host(&ca, "Example Intermediate CA").unwrap_err();
    assert_eq!(error.to_string(), "the certificate is valid for no host, not for Example Intermediate CA");
}
