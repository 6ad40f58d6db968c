//! Which audiences a token may name, by operation.

/// What a token is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The successor of a certificate.
    Renew,
    /// The end of a certificate.
    Revoke,
    /// A certificate for a key.
    Sign,
}

/// The audiences of this CA's own operations.
#[derive(Debug)]
pub struct Audiences {
    hosts: Vec<String>,
}

/// An audience that stands for this CA in tokens of very old clients.
const LEGACY: &str = "step-certificate-authority";

impl Audiences {
    /// The audiences of a CA that is reached under these names; IPv6 literals may stand without brackets.
    pub fn new(names: &[String]) -> Self {
        let bracket = |name: &String| match name.parse::<std::net::Ipv6Addr>() {
            Ok(_) => format!("[{name}]"),
            Err(_) => name.clone(),
        };
        Self { hosts: names.iter().map(bracket).collect() }
    }

    /// Whether an audience with its fragment taken off means `operation` of this CA.
    ///
    /// Hosts are compared without regard to case and whatever the port, since a CA behind a port mapping does not
    /// know its own; scheme and path are exact, and user information, queries and trailing slashes never match.
    pub fn matches(&self, audience: &str, operation: Operation) -> bool {
        let paths: &[&str] = match operation {
            Operation::Renew => &["/1.0/renew", "/renew"],
            Operation::Revoke => &["/1.0/revoke", "/revoke"],
            Operation::Sign => &["/1.0/sign", "/sign"],
        };
        if audience == LEGACY {
            return operation != Operation::Renew;
        }
        let Some(rest) = audience.strip_prefix("https://") else { return false };
        let Some(slash) = rest.find('/') else { return false };
        let (authority, path) = rest.split_at(slash);
        paths.contains(&path) && self.hosts.iter().any(|host| host.eq_ignore_ascii_case(without_port(authority)))
    }

    /// Whether an audience means any operation of this CA.
    pub fn matches_any(&self, audience: &str) -> bool {
        [Operation::Sign, Operation::Revoke, Operation::Renew]
            .iter()
            .any(|operation| self.matches(audience, *operation))
    }
}

/// An audience and what stands after its `#`.
pub(crate) fn split_fragment(audience: &str) -> (&str, &str) {
    audience.split_once('#').unwrap_or((audience, ""))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(audience: &str, expected: bool) {
        let audiences = Audiences::new(&["ca.test".to_owned(), "::1".to_owned(), "10.0.0.1".to_owned()]);
        assert_eq!(audiences.matches(audience, Operation::Sign), expected, "{audience}");
    }

    #[test]
    fn only_the_operation_of_this_ca_matches() {
        for good in [
            "https://ca.test/1.0/sign",
            "https://ca.test/sign",
            "https://ca.test:9000/1.0/sign",
            "https://CA.test/1.0/sign",
            "https://[::1]:443/sign",
            "https://[::1]/sign",
            "https://10.0.0.1/sign",
            "step-certificate-authority",
        ] {
            check(good, true);
        }
        for bad in [
            "",
            "https://other.test/1.0/sign",
            "http://ca.test/1.0/sign",
            "https://ca.test/1.0/sign/",
            "https://ca.test/1.0/sign?x",
            "https://ca.test/1.0/revoke",
            "https://ca.test/1.0/ssh/sign",
            "https://user@ca.test/1.0/sign",
            "https://ca.test./1.0/sign",
            "https://ca.test:/1.0/sign",
            "https://ca.test",
            "ca.test/1.0/sign",
        ] {
            check(bad, false);
        }
    }
}
