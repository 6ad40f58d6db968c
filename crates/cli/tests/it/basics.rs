//! Words, flags, help, version, completion.

use crate::sandbox::Sandbox;

#[test]
fn the_version_works_under_any_name_and_with_broken_settings() {
    let sandbox = Sandbox::new().started_as("step");
    sandbox.write("step/config/defaults.json", "{");
    sandbox.write("step/contexts.json", "{");
    for words in [&["version"][..], &["--version"], &["-v"], &["version", "x"]] {
        let outcome = sandbox.run(words);
        let first = outcome.stdout.lines().next().expect("a line");
        let (name, rest) = first.split_once('/').expect("a name");
        assert_eq!((outcome.code, name), (Some(0), "Rung CLI"));
        assert!(rest.starts_with(env!("CARGO_PKG_VERSION")) && rest.ends_with(')'), "{first}");
    }
}

#[test]
fn an_unknown_word_ends_with_code_3() {
    let sandbox = Sandbox::new();
    sandbox.run(&["nosuch"]).failed(3, "No help topic for 'nosuch'\n");
    sandbox.run(&["context", "nosuch", "--x"]).failed(3, "No help topic for 'nosuch'\n");
    sandbox.run(&["help", "context", "nosuch"]).failed(3, "No help topic for 'rung context nosuch'\n");
    sandbox.run(&["b\u{1b}[2J"]).failed(3, "No help topic for 'b\\u{1b}[2J'\n");
}

#[test]
fn usage_errors_leave_standard_output_alone() {
    let sandbox = Sandbox::new();
    sandbox.run(&["path", "x", "--foo"]).failed(1, "flag provided but not defined: -foo\n");
    sandbox.run(&["--foo", "path"]).failed(1, "flag provided but not defined: -foo\n");
    sandbox.run(&["context", "--foo", "list"]).failed(1, "flag provided but not defined: -foo\n");
    sandbox.run(&["path", "x"]).failed(1, "too many positional arguments were provided in 'rung path'\n");
    let missing = "not enough positional arguments were provided in 'rung context select <name>'\n";
    sandbox.run(&["context", "select"]).failed(1, missing);
    sandbox.run(&["path", "--bas"]).failed(1, "Did you mean --base?\n");
}

#[test]
fn help_is_the_same_however_it_is_asked_for() {
    let sandbox = Sandbox::new().started_as("step");
    let expected = sandbox.run(&["help", "context", "list"]);
    assert!(expected.stdout.starts_with("NAME\n      step context list -- "), "{expected:?}");
    for words in [&["context", "list", "-h"][..], &["context", "help", "list"], &["context", "list", "--help"]] {
        assert_eq!(sandbox.run(words), expected);
    }
    let group = sandbox.run(&["help", "context"]);
    assert!(group.stdout.contains("\nCOMMANDS\n"), "{group:?}");
    assert_eq!(sandbox.run(&["context"]), group);
    assert_eq!(sandbox.run(&["context", "-h"]), group);
    assert_eq!(sandbox.run(&[]), sandbox.run(&["--help"]));
}

#[test]
fn settings_come_from_the_flag_then_the_environment_then_the_defaults() {
    let sandbox = Sandbox::new();
    sandbox.write("step/config/defaults.json", r#"{"base": true}"#);
    let base = format!("{}\n", sandbox.path("step").display());
    sandbox.run(&["path"]).printed(&base);
    let sandbox = Sandbox::new().with_env("STEP_JSON", "maybe");
    sandbox.write("step/current-context.json", r#"{"context":"one"}"#);
    sandbox.write("step/contexts.json", r#"{"one":{"authority":"a","profile":"p"}}"#);
    sandbox.run(&["context", "current"]).failed(1, "could not parse maybe as bool value for flag json\n");
    sandbox.run(&["context", "current", "--json=false"]).printed("one\n");
    let sandbox = sandbox.with_env("RUNG_JSON", "1");
    sandbox.run(&["context", "current"]).printed("{\"name\":\"one\",\"authority\":\"a\",\"profile\":\"p\"}\n");
}

#[test]
fn a_defaults_file_can_be_named_and_must_be_there() {
    let sandbox = Sandbox::new();
    sandbox.write("mine.json", r#"{"profile": "x", "base": "maybe"}"#);
    sandbox.run(&["--config", "mine.json", "path"]).failed(1, "could not parse maybe as bool value for flag base\n");
    sandbox.run(&["--config=gone.json", "path"]).failed(1, "the file of --config, gone.json, does not exist\n");
}

#[test]
fn completion_scripts_ask_the_program() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = sandbox.run(&["completion", shell]);
        assert!(script.stdout.contains("--generate-bash-completion"), "{script:?}");
    }
    sandbox.run(&["completion", "tcsh"]).failed(1, "unsupported shell 'tcsh'; options are bash, zsh, fish\n");
    sandbox.run(&["context", "", "--generate-bash-completion"]).printed("current\nlist\nremove\nselect\n");
    sandbox.run(&["path", "--p", "--generate-bash-completion"]).printed("--profile\n");
}

#[test]
fn the_bash_script_completes_in_bash() {
    let sandbox = Sandbox::new();
    let script = sandbox.write("script", &sandbox.run(&["completion", "bash"]).stdout);
    let program = env!("CARGO_BIN_EXE_rung");
    let check = format!(
        "source {}; COMP_WORDS=({program} context s); COMP_CWORD=2; _rung_complete; echo \"${{COMPREPLY[*]}}\"",
        script.display()
    );
    let output = std::process::Command::new("bash").args(["-c", &check]).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "select\n", "{output:?}");
}
