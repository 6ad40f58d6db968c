//! `crypto jwe encrypt`

use anyhow::bail;
use rung_pki::jose::KeyManagement;
use rung_pki::jose::jwe::{ContentEncryption, EncryptedObject, Encryption, EncryptionKey};

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::keys::{Guess, Purpose, Wish, check_fits};
use crate::ui::{Question, print};
use crate::{input, secret};

pub(crate) static COMMAND: Command = Command {
    name: "encrypt",
    summary: "encrypt content of any kind",
    description: "Encrypts standard input and prints the JWE as JSON on one line. For a key pair the public key is \
        enough: ECDH-ES for an elliptic curve, RSA-OAEP-256 for RSA, or what --alg or the JWK names. For a shared \
        secret (a JWK of type oct): dir, A128KW to A256KW, A128GCMKW to A256GCMKW. With a password: --alg \
        PBES2-HS256+A128KW, PBES2-HS384+A192KW or PBES2-HS512+A256KW and no key.",
    arguments: &[],
    flags: &[&[
        Flag::value(&["alg", "algorithm"], "<algorithm>", "How the content's key comes to the recipient."),
        Flag::value(
            &["enc", "encryption-algorithm"],
            "<encryption>",
            "How the content is encrypted: A256GCM (the default), A128GCM, A192GCM, A128CBC-HS256, A192CBC-HS384 or \
             A256CBC-HS512.",
        ),
        Flag::value(&["key"], "<file>", "The recipient's key: PEM, certificate or JWK."),
        Flag::value(&["jwks"], "<file>", "A JWK set with the recipient's key; needs --kid."),
        Flag::value(&["kid"], "<kid>", "The id of the key.").only_on_the_command_line(),
        Flag::value(&["typ"], "<type>", "The media type of the whole, for the header."),
        Flag::value(&["cty"], "<type>", "The media type of the content, for the header."),
        Flag::value(
            &["password-file"],
            "<file>",
            "File with the password to encrypt with, or of the key if that is encrypted.",
        ),
        Flag::switch(&["subtle"], "Allow what is seldom right."),
    ]],
    examples: &[
        Example {
            purpose: "Encrypt for the owner of a key:",
            lines: &["crypto jwe encrypt --key enc.pub.json < message.txt > message.jwe"],
        },
        Example {
            purpose: "Encrypt with a password:",
            lines: &["crypto jwe encrypt --alg PBES2-HS256+A128KW --password-file pass.txt < message.txt"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let alg = call.text("alg")?;
    let algorithm = alg.as_deref().map(|name| parsed("alg", name)).transpose()?;
    let enc = call.text("enc")?.unwrap_or_else(|| "A256GCM".to_owned());
    let content =
        ContentEncryption::find(&enc).map_err(|_| Usage::new(format!("invalid value '{enc}' for flag '--enc'")))?;
    let (key, jwks, kid) = (call.text("key")?, call.text("jwks")?, call.text("kid")?);
    let (typ, cty) = (call.text("typ")?, call.text("cty")?);
    let encryption =
        |algorithm, to, key_id| Encryption { algorithm, content, to, key_id, typ: typ.as_deref(), cty: cty.as_deref() };
    if let Some(algorithm @ KeyManagement::Password(_)) = algorithm {
        for (flag, given) in [("key", &key), ("jwks", &jwks)] {
            if given.is_some() {
                let problem = format!("flag '--alg {algorithm}' and flag '--{flag}' are mutually exclusive");
                return Err(Usage::new(problem).into());
            }
        }
        let password = password(call)?;
        let to = EncryptionKey::Password(password.as_bytes());
        return seal(&encryption(algorithm, to, kid.as_deref()));
    }
    let wish = Wish {
        purpose: Purpose::Encryption,
        algorithm: alg.as_deref(),
        key_id: kid.as_deref(),
        subtle: call.switch("subtle")?,
        guess: Guess::Default,
    };
    let mut jwk = super::decrypt::choose(call, (key, jwks), &wish)?;
    // For a recipient the public half is enough.
    if let Some(public) = jwk.public() {
        jwk = public;
    }
    if jwk.usage.as_deref() == Some("sig") {
        bail!("invalid jwk use: found 'sig' (signature), expecting 'enc' (encryption)");
    }
    check_fits(&jwk)?;
    let algorithm = parsed("alg", jwk.algorithm.as_deref().unwrap_or_default())?;
    seal(&encryption(algorithm, EncryptionKey::Jwk(&jwk), jwk.key_id.as_deref()))
}

fn seal(how: &Encryption<'_>) -> anyhow::Result<()> {
    let plaintext = input::read("the content to encrypt", "-")?;
    let object = EncryptedObject::encrypt(&plaintext, how)?;
    let text = object.to_flattened().expect("it was made with one recipient");
    print(format!("{text}\n").as_bytes())
}

fn parsed(flag: &str, name: &str) -> Result<KeyManagement, Usage> {
    name.parse().map_err(|_| Usage::new(format!("invalid value '{name}' for flag '--{flag}'")))
}

fn password(call: &Call) -> anyhow::Result<zeroize::Zeroizing<String>> {
    let password = match call.text("password-file")? {
        Some(file) => secret::password_file("password-file", &file)?,
        None => call.ui.ask_password(&Question {
            what: "the password to encrypt with",
            remedy: "put the password into a file and pass it with --password-file",
            heading: "",
            label: "Please enter the password to encrypt the content encryption key",
        })?,
    };
    if password.is_empty() {
        bail!("the password is empty");
    }
    Ok(password)
}
