//! Contexts, from the outside.

use std::fs;

use rexpect::session::PtySession;

use crate::sandbox::Sandbox;

fn two_contexts() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "step/contexts.json",
        r#"{"one":{"authority":"a","profile":"p"},"Two":{"authority":"b","profile":"p"}}"#,
    );
    sandbox.write("step/authorities/b/certs/root_ca.crt", "");
    sandbox.write("step/profiles/p/config/defaults.json", "{}");
    sandbox
}

/// Type these keys.
fn press(session: &mut PtySession, keys: &str) {
    session.send(keys).expect("keys");
    session.flush().expect("keys");
}

#[track_caller]
fn ends_with(mut session: PtySession, text: &str) {
    session.exp_string(text).expect("the text");
    session.exp_eof().expect("the end");
}

#[test]
fn the_current_context_decides_the_paths() {
    let sandbox = two_contexts();
    sandbox.run(&["context", "list"]).printed("one\nTwo\n");
    sandbox.run(&["context", "current"]).failed(1, "no context selected\n");
    sandbox.run(&["context", "select", "nope"]).failed(1, "context 'nope' not found");
    sandbox.run(&["context", "select", "Two"]).said("✔ Context: Two\n");
    assert_eq!(sandbox.read("step/current-context.json"), r#"{"context":"Two"}"#);
    sandbox.run(&["context", "list"]).printed("▶ Two\none\n");
    let at = |path: &str| format!("{}\n", sandbox.path(path).display());
    sandbox.run(&["path"]).printed(&at("step/authorities/b"));
    sandbox.run(&["path", "--profile"]).printed(&at("step/profiles/p"));
    sandbox.run(&["path", "--base"]).printed(&at("step"));
    sandbox.write("step/current-context.json", r#"{"context":"gone"}"#);
    sandbox.run(&["path"]).failed(1, "context 'gone' not found");
    sandbox.run(&["context", "select", "one"]).said("✔ Context: one\n");
}

#[test]
fn the_environment_picks_a_context_for_one_call() {
    let sandbox = two_contexts().with_env("STEP_CONTEXT", "one");
    let expected = format!("{}\n", sandbox.path("step/authorities/a").display());
    sandbox.run(&["path"]).printed(&expected);
    let sandbox = two_contexts().with_env("STEP_CONTEXT", "nope");
    sandbox.run(&["path"]).failed(1, "could not load context 'nope'");
}

#[test]
fn without_a_terminal_the_missing_choice_is_explained() {
    let outcome = two_contexts().run(&["path"]);
    outcome.failed(1, "there is no terminal to ask for a context: choose one with 'context select NAME'");
    assert_eq!(outcome.stderr.lines().count(), 1, "{outcome:?}");
}

#[test]
fn a_context_is_picked_with_the_arrow_keys() {
    let sandbox = two_contexts();
    let mut session = sandbox.on_a_terminal(&["path"]);
    session.exp_string("Select a context for 'rung':").expect("the list");
    session.exp_string("Two").expect("the second item");
    press(&mut session, "\x1b[B\r");
    session.exp_string("Context:").expect("the choice");
    ends_with(session, "authorities/b");
    sandbox.run(&["context", "current"]).printed("Two\n");
}

#[test]
fn a_context_is_picked_by_its_letters() {
    let sandbox = two_contexts();
    let mut session = sandbox.on_a_terminal(&["path"]);
    session.exp_string("Two").expect("the list");
    press(&mut session, "tw\r");
    ends_with(session, "authorities/b");
}

#[test]
fn control_c_at_a_list_ends_with_code_1_and_chooses_nothing() {
    let sandbox = two_contexts();
    let mut session = sandbox.on_a_terminal(&["path"]);
    session.exp_string("Two").expect("the list");
    session.send_control('c').expect("a key");
    session.exp_string("stopped at the prompt").expect("the reason");
    session.exp_eof().expect("the end");
    let status = session.process().wait().expect("a status");
    assert!(format!("{status:?}").ends_with(", 1)"), "{status:?}");
    sandbox.run(&["context", "current"]).failed(1, "no context selected");
}

#[test]
fn removing_a_context_keeps_what_others_use() {
    let sandbox = two_contexts();
    sandbox.run(&["context", "select", "one"]).said("✔ Context: one\n");
    sandbox.run(&["context", "remove", "one"]).failed(1, "cannot remove current context");
    sandbox.run(&["context", "remove", "nope"]).failed(1, "context 'nope' not found");
    sandbox.run(&["context", "remove", "Two"]).failed(1, "pass --force to delete without asking");
    let mut session = sandbox.on_a_terminal(&["context", "remove", "Two"]);
    session.exp_string("[y/n]").expect("the question");
    session.send_line("n").expect("an answer");
    ends_with(session, "context not removed");
    sandbox.run(&["context", "remove", "Two", "--force"]).said("");
    assert!(!sandbox.path("step/authorities/b").exists());
    assert!(fs::exists(sandbox.path("step/profiles/p/config/defaults.json")).expect("a look"));
    sandbox.run(&["context", "list"]).printed("▶ one\n");
}
