//! What `--offline` takes from `ca.json` instead of asking the CA.

use anyhow::{Context as _, bail};
use rung_api::body::Provisioner;
use serde_json::Value;

use crate::call::Call;
use crate::input;

/// The parts of `ca.json` that a token needs.
pub(crate) struct Offline {
    /// The provisioners, with their encrypted keys.
    pub(crate) provisioners: Vec<Provisioner>,
    /// The first name of the CA.
    pub(crate) dns_name: String,
    /// The file of the first root.
    pub(crate) root: Option<String>,
}

impl Offline {
    /// Read the file of `--ca-config`, or the one in its usual place.
    pub(crate) fn read(call: &Call) -> anyhow::Result<Self> {
        let file = match call.text("ca-config")? {
            Some(file) => file,
            None => call.folders()?.ca_config().to_string_lossy().into_owned(),
        };
        let contents = input::read("the configuration of the CA", &file)?;
        Self::parse(&contents).with_context(|| format!("the configuration of the CA, {file}, cannot be used"))
    }

    pub(super) fn parse(contents: &[u8]) -> anyhow::Result<Self> {
        let config: Value = serde_json::from_slice(contents)?;
        let provisioners = member(member(&config, "authority"), "provisioners");
        let provisioners = match provisioners {
            Value::Null => Vec::new(),
            list => serde_json::from_value(list.clone()).context("authority.provisioners")?,
        };
        let Some(dns_name) = member(&config, "dnsNames")[0].as_str() else { bail!("it has no dnsNames") };
        let root = match member(&config, "root") {
            Value::Array(files) => files.first().and_then(Value::as_str),
            other => other.as_str(),
        };
        Ok(Self { provisioners, dns_name: dns_name.to_owned(), root: root.map(str::to_owned) })
    }

    /// Where the token may be used.
    pub(crate) fn audience(&self) -> String {
        let bracketed = self.dns_name.parse::<std::net::Ipv6Addr>().map(|address| format!("[{address}]"));
        format!("https://{}/sign", bracketed.unwrap_or_else(|_| self.dns_name.clone()))
    }
}

/// A member of an object whatever the case of its name, as the file may be written; `null` when it is missing.
fn member<'a>(object: &'a Value, name: &str) -> &'a Value {
    let members = object.as_object();
    let exact = members.and_then(|members| members.get(name));
    let any = || members?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    exact.or_else(any).unwrap_or(&Value::Null)
}
