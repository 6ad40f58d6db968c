//! Why a certificate was revoked.

use std::fmt;

/// Why a certificate was revoked (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No reason is given.
    #[default]
    Unspecified,
    /// Somebody else may have the key.
    KeyCompromise,
    /// Somebody else may have the key of the CA.
    CaCompromise,
    /// The subject's name or other facts have changed.
    AffiliationChanged,
    /// There is another certificate in its place.
    Superseded,
    /// It is no longer needed.
    CessationOfOperation,
    /// It may become good again.
    CertificateHold,
    /// It was on hold and is good again; only in lists that go on from others.
    RemoveFromCrl,
    /// A privilege that it stands for was withdrawn.
    PrivilegeWithdrawn,
    /// Somebody else may have the key of the attribute authority.
    AaCompromise,
}

/// A number that stands for no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the code of a reason: RFC 5280 has 0 to 6 and 8 to 10")]
pub struct UnknownReason(pub i64);

impl Reason {
    /// All reasons in the order of their codes.
    pub const ALL: [Self; 10] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::RemoveFromCrl,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::RemoveFromCrl => 8,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }

    /// The name of the code in RFC 5280, such as `keyCompromise`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    /// Whether the key may be in other hands, or is taken from those that it is in, so that nobody shall have a
    /// certificate for it any more. Where no reason is given it may.
    pub fn condemns_the_key(self) -> bool {
        !matches!(self, Self::AffiliationChanged | Self::Superseded | Self::CessationOfOperation)
    }
}

impl TryFrom<i64> for Reason {
    type Error = UnknownReason;

    fn try_from(code: i64) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| i64::from(reason.code()) == code).ok_or(UnknownReason(code))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
