//! `ca rotate-intermediate`

mod files;
mod issue;
mod present;
mod roots;

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use rung_pki::{Certificate, PrivateKey, RequestContent, Signer, chain, extension};
use rung_spec::{Config, edit};
use serde_json::{Value, json};

use crate::ca::{connection::read_roots, key, when};
use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::inspect::rfc3339;
use crate::issuer::TEN_YEARS;
use crate::output::{Commit, Existing, Mode, Target};
use files::Files;
use issue::Signatory;
use present::Present;

pub(crate) static COMMAND: Command = Command {
    name: "rotate-intermediate",
    summary: "let another intermediate issue, and keep serving the one before",
    description: "Makes the next intermediate of the CA on this machine and writes it into ca.json, all at once or not at \
        all. The CA takes it over when it gets SIGHUP, without losing a connection: it issues everything with the new \
        one from then on. The old one stays in 'retiredIntermediates' as long as its certificates may be in use: until \
        then they verify, are renewed by the new one, and are revoked, and it signs its own CRL and OCSP answers.\n\n\
        The root's key signs, if it is here: secrets/root_ca_key, or --ca and --ca-key. For a root that is kept \
        elsewhere, --csr writes a request and the new key; take the certificate in with --signed. Both keys stay under \
        the password that the CA starts with.\n\n\
        A root that is not in ca.json yet comes first into 'root', before the others: that is how a root is replaced. \
        --announce hands it out beforehand, and --drop-root takes the old one out in the end. --cross-ca has a second \
        root sign, too, for clients that do not know the new one yet.\n\n\
        --retire-old takes those out whose time is over.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["ca"], "<file>", "The root that signs; the first of ca.json without it."),
        Flag::value(&["ca-key"], "<file>", "Its key; root_ca_key beside the intermediate's without it."),
        Flag::value(
            &["ca-password-file"],
            "<file>",
            "The password of the root's key; that of --password-file without it.",
        ),
        Flag::value(&["cross-ca"], "<file>", "Another root that signs the same name and key, too."),
        Flag::value(&["cross-ca-key"], "<file>", "Its key, under the same password as the other root's."),
        Flag::value(&["csr"], "<file>", "Make the key, and write a request for a root that is kept elsewhere."),
        Flag::value(
            &["signed"],
            "<file>",
            "Take in the certificate that was made for that request, its parents behind it.",
        ),
        Flag::value(
            &["kty"],
            "<kty>",
            "Kind of the next key: EC, OKP, RSA or AKP; that of the present one without it.",
        )
        .only_on_the_command_line(),
        Flag::value(
            &["curve", "crv"],
            "<curve>",
            "Its curve: P-256, P-384 or P-521 for EC, Ed25519 for OKP; ML-DSA-44, ML-DSA-65 or ML-DSA-87 for AKP.",
        )
        .only_on_the_command_line(),
        Flag::value(&["size"], "<bits>", "Size of an RSA key: 2048, 3072, 4096 or 8192.").only_on_the_command_line(),
        Flag::switch(&["same-key"], "Keep the key and the name, and make a new certificate only."),
        Flag::value(
            &["not-after"],
            "<time|duration>",
            "When the new one ends; after ten years, or with its root, without it.",
        ),
        Flag::value(
            &["until"],
            "<time|duration>",
            "How long the old one is served; as long as any of its certificates can last without it.",
        ),
        Flag::value(&["announce"], "<file>", "Put a root into 'federatedRoots': clients can get it before it signs."),
        Flag::value(&["drop-root"], "<file>", "Take out a root that nothing leads to any more."),
        Flag::switch(&["retire-old"], "Take out those whose time is over; with --force, all of them."),
        Flag::value(&["password-file"], "<file>", "The password of the intermediate's key, the old and the new."),
        Flag::value(
            &["ca-config"],
            "<file>",
            "The ca.json to change; config/ca.json in the folder of 'path' without it.",
        ),
        Flag::switch(&["force", "f"], "Overwrite the request without asking; take out what is still in use."),
        Flag::value(&["context"], "<name>", "Use this context instead of the current one."),
    ]],
    examples: &[
        Example {
            purpose: "Let another intermediate issue, and have the CA take it over:",
            lines: &["ca rotate-intermediate --password-file password.txt"],
        },
        Example {
            purpose: "The same with a root that is kept elsewhere:",
            lines: &[
                "ca rotate-intermediate --csr next.csr --password-file password.txt",
                "ca rotate-intermediate --signed next.crt --password-file password.txt",
            ],
        },
        Example {
            purpose: "Go over to signatures that outlast quantum computers:",
            lines: &["ca rotate-intermediate --kty AKP --password-file password.txt"],
        },
        Example { purpose: "Take out what is not needed any more:", lines: &["ca rotate-intermediate --retire-old"] },
    ],
    scope: Scope::Within,
    run,
};

