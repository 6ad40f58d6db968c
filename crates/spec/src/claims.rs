//! Lifetimes and switches, at each level where they can be written down.

use std::time::Duration;

use crate::{GoDuration, json::Members};

/// Lifetimes and switches as they are written down at one level; what is absent comes from the level above.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Shortest lifetime of a certificate.
    pub min_tls: Option<GoDuration>,
    /// Longest lifetime of a certificate.
    pub max_tls: Option<GoDuration>,
    /// Lifetime of a certificate when none is asked for.
    pub default_tls: Option<GoDuration>,
    /// Shortest lifetime of an SSH user certificate.
    pub min_user_ssh: Option<GoDuration>,
    /// Longest lifetime of an SSH user certificate.
    pub max_user_ssh: Option<GoDuration>,
    /// Lifetime of an SSH user certificate when none is asked for.
    pub default_user_ssh: Option<GoDuration>,
    /// Shortest lifetime of an SSH host certificate.
    pub min_host_ssh: Option<GoDuration>,
    /// Longest lifetime of an SSH host certificate.
    pub max_host_ssh: Option<GoDuration>,
    /// Lifetime of an SSH host certificate when none is asked for.
    pub default_host_ssh: Option<GoDuration>,
    /// Whether SSH certificates may be asked for.
    pub enable_ssh_ca: Option<bool>,
    /// Whether certificates cannot be renewed.
    pub disable_renewal: Option<bool>,
    /// Whether an expired certificate can be renewed.
    pub allow_renewal_after_expiry: Option<bool>,
    /// Whether certificates do not name their provisioner.
    pub disable_smallstep_extensions: Option<bool>,
}

/// Lifetimes and switches with every level taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResolvedClaims {
    /// Shortest lifetime of a certificate.
    pub min_tls: Duration,
    /// Longest lifetime of a certificate.
    pub max_tls: Duration,
    /// Lifetime of a certificate when none is asked for.
    pub default_tls: Duration,
    /// Whether certificates cannot be renewed.
    pub disable_renewal: bool,
    /// Whether an expired certificate can be renewed.
    pub allow_renewal_after_expiry: bool,
    /// Whether certificates do not name their provisioner.
    pub disable_smallstep_extensions: bool,
}

impl Default for ResolvedClaims {
    fn default() -> Self {
        Self {
            min_tls: Duration::from_secs(5 * 60),
            max_tls: Duration::from_secs(24 * 60 * 60),
            default_tls: Duration::from_secs(24 * 60 * 60),
            disable_renewal: false,
            allow_renewal_after_expiry: false,
            disable_smallstep_extensions: false,
        }
    }
}

impl ResolvedClaims {
    /// Apply the claims of a level to those of the level above.
    ///
    /// A default that stands alone widens the bounds so that it lies between them.
    ///
    /// # Errors
    /// When the bounds contradict each other, in words.
    pub fn apply(&self, claims: &Claims) -> Result<Self, String> {
        let default_tls = positive(claims.default_tls, "defaultTLSCertDuration")?;
        let min_tls = positive(claims.min_tls, "minTLSCertDuration")?;
        let max_tls = positive(claims.max_tls, "maxTLSCertDuration")?;
        let resolved = Self {
            min_tls: min_tls.unwrap_or_else(|| default_tls.map_or(self.min_tls, |default| default.min(self.min_tls))),
            max_tls: max_tls.unwrap_or_else(|| default_tls.map_or(self.max_tls, |default| default.max(self.max_tls))),
            default_tls: default_tls.unwrap_or(self.default_tls),
            disable_renewal: claims.disable_renewal.unwrap_or(self.disable_renewal),
            allow_renewal_after_expiry: claims.allow_renewal_after_expiry.unwrap_or(self.allow_renewal_after_expiry),
            disable_smallstep_extensions: claims
                .disable_smallstep_extensions
                .unwrap_or(self.disable_smallstep_extensions),
        };
        resolved.check()
    }

    fn check(self) -> Result<Self, String> {
        let show = |duration: Duration| GoDuration::from(duration);
        let (min, max, default) = (show(self.min_tls), show(self.max_tls), show(self.default_tls));
        if self.max_tls < self.min_tls {
            return Err(format!("maxTLSCertDuration ({max}) is less than minTLSCertDuration ({min})"));
        }
        if self.default_tls < self.min_tls {
            return Err(format!("defaultTLSCertDuration ({default}) is less than minTLSCertDuration ({min})"));
        }
        if self.default_tls > self.max_tls {
            return Err(format!("defaultTLSCertDuration ({default}) is more than maxTLSCertDuration ({max})"));
        }
        Ok(self)
    }
}

fn positive(duration: Option<GoDuration>, name: &str) -> Result<Option<Duration>, String> {
    match duration.map(GoDuration::positive) {
        None => Ok(None),
        Some(Some(duration)) if !duration.is_zero() => Ok(Some(duration)),
        Some(_) => Err(format!("{name} must be more than nothing")),
    }
}

impl Claims {
    pub(crate) fn read(members: &Members<'_>) -> Self {
        let claims = Self {
            min_tls: members.duration("minTLSCertDuration"),
            max_tls: members.duration("maxTLSCertDuration"),
            default_tls: members.duration("defaultTLSCertDuration"),
            min_user_ssh: members.duration("minUserSSHCertDuration"),
            max_user_ssh: members.duration("maxUserSSHCertDuration"),
            default_user_ssh: members.duration("defaultUserSSHCertDuration"),
            min_host_ssh: members.duration("minHostSSHCertDuration"),
            max_host_ssh: members.duration("maxHostSSHCertDuration"),
            default_host_ssh: members.duration("defaultHostSSHCertDuration"),
            enable_ssh_ca: members.flag("enableSSHCA"),
            disable_renewal: members.flag("disableRenewal"),
            allow_renewal_after_expiry: members.flag("allowRenewalAfterExpiry"),
            disable_smallstep_extensions: members.flag("disableSmallstepExtensions"),
        };
        members.finish();
        claims
    }
}
