use std::time::Duration;

use super::*;

const GOOD: &str = r#"{
	"root": "root.crt",
	"federatedRoots": null,
	"crt": "int.crt",
	"key": "int_key",
	"address": ":443",
	"insecureAddress": "",
	"dnsNames": ["ca.test"],
	"logger": {"format": "text"},
	"db": {"type": "sqlite", "dataSource": "db.sqlite"},
	"authority": {
		"provisioners": [
			{"type": "JWK", "name": "admin", "key": {"use": "sig", "kty": "EC", "kid": "k1", "crv": "P-256", "alg": "ES256", "x": "x", "y": "y"}, "encryptedKey": "e"},
			{"type": "oidc", "name": "sso", "clientID": "c", "clientSecret": "s", "configurationEndpoint": "https://idp.test", "domains": ["a.com"]}
		]
	},
	"tls": {"cipherSuites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], "minVersion": 1.2, "maxVersion": 1.3, "renegotiation": false}
}"#;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("ca.json")).map_err(|errors| errors.to_string())
}

#[test]
fn a_whole_configuration_is_read() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.dns_names, ["ca.test"]);
    assert_eq!(config.authority.provisioners[0].token_id(), "admin:k1");
    assert_eq!(config.authority.provisioners[1].token_id(), "c");
    assert_eq!(config.authority.backdate, Duration::from_secs(60));
    assert_eq!(config.resolved_claims(&config.authority.provisioners[0]), ResolvedClaims::default());
    assert!(!format!("{config:?}").contains("\"s\""), "the client secret must not be shown");
}

/// Exchange a part of the good configuration and compare what is said about it.
#[track_caller]
fn check(old: &str, new: &str, expected: &str) {
    assert!(GOOD.contains(old), "{old}");
    match parse(&GOOD.replacen(old, new, 1)) {
        Ok(_) => assert_eq!("", expected, "{new}"),
        Err(errors) => assert_eq!(errors, expected, "{new}"),
    }
}

#[test]
fn certificates_are_kept_for_ever_or_for_a_while() {
    assert_eq!(parse(GOOD).unwrap().db.unwrap().retention, None);
    let old = "\"dataSource\": \"db.sqlite\"";
    let with = |retention: &str| GOOD.replacen(old, &format!("{old}, \"retention\": {retention}"), 1);
    let kept = parse(&with("\"720h\"")).unwrap().db.unwrap().retention;
    assert_eq!(kept, Some(Duration::from_secs(30 * 24 * 60 * 60)));
    for wrong in ["\"59m\"", "\"0s\"", "\"-720h\"", "720", "\"30 days\""] {
        let said = parse(&with(wrong)).unwrap_err();
        assert!(said.contains("retention"), "{wrong}: {said}");
    }
}

