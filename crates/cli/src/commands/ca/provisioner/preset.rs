//! Provisioners for identity providers that are known: their flags, their questions, and what to register there.

use serde_json::{Map, Value};

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::Flag;
use crate::preset::{Answers, Ask, PRESETS, Preset};
use crate::ui::{Question, has_terminal, shown};

/// Flags that answer what a preset wants to know, beside those of every provisioner of type OIDC.
pub(super) static FLAGS: &[Flag] = &[
    Flag::value(
        &["preset"],
        "<provider>",
        "OIDC: fill in what is known of google, entra, okta, salesforce, keycloak, adfs, auth0, gitlab, \
         github-actions or kubernetes.",
    )
    .only_on_the_command_line(),
    Flag::value(
        &["host", "preset-host"],
        "<host>",
        "Preset: where the provider is, such as example.okta.com; for kubernetes the issuer of the cluster.",
    )
    .only_on_the_command_line(),
    Flag::value(&["realm"], "<realm>", "Preset: the realm of keycloak, or a custom authorization server of okta.")
        .only_on_the_command_line(),
    Flag::value(&["tenant"], "<id>", "Preset: the tenant (directory) id of entra.").only_on_the_command_line(),
    Flag::list(&["repository"], "<owner/name>", "Preset: a repository of github-actions, or owner/* for all.")
        .only_on_the_command_line(),
    Flag::list(&["namespace"], "<namespace>", "Preset: a namespace of kubernetes.").only_on_the_command_line(),
    Flag::value(&["trust-domain"], "<domain>", "Preset: the trust domain of SPIFFE ids for kubernetes.")
        .only_on_the_command_line(),
];

/// A preset with everything that it wants to know.
pub(super) struct Chosen {
    preset: &'static Preset,
    answers: Answers,
}

/// The preset of the flags, with what was missing asked for.
pub(super) fn choose(call: &Call) -> anyhow::Result<Option<Chosen>> {
    let Some(name) = call.text("preset")? else {
        return match FLAGS.iter().skip(1).find(|flag| call.is_typed(flag.name())) {
            Some(flag) => Err(Usage::new(format!("flag '--{}' requires the '--preset' flag", flag.name())).into()),
            None => Ok(None),
        };
    };
    let Some(preset) = Preset::named(&name) else {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        let problem = format!("invalid value '{name}' for flag '--preset'; options are {}", names.join(", "));
        return Err(Usage::new(problem).into());
    };
    if call.text("configuration-endpoint")?.is_some() {
        return Err(Usage::new("flag '--preset' is incompatible with '--configuration-endpoint'").into());
    }
    let mut answers = Answers::default();
    // Secrets and realms are taken when they are given, and asked for where nothing works without them.
    let given = [Ask::ClientSecret, Ask::Domain, Ask::Realm];
    let also = given.into_iter().filter(|ask| !preset.asks.contains(ask));
    for ask in preset.asks.iter().copied() {
        answers.put(ask, required(call, preset, ask)?);
    }
    for ask in also {
        answers.put(ask, answered(call, preset, ask)?);
    }
    Ok(Some(Chosen { preset, answers }))
}

/// A preset makes no provisioner of another type.
pub(super) fn refuse(call: &Call, kind: &str) -> Result<(), Usage> {
    match call.is_typed("preset") {
        true => Err(Usage::new(format!("flag '--preset' does not fit a provisioner of type {kind}"))),
        false => Ok(()),
    }
}

/// What the flag says, checked.
fn answered(call: &Call, preset: &Preset, ask: Ask) -> anyhow::Result<Vec<String>> {
    let flag = ask.flag();
    let given = if ask.takes_many() { call.list(flag)? } else { call.text(flag)?.into_iter().collect() };
    let check = |answer: String| {
        // A secret is not repeated.
        let value = if ask == Ask::ClientSecret { "" } else { answer.as_str() };
        ask.check(preset.name, &answer)
            .map_err(|problem| Usage::new(format!("invalid value '{value}' for flag '--{flag}': {problem}")).into())
    };
    given.into_iter().map(check).collect()
}

fn required(call: &Call, preset: &'static Preset, ask: Ask) -> anyhow::Result<Vec<String>> {
    let given = answered(call, preset, ask)?;
    if !given.is_empty() {
        return Ok(given);
    }
    let flag = ask.flag();
    if !has_terminal() {
        let usage = Usage::new(format!("'--preset {}' requires the '--{flag}' flag", preset.name));
        return Err(usage.with_hint(format!("{}: give it with --{flag}.", ask.question())).into());
    }
    let what = format!("the {flag} for {}", preset.title);
    let remedy = format!("give it with --{flag}");
    let question = Question { what: &what, remedy: &remedy, heading: "", label: ask.question() };
    if ask == Ask::ClientSecret {
        let secret = call.ui.ask_password(&question)?;
        let secret = ask.check(preset.name, &secret).map_err(|problem| Usage::new(format!("the secret: {problem}")))?;
        return Ok(vec![secret]);
    }
    let answer = call.ui.ask_text(&question, move |answer| ask.check(preset.name, answer).map(drop))?;
    Ok(vec![ask.check(preset.name, &answer).map_err(Usage::new)?])
}

impl Chosen {
    /// The members of the provisioner.
    pub(super) fn members(&self) -> Map<String, Value> {
        self.preset.provisioner(&self.answers)
    }

    /// Say what has to be done at the provider.
    pub(super) fn say_what_to_register(&self, call: &Call) -> anyhow::Result<()> {
        let (usual, chosen) = (self.preset.listen, call.text("listen-address")?);
        call.ui.line("");
        call.ui.line(&format!("At {}:", self.preset.title));
        for line in self.preset.to_register(&self.answers) {
            let line = match &chosen {
                _ if usual.is_empty() => line,
                Some(port) if port.starts_with(':') => line.replace(usual, &format!("127.0.0.1{port}")),
                Some(address) => line.replace(usual, address),
                None => line,
            };
            call.ui.line(&format!("  - {}", shown(&line)));
        }
        Ok(())
    }
}
