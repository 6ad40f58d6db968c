//! The names that certificates are about: of hosts, mailboxes, addresses, resources, people and organisations.

mod alternative;
mod distinguished;
mod dns;
mod email;
mod punycode;
#[cfg(test)]
mod tests;
mod uri;

pub use alternative::SubjectAltName;
pub use distinguished::{Attribute, AttributeValue, DistinguishedName};
pub use dns::DnsName;
pub use email::EmailAddress;
pub use uri::UriName;
pub(crate) use uri::host as uri_host;

/// Why a text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It looks like an IP address, and some software would take it for one.
    #[error("it is not a host name but looks like an IP address")]
    Address,
    /// A character that has no place there.
    #[error("the character {0:?} is not allowed")]
    Character(char),
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// A label begins or ends with a hyphen.
    #[error("a label begins or ends with a hyphen")]
    Hyphen,
    /// Two dots follow each other, or a dot comes first.
    #[error("a label is empty")]
    LabelEmpty,
    /// RFC 1035 §2.3.4: 63 octets.
    #[error("a label is longer than 63 characters")]
    LabelTooLong,
    /// The part before the at sign.
    #[error(
        "the part before the @ is not a plain mailbox name (letters, digits and !#$%&'*+-/=?^_`{{|}}~, dots between them, at most 64)"
    )]
    LocalPart,
    /// An IPv4 address in the clothing of IPv6.
    #[error("it is an IPv4 address written as IPv6; write the IPv4 address")]
    MappedAddress,
    /// It has no at sign, or several.
    #[error("an e-mail address has exactly one @")]
    NotOneAt,
    /// The octets are no name of the kind that they claim to be.
    #[error("it is malformed")]
    Malformed,
    /// A character beyond ASCII.
    #[error("it is not ASCII; international domain names are written with xn--")]
    NotAscii,
    /// A URI without scheme.
    #[error("it is not a URI with a scheme")]
    NotAbsolute,
    /// The host of a URI.
    #[error("the URI has no host name or IP address after the //")]
    NotAHost,
    /// `xn--` is followed by something that is no Punycode.
    #[error("a label begins with xn-- and is not valid Punycode")]
    Punycode,
    /// A text in an encoding that is not plain.
    #[error("it is not written as a plain UTF-8, printable or IA5 string")]
    StringType,
    /// More than anybody needs.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// More than anybody needs.
    #[error("there are more than {0} attributes")]
    TooMany(usize),
    /// It ends with a dot.
    #[error("it ends with a dot")]
    TrailingDot,
    /// The attribute may occur once.
    #[error("there is more than one common name")]
    TwoCommonNames,
    /// A percent sign without two hexadecimal digits.
    #[error("a % is not followed by two hexadecimal digits")]
    UriEscape,
    /// A URI that carries a user name or password.
    #[error("the URI carries user information before its host")]
    UserInformation,
    /// A star at a place where none may be.
    #[error("a wildcard stands alone as the first label, with at least two labels after it")]
    Wildcard,
}
