//! `crypto jwe decrypt`

use anyhow::{anyhow, bail};
use rung_pki::jose::jwe::{DecryptionKey, EncryptedObject, JweError};
use rung_pki::jose::{Jwk, KeyManagement};
use rung_pki::keyfile::MAX_ITERATIONS;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::keys::{self, Guess, Purpose, Wish};
use crate::ui::{Question, print};
use crate::{input, secret};

pub(crate) static COMMAND: Command = Command {
    name: "decrypt",
    summary: "decrypt content of any kind",
    description: "Reads a JWE from standard input, in any serialisation, decrypts it with a private key, a shared \
        secret (a JWK of type oct) or a password, and prints the content. Nothing is printed unless it is whole and \
        unchanged. The key says which algorithm there may be. A text for several recipients is decrypted for the one \
        whose key this is.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["key"], "<file>", "The private key: PEM, JWK or encrypted JWK."),
        Flag::value(&["jwks"], "<file>", "A JWK set with the private key; needs --kid."),
        Flag::value(&["kid"], "<kid>", "The id of the key.").only_on_the_command_line(),
        Flag::value(
            &["password-file"],
            "<file>",
            "File with the password of the content, or of the key if that is encrypted.",
        ),
    ]],
    examples: &[
        Example { purpose: "Decrypt with a key:", lines: &["crypto jwe decrypt --key enc.json < message.jwe"] },
        Example {
            purpose: "Decrypt with a password:",
            lines: &["crypto jwe decrypt --password-file pass.txt < message.jwe"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let text = input::read("the text to decrypt", "-")?;
    let text = std::str::from_utf8(&text).map_err(|_| anyhow!("error parsing data: it is not a text"))?;
    let object = EncryptedObject::parse(text).map_err(|error| anyhow!("error parsing data: {error}"))?;
    let (key, jwks, kid) = (call.text("key")?, call.text("jwks")?, call.text("kid")?);
    let name = object.algorithm_name(0).map_err(|error| anyhow!("error parsing data: {error}"))?;
    if object.recipients() == 1 && matches!(name.parse(), Ok(KeyManagement::Password(_))) {
        for (flag, given) in [("key", &key), ("jwks", &jwks)] {
            if given.is_some() {
                let problem = format!("flag '--{flag}' cannot be used with JWE algorithm '{name}'");
                return Err(Usage::new(problem).into());
            }
        }
        return with_password(call, &object);
    }
    let wish = Wish {
        purpose: Purpose::Encryption,
        algorithm: None,
        key_id: kid.as_deref(),
        subtle: false,
        guess: Guess::OnlyOne,
    };
    let jwk = choose(call, (key, jwks), &wish)?;
    if jwk.material.is_public() {
        bail!("cannot use a public key for decryption");
    }
    if jwk.usage.as_deref() == Some("sig") {
        bail!("invalid jwk use: found 'sig' (signature), expecting 'enc' (encryption)");
    }
    let mut problem = JweError::WrongKey;
    for recipient in 0..object.recipients() {
        match object.decrypt(recipient, DecryptionKey::Jwk(&jwk)) {
            Ok(plaintext) => return print(&plaintext),
            Err(error) => problem = error,
        }
    }
    Err(anyhow!("error decrypting data: {problem}"))
}

fn with_password(call: &Call, object: &EncryptedObject) -> anyhow::Result<()> {
    let open = |password: &[u8]| {
        let key = DecryptionKey::Password { password, most_iterations: MAX_ITERATIONS };
        match object.decrypt(0, key) {
            Ok(plaintext) => Ok(Some(plaintext)),
            Err(JweError::WrongPassword) => Ok(None),
            Err(error) => Err(anyhow!("error decrypting data: {error}")),
        }
    };
    let plaintext = match call.text("password-file")? {
        Some(file) => {
            let password = secret::password_file("password-file", &file)?;
            open(password.as_bytes())?.ok_or_else(|| anyhow!("error decrypting data: the password is wrong"))?
        }
        None => {
            let question = Question {
                what: "the password of the content",
                remedy: "put the password into a file and pass it with --password-file",
                heading: "",
                label: "Please enter the password to decrypt the content encryption key",
            };
            call.ui.unlock(&question, open)?
        }
    };
    print(&plaintext)
}

/// Find the key in a file or in a set.
pub(super) fn choose(call: &Call, files: (Option<String>, Option<String>), wish: &Wish<'_>) -> anyhow::Result<Jwk> {
    match files {
        (None, None) => Err(Usage::new("one of flag --key or --jwks is required").into()),
        (Some(_), Some(_)) => Err(Usage::new("flag '--key' and flag '--jwks' are mutually exclusive").into()),
        (None, Some(_)) if wish.key_id.is_none() => Err(Usage::new("flag '--jwks' requires the '--kid' flag").into()),
        (None, Some(jwks)) => keys::find_in_set(call, &jwks, wish),
        (Some(key), None) => keys::read(call, &key, wish),
    }
}
