//! Settings files, read from a folder of their own.

use std::fs;
use std::path::Path;

use super::{Context, Contexts, Defaults, Folders, current};

#[track_caller]
fn check_defaults(json: &str, names: &[&str], expected: Result<Option<&[&str]>, &str>) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("config")).expect("a folder");
    fs::write(folder.path().join("config/defaults.json"), json).expect("a file");
    let found = Defaults::of(&Folders::plain(folder.path().to_owned())).and_then(|defaults| defaults.values(names));
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            assert_eq!(found, expected.map(|texts| texts.iter().map(|&text| text.to_owned()).collect()));
        }
        (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{error:#}"),
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
}

#[test]
fn any_spelling_of_a_flag_works_in_a_defaults_file() {
    check_defaults(r#"{"issuer": "a"}"#, &["provisioner", "issuer"], Ok(Some(&["a"])));
    check_defaults(r#"{"issuer": ""}"#, &["provisioner", "issuer"], Ok(None));
}

#[test]
fn lists_numbers_and_booleans_are_values() {
    check_defaults(r#"{"san": ["a", 1, true]}"#, &["san"], Ok(Some(&["a", "1", "true"])));
}

#[test]
fn null_and_objects_are_refused_with_their_place() {
    check_defaults(r#"{"san": null}"#, &["san"], Err("\"san\" in "));
    check_defaults(r#"{"san": {}}"#, &["san"], Err("must be a text"));
    check_defaults("[1]", &["san"], Err("must be a JSON object"));
    check_defaults("{", &["san"], Err("is not JSON"));
}

#[test]
fn a_file_cannot_choose_the_context_it_is_read_from() {
    check_defaults(r#"{"context": "x"}"#, &["context"], Ok(None));
}

#[test]
fn contexts_are_written_as_they_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let json = "{\n    \"one\": {\n        \"profile\": \"p\",\n        \"authority\": \"a\"\n    }\n}";
    fs::write(folder.path().join("contexts.json"), json).expect("a file");
    let contexts = Contexts::load(folder.path()).expect("contexts");
    assert_eq!(contexts.named("one").expect("one").authority, "a");
    assert_eq!(String::from_utf8_lossy(&contexts.to_json().expect("JSON")), json);
    assert_eq!(current(folder.path()).expect("none selected"), None);
}

#[test]
fn a_context_cannot_lead_out_of_the_base_folder() {
    assert!(Context::new("one", "../..", "p").is_err());
    assert!(Context::new("a/b", "a", "p").is_err());
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("contexts.json"), r#"{"x":{"authority":"/etc","profile":"p"}}"#).expect("a file");
    assert!(Contexts::load(folder.path()).is_err());
}

#[test]
fn the_folders_of_a_context_are_its_own() {
    let context = Context::new("one", "a", "p").expect("a context");
    let folders = Folders::of("/base".into(), &context);
    assert_eq!(folders.ca_config(), Path::new("/base/authorities/a/config/ca.json"));
    assert_eq!(folders.profile, Path::new("/base/profiles/p"));
}