/// A new intermediate has begun for clients whose clocks are behind.
const BACKDATE: Duration = Duration::from_secs(60 * 60);
/// As long after their end certificates can be renewed where that is allowed.
const GRACE: Duration = Duration::from_secs(30 * 24 * 3600);

/// What says of which kind the next key is. On the command line alone: what the environment or the defaults say of keys is
/// meant for those of other commands, not for the one that signs everything.
const KEY_FLAGS: [&str; 3] = ["kty", "curve", "size"];

fn run(call: &Call) -> anyhow::Result<()> {
    let present = Present::read(call)?;
    let mut chosen = Vec::new();
    for name in ["csr", "signed", "announce", "drop-root", "retire-old"] {
        if call.text(name)?.is_some() {
            chosen.push(format!("'--{name}'"));
        }
    }
    if chosen.len() > 1 {
        return Err(Usage::new(format!("flags {} are mutually exclusive", chosen.join(" and "))).into());
    }
    if let Some(kind) = KEY_FLAGS.into_iter().find(|name| call.is_typed(name)) {
        for other in ["same-key", "signed", "announce", "drop-root", "retire-old"] {
            if call.text(other)?.is_some() {
                return Err(Usage::new(format!("flag '--{kind}' is incompatible with '--{other}'")).into());
            }
        }
    }
    if call.switch("retire-old")? {
        return retire(call, &present);
    }
    if let Some(file) = call.text("announce")? {
        return roots::announce(call, &present, &file);
    }
    if let Some(file) = call.text("drop-root")? {
        return roots::drop_root(call, &present, &file);
    }
    match (call.text("csr")?, call.text("signed")?) {
        (Some(file), _) => request(call, &present, &file),
        (_, Some(file)) => take_in(call, present, &file),
        (None, None) => make(call, present),
    }
}

/// Sign the next intermediate with a root that is here.
fn make(call: &Call, present: Present) -> anyhow::Result<()> {
    let now = clock::now();
    let signatory = Signatory::of(call, &present)?;
    let key = present.key(call)?;
    let same_key = call.switch("same-key")?;
    let (files, next, subject) = if same_key {
        (Files::next_of_same_key(&present)?, None, present.certificate.subject().clone())
    } else {
        let files = Files::next(&present)?;
        let subject = present.next_subject(files.number)?;
        (files, Some(next_key(call, &key.key)?), subject)
    };
    let public = next.as_ref().unwrap_or(&key.key).public_key();
    let end = match when::flag(call, "not-after")? {
        Some((text, wanted)) => wanted.resolve(now).with_context(|| format!("--not-after {text} is out of range"))?,
        None => now + TEN_YEARS,
    };
    let order =
        issue::Order { subject, public, present: &present.certificate, not_before: now - BACKDATE, not_after: end };
    let certificate = order.sign(&signatory)?;
    let mut issued = vec![certificate];
    if let Some(cross) = Signatory::across(call)? {
        issued.push(order.sign(&cross)?);
    }
    let root = (!present.roots.contains(&signatory.certificate)).then_some(&signatory);
    let secret = next.as_ref().map(|next| key.dress(next)).transpose()?;
    put_in_force(call, present, &Next { files: &files, chain: &issued, secret, root }, now)
}

