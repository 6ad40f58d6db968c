use std::{path::Path, time::Duration};

use super::*;
use crate::{Config, Provisioner};

/// A configuration whose one OpenID provisioner has these members too; they begin at 3:1.
fn with(members: &str) -> String {
    format!(
        "{{\"root\": \"r\", \"crt\": \"c\", \"key\": \"k\", \"address\": \":443\", \"authority\": {{\"provisioners\": [\n\
         {{\"type\": \"OIDC\", \"name\": \"sso\", \"clientID\": \"c\", \"configurationEndpoint\": \"https://a.test\",\n\
         {members}}}]}}}}\n"
    )
}

fn read(members: &str) -> Result<OidcProvisioner, String> {
    let config = Config::parse(&with(members), Path::new("ca.json")).map_err(|errors| errors.to_string())?;
    match config.authority.provisioners.into_iter().next() {
        Some(Provisioner::Oidc(oidc)) => Ok(oidc),
        other => panic!("{other:?}"),
    }
}

/// These members are refused with exactly these words, behind file and place of the provisioner.
#[track_caller]
fn check_refused(members: &str, expected: &str) {
    let said = read(members).map(|oidc| format!("{oidc:?}")).unwrap_err();
    let said = said.replace("ca.json:3:", "").replace("authority.provisioners[0]", "");
    assert_eq!(said, expected, "{members}");
}

fn steps(text: &str) -> Result<Vec<String>, PathError> {
    text.parse::<ClaimPath>().map(|path| path.steps().to_vec())
}

#[test]
fn an_older_file_means_what_it_meant() {
    let oidc = read("\"scopes\": []").unwrap();
    assert_eq!((oidc.identity, oidc.groups_claim, oidc.clock_tolerance), (None, None, None));
    assert!(oidc.require.is_empty() && oidc.rules.is_empty());
    assert!(oidc.audiences.is_empty() && oidc.authorized_parties.is_empty());
    assert!(oidc.require_issued_at);
}

