//! `certificate install`

use anyhow::bail;

use crate::call::Call;
use crate::grammar::{Argument, Command, Count, Example, Flag, Scope};
use crate::inspect::{Document, read, short};
use crate::trust::{Asked, Root, Stores, Wanted};
use crate::ui::{print, shown};

pub(crate) static COMMAND: Command = Command {
    name: "install",
    summary: "have this machine trust a root certificate",
    description: "Puts a root certificate where programs look for those that they trust: into the store of the system \
        (Linux, macOS), of Java, or of Firefox. Stores that belong to root are changed with 'sudo' where there is one. \
        Who has the key of a root can pose as any server to whoever trusts it.",
    arguments: &[ROOT_FILE],
    flags: &[STORES],
    examples: &[
        Example { purpose: "Have the system trust a CA:", lines: &["certificate install root_ca.crt"] },
        Example { purpose: "Have Firefox trust it, too:", lines: &["certificate install --firefox root_ca.crt"] },
        Example {
            purpose: "Have Java alone trust it:",
            lines: &["certificate install --java --no-system root_ca.crt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

/// The argument of both commands.
pub(super) const ROOT_FILE: Argument =
    Argument { name: "<crt-file>", count: Count::One, help: "The root certificate, PEM or DER." };

/// The flags of both commands.
pub(super) const STORES: &[Flag] = &[
    Flag::value(
        &["prefix"],
        "<name>",
        "Its name in the stores, before its serial number; the common name and a blank without it.",
    ),
    Flag::switch(&["java"], "The store of the Java in JAVA_HOME, too."),
    Flag::switch(&["firefox"], "The stores of Firefox and of other programs with NSS, such as Chromium, too."),
    Flag::switch(&["no-system"], "Leave the store of the system alone."),
    Flag::switch(&["all"], "All of them, as far as they are here."),
];

fn run(call: &Call) -> anyhow::Result<()> {
    let (root, stores) = settle(call)?;
    stores.add(&root)?;
    report(call, &root, "installed")
}

/// What is to be changed, and where; nothing has changed yet.
pub(super) fn settle(call: &Call) -> anyhow::Result<(Root, Stores)> {
    let file = call.argument(0).unwrap_or_default();
    let mut found: Vec<_> = read(file)?.into_iter().filter_map(Document::into_certificate).collect();
    let root = match (found.pop(), found.is_empty()) {
        (Some(certificate), true) => Root::new(file, certificate, call.text("prefix")?.as_deref())?,
        // Whoever sees the name of one must not have others trusted with it.
        (Some(_), false) => bail!("error decoding {file}: contains more than one PEM encoded block"),
        (None, _) => bail!("{file} holds no certificate"),
    };
    let all = call.switch("all")?;
    let asked = |named: bool| match (named, all) {
        (true, _) => Asked::ByName,
        (false, true) => Asked::IfHere,
        (false, false) => Asked::No,
    };
    let stores = Stores::find(Wanted {
        system: !call.switch("no-system")?,
        java: asked(call.switch("java")?),
        firefox: asked(call.switch("firefox")?),
    })?;
    for missing in &stores.missing {
        call.ui.warning(&format!("left out: {missing}"));
    }
    Ok((root, stores))
}

/// Say that it is done, and to which certificate.
pub(super) fn report(call: &Call, root: &Root, done: &str) -> anyhow::Result<()> {
    let file = shown(call.argument(0).unwrap_or_default());
    let about = short(&Document::Certificate(root.certificate().clone()), None);
    print(format!("Certificate {file} has been {done}.\n{about}").as_bytes())
}
