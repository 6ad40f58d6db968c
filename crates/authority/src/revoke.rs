//! Ending a certificate before its time.

use rung_pki::{Certificate, SerialNumber, SubjectAltName, crl::Reason};
use serde::Serialize;

use crate::{
    Error,
    error::{CertificateFault, Denial},
    issuer::Issuer,
    presented::Presented,
    provisioner::{Context, Provisioner},
    renew::store_failed,
    sign::Authority,
    store::{AuditEntry, CertificateRecord, CommitError, ProvisionerRef, Revocation, TokenUse},
    token::UnverifiedToken,
};

/// A request to end a certificate.
pub struct RevokeRequest<'a> {
    /// Which certificate.
    pub serial: SerialNumber,
    /// Why.
    pub reason: Reason,
    /// Why, in words for the record.
    pub text: &'a str,
    /// Who asks.
    pub by: Revoker<'a>,
    /// The identifier of the request, for the audit record.
    pub request_id: &'a str,
}

/// Who asks to end a certificate.
pub enum Revoker<'a> {
    /// Its holder.
    Holder(&'a Presented),
    /// Whoever holds a token.
    Token(&'a str),
}

/// What a verified token lets its holder end. Made only by a provisioner.
#[derive(Debug)]
pub struct RevokeGrant {
    pub(crate) provisioner: std::sync::Arc<ProvisionerRef>,
    pub(crate) token: TokenUse,
    pub(crate) subject: String,
    pub(crate) scope: Scope,
}

/// Which certificates a token can end.
#[derive(Debug)]
pub(crate) enum Scope {
    /// Every certificate of this CA.
    All,
    /// The certificate with the serial number that is the subject of the token, if the provisioner granted it.
    Named,
    /// Those that the provisioner granted to the person with this e-mail address.
    Own(Option<String>),
}

/// A revocation that is on record. Made only by [`Authority::revoke`].
#[derive(Debug)]
pub struct Revoked {
    revocation: Revocation,
    on_record: bool,
}

impl Revoked {
    /// Which certificate it was.
    pub fn serial(&self) -> &SerialNumber {
        &self.revocation.serial
    }

    /// Whether this CA knew the certificate.
    pub fn was_on_record(&self) -> bool {
        self.on_record
    }
}

impl Authority {
    /// End a certificate: from now on it has no successor, and whoever asks is told that it is revoked.
    ///
    /// # Errors
    /// Which check failed, or what did not answer; a certificate that is revoked already is refused.
    pub async fn revoke(&self, asked: &RevokeRequest<'_>) -> Result<Revoked, Error> {
        let now = self.clock.now();
        let record = self.store.certificate(&asked.serial).await.map_err(store_failed)?;
        let (token, by, presented) = match &asked.by {
            Revoker::Token(text) => {
                let grant = self.authorize_revoke(text).await?;
                check_scope(&grant, asked, record.as_ref())?;
                let by = format!("a token of the provisioner {} for {}", grant.provisioner.name, grant.subject);
                (Some(grant.token), by, None)
            }
            Revoker::Holder(presented) => {
                self.check_holder(presented, asked, now).await?;
                (None, "its holder".to_owned(), Some(presented.certificate()))
            }
        };
        let certificate = record.as_ref().map(|record| &record.certificate).or(presented);
        let condemned_key = certificate
            .filter(|_| asked.reason.condemns_the_key())
            .and_then(|certificate| certificate.public_key().ok())
            .map(rung_pki::PublicKey::fingerprint);
        let detail = Detail {
            serial: asked.serial.to_string(),
            reason: asked.reason.name(),
            text: asked.text,
            by: &by,
            on_record: record.is_some(),
            key_condemned: condemned_key.is_some(),
        };
        let revocation = Revocation {
            serial: asked.serial,
            at: now,
            reason: asked.reason,
            not_after: certificate.map(Certificate::not_after),
            issuer: certificate.and_then(|certificate| self.issuer_of(certificate, now)).map(Issuer::id),
            condemned_key,
            token,
            audit: AuditEntry {
                at: now,
                action: "revoked",
                request_id: asked.request_id.to_owned(),
                detail: serde_json::to_string(&detail).expect("texts and switches are JSON"),
            },
        };
        match self.store.revoke(revocation.clone()).await {
            Ok(()) => Ok(Revoked { revocation, on_record: record.is_some() }),
            Err(CommitError::Revoked) => Err(Error::AlreadyRevoked(asked.serial)),
            Err(CommitError::TokenSpent) => Err(Error::Unauthenticated(crate::error::TokenFault::Spent.into())),
            Err(error) => Err(Error::Unavailable { what: NOT_RECORDED.to_owned(), source: error.into() }),
        }
    }

    async fn authorize_revoke(&self, text: &str) -> Result<RevokeGrant, Error> {
        let token = UnverifiedToken::parse(text)?;
        let provisioner: &Provisioner = self.provisioners.find(&token, &self.audiences)?;
        let context = Context {
            audiences: &self.audiences,
            now: self.clock.now(),
            not_issued_before: self.not_issued_before,
            restored: self.restored,
            providers: &*self.providers,
        };
        provisioner.authorize_revoke(&token, &context).await
    }

    /// A holder ends the certificate that they show, and no other.
    async fn check_holder(
        &self,
        presented: &Presented,
        asked: &RevokeRequest<'_>,
        now: std::time::SystemTime,
    ) -> Result<(), Error> {
        let certificate = presented.certificate();
        if *certificate.serial() != asked.serial {
            let (wanted, shown) = (asked.serial, certificate.serial());
            let text = format!("request serial number {wanted:?} and certificate serial number {shown:?} do not match");
            return Err(Denial::Revocation(text).into());
        }
        if self.issuer_of_presented(presented, now).is_none() {
            return Err(Error::Unrenewable(CertificateFault::NotOurs.into()));
        }
        if now > certificate.not_after() {
            return Err(Error::Unrenewable(CertificateFault::Expired(certificate.not_after()).into()));
        }
        Ok(())
    }
}

/// What [`Authority::revoke`] says when a revocation could not be recorded.
pub const NOT_RECORDED: &str = "the revocation could not be recorded";

fn check_scope(
    grant: &RevokeGrant,
    asked: &RevokeRequest<'_>,
    record: Option<&CertificateRecord>,
) -> Result<(), Denial> {
    let refuse = |text: String| Err(Denial::Revocation(text));
    let granted_by_it = record.is_some_and(|record| record.provisioner_id == grant.provisioner.id);
    match &grant.scope {
        Scope::All => Ok(()),
        Scope::Named if asked.serial.to_string() != grant.subject => refuse(format!(
            "request serial number {:?} and token subject {:?} do not match",
            asked.serial.to_string(),
            grant.subject
        )),
        // A certificate that is not on record may be one of the time before this database: better ended than not.
        Scope::Named if record.is_none() || granted_by_it => Ok(()),
        Scope::Named => refuse(format!(
            "the certificate was granted by the provisioner {:?}, and tokens of {:?} end those of their own alone",
            record.map(|record| record.provisioner_name.as_str()).unwrap_or_default(),
            grant.provisioner.name
        )),
        Scope::Own(email) => {
            let is_own = granted_by_it
                && record.zip(email.as_deref()).is_some_and(|(record, email)| is_for(&record.certificate, email));
            if is_own { Ok(()) } else { refuse("a login ends the certificates of its own person alone".to_owned()) }
        }
    }
}

/// Whether the certificate names that e-mail address.
fn is_for(certificate: &Certificate, email: &str) -> bool {
    let names = certificate.subject_alt_names().unwrap_or_default();
    names.iter().any(|name| matches!(name, SubjectAltName::Email(address) if address.to_string() == email))
}

/// What the audit entry of a revocation says, as a JSON object.
#[derive(Serialize)]
struct Detail<'a> {
    serial: String,
    reason: &'a str,
    text: &'a str,
    by: &'a str,
    on_record: bool,
    key_condemned: bool,
}
