use super::*;

#[test]
fn text_of_one_machine_is_named_with_its_line() {
    let contents = format!("fine\nlook in {}{}user/notes\n", "/ho", "me/");
    assert_eq!(forbidden_text("a.md", &contents), [format!("a.md:2: `{}{}` is a path of one machine", "/ho", "me/")]);
}

#[test]
fn a_link_to_a_file_that_is_gone_is_named() {
    let contents = "[a](docs/a.md#part), [b](gone.md), [c](https://example.com/x), [d](#here)";
    let wrong = dead_links("README.md", contents, |target| target.ends_with("docs/a.md"));
    assert_eq!(wrong, ["README.md:1: the link to `gone.md` leads nowhere"]);
}

#[test]
fn a_test_that_is_gone_is_named() {
    let contents = "| T1 | `a/b.rs::t01_here`, `a/b.rs::t01_gone` and `a/c.rs::t01_here` |\nand `plain` code";
    let read = |file: &str| (file == "a/b.rs").then(|| "#[test]\nfn t01_here() {}".to_owned());
    let wrong = missing_tests("x.md", contents, read);
    assert_eq!(wrong, ["x.md:1: there is no test `a/b.rs::t01_gone`", "x.md:1: there is no test `a/c.rs::t01_here`"]);
}
