//! What is known about the new CA, from flags and from answers.

use anyhow::anyhow;
use zeroize::Zeroizing;

use super::question::{ADDRESS, DNS, NAME, PROVISIONER, parse_names};
use crate::ca::connection::ca_url;
use crate::ca::password::{self, Wish};
use crate::call::Call;
use crate::secret;

/// What is known about the new CA.
pub(super) struct Answers {
    pub(super) name: String,
    /// Nothing with `--pki`.
    pub(super) serving: Option<Serving>,
    pub(super) password: Zeroizing<String>,
    pub(super) provisioner_password: Zeroizing<String>,
}

/// What a CA that serves needs besides its certificates.
pub(super) struct Serving {
    /// At least one.
    pub(super) names: Vec<String>,
    pub(super) address: String,
    pub(super) provisioner: Provisioner,
    pub(super) url: Option<String>,
    pub(super) has_database: bool,
}

/// The first provisioner: its name, and its key once that is made.
pub(super) struct Provisioner {
    pub(super) name: String,
    pub(super) key: serde_json::Value,
    pub(super) encrypted_key: String,
}

impl Answers {
    /// Read the flags, check them all, and ask for the rest.
    pub(super) fn collect(call: &Call) -> anyhow::Result<Self> {
        let mut given = Given::read(call)?;
        if !given.is_complete() {
            call.ui.done("Deployment Type", "Standalone");
        }
        let name = NAME.answer(call)?;
        let serving = if given.pki { None } else { Some(serving(call, &given)?) };
        let heading = match given.pki {
            true => "Choose a password for your CA keys.",
            false => "Choose a password for your CA keys and first provisioner.",
        };
        let password = match given.password.take() {
            Some(password) => password,
            None => password::ask_new(
                &call.ui,
                &Wish { what: "the password of the new CA", heading, label: "[leave empty and we'll generate one]" },
            )?,
        };
        let provisioner_password = given.provisioner_password.take().unwrap_or_else(|| password.clone());
        let mut answers = Self { name, serving, password, provisioner_password };
        answers.make_provisioner()?;
        Ok(answers)
    }

    fn make_provisioner(&mut self) -> anyhow::Result<()> {
        use rung_pki::jose::{PrivateJwk, jwe};
        let Some(serving) = &mut self.serving else { return Ok(()) };
        let key = PrivateJwk::describe(rung_pki::PrivateKey::generate(rung_pki::KeyAlgorithm::EcP256)?);
        let json = key.to_json();
        serving.provisioner.key = serde_json::from_str(&key.public().to_json())?;
        serving.provisioner.encrypted_key =
            jwe::encrypt_compact(json.as_bytes(), self.provisioner_password.as_bytes(), Some("jwk+json"))?;
        Ok(())
    }
}

/// The names of `--dns`, checked.
pub(super) fn given_names(call: &Call) -> anyhow::Result<Vec<String>> {
    let given = call.list("dns")?;
    if given.is_empty() {
        return Ok(Vec::new());
    }
    parse_names(&given.join(",")).map_err(|reason| anyhow!("{reason} (flag '--dns')"))
}

/// What the flags say.
struct Given {
    pki: bool,
    names: Vec<String>,
    password: Option<Zeroizing<String>>,
    provisioner_password: Option<Zeroizing<String>>,
    others: bool,
}

impl Given {
    fn read(call: &Call) -> anyhow::Result<Self> {
        let password = |flag: &str| -> anyhow::Result<Option<Zeroizing<String>>> {
            let Some(file) = call.text(flag)? else { return Ok(None) };
            Ok(Some(secret::password_file(flag, &file)?).filter(|password| !password.is_empty()))
        };
        let pki = call.switch("pki")?;
        // What is wrong with the flags is told before anything is asked.
        let mut others = NAME.given(call)?.is_some();
        let (address, provisioner) = (ADDRESS.given(call)?, PROVISIONER.given(call)?);
        if !pki {
            others &= address.is_some() && provisioner.is_some();
        }
        call.text("with-ca-url")?.map(|url| ca_url(&url)).transpose()?;
        Ok(Self {
            pki,
            names: given_names(call)?,
            password: password("password-file")?,
            provisioner_password: password("provisioner-password-file")?,
            others,
        })
    }

    fn is_complete(&self) -> bool {
        self.others && self.password.is_some() && (self.pki || !self.names.is_empty())
    }
}

fn serving(call: &Call, given: &Given) -> anyhow::Result<Serving> {
    let names = match given.names.is_empty() {
        true => parse_names(&DNS.ask(call)?).map_err(|reason| anyhow!(reason))?,
        false => given.names.clone(),
    };
    let address = ADDRESS.answer(call)?;
    let provisioner =
        Provisioner { name: PROVISIONER.answer(call)?, key: serde_json::Value::Null, encrypted_key: String::new() };
    let url = call.text("with-ca-url")?.map(|url| ca_url(&url)).transpose()?.map(|url| url.to_string());
    Ok(Serving { names, address, provisioner, url, has_database: !call.switch("no-db")? })
}