#[test]
fn limits_are_read_and_refused_with_their_place() {
    let with = |limits: &str| parse(&GOOD.replacen("\"insecureAddress\": \"\"", &format!("\"limits\": {limits}"), 1));
    assert_eq!(parse(GOOD).unwrap().limits, Limits::default());
    assert_eq!(with("{}").unwrap().limits, Limits::default());
    let limits = with(
        r#"{"connections": 100, "requests": 8, "perSource": {"perSecond": 5}, "perProvisioner": {"perSecond": 2, "burst": 3},
            "patience": "2s", "exempt": ["10.1.0.0/16", "2001:db8::/32", "192.0.2.7"]}"#,
    );
    let limits = limits.unwrap().limits;
    assert_eq!((limits.connections, limits.connections_per_source), (100, 100));
    assert_eq!((limits.requests, limits.requests_per_source), (8, 8));
    assert_eq!((limits.per_source.per_second.get(), limits.per_source.burst.get()), (5, 50));
    assert_eq!(limits.per_provisioner.map(|rate| rate.burst.get()), Some(3));
    assert_eq!(limits.patience, Duration::from_secs(2));
    for (address, is_exempt) in [
        ("10.1.255.1", true),
        ("10.2.0.1", false),
        ("192.0.2.7", true),
        ("192.0.2.8", false),
        ("2001:db8:1::1", true),
        ("2001:db9::1", false),
        ("::ffff:10.1.2.3", true),
        ("127.0.0.1", false),
    ] {
        assert_eq!(limits.is_exempt(address.parse().unwrap()), is_exempt, "{address}");
    }
    assert!(Limits::default().is_exempt("127.3.2.1".parse().unwrap()));
    assert!(Limits::default().is_exempt("::1".parse().unwrap()));
    for (wrong, said) in [
        ("7", "ca.json:7:12: limits: expected an object in braces, found a number"),
        (r#"{"requests": 0}"#, "ca.json:7:25: limits.requests: requests must be a whole number from 1 to 1000000"),
        (r#"{"requests": 1.5}"#, "ca.json:7:25: limits.requests: requests must be a whole number from 1 to 1000000"),
        (
            r#"{"requests": 2000000}"#,
            "ca.json:7:25: limits.requests: requests must be a whole number from 1 to 1000000",
        ),
        (r#"{"requests": "8"}"#, "ca.json:7:25: limits.requests: expected a number, found a string"),
        (r#"{"request": 8}"#, "ca.json:7:13: limits: unknown member `request`; did you mean `requests`?"),
        (
            r#"{"perSource": {}}"#,
            "ca.json:7:26: limits.perSource: perSource needs a member `perSecond`: how many a second",
        ),
        (
            r#"{"perSource": {"perSecond": 1, "brust": 2}}"#,
            "ca.json:7:43: limits.perSource: unknown member `brust`; did you mean `burst`?",
        ),
        (r#"{"patience": "0s"}"#, "ca.json:7:25: limits.patience: patience must be from one second to five minutes"),
        (
            r#"{"exempt": ["10.0.0.0/33"]}"#,
            "ca.json:7:24: limits.exempt[0]: \"10.0.0.0/33\" is neither an address nor a range of addresses such as \"10.1.0.0/16\"",
        ),
    ] {
        assert_eq!(with(wrong).unwrap_err(), said, "{wrong}");
    }
}

#[test]
fn retired_intermediates_have_a_certificate_and_an_end() {
    let with =
        |retired: &str| parse(&GOOD.replacen("\"key\":", &format!("\"retiredIntermediates\": {retired}, \"key\":"), 1));
    assert_eq!(parse(GOOD).unwrap().retired_intermediates, []);
    let read = with(r#"[{"crt": "old.crt", "key": "old_key", "until": "2026-01-31T12:00:00Z"}]"#).unwrap();
    let until = std::time::UNIX_EPOCH + Duration::from_secs(1_769_860_800);
    let expected = RetiredIntermediate { crt: "old.crt".into(), key: Some("old_key".to_owned()), until };
    assert_eq!(read.retired_intermediates, [expected]);
    let same_key = with(r#"[{"crt": "old.crt", "until": "2026-01-31T12:00:00Z"}]"#).unwrap();
    assert_eq!(same_key.retired_intermediates[0].key, None);
    for (wrong, said) in [
        (r#"{"crt": "c"}"#, "ca.json:5:26: retiredIntermediates: expected a list in brackets, found an object"),
        (
            r#"[{"until": "2026-01-31T12:00:00Z"}]"#,
            "ca.json:5:27: retiredIntermediates[0]: the retired intermediate has no crt: name the file with its certificate",
        ),
        (
            r#"[{"crt": "c"}]"#,
            "ca.json:5:27: retiredIntermediates[0]: the retired intermediate has no until: say when its last certificate will have ended",
        ),
        (
            r#"[{"crt": "c", "until": "24h"}]"#,
            "ca.json:5:49: retiredIntermediates[0].until: until must be an RFC 3339 time such as \"2026-01-31T12:00:00Z\"",
        ),
        (
            r#"[{"crt": "c", "till": "24h", "until": "2026-01-31T12:00:00Z"}]"#,
            "ca.json:5:40: retiredIntermediates[0]: unknown member `till`",
        ),
    ] {
        let errors = with(wrong).unwrap_err();
        assert!(errors.contains(said), "{errors}");
    }
}

#[test]
fn every_problem_has_its_place() {
    check("\":443\"", "443", "ca.json:6:13: address: expected a string, found a number");
    check(
        "\":443\"",
        "\"443\"",
        "ca.json:6:13: address: \"443\" is not an address with a port, such as \":443\" or \"127.0.0.1:9000\"",
    );
    check(
        "\"address\"",
        "\"adress\"",
        "ca.json:1:1: the member `address` is missing\nca.json:6:2: unknown member `adress`; did you mean `address`?",
    );
    check("[\"ca.test\"]", "[]", "ca.json:8:14: dnsNames: dnsNames must name at least one host");
    check(
        "\"text\"",
        "\"foo\"",
        "ca.json:9:23: logger.format: unsupported logger.format \"foo\": use \"text\", \"json\" or \"common\"",
    );
    check(
        "\"sqlite\"",
        "\"badgerv2\"",
        "ca.json:10:17: db.type: databases of type \"badgerv2\" are not supported: write \"db\": {\"type\": \"sqlite\", \"dataSource\": \"db.sqlite/rung.sqlite\"}",
    );
    check("1.2", "\"1.2\"", "ca.json:17:85: tls.minVersion: expected a number, found a string");
    check(
        "1.2",
        "1.1",
        "ca.json:17:85: tls.minVersion: the TLS version is 1.2 or 1.3 (1.0 and 1.1 are broken and not offered)",
    );
    check(
        "\"sso\"",
        "\"admin\"",
        "ca.json:14:4: authority.provisioners[1]: the name \"admin\" is taken by the provisioner at 13:4",
    );
    check(
        "https://idp.test",
        "http://idp.test",
        "ca.json:14:99: authority.provisioners[1].configurationEndpoint: the configuration endpoint must be an https:// address (http:// only on this machine)",
    );
    check("https://idp.test", "http://127.0.0.1:99/x", "");
    check(
        "\"oidc\"",
        "\"oidk\"",
        "ca.json:14:13: authority.provisioners[1].type: \"oidk\" is not a type of provisioner; the types are ACME, AWS, Azure, GCP, JWK, K8sSA, Nebula, OIDC, SCEP, SSHPOP, X5C",
    );
    check("\"crt\"", "\"root\": \"x\", \"crt\"", "ca.json:4:2: the member `root` stands twice, first at 2:2");
    check(
        "\"db\"",
        "\"ssh\": {\"hostKey\": \"h\"}, \"db\"",
        "ca.json:10:9: ssh: SSH certificates are not supported by this version yet: remove the member",
    );
    check("\"db\"", "\"ssh\": null, \"crl\": {\"enabled\": false}, \"templates\": {}, \"db\"", "");
    check(
        "\"provisioners\"",
        "\"policy\": {\"x509\": {\"allow\": {\"dns\": [\"*.test\"]}}}, \"provisioners\"",
        "ca.json:12:13: authority.policy: name policies are not supported by this version yet: remove the member",
    );
    check(
        "\"domains\"",
        "\"options\": {\"x509\": {\"template\": \"{}\"}}, \"domains\"",
        "ca.json:14:139: authority.provisioners[1].options.x509: certificate templates are not supported by this version yet: remove the member",
    );
    check("\"domains\"", "\"options\": {\"x509\": {}, \"ssh\": {}}, \"domains\"", "");
    check(
        "\"y\": \"y\"",
        "\"d\": \"y\"",
        "ca.json:13:44: authority.provisioners[0].key: the key of the provisioner \"admin\" is a private one (member `d`): only the public key belongs here",
    );
}

#[test]
fn types_that_are_not_served_are_refused_by_name() {
    let acme = "{\"type\": \"ACME\", \"name\": \"acme\", \"forceCN\": true}, {\"type\": \"JWK\"";
    check(
        "{\"type\": \"JWK\"",
        acme,
        "ca.json:13:4: authority.provisioners[0]: the provisioner \"acme\" has the type ACME, which this version does not serve yet: remove it",
    );
    let misspelt = "{\"type\": \"ACME\", \"name\": \"acme\", \"forceCM\": true}, {\"type\": \"JWK\"";
    let errors = parse(&GOOD.replacen("{\"type\": \"JWK\"", misspelt, 1)).unwrap_err();
    assert!(errors.contains("unknown member `forceCM`; did you mean `forceCN`?"), "{errors}");
}

#[test]
fn claims_are_checked_at_both_levels() {
    check("\"domains\"", "\"claims\": {\"defaultTLSCertDuration\": \"48h\"}, \"domains\"", "");
    check(
        "\"domains\"",
        "\"claims\": {\"maxTLSCertDuration\": \"1m\"}, \"domains\"",
        "ca.json:14:129: authority.provisioners[1].claims: the claims of the provisioner \"sso\" contradict each other: maxTLSCertDuration (1m0s) is less than minTLSCertDuration (5m0s)",
    );
    check(
        "\"domains\"",
        "\"claims\": {\"maxTLSCertDuration\": 5}, \"domains\"",
        "ca.json:14:152: authority.provisioners[1].claims.maxTLSCertDuration: expected a duration such as \"24h\", found a number",
    );
}

#[test]
fn what_is_not_json_is_pointed_at() {
    for (text, start) in [
        ("", "ca.json:1:1: the file is empty"),
        ("[]", "ca.json:1:1: expected an object in braces, found a list"),
        ("{\n\"a\": }", "ca.json:2:6: this is not JSON"),
        ("{} x", "ca.json:1:4: this is not JSON"),
        ("{\"a\": 1,}", "ca.json:1:8: this is not JSON"),
        ("// c\n{}", "ca.json:1:1: this is not JSON"),
        ("\u{feff}{}", "ca.json:1:1: the file starts with a byte order mark"),
    ] {
        let errors = parse(text).unwrap_err();
        assert!(errors.starts_with(start), "{text:?}: {errors}");
    }
    assert!(parse(&"[".repeat(100_000)).unwrap_err().contains("nested too deeply"));
}

#[test]
fn members_are_found_in_any_case() {
    check("\"dnsNames\"", "\"DNSNames\"", "");
}

/// Exchange a part of the good configuration and look for a sentence in what is said about it.
#[track_caller]
fn check_says(old: &str, new: &str, expected: &str) {
    assert!(GOOD.contains(old), "{old}");
    let errors = parse(&GOOD.replacen(old, new, 1)).unwrap_err();
    assert!(errors.contains(expected), "{new}: {errors}");
    assert!(errors.lines().all(|line| line.starts_with("ca.json:") && !line.starts_with("ca.json:1:1:")), "{errors}");
}

#[test]
fn lists_are_divided_by_powers_of_two_and_short_ones_come_oftener() {
    let crl = |members: &str| {
        format!("\"revocationURL\": \"http://pki.test\", \"crl\": {{\"enabled\": true, {members}}}, \"db\"")
    };
    for good in ["\"shards\": 2", "\"shards\": 1024", "\"deltaPeriod\": \"1h\"", "\"deltaPeriod\": \"0s\""] {
        check("\"db\"", &crl(good), "");
    }
    for bad in ["0", "1", "3", "2048", "2.5", "-2"] {
        let expected = "shards must be a power of two from 2 to 1024";
        check_says("\"db\"", &crl(&format!("\"shards\": {bad}")), expected);
    }
    let both = "\"shards\": 4, \"idpURL\": \"http://pki.test/crl\"";
    check_says("\"db\"", &crl(both), "idpURL is the address of one list, and shards have one each");
    let rare = "\"renewPeriod\": \"2h\", \"deltaPeriod\": \"2h\"";
    check_says("\"db\"", &crl(rare), "deltaPeriod must be shorter than renewPeriod");
    let nowhere = "\"crl\": {\"enabled\": true, \"shards\": 2}, \"db\"";
    check(
        "\"db\"",
        nowhere,
        "ca.json:1:1: certificates say in which shard they are: add `revocationURL`, or remove crl.shards",
    );
}

#[test]
fn hosts_and_addresses_are_what_they_seem() {
    for good in ["ca", "CA.Test", "10.0.0.1", "::1", "[::1]", "xn--bcher-kva.test"] {
        check("\"ca.test\"", &format!("\"{good}\""), "");
    }
    let long = "a".repeat(64);
    for bad in ["", "ca.test:443", "https://ca.test", "*.ca.test", "ca..test", "-a.test", "a b", "bücher.test", &long]
    {
        check_says("\"ca.test\"", &format!("\"{bad}\""), "8:15: dnsNames[0]: ");
    }
    for good in [":0", "127.0.0.1:9000", "[::1]:443", "localhost:443"] {
        check("\":443\"", &format!("\"{good}\""), "");
    }
    for bad in ["", "443", ":", ":99999", ":https", "::1:443", "http://x:1", "a b:1", ":+1"] {
        check_says("\":443\"", &format!("\"{bad}\""), "6:13: address: ");
    }
    check_says("\"insecureAddress\": \"\"", "\"insecureAddress\": \"x\"", "7:21: insecureAddress: \"x\" is not");
    check_says("\"format\": \"text\"", "\"traceHeader\": \"a b\"", "logger.traceHeader: \"a b\" is not the name");
}

#[test]
fn names_and_token_ids_are_not_ambiguous() {
    for bad in ["", " ", "a ", "a/b", "a#b", "a%b", "a?b", "a\\nb", "a\\u0000b"] {
        check_says(
            "\"sso\"",
            &format!("\"{bad}\""),
            "authority.provisioners[1].name: the name of a provisioner must not",
        );
    }
    for good in ["you@example.com", "Mitarbeitende Zürich", "a:b"] {
        check("\"sso\"", &format!("\"{good}\""), "");
    }
    let clash = "tokens for \"admin:k1\" would also mean the provisioner at 13:4";
    check_says("\"clientID\": \"c\"", "\"clientID\": \"admin:k1\"", clash);
    let two = "{\"type\": \"K8sSA\", \"name\": \"a\"}, {\"type\": \"K8sSA\", \"name\": \"b\"}, {\"type\": \"JWK\"";
    check_says("{\"type\": \"JWK\"", two, "tokens for \"k8ssa/k8sSA-default\" would also mean the provisioner at 13:4");
    let cased = "\"clientID\": \"c\", \"clientid\": \"d\"";
    check_says("\"clientID\": \"c\"", cased, "the member `clientid` stands twice, first at 14:36");
}

#[test]
fn keys_are_public_and_whole() {
    let key = "authority.provisioners[0].key: the key of the provisioner \"admin\"";
    check_says("\"kty\": \"EC\", ", "", &format!("{key} has no `kty`"));
    check_says("\"crv\": \"P-256\", ", "", &format!("{key} has no `crv`"));
    check_says("\"kid\": \"k1\", ", "", &format!("{key} has no `kid`"));
    check_says("\"kid\": \"k1\"", "\"kid\": \"k1\", \"K\": \"x\"", &format!("{key} is a private one (member `k`)"));
    check_says("\"EC\"", "\"oct\"", "key.kty: the key of the provisioner \"admin\" is a shared secret");
    check_says("\"EC\"", "\"DSA\"", "key.kty: keys with kty \"DSA\" are not known");
    check_says("\"key\": {\"use\"", "\"kye\": {\"use\"", "unknown member `kye`; did you mean `key`?");
}

#[test]
fn identity_providers_are_asked_safely() {
    for (bad, why) in [
        ("ftp://idp.test", "must be an https:// address"),
        ("idp.test", "must be an https:// address"),
        ("http://127.0.0.1.evil.test", "must be an https:// address"),
        ("https://user:word@idp.test", "must not contain a user name or password"),
        ("https:///x", "names no host"),
        ("https://idp.test/a b", "must not contain spaces"),
    ] {
        check_says("https://idp.test", bad, &format!("configurationEndpoint: the configuration endpoint {why}"));
    }
    for good in ["HTTPS://idp.test", "https://[::1]:8443/realms/x", "http://[::1]:80", "http://localhost:8080/x"] {
        check("https://idp.test", good, "");
    }
    check_says("[\"a.com\"]", "[\"a.com\", \"\"]", "domains[1]: the entry is empty: remove it");
    check_says("[\"a.com\"]", "[\"@a.com\"]", "domains[0]: \"@a.com\" is not a domain");
    check_says("\"domains\"", "\"admins\": [\"\"], \"domains\"", "admins[0]: the entry is empty: remove it");
    check_says(
        "\"domains\"",
        "\"authParams\": [\"x\"], \"domains\"",
        "authParams[0]: \"x\" is not of the form key=value",
    );
    check_says("\"domains\"", "\"listenAddress\": \"x\", \"domains\"", "listenAddress: \"x\" is not an address");
    check_says(
        "\"domains\"",
        "\"requireVerifiedEmail\": \"no\", \"domains\"",
        "expected true or false, found a string",
    );
}

#[test]
fn tls_is_what_is_safe() {
    let suite = "\"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\"";
    for bad in [
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "tls_ecdhe_ecdsa_with_aes_128_gcm_sha256",
    ] {
        check_says(suite, &format!("\"{bad}\""), &format!("tls.cipherSuites[0]: {bad:?} is not offered"));
    }
    check_says(suite, "\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\"", "holds no suite with ECDSA");
    check_says("\"maxVersion\": 1.3", "\"maxVersion\": 9.9", "tls.maxVersion: the TLS version is 1.2 or 1.3");
    check_says("1.2, \"maxVersion\": 1.3", "1.3, \"maxVersion\": 1.2", "minVersion is more than maxVersion");
    check("1.2, \"maxVersion\": 1.3", "0, \"maxVersion\": 0", "");
}

/// What names a database server may hold its password.
#[test]
fn the_remedy_for_a_database_tells_no_secret() {
    let server = "\"type\": \"mysql\", \"dataSource\": \"user:word@tcp(db.test)/\"";
    let old = "\"type\": \"sqlite\", \"dataSource\": \"db.sqlite\"";
    let remedy = "write \"db\": {\"type\": \"sqlite\", \"dataSource\": \"db/rung.sqlite\"}";
    check(old, server, &format!("ca.json:10:17: db.type: databases of type \"mysql\" are not supported: {remedy}"));
    check_says(old, "\"type\": \"bbolt\", \"dataSource\": \"/var/ca/ca.db\"", "\"/var/ca/rung.sqlite\"");
    check_says(old, "\"type\": \"sqlite\"", "the database has no dataSource");
}

#[test]
fn everything_is_said_at_once_in_order() {
    let bad =
        GOOD.replace("\":443\"", "443").replace("\"text\"", "1").replace("\"sso\"", "\"\"").replace("1.3", "\"x\"");
    let errors = Config::parse(&bad, Path::new("ca.json")).unwrap_err();
    assert_eq!(errors.problems.iter().map(|problem| problem.position.line).collect::<Vec<_>>(), [6, 9, 14, 17]);
    let positions: Vec<_> = errors.problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(positions, ["address", "logger.format", "authority.provisioners[1].name", "tls.maxVersion"]);
    check("\"db\"", "\"é\": 1, \"db\"", "ca.json:10:2: unknown member `é`");
    check_says("\"root.crt\"", "\"ü\", \"x\": 1", "2:15: unknown member `x`");
}
