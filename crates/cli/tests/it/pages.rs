//! All pages of the help, as files.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::sandbox::Sandbox;

#[test]
fn every_page_becomes_html_whose_links_lead_somewhere() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["help", "--html", "site", "--report"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), ""), "{outcome:?}");
    let pages: Vec<_> = sandbox.files("site").into_iter().filter(|path| path.ends_with("index.html")).collect();
    assert!(pages.len() > 20 && pages.contains(&sandbox.path("site/certificate/inspect/index.html")), "{pages:?}");
    for page in &pages {
        let text = fs::read_to_string(page).expect("a page");
        for link in text.split("href=\"").skip(1).map(|rest| rest.split('"').next().expect("a quote")) {
            let target = page.parent().expect("a folder").join(link);
            assert!(target.is_file(), "{} leads to {link}", page.display());
        }
        assert!(!text.contains("<subcommand>") && text.ends_with("</html>\n"), "{}", page.display());
    }
    let report: serde_json::Value = serde_json::from_str(&sandbox.read("site/report.json")).expect("JSON");
    let report = report["report"].as_array().expect("a list");
    assert_eq!(report.len(), pages.len());
    for page in report {
        let sections = page["sections"].as_array().expect("a list");
        for section in sections.iter().chain([page]) {
            assert_eq!(section["command"], page["command"]);
            let words = section["text"].as_str().expect("a text").split_whitespace().count();
            assert_eq!(section["words"], words);
        }
    }
}

#[test]
fn every_page_becomes_markdown_and_a_man_page() {
    let sandbox = Sandbox::new().started_as("step");
    let outcome = sandbox.run(&["help", "--markdown", "md", "--man", "man"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let page = sandbox.read("md/certificate/inspect/README.mdx");
    assert!(page.starts_with("# step certificate inspect\n\n"), "{page}");
    assert!(sandbox.read("md/README.mdx").contains("\n- [certificate](certificate/README.mdx): "));
    let page = sandbox.read("man/step-certificate-inspect.1");
    assert!(page.starts_with(".TH \"STEP\\-CERTIFICATE\\-INSPECT\" 1 "), "{page}");
    let all = sandbox.files("man");
    let markdown = sandbox.files("md").into_iter().filter(|path| path.is_file()).count();
    assert_eq!(all.len(), markdown);
    if Command::new("groff").arg("--version").output().is_err() {
        eprintln!("not tried: groff, which is not here, would say whether the man pages are well formed");
        return;
    }
    for page in &all {
        let output = Command::new("groff").args(["-man", "-ww", "-Tutf8", "-z"]).arg(page).output().expect("groff");
        assert!(output.status.success() && output.stderr.is_empty(), "{}: {output:?}", page.display());
    }
}

#[test]
fn flags_that_write_files_take_no_command() {
    let sandbox = Sandbox::new();
    sandbox.run(&["help", "--report"]).failed(1, "flag '--report' requires the '--html' flag\n");
    sandbox.run(&["help", "path", "--man", "man"]).failed(1, "leave the words of the command out\n");
    assert!(!Path::new(&sandbox.path("man")).exists());
    sandbox.write("file", "");
    sandbox.run(&["help", "--html", "file/x"]).failed(1, "could not write file/x/index.html: ");
}

#[test]
fn help_needs_no_settings() {
    let sandbox = Sandbox::new();
    sandbox.write("step/config/defaults.json", "{");
    let outcome = sandbox.run(&["help", "path"]);
    assert!(outcome.stdout.starts_with("NAME\n      rung path -- "), "{outcome:?}");
}
