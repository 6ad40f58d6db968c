//! Go's own `text/template` and sprig confirm the table, where Go is there.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cases::{Case, DATA, Expected, cases};

#[test]
fn go_confirms_the_table() {
    let Some(results) = rendered_by_go(&cases()) else { return };
    let cases = cases();
    assert_eq!(results.len(), cases.len());
    let mut wrong = Vec::new();
    for (Case { line, template, expected, text }, result) in cases.iter().zip(&results) {
        let error = result["error"].as_str().unwrap_or_default();
        let output = result["output"].as_str().unwrap_or_default();
        let agrees = match expected {
            Expected::Refused => !error.is_empty(),
            Expected::Same | Expected::Stricter => error.is_empty() && output == text,
        };
        if !agrees {
            wrong.push(format!("line {line}: {template}\n  table: {expected:?} {text:?}\n  Go: {result}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What Go makes of the templates; nothing where there is no Go, or no network to fetch sprig with.
fn rendered_by_go(cases: &[Case]) -> Option<Vec<serde_json::Value>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let judge = folder.path().join("judge");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go");
    let mut build = Command::new("go");
    build
        .args(["build", "-o"])
        .arg(&judge)
        .arg(".")
        .current_dir(&source)
        .env("GOFLAGS", "-mod=readonly")
        .env("GOTOOLCHAIN", "local");
    match build.output() {
        Ok(built) if built.status.success() => {}
        Ok(built) => {
            let why = String::from_utf8_lossy(&built.stderr);
            // A mistake in the program is one of ours; everything else is the machine's.
            assert!(!why.contains("main.go:"), "the program in Go does not build: {why}");
            eprintln!("skipped: Go could not build the judge of the table: {why}");
            return None;
        }
        Err(error) => {
            eprintln!("skipped: there is no Go to confirm the table: {error}");
            return None;
        }
    }
    let templates: Vec<&str> = cases.iter().map(|case| case.template.as_str()).collect();
    let input = format!(r#"{{"data": {DATA}, "templates": {}}}"#, serde_json::Value::from(templates));
    let mut run = Command::new(&judge);
    run.env("TZ", "UTC").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = run.spawn().expect("the judge starts");
    let mut pipe = running.stdin.take().expect("its input is a pipe");
    pipe.write_all(input.as_bytes()).expect("the judge reads");
    drop(pipe);
    let output = running.wait_with_output().expect("the judge ends");
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).expect("the judge writes JSON"))
}
