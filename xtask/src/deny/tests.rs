use super::*;

#[track_caller]
fn check_license(expression: &str, expected: bool) {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"].map(str::to_owned);
    assert_eq!(license::is_allowed(expression, &allowed), expected);
}

#[test]
fn licences_are_chosen_and_joined() {
    check_license("MIT", true);
    check_license("MIT/GPL-3.0", true);
    check_license("MIT OR LGPL-2.1-or-later", true);
    check_license("MIT AND LGPL-2.1-or-later", false);
    check_license("(MIT OR GPL-3.0) AND ISC", true);
    check_license("Apache-2.0 WITH LLVM-exception", true);
    check_license("Apache-2.0 WITH Classpath-exception-2.0", false);
}

#[test]
fn a_licence_that_is_missing_or_broken_is_refused() {
    check_license("", false);
    check_license("(MIT", false);
    check_license("MIT ISC", false);
}

#[test]
fn what_is_denied_twice_or_badly_licensed_is_named() {
    let lists = Lists::parse(
        "[licenses]\nallow = [\n  \"MIT\",\n]\n[bans]\ndeny = [\n  # \"comment\"\n  { crate = \"ring\", reason = \"x\" },\n  \
         { crate = \"der\", deny-multiple-versions = true },\n]\n",
    );
    let built = ["ring v1.0.0|MIT (*)", "der v0.7.0|MIT", "der v0.8.0|GPL-3.0", "fine v1.0.0|MIT"];
    let built = built.into_iter().filter_map(package).collect();
    let expected = [
        "der v0.8.0 has the licence `GPL-3.0`, which is not allowed",
        "ring v1.0.0 must not be used",
        "der is there in several versions: v0.7.0, v0.8.0",
    ];
    assert_eq!(violations(&lists, &built), expected);
}
