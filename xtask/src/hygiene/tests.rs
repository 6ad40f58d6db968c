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