/// Make a key, and a request for somebody else's root.
fn request(call: &Call, present: &Present, file: &str) -> anyhow::Result<()> {
    let key = present.key(call)?;
    let existing = Existing::forced(call.switch("force")?, &call.ui);
    let target = Target::claim(Path::new(file), existing)?;
    let mut commit = Commit::default();
    let next = match call.switch("same-key")? {
        true => None,
        false => Some((Files::next(present)?, next_key(call, &key.key)?)),
    };
    let subject = match &next {
        Some((files, _)) => present.next_subject(files.number)?,
        None => present.certificate.subject().clone(),
    };
    let kept = present.certificate.extensions().iter().filter(|extension| issue::is_kept(extension)).cloned().collect();
    let content = RequestContent { subject, names: Vec::new(), extensions: kept };
    let request = content.sign(next.as_ref().map_or(&key.key, |(_, next)| next))?;
    if let Some((files, next)) = &next {
        let secret = Target::claim(&files.key, Existing::Ask(&call.ui))?;
        commit.put(secret, Mode::Private, key.dress(next)?.into_bytes());
    }
    commit.put(target, Mode::Readable, request.to_pem());
    commit.write()?;
    if let Some((files, _)) = &next {
        files::give_to_owner_of(Path::new(&present.config.key), &files.key, &call.ui);
        call.ui.done("Intermediate private key", &files.key.to_string_lossy());
    }
    call.ui.done("Certificate signing request", file);
    call.ui.line(
        "Have the root sign it as a CA with path length 0, then take the certificate in with '--signed'. Nothing has \
         changed for the CA so far.",
    );
    Ok(())
}

/// A new key: of the kind that the flags say, else of that of the present one.
fn next_key(call: &Call, present: &PrivateKey) -> anyhow::Result<PrivateKey> {
    let asked = KEY_FLAGS.into_iter().map(|name| call.text(name)).collect::<anyhow::Result<Vec<_>>>()?;
    let kind = if asked.iter().all(Option::is_none) { present.algorithm() } else { key::algorithm(call)? };
    Ok(PrivateKey::generate(kind)?)
}

/// Take in a certificate that a root elsewhere has signed.
fn take_in(call: &Call, present: Present, file: &str) -> anyhow::Result<()> {
    let now = clock::now();
    let issued = read_roots(file).with_context(|| format!("{file} holds no certificate"))?;
    let public = issued[0].public_key().with_context(|| format!("{file} cannot be used"))?.clone();
    let own = present.certificate.public_key().ok() == Some(&public);
    let files = match own {
        true => Files::next_of_same_key(&present)?,
        false => Files::waiting(&present, &public, call)?,
    };
    let root = match call.text("ca")? {
        Some(root) => Some(Signatory::without_key(&root)?).filter(|root| !present.roots.contains(&root.certificate)),
        None => None,
    };
    put_in_force(call, present, &Next { files: &files, chain: &issued, secret: None, root: root.as_ref() }, now)
}

/// The next intermediate, ready to be put in force.
struct Next<'a> {
    files: &'a Files,
    /// The certificate, and what goes with it.
    chain: &'a [Certificate],
    /// The key as it is written, if it is not there yet.
    secret: Option<String>,
    /// A root that is not in the configuration yet.
    root: Option<&'a Signatory>,
}

fn put_in_force(call: &Call, present: Present, next: &Next<'_>, now: SystemTime) -> anyhow::Result<()> {
    let certificate = &next.chain[0];
    check(certificate, &present.config)?;
    let mut roots = present.roots.clone();
    roots.extend(next.root.map(|root| root.certificate.clone()));
    chain::verify(certificate, &next.chain[1..], &roots, now, None)
        .context("the new intermediate does not lead to a root of ca.json; name a new root with --ca")?;
    let until = until(call, &present, now)?;

    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut retired = present.retired.clone();
    retired.push(json!({ "crt": text(&present.config.crt), "until": rfc3339(until) }));
    // Those that have no key of their own had that of the one that issued, as it had itself.
    if next.files.key.to_string_lossy() != present.config.key.as_str() {
        for entry in retired.iter_mut().filter(|entry| entry.get("key").is_none()) {
            entry["key"] = present.config.key.as_str().into();
        }
    }
    let mut changes = vec![
        ("crt", Some(text(&next.files.crt).into())),
        ("key", Some(text(&next.files.key).into())),
        ("retiredIntermediates", Some(Value::Array(retired))),
    ];
    if let Some(root) = next.root {
        let is_other = |known: &&std::path::PathBuf| known.as_path() != Path::new(&root.file);
        let others = present.config.root.iter().map(|known| text(known));
        let all: Vec<String> = std::iter::once(root.file.clone()).chain(others).collect();
        changes.push(("root", Some(json!(all))));
        let federated: Vec<String> =
            present.config.federated_roots.iter().filter(is_other).map(|known| text(known)).collect();
        changes.push(("federatedRoots", Some(json!(federated))));
    }
    let changed = edit::change_members(&present.text, &present.path, &changes)
        .map_err(|error| anyhow::anyhow!("{}: {error}", present.path.display()))?;

    let mut commit = Commit::default();
    let is_new = next.secret.is_some();
    if let Some(secret) = &next.secret {
        commit.put(Target::claim(&next.files.key, Existing::Ask(&call.ui))?, Mode::Private, secret.as_bytes());
    }
    let crt = Target::claim(&next.files.crt, Existing::Ask(&call.ui))?;
    let pem: String = next.chain.iter().map(Certificate::to_pem).collect();
    commit.put(crt, Mode::Readable, pem);
    commit.put(Target::claim(&present.path, Existing::Replace)?, Mode::AsBefore, changed);
    commit.write()?;
    if is_new {
        files::give_to_owner_of(Path::new(&present.config.key), &next.files.key, &call.ui);
    }
    report(call, &present, next, until);
    Ok(())
}

