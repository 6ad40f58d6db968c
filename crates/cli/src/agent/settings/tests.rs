//! Lists as people write them.

use std::path::Path;

use super::{Settings, notes_folder};

#[track_caller]
fn check(change: &str, expected: Result<(), &str>) {
    let entry = r#""crt":"/a.crt","key":"/a.key","caUrl":"https://ca.test","root":"/root.crt""#;
    let text = format!(r#"{{"certificates":[{{{entry}{change}}}]}}"#);
    check_list(&text, expected);
}

#[track_caller]
fn check_list(text: &str, expected: Result<(), &str>) {
    match (Settings::parse(text.as_bytes()), expected) {
        (Ok(_), Ok(())) => {}
        (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
        (found, expected) => panic!("{text}: found {found:?}, expected {expected:?}"),
    }
}

#[test]
fn a_list_is_checked_before_it_is_used() {
    check("", Ok(()));
    check(r#","exec":["systemctl","reload","nginx"],"expiresIn":"8h","token":true"#, Ok(()));
    check(r#","exex":[]"#, Err("unknown field `exex`"));
    check(r#","exec":"nginx -s reload""#, Err("invalid type: string"));
    check(r#","expiresIn":"soon""#, Err("expiresIn of /a.crt is 'soon'"));
    check(r#","rekey":true,"token":true"#, Err("a new key needs the TLS handshake"));
    check_list("{}", Ok(()));
    check_list(r#"{"metrics":"127.0.0.1:9109"}"#, Ok(()));
    check_list(r#"{"metrics":"[::1]:9109"}"#, Ok(()));
    check_list(r#"{"metrics":"0.0.0.0:9109"}"#, Err("an address of this machine alone"));
    let entry =
        |crt: &str, key: &str, url: &str| format!(r#"{{"crt":"{crt}","key":"{key}","caUrl":"{url}","root":"/r"}}"#);
    let list = |entries: &[String]| format!(r#"{{"certificates":[{}]}}"#, entries.join(","));
    let url = "https://ca.test";
    check_list(&list(&[entry("a.crt", "/a.key", url)]), Err("not a path from the root"));
    check_list(&list(&[entry("/a", "/a", url)]), Err("crt and key are both"));
    check_list(&list(&[entry("/a", "/b", url), entry("/a", "/c", url)]), Err("/a stands there twice"));
    check_list(&list(&[entry("/a", "/b", "http://ca.test")]), Err("must have https scheme"));
}

#[test]
fn notes_lie_beside_the_list() {
    assert_eq!(notes_folder(Path::new("/etc/rung/config/agent.json")), Path::new("/etc/rung/agent.state"));
    assert_eq!(notes_folder(Path::new("/etc/mine.json")), Path::new("/etc/mine.state"));
}
