//! `ca init`

mod answers;
mod authority;
mod question;
mod tree;

use anyhow::Context as _;
use rung_pki::key::KeyAlgorithm;
use rung_spec::Config;

use self::answers::{Answers, Serving};
use self::authority::{Authority, Root};
use self::tree::Tree;
use crate::ca::key;
use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::settings::{Context, Folders, base, context_to_make};
use crate::ui::shown;

pub(crate) static COMMAND: Command = Command {
    name: "init",
    summary: "set up a CA",
    description: "Makes everything that a CA needs: a root certificate and an intermediate one with their keys, the \
        configuration ca.json with a first provisioner, and the defaults with which the commands of this machine find \
        the CA. What the flags do not say is asked.\n\n\
        Keys are encrypted with a password; when you leave it empty, one is generated and shown once. Either all files \
        are written or none, and files of an existing CA are left alone unless --force is given.\n\n\
        With --root and --key the intermediate is signed by a root certificate that you have already; its key is used \
        for that once and not copied.",
    arguments: &[],
    flags: &[
        &[
            Flag::value(&["name"], "<name>", "Name of the new PKI; the names of its certificates begin with it."),
            Flag::list(&["dns"], "<name>", "DNS name or IP address under which clients reach the CA."),
            Flag::value(&["address"], "<address>", "Address that the CA serves on, such as :443 or 127.0.0.1:9000."),
            Flag::value(&["provisioner"], "<name>", "Name of the first provisioner, of type JWK."),
            Flag::value(&["password-file"], "<file>", "File with the password that encrypts the keys of the CA."),
            Flag::value(
                &["provisioner-password-file"],
                "<file>",
                "File with the password of the first provisioner; the one of the CA's keys without it.",
            ),
            Flag::value(
                &["with-ca-url"],
                "<url>",
                "Address to put into the defaults; made of --dns and --address without it.",
            ),
            Flag::value(&["root"], "<file>", "Use this root certificate instead of making one.")
                .only_on_the_command_line(),
            Flag::value(&["key"], "<file>", "Private key of the certificate in --root.").only_on_the_command_line(),
            Flag::value(&["key-password-file"], "<file>", "File with the password of the key in --key."),
            Flag::switch(&["pki"], "Make certificates and keys only, no configuration."),
            Flag::switch(&["no-db"], "Keep records in memory: tokens could be used again after a restart."),
            Flag::switch(&["force", "f"], "Replace a CA that is there. Its keys are lost."),
            Flag::value(&["deployment-type"], "<type>", "Only standalone: a CA that you run yourself."),
            Flag::value(&["context"], "<name>", "Make a context with this name, and make it the current one."),
            Flag::value(
                &["authority"],
                "<name>",
                "Folder of the context's authority; named like the context without it.",
            ),
            Flag::value(&["profile"], "<name>", "Folder of the context's profile; named like the context without it."),
            Flag::refused(&["ssh"], "there are no SSH certificates yet"),
            Flag::refused(&["acme"], "there is no ACME yet; start with a provisioner of type JWK"),
            Flag::refused(&["helm"], "give the files that 'ca init' makes to the cluster yourself"),
            Flag::refused(&["remote-management"], "provisioners live in ca.json; see 'ca provisioner'"),
            Flag::refused_value(&["admin-subject", "admin-name"], "it belongs to --remote-management"),
            Flag::refused_value(&["ra"], "Rung signs certificates itself"),
            Flag::refused_value(&["issuer"], "it belongs to --ra"),
            Flag::refused_value(&["issuer-fingerprint"], "it belongs to --ra"),
            Flag::refused_value(&["issuer-provisioner"], "it belongs to --ra"),
            Flag::refused_value(&["credentials-file"], "it belongs to --ra"),
            Flag::refused_value(&["kms"], "keys live in encrypted files"),
            Flag::refused_value(&["kms-root"], "it belongs to --kms"),
            Flag::refused_value(&["kms-intermediate"], "it belongs to --kms"),
            Flag::refused_value(&["kms-ssh-host"], "it belongs to --kms"),
            Flag::refused_value(&["kms-ssh-user"], "it belongs to --kms"),
        ],
        key::FLAGS,
    ],
    examples: &[
        Example { purpose: "Set up a CA, answering questions:", lines: &["ca init"] },
        Example {
            purpose: "The same without questions:",
            lines: &[
                "ca init --name Example --dns ca.example.com --address :9000 \\",
                "    --provisioner admin --password-file password.txt",
            ],
        },
        Example {
            purpose: "Under a root certificate that exists:",
            lines: &["ca init --root root.crt --key root.key"],
        },
    ],
    scope: Scope::Outside,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    check_flags(call)?;
    let algorithm = key::algorithm(call)?;
    let base = base()?;
    let names = [call.text("context")?, call.text("authority")?, call.text("profile")?];
    let first_name = answers::given_names(call)?.first().cloned();
    // Look whether there is a CA already before asking a single question.
    let early = context_to_make(&base, names.clone(), first_name.as_deref().unwrap_or("ca"))?;
    let is_named = names.iter().any(Option::is_some) || first_name.is_some();
    if early.is_none() || is_named {
        Tree::claim(call, folders(&base, early.as_ref())?, early)?;
    }
    let root = Root::given(call)?;
    let answers = Answers::collect(call)?;

    let host = answers.serving.as_ref().map_or("ca", |serving| serving.names[0].as_str());
    let context = context_to_make(&base, names, host)?;
    let tree = Tree::claim(call, folders(&base, context.as_ref())?, context)?;
    let authority = make(call, &answers, root, algorithm)?;
    let config = answers.serving.as_ref().map(|serving| tree.config(serving)).transpose()?;
    if let Some(config) = &config {
        Config::parse(config, &tree.folders.ca_config()).context("the configuration would not be accepted")?;
    }
    tree.write(&answers, &authority, config)?;
    tree.report(call, &answers, &authority);
    Ok(())
}