#[test]
fn everything_is_read() {
    let oidc = read(
        r#""identity": {"claim": ["upn", "email"], "as": "email", "commonName": "{name} ({oid})", "uri": "spiffe://a.test/{sub}", "issuerUri": false},
        "require": {"hd": "a.test", "realm_access.roles": ["ops", "dev*"], "email_verified": true, "level": 3},
        "groupsClaim": "/kubernetes.io/groups", "audiences": ["x", "c"], "authorizedParties": ["y"], "clockTolerance": "90s", "requireIssuedAt": false,
        "rules": [{"groups": ["ops"], "claims": {"sub": "repo:a/*"}, "names": ["*.ops.a.test", "{email}", "*@a.test", "10.0.0.1", "spiffe://a.test/*"],
          "defaultDuration": "8h", "maxDuration": "12h", "extendedKeyUsage": ["clientAuth"], "organizationalUnit": "Ops {level}"}, {"extendedKeyUsage": ["serverAuth", "emailProtection", "codeSigning"]}]"#,
    )
    .unwrap();
    let identity = oidc.identity.unwrap();
    let person = identity.person.unwrap();
    assert_eq!(person.claims.iter().map(ToString::to_string).collect::<Vec<_>>(), ["upn", "email"]);
    assert_eq!((person.kind, identity.issuer_uri), (IdentityKind::Email, false));
    assert_eq!(identity.common_name.unwrap().parts().len(), 4);
    assert_eq!(identity.uri.unwrap().beginning(), "spiffe://a.test/");
    let values: Vec<String> = oidc.require.iter().flat_map(|one| &one.values).map(ToString::to_string).collect();
    assert_eq!(values, ["a.test", "ops", "dev*", "true", "3"]);
    assert_eq!(oidc.groups_claim.unwrap().steps(), ["kubernetes.io", "groups"]);
    assert_eq!((oidc.clock_tolerance, oidc.require_issued_at), (Some(Duration::from_secs(90)), false));
    let rule = &oidc.rules[0];
    let kinds: Vec<NameKind> = rule.names.iter().map(|name| name.kind).collect();
    assert_eq!(kinds, [NameKind::Dns, NameKind::Value, NameKind::Email, NameKind::Ip, NameKind::Uri]);
    assert_eq!((rule.default_duration, rule.max_duration), (Some(hours(8)), Some(hours(12))));
    assert_eq!(rule.extended_key_usage, [ExtendedKeyUsage::ClientAuth]);
    assert_eq!((rule.groups.len(), rule.claims.len(), rule.organizational_unit.len()), (1, 1, 1));
    assert_eq!(oidc.rules[1].extended_key_usage.len(), 3);
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

#[test]
fn identities_that_say_too_little_or_nonsense() {
    check_refused(
        r#""identity": {"claim": "upn"}"#,
        "23: .identity.claim: say in `as` what the value of the claim becomes: \"email\", \"dns\", \"uri\" or \"name\"",
    );
    check_refused(
        r#""identity": {"as": "email"}"#,
        "20: .identity.as: `as` says what the value of `claim` becomes: add `claim`, such as \"email\"",
    );
    check_refused(
        r#""identity": {"claim": "upn", "as": "mail"}"#,
        "36: .identity.as: \"mail\" is not a kind of name: write \"email\", \"dns\", \"uri\" or \"name\"",
    );
    check_refused(r#""identity": {"claim": [], "as": "dns"}"#, "23: .identity.claim: the list names no claim");
    check_refused(
        r#""identity": {"claim": "a..b", "as": "dns"}"#,
        "23: .identity.claim: \"a..b\" does not name a claim: there is an empty step in the name of the claim; a name that contains dots is written as a JSON Pointer, such as \"/kubernetes.io/namespace\"",
    );
    check_refused(
        r#""identity": {"commonName": "{a"}"#,
        "28: .identity.commonName: \"{a\" is not a pattern: every { has a } behind it, with the name of a claim between them",
    );
    check_refused(
        r#""identity": {"uri": "{host}://x"}"#,
        "21: .identity.uri: \"{host}://x\" is not a good pattern: a URI begins with its scheme, such as \"spiffe://example.com/\"",
    );
    check_refused(
        r#""identity": {"uri": "spiffe://a/*"}"#,
        "21: .identity.uri: \"spiffe://a/*\" is not a good pattern: what stands in the certificate cannot have a `*`: use claims in braces",
    );
    check_refused(
        r#""identity": {"Calim": "upn", "as": null}"#,
        "14: .identity: unknown member `Calim`; did you mean `claim`?",
    );
}

#[test]
fn conditions_that_nobody_or_everybody_fulfils() {
    check_refused(r#""require": {"hd": null}"#, "19: .require[\"hd\"]: expected a string, found null");
    check_refused(r#""require": {"hd": {}}"#, "19: .require[\"hd\"]: expected a string, found an object");
    check_refused(
        r#""require": {"hd": []}"#,
        "19: .require[\"hd\"]: the list of values for \"hd\" is empty, so nobody would come in: name one, or remove it",
    );
    check_refused(
        r#""require": {"hd": ["a", ""]}"#,
        "25: .require[\"hd\"][1]: a value is not empty, has no control characters, and at most 2048 characters",
    );
    check_refused(
        r#""require": {"a.": "x"}"#,
        "19: .require[\"a.\"]: \"a.\" does not name a claim: there is an empty step in the name of the claim; a name that contains dots is written as a JSON Pointer, such as \"/kubernetes.io/namespace\"",
    );
    check_refused(
        r#""groupsClaim": "{groups}""#,
        "16: .groupsClaim: \"{groups}\" does not name a claim: the name of a claim has no control characters, braces or stars",
    );
    check_refused(r#""audiences": [""]"#, "15: .audiences[0]: the entry is empty: remove it");
    for tolerance in ["6m", "-1s"] {
        check_refused(
            &format!("\"clockTolerance\": \"{tolerance}\""),
            "19: .clockTolerance: clocks may differ by 0s to 5m0s: set the clocks, with NTP, instead of accepting more",
        );
    }
}

#[test]
fn rules_that_give_nothing_or_too_much() {
    check_refused(
        r#""rules": [{"groups": ["ops"]}]"#,
        "11: .rules[0]: the rule gives nothing: add one of names, defaultDuration, maxDuration, extendedKeyUsage, organizationalUnit",
    );
    check_refused(r#""rules": {}"#, "10: .rules: expected a list in brackets, found an object");
    check_refused(
        r#""rules": [{"names": []}]"#,
        "21: .rules[0].names: the list is empty: remove the member, or say what belongs there",
    );
    check_refused(
        r#""rules": [{"group": ["ops"], "maxDuration": "1h"}]"#,
        "12: .rules[0]: unknown member `group`; did you mean `groups`?",
    );
    check_refused(
        r#""rules": [{"maxDuration": "25h"}]"#,
        "27: .rules[0].maxDuration: 25h0m0s is more than the maxTLSCertDuration of the provisioner, 24h0m0s",
    );
    check_refused(
        r#""rules": [{"maxDuration": "1h", "defaultDuration": "2h"}]"#,
        "52: .rules[0].defaultDuration: 2h0m0s is more than the longest duration, 1h0m0s",
    );
    check_refused(
        r#""rules": [{"defaultDuration": "1m"}]"#,
        "31: .rules[0].defaultDuration: 1m0s is less than the minTLSCertDuration of the provisioner, 5m0s",
    );
    check_refused(
        r#""rules": [{"defaultDuration": "0s"}]"#,
        "31: .rules[0].defaultDuration: the lifetime of a certificate is more than nothing",
    );
    check_refused(
        r#""rules": [{"extendedKeyUsage": ["OCSPSigning"]}]"#,
        "33: .rules[0].extendedKeyUsage[0]: \"OCSPSigning\" is not a use that certificates can be given: write clientAuth, codeSigning, emailProtection, serverAuth",
    );
    check_refused(
        r#""rules": [{"organizationalUnit": ["*"]}]"#,
        "35: .rules[0].organizationalUnit[0]: \"*\" is not a good pattern: what stands in the certificate cannot have a `*`: use claims in braces",
    );
    assert!(read(r#""claims": {"maxTLSCertDuration": "48h"}, "rules": [{"maxDuration": "25h"}]"#).is_ok());
}

#[test]
fn names_that_say_too_much_or_nothing() {
    for (name, problem) in [
        ("*", "a `*` stands alone as the first label of a host, as in \"*.example.com\""),
        ("*.test", "after `*.` stand at least two labels, as in \"*.example.com\""),
        ("*.{domain}", "after `*.` stand at least two labels, as in \"*.example.com\""),
        ("a.*.test", "a `*` stands alone as the first label of a host, as in \"*.example.com\""),
        ("web-*.a.test", "a `*` stands alone as the first label of a host, as in \"*.example.com\""),
        ("a..test", "\"a..test\" is not a host name, e-mail address, IP address or URI"),
        ("a.test.", "\"a.test.\" is not a host name, e-mail address, IP address or URI"),
        ("a/b", "\"a/b\" is not a host name, e-mail address, IP address or URI"),
        ("10.0.0.*", "a `*` stands alone as the first label of a host, as in \"*.example.com\""),
        ("*@*.test", "the domain of an e-mail address is written out: it has no `*`"),
        ("*@a@b.test", "an e-mail address has exactly one @"),
        ("x*@a.test", "before the @ stands a mailbox, or a `*` alone for every mailbox"),
        ("*://a.test/", "a `*` stands alone as the first label of a host, as in \"*.example.com\""),
        ("spiffe://*/x", "the host of a URI is written out: it has no `*` and no `@`"),
        ("spiffe:///x", "the URI has no host after the //"),
        ("https://u@a.test/", "the host of a URI is written out: it has no `*` and no `@`"),
        ("spiffe://a.test/../{x}", "a step of the path is `.` or `..`: write where it leads"),
        ("spiffe://a.test/./*", "a step of the path is `.` or `..`: write where it leads"),
        ("urn:", "a URI begins with its scheme, such as \"spiffe://example.com/\""),
        ("urn:a b", "a URI has no ' ': write it with %, such as %20"),
    ] {
        let pattern: Pattern = name.parse().unwrap();
        let said = NamePattern::new(pattern).map(|name| name.kind).unwrap_err();
        assert_eq!(said, problem, "{name}");
    }
    check_refused(
        r#""rules": [{"names": ["*"]}]"#,
        "22: .rules[0].names[0]: \"*\" names nothing: a `*` stands alone as the first label of a host, as in \"*.example.com\"",
    );
}

#[test]
fn two_provisioners_do_not_share_an_audience() {
    let other = "\"audiences\": [\"shared\"]}, {\"type\": \"OIDC\", \"name\": \"two\", \"clientID\": \"shared\", \"configurationEndpoint\": \"https://b.test\"";
    let said = Config::parse(&with(other), Path::new("ca.json")).unwrap_err().to_string();
    assert_eq!(
        said,
        "ca.json:3:27: authority.provisioners[1]: tokens for \"shared\" would also mean the provisioner at 2:1"
    );
}

#[test]
fn the_three_ways_to_name_a_claim() {
    let names = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
    for (text, expected) in [
        ("email", names(&["email"])),
        ("realm_access.roles", names(&["realm_access", "roles"])),
        ("/kubernetes.io/namespace", names(&["kubernetes.io", "namespace"])),
        ("/a~1b/c~0d/0", names(&["a/b", "c~d", "0"])),
        ("/a~01", names(&["a~1"])),
        ("https://a.test/roles", names(&["https://a.test/roles"])),
        ("", Err(PathError::Empty)),
        ("/", Err(PathError::EmptyStep)),
        (".", Err(PathError::EmptyStep)),
        ("/a/", Err(PathError::EmptyStep)),
        ("/a~2", Err(PathError::Escape)),
        ("/a~", Err(PathError::Escape)),
        ("a\nb", Err(PathError::Character)),
        ("a*", Err(PathError::Character)),
    ] {
        assert_eq!(steps(text), expected, "{text}");
    }
    assert_eq!(steps(&"a".repeat(257)), Err(PathError::TooLong));
    assert_eq!(steps(&vec!["a"; 33].join(".")), Err(PathError::TooLong));
    assert!("email".parse::<ClaimPath>().unwrap().is_top("email"));
    assert!("/email".parse::<ClaimPath>().unwrap().is_top("email"));
    assert!(!"a.email".parse::<ClaimPath>().unwrap().is_top("email"));
}

#[test]
fn patterns_are_texts_claims_and_stars() {
    let text = |text: &str| PatternPart::Text(text.to_owned());
    let claim = |path: &str, several| PatternPart::Claim { path: path.parse().unwrap(), several };
    for (pattern, expected) in [
        ("a", Ok(vec![text("a")])),
        ("{a}", Ok(vec![claim("a", false)])),
        ("x{+/a/b}-*{c}", Ok(vec![text("x"), claim("/a/b", true), text("-"), PatternPart::Any, claim("c", false)])),
        ("", Err(PatternError::Empty)),
        ("{", Err(PatternError::Brace)),
        ("}", Err(PatternError::Brace)),
        ("{a}}", Err(PatternError::Brace)),
        ("{{a}}", Err(PatternError::Path(PathError::Character))),
        ("{}", Err(PatternError::Path(PathError::Empty))),
        ("a\tb", Err(PatternError::Control)),
    ] {
        assert_eq!(pattern.parse::<Pattern>().map(|pattern| pattern.parts().to_vec()), expected, "{pattern}");
    }
    assert_eq!("a".repeat(2049).parse::<Pattern>(), Err(PatternError::TooLong));
}

#[test]
fn wildcards_match_from_end_to_end() {
    for (wildcard, value, expected) in [
        ("a", "a", true),
        ("a", "A", false),
        ("a", "ab", false),
        ("a", "", false),
        ("*", "", true),
        ("*", "x", true),
        ("repo:org/*", "repo:org/app:ref:refs/heads/main", true),
        ("repo:org/*", "repo:org-evil/app", false),
        ("repo:org/*", "xrepo:org/app", false),
        ("*@a.test", "x@a.test", true),
        ("*@a.test", "x@a.test.evil", false),
        ("a*b*c", "abc", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "acb", false),
        ("a*a", "a", false),
        ("a**a", "aa", true),
    ] {
        assert_eq!(Wildcard::new(wildcard).unwrap().matches(value), expected, "{wildcard} {value}");
    }
    assert_eq!(Wildcard::new("a\n"), None);
}
