//! URLs taken apart and put together.
//!
//! Only where there is nothing to escape: what a percent sign stands for depends on the place, and a mistake there
//! would be one in a name of a certificate.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Function, Outcome, Type, dict, function, text};
use crate::error::Failure;
use crate::render::Runtime;
use crate::run_value::{Map, Val};

pub(super) static FUNCTIONS: &[Function] = &[
    function("urlJoin", &[Type::Map], |_, values| Ok(Val::text(join(dict(values, 0))?))),
    function("urlParse", &[Type::Text], |runtime, values| parse(runtime, text(values, 0))),
];

fn refused(url: &str, why: &str) -> Failure {
    format!("unable to parse url: {url:?}: {why}").into()
}

/// The parts of a URL, in the order in which `urlJoin` takes them.
#[derive(Default)]
struct Parts<'u> {
    scheme: String,
    userinfo: &'u str,
    host: &'u str,
    path: &'u str,
    opaque: &'u str,
    query: &'u str,
    fragment: &'u str,
}

fn parse(runtime: &mut Runtime<'_>, url: &str) -> Outcome {
    let parts = Parts::read(url)?;
    let hostname = match parts.host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or(address),
        None => parts.host.split(':').next().unwrap_or(parts.host),
    };
    let entries = [
        ("fragment", parts.fragment),
        ("host", parts.host),
        ("hostname", hostname),
        ("opaque", parts.opaque),
        ("path", parts.path),
        ("query", parts.query),
        ("scheme", &parts.scheme),
        ("userinfo", parts.userinfo),
    ];
    let entries: BTreeMap<Rc<str>, Val> =
        entries.into_iter().map(|(name, value)| (Rc::from(name), Val::text(value))).collect();
    Ok(runtime.map(entries))
}

impl<'u> Parts<'u> {
    fn read(url: &'u str) -> Result<Self, Failure> {
        let mut parts = Parts::default();
        let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
        if rest.contains(|next: char| next.is_ascii_control()) || !is_plain(fragment, PATH) {
            return Err(refused(url, "it has characters that would have to be escaped"));
        }
        parts.fragment = fragment;
        let mut rest = rest;
        let colon = rest.find(|next: char| !(next.is_ascii_alphanumeric() || "+-.".contains(next)));
        match colon {
            Some(0) if rest.starts_with(':') => return Err(refused(url, "missing protocol scheme")),
            Some(at) if rest[at..].starts_with(':') && rest.starts_with(|next: char| next.is_ascii_alphabetic()) => {
                parts.scheme = rest[..at].to_ascii_lowercase();
                rest = &rest[at + 1..];
            }
            _ => {}
        }
        if let Some((before, query)) = rest.split_once('?') {
            (rest, parts.query) = (before, query);
        }
        if !rest.starts_with('/') {
            if !parts.scheme.is_empty() {
                parts.opaque = rest;
                return Ok(parts);
            }
            if rest.split('/').next().is_some_and(|first| first.contains(':')) {
                return Err(refused(url, "first path segment in URL cannot contain colon"));
            }
        }
        if rest.starts_with("//") && (!parts.scheme.is_empty() || !rest.starts_with("///")) {
            let authority = &rest[2..];
            let end = authority.find('/').unwrap_or(authority.len());
            rest = &authority[end..];
            let authority = &authority[..end];
            (parts.userinfo, parts.host) = authority.rsplit_once('@').unwrap_or(("", authority));
            if authority.starts_with('@') || !is_host(parts.host) || !is_user(parts.userinfo) {
                return Err(refused(url, "its user or host is none, or would have to be escaped"));
            }
        }
        if !is_plain(rest, PATH) {
            return Err(refused(url, "its path has characters that would have to be escaped"));
        }
        parts.path = rest;
        Ok(parts)
    }
}

/// What stands for itself beside letters and digits.
const UNRESERVED: &str = "-_.~";
const PATH: &str = "-_.~$&+,/:;=@";
const USER: &str = "-_.~$&+,;=";

fn is_plain(text: &str, allowed: &str) -> bool {
    text.chars().all(|next| next.is_ascii_alphanumeric() || allowed.contains(next))
}

fn is_user(text: &str) -> bool {
    let (name, password) = text.split_once(':').unwrap_or((text, ""));
    is_plain(name, USER) && is_plain(password, USER)
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, port)) => {
                let valid = !address.is_empty() && address.parse::<std::net::Ipv6Addr>().is_ok();
                (if valid { "" } else { "%" }, port)
            }
            None => return false,
        },
        None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
    };
    let port_is_one =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()));
    is_plain(host, UNRESERVED) && port_is_one
}

fn join(map: &Map) -> Result<String, Failure> {
    let entries = map.entries.borrow();
    let part = |name: &str| match entries.get(name) {
        None => Ok(""),
        Some(Val::Text(text)) => Ok(&**text),
        Some(value) => Err(Failure::from(format!(
            "unable to parse {name} key, must be of type string, but {} found",
            value.kind()
        ))),
    };
    let (scheme, host, path) = (part("scheme")?, part("host")?, part("path")?);
    let (query, opaque, fragment, userinfo) = (part("query")?, part("opaque")?, part("fragment")?, part("userinfo")?);
    let plain = is_host(host) && is_user(userinfo) && is_plain(path, PATH) && is_plain(fragment, PATH);
    if !plain || query.contains('#') || opaque.contains(['#', '?']) {
        return Err("a part of the URL has characters that would have to be escaped".into());
    }
    let mut url = String::new();
    if !scheme.is_empty() {
        url.extend([scheme, ":"]);
    }
    if !opaque.is_empty() {
        url.push_str(opaque);
    } else {
        let has_authority = !scheme.is_empty() || !host.is_empty() || !userinfo.is_empty();
        if has_authority && (!host.is_empty() || !path.is_empty() || !userinfo.is_empty()) {
            url.push_str("//");
            if !userinfo.is_empty() {
                url.extend([userinfo, "@"]);
            }
            url.push_str(host);
        }
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            url.push('/');
        }
        if url.is_empty() && (path.starts_with("//") || path.split('/').next().is_some_and(|first| first.contains(':')))
        {
            return Err("the path would be taken for something else without a host".into());
        }
        url.push_str(path);
    }
    if !query.is_empty() {
        url.extend(["?", query]);
    }
    if !fragment.is_empty() {
        url.extend(["#", fragment]);
    }
    Ok(url)
}
