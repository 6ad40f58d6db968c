//! Where paths lead, and which part of a file is wanted.

use std::fs;
use std::os::unix::fs::symlink;

use super::answer::{Part, part};
use super::place::{Place, resolve};

#[test]
fn no_path_leads_out_of_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = fs::canonicalize(folder.path()).expect("a path").join("root");
    fs::create_dir_all(root.join("sub")).expect("a folder");
    fs::write(root.join("sub/a b.txt"), "x").expect("a file");
    fs::write(root.join("a..b"), "x").expect("a file");
    fs::write(folder.path().join("secret"), "x").expect("a file");
    symlink("../secret", root.join("out")).expect("a link");
    symlink("..", root.join("up")).expect("a link");
    symlink("sub/a b.txt", root.join("in")).expect("a link");
    let file = |name: &str| Some(Place::File(root.join(name)));
    assert_eq!(resolve(&root, "/"), Some(Place::Folder(root.clone())));
    assert_eq!(resolve(&root, "/sub"), Some(Place::Folder(root.join("sub"))));
    assert_eq!(resolve(&root, "/sub/a%20b.txt"), file("sub/a b.txt"));
    assert_eq!(resolve(&root, "//sub//a%20b.txt"), file("sub/a b.txt"));
    assert_eq!(resolve(&root, "/a..b"), file("a..b"));
    assert_eq!(resolve(&root, "/in"), file("sub/a b.txt"));
    for path in [
        "/../secret",
        "/sub/../../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/sub/%2e%2e%2f%2e%2e%2fsecret",
        "/..\\secret",
        "/out",
        "/up/secret",
        "/gone",
        "/a%00b",
        "/%ff",
        "/sub/a%20b.txt/",
        "/./sub",
    ] {
        assert_eq!(resolve(&root, path), None, "{path}");
    }
}

#[test]
fn parts_of_a_file_are_cut_as_asked_for() {
    let octets = |first, last| Part::Octets { first, last };
    let cases = [
        ("bytes=0-0", octets(0, 0)),
        ("bytes=2-", octets(2, 9)),
        ("bytes=-3", octets(7, 9)),
        ("bytes=-30", octets(0, 9)),
        ("bytes=5-99", octets(5, 9)),
        ("bytes=10-", Part::Nothing),
        ("bytes=-0", Part::Nothing),
        ("bytes=5-2", Part::Nothing),
        ("bytes=0-1,3-4", Part::Everything),
        ("bytes=x-", Part::Everything),
        ("bytes=-", Part::Everything),
        ("lines=0-1", Part::Everything),
    ];
    for (range, expected) in cases {
        assert_eq!(part(range, 10), expected, "{range}");
    }
    assert_eq!(part("bytes=0-0", 0), Part::Nothing);
}