fn report(call: &Call, present: &Present, next: &Next<'_>, until: SystemTime) {
    let ui = &call.ui;
    ui.done("Intermediate certificate", &next.files.crt.to_string_lossy());
    ui.done("Intermediate private key", &next.files.key.to_string_lossy());
    if let Some(root) = next.root {
        ui.done("New root", &root.file);
    }
    ui.done("CA Configuration", &present.path.to_string_lossy());
    ui.done("Old intermediate served until", &rfc3339(until));
    let crl = &present.config.crl;
    if crl.enabled && crl.idp_url.is_some() && present.config.revocation_url.is_some() {
        ui.warning(
            "the certificates of the old intermediate name crl.idpURL, where the CRL of the new one will be: leave idpURL \
             out, and each intermediate has an address of its own",
        );
    }
    ui.line("");
    ui.line("Send SIGHUP to the CA (kill -1 <pid>), and it issues with the new intermediate.");
}

/// Until when the old one is served.
fn until(call: &Call, present: &Present, now: SystemTime) -> anyhow::Result<SystemTime> {
    let until = match when::flag(call, "until")? {
        Some((text, wanted)) => wanted.resolve(now).with_context(|| format!("--until {text} is out of range"))?,
        None => now + longest(&present.config),
    };
    if until <= now {
        bail!("--until is in the past: the certificates of the old intermediate would stop working");
    }
    Ok(until.min(present.certificate.not_after()))
}

/// How long a certificate of today can be in use.
fn longest(config: &Config) -> Duration {
    let of_each = config.authority.provisioners.iter().map(|provisioner| {
        let claims = config.resolved_claims(provisioner);
        claims.max_tls + if claims.allow_renewal_after_expiry { GRACE } else { Duration::ZERO }
    });
    // The reload comes a little later.
    of_each.max().unwrap_or_default() + config.authority.backdate + Duration::from_secs(24 * 3600)
}

/// Whether a CA can issue with it.
fn check(certificate: &Certificate, config: &Config) -> anyhow::Result<()> {
    let usage = certificate.key_usage();
    if !certificate.is_ca() || usage.is_some_and(|usage| !usage.cert_sign()) {
        bail!("the certificate may not sign certificates (it needs CA:TRUE and the key usage keyCertSign)");
    }
    if config.crl.enabled && usage.is_some_and(|usage| !usage.contains(extension::KeyUsage::CRL_SIGN)) {
        bail!("the certificate may not sign CRLs (it needs the key usage cRLSign), and crl.enabled is set");
    }
    Ok(())
}

/// Take out of the configuration those whose time is over.
fn retire(call: &Call, present: &Present) -> anyhow::Result<()> {
    let now = clock::now();
    let all = call.switch("force")?;
    let mut kept = Vec::new();
    let mut gone = 0;
    for (entry, retired) in present.retired.iter().zip(&present.config.retired_intermediates) {
        let has_ended = read_roots(&retired.crt.to_string_lossy()).is_ok_and(|crts| crts[0].not_after() <= now);
        if !all && !has_ended && retired.until > now {
            kept.push(entry.clone());
            continue;
        }
        gone += 1;
        call.ui.done("Taken out", &retired.crt.to_string_lossy());
        if let Some(key) = &retired.key {
            call.ui.line(&format!("  Its key is not needed any more; destroy it: {}", crate::ui::shown(key)));
        }
    }
    if gone == 0 {
        call.ui.line("No retired intermediate has come to its end; --force takes those out that are still served.");
        return Ok(());
    }
    let change = if kept.is_empty() { None } else { Some(Value::Array(kept)) };
    present.change(call, &[("retiredIntermediates", change)])
}