fn folders(base: &std::path::Path, context: Option<&Context>) -> anyhow::Result<Folders> {
    let base = base.to_owned();
    context.map_or_else(|| Folders::plain(base.clone()), |context| Folders::of(base.clone(), context)).absolute()
}

fn check_flags(call: &Call) -> Result<(), anyhow::Error> {
    if let Some(kind) = call.text("deployment-type")? {
        match kind.to_ascii_lowercase().as_str() {
            "standalone" => {}
            "linked" | "hosted" => {
                let usage = Usage::new(format!("flag '--deployment-type {kind}' is not supported by this version"));
                return Err(usage
                    .with_hint("Rung runs on its own: use standalone, or leave the flag out.".to_owned())
                    .into());
            }
            _ => {
                let problem =
                    format!("invalid value '{}' for flag '--deployment-type'; options are standalone", shown(&kind));
                return Err(Usage::new(problem).into());
            }
        }
    }
    match (call.text("root")?, call.text("key")?) {
        (Some(_), None) => return Err(Usage::new("flag '--root' requires the '--key' flag").into()),
        (None, Some(_)) => return Err(Usage::new("flag '--key' requires the '--root' flag").into()),
        _ => {}
    }
    if call.switch("pki")? && call.switch("no-db")? {
        return Err(Usage::new("flag '--pki' is incompatible with '--no-db'").into());
    }
    Ok(())
}

fn make(call: &Call, answers: &Answers, root: Option<Root>, algorithm: KeyAlgorithm) -> anyhow::Result<Authority> {
    let now = crate::clock::now();
    call.ui.line("");
    let root = match root {
        Some(root) => {
            call.ui.line("Copying root certificate... done!");
            root
        }
        None => {
            call.ui.begin("Generating root certificate... ");
            let root = Root::generate(&answers.name, algorithm, now)?;
            call.ui.line("done!");
            root
        }
    };
    call.ui.begin("Generating intermediate certificate... ");
    let authority = Authority::under(root, &answers.name, algorithm, now)?;
    call.ui.line("done!");
    call.ui.line("");
    Ok(authority)
}

/// The parts of the answers that only a serving CA needs.
impl Serving {
    fn url(&self) -> String {
        if let Some(url) = &self.url {
            return url.clone();
        }
        let name = &self.names[0];
        let host = name.parse::<std::net::Ipv6Addr>().map_or_else(|_| name.clone(), |address| format!("[{address}]"));
        match self.address.rsplit_once(':') {
            Some((_, port)) if port != "443" => format!("https://{host}:{port}"),
            _ => format!("https://{host}"),
        }
    }
}
