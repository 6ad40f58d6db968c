use super::*;

#[test]
fn everything_else_is_a_path() {
    for path in ["key", "/etc/rung/key", "./pkcs11", "a:b", "C:\\key", "file:x", "", "dir/pkcs11:x", "softkms:x"] {
        assert_eq!(Location::parse(path).unwrap(), Location::File(Path::new(path)));
    }
}

#[track_caller]
fn check_refused(location: &str, expected: &str) {
    assert_eq!(Location::parse(location).unwrap_err().to_string(), expected);
}

#[test]
fn other_key_stores_are_refused_by_name_without_their_secrets() {
    check_refused(
        "awskms:key-id=1234;region=eu-1",
        "the key awskms:key-id=1234;region=eu-1 is in a key store of type awskms, which is not supported yet: use the path of a key file",
    );
    check_refused(
        "PKCS11:token=rung;object=ca?module-path=/x.so&pin-value=1234",
        "the key PKCS11:token=rung;object=ca?module-path=/x.so&pin-value=… is in a key store of type pkcs11, which is not supported yet: use the path of a key file",
    );
    check_refused(
        "yubikey:pin-value=1234;slot-id=9c",
        "the key yubikey:pin-value=…;slot-id=9c is in a key store of type yubikey, which is not supported yet: use the path of a key file",
    );
}
