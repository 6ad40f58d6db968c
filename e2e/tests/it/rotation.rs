//! The commands of `docs/rotation.md`, as they are written there.

use crate::harness::{Place, free_port, own_file, setting};

#[test]
fn the_page_on_rotation_does_what_it_says() {
    let place = Place::new();
    let page = std::fs::read_to_string(own_file("../docs/rotation.md")).expect("the page is there");
    let blocks = page.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let mut script = format!("set -eux -o pipefail\n{}", blocks.collect::<String>());
    for part in ["--csr", "--signed", "--announce", "--cross-ca", "--drop-root", "localhost:9000", "127.0.0.1:9000"] {
        assert!(script.contains(part), "{part:?} is not in the page any more");
    }
    script = script.replace(":9000", &format!(":{}", free_port()));
    // Whatever fails, nothing is left behind.
    script = script.replace("set -eux", "trap 'kill $(cat ca.pid 2> /dev/null) 2> /dev/null || true' EXIT\nset -eux");
    place.write("page.sh", &script);
    let mut bash = place.command("bash");
    let path = std::env::var("PATH").expect("a PATH");
    bash.arg("page.sh").env("PATH", format!("{}:{path}", setting("RUNG_PROGRAMS").display()));
    let output = bash.output().expect("bash");
    let said = String::from_utf8_lossy(&output.stderr);
    let log = if place.has("ca.log") { place.read("ca.log") } else { String::new() };
    assert!(output.status.success(), "{said}\n{log}");
    assert!(!log.contains("level=error"), "{log}");
}
