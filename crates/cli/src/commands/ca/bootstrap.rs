//! `ca bootstrap`

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::ca::connection::{CA_URL_HELP, Connection, ca_url, fingerprint};
use crate::call::Call;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::output::{Commit, Existing, Mode, Target};
use crate::settings::{Folders, base, context_to_make, remember};
use crate::ui::shown;

pub(crate) static COMMAND: Command = Command {
    name: "bootstrap",
    summary: "make this machine trust a CA",
    description: "Fetches the root certificate of a CA, checks it against the fingerprint that the CA's operator gave \
        you, and remembers it together with the address: other commands then need neither --ca-url nor --root. Nothing \
        is written unless the fingerprint matches.\n\n\
        With --context the CA gets a name of its own, so that several can be used side by side; see 'context'.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["ca-url"], "<url>", CA_URL_HELP),
        Flag::value(&["fingerprint"], "<fingerprint>", "SHA-256 of the root certificate, hexadecimal."),
        Flag::value(&["redirect-url"], "<url>", "Where browsers go after a login."),
        Flag::switch(&["force", "f"], "Overwrite files without asking."),
        Flag::value(&["context"], "<name>", "Make a context with this name, and make it the current one."),
        Flag::value(&["authority"], "<name>", "Folder of the context's authority; named like the context without it."),
        Flag::value(&["profile"], "<name>", "Folder of the context's profile; named like the context without it."),
        Flag::refused(&["install"], "have the system trust the root certificate with 'certificate install' afterwards"),
        Flag::refused_value(&["team"], "name the CA with --ca-url and --fingerprint"),
        Flag::refused_value(&["team-authority"], "name the CA with --ca-url and --fingerprint"),
        Flag::refused_value(&["team-url"], "name the CA with --ca-url and --fingerprint"),
    ]],
    examples: &[
        Example {
            purpose: "Trust a CA; the fingerprint was printed by 'ca init':",
            lines: &[
                "ca bootstrap --ca-url https://ca.example.com:9000 \\",
                "    --fingerprint 702a094e239c9eec6f0dcd0a5f65e595bf7ed6614012825c5fe3d1ae1b2fd6ee",
            ],
        },
        Example {
            purpose: "Use a second CA beside the first:",
            lines: &[
                "ca bootstrap --context staging --ca-url https://staging.example.com \\",
                "    --fingerprint 702a094e239c9eec6f0dcd0a5f65e595bf7ed6614012825c5fe3d1ae1b2fd6ee",
            ],
        },
    ],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let url = ca_url(&call.required("ca-url")?)?;
    let fingerprint = fingerprint(&call.required("fingerprint")?)?;
    let base = base()?;
    let names = [call.text("context")?, call.text("authority")?, call.text("profile")?];
    let context = context_to_make(&base, names, url.as_url().host_str().unwrap_or_default())?;
    let folders = match &context {
        Some(context) => Folders::of(base.clone(), context),
        None => Folders::plain(base.clone()),
    };
    let folders = folders.absolute()?;
    if context.is_none() && folders.ca_config().exists() {
        call.ui
            .warning("This folder holds a CA of its own. To keep that apart from the one you add, use --context NAME.");
    }
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let (root_file, defaults_file) = (folders.root(), folders.defaults());
    let root_target = Target::claim_in_own_folder(&root_file, existing)?;
    let defaults_target = Target::claim_in_own_folder(&defaults_file, existing)?;

    let connection = Connection::bootstrap(&url, &fingerprint)?;

    let mut commit = Commit::default();
    let root: String = connection.roots.iter().map(rung_pki::Certificate::to_pem).collect();
    commit.put(root_target, Mode::Private, root);
    let mut defaults = json!({ "ca-url": url.to_string(), "fingerprint": fingerprint.to_string(), "root": root_file });
    if let Some(redirect) = call.text("redirect-url")? {
        defaults["redirect-url"] = redirect.into();
    }
    commit.put(defaults_target, Mode::Readable, serde_json::to_vec_pretty(&defaults)?);
    let mut said = vec![
        format!("The root certificate has been saved in {}.", name(&root_file)),
        format!("The authority configuration has been saved in {}.", name(&defaults_file)),
    ];
    if let Some(context) = &context {
        let profile = folders.profile_defaults();
        if !fs::exists(&profile).unwrap_or(false) {
            commit.add_in_own_folder(&profile, Existing::Replace, Mode::Private, b"{}".into())?;
        }
        said.push(format!("The profile configuration has been saved in {}.", name(&profile)));
        remember(&base, context, &mut commit)?;
    }
    commit.write()?;
    said.iter().for_each(|line| call.ui.line(line));
    Ok(())
}

fn name(path: &Path) -> String {
    shown(&path.to_string_lossy()).into_owned()
}
