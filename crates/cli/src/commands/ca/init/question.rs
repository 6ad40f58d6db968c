//! The questions of `ca init`, and which answers are good.

use rung_pki::SubjectAltName;

use crate::call::Call;
use crate::ui::Question;

/// A question that a flag answers too.
pub(super) struct Asked {
    flag: &'static str,
    what: &'static str,
    heading: &'static str,
    hint: &'static str,
    check: fn(&str) -> Result<(), String>,
}

impl Asked {
    /// The value of the flag, if it is given and good.
    pub(super) fn given(&self, call: &Call) -> anyhow::Result<Option<String>> {
        let Some(value) = call.text(self.flag)? else { return Ok(None) };
        (self.check)(&value).map_err(|reason| anyhow::anyhow!("{reason} (flag '--{}')", self.flag))?;
        Ok(Some(value))
    }

    /// The value of the flag, or the person's answer.
    pub(super) fn answer(&self, call: &Call) -> anyhow::Result<String> {
        match self.given(call)? {
            Some(value) => Ok(value),
            None => self.ask(call),
        }
    }

    /// The person's answer.
    pub(super) fn ask(&self, call: &Call) -> anyhow::Result<String> {
        let remedy = format!("give it with --{}", self.flag);
        let question = Question { what: self.what, remedy: &remedy, heading: self.heading, label: self.hint };
        call.ui.ask_text(&question, self.check)
    }
}

pub(super) const NAME: Asked = Asked {
    flag: "name",
    what: "the name of the PKI",
    heading: "What would you like to name your new PKI?",
    hint: "(e.g. Example)",
    check: check_name,
};
pub(super) const DNS: Asked = Asked {
    flag: "dns",
    what: "the names of the CA",
    heading: "What DNS names or IP addresses will clients use to reach your CA?",
    hint: "(e.g. ca.example.com[,10.1.2.3,etc.])",
    check: |answer| parse_names(answer).map(drop),
};
pub(super) const ADDRESS: Asked = Asked {
    flag: "address",
    what: "the address to serve on",
    heading: "What IP and port will your new CA bind to? (:443 will bind to 0.0.0.0:443)",
    hint: "(e.g. :443 or 127.0.0.1:443)",
    check: check_address,
};
pub(super) const PROVISIONER: Asked = Asked {
    flag: "provisioner",
    what: "the name of the first provisioner",
    heading: "What would you like to name the CA's first provisioner?",
    hint: "(e.g. you@example.com)",
    check: check_provisioner,
};

fn check_name(answer: &str) -> Result<(), String> {
    match answer.trim() {
        "" => Err("value is empty".to_owned()),
        name if name.chars().any(char::is_control) => Err("the name has control characters".to_owned()),
        name if name.len() > 200 => Err("the name is too long".to_owned()),
        _ => Ok(()),
    }
}

/// Names that would be mistaken for a part of an address or a key id are refused.
fn check_provisioner(answer: &str) -> Result<(), String> {
    check_name(answer)?;
    match answer.chars().find(|character| matches!(character, '/' | '#' | ':' | '%' | '?')) {
        Some(character) => Err(format!("the name of a provisioner cannot have a '{character}'")),
        None => Ok(()),
    }
}

fn check_address(answer: &str) -> Result<(), String> {
    let wrong = || format!("{answer} is not a TCP address");
    let (host, port) = answer.rsplit_once(':').ok_or_else(wrong)?;
    let is_port = port.bytes().all(|octet| octet.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let is_host =
        host.is_empty() || matches!(SubjectAltName::classify(host), Ok(SubjectAltName::Ip(_) | SubjectAltName::Dns(_)));
    if is_port && is_host { Ok(()) } else { Err(wrong()) }
}

/// The names in a list separated by commas or spaces.
pub(super) fn parse_names(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for part in text.split([',', ' ']).filter(|part| !part.is_empty()) {
        let bare = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(part);
        let name = match SubjectAltName::classify(bare) {
            Ok(SubjectAltName::Dns(name)) if name.wildcard_of().is_none() => name.as_str().to_owned(),
            Ok(SubjectAltName::Ip(address)) => address.to_string(),
            _ => return Err(format!("{part} is not a valid DNS name or IP address")),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { Err("value is empty".to_owned()) } else { Ok(names) }
}
