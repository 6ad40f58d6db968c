use super::*;

#[track_caller]
fn check(name: &str, uses: &[&str], expected: &[&str]) {
    let package = |name: &str, uses: &[&str]| Package {
        name: name.to_owned(),
        uses: uses.iter().map(|used| (*used).to_owned()).collect(),
        tests_with: Vec::new(),
        ours: true,
    };
    let packages = [package(name, uses), package("rung-store", &[]), package("rung-pki", &[])];
    assert_eq!(wrong_arrows(&packages), expected);
}

#[test]
fn a_listed_arrow_passes() {
    check("rung-kms", &["rung-pki", "serde"], &[]);
}

#[test]
fn an_arrow_that_is_not_listed_is_named() {
    check("rung-kms", &["rung-pki", "rung-store"], &["rung-kms may not use rung-store"]);
}

#[test]
fn a_crate_without_a_line_is_named() {
    check("rung-new", &[], &["rung-new has no line in the table of arrows"]);
}

#[test]
fn the_arrow_of_the_tests_is_for_tests_alone() {
    let package = |name: &str, uses: &[&str], tests_with: &[&str]| Package {
        name: name.to_owned(),
        uses: uses.iter().map(|used| (*used).to_owned()).collect(),
        tests_with: tests_with.iter().map(|used| (*used).to_owned()).collect(),
        ours: true,
    };
    let store = || package("rung-store", &["rung-authority"], &[]);
    assert!(wrong_arrows(&[package("rung-authority", &[], &["rung-store"]), store()]).is_empty());
    let expected = ["rung-authority may not use rung-store"];
    assert_eq!(wrong_arrows(&[package("rung-authority", &["rung-store"], &[]), store()]), expected);
}
