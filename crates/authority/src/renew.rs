//! A certificate becomes its successor: the same names and the same rights, for a while longer.

use std::{sync::Arc, time::Duration};

use rung_pki::{
    Certificate, CertificateContent, Extension, PublicKey, SerialNumber, VerifiedRequest, extension, extension::oid,
    lint,
};

use crate::{
    Error,
    error::{CertificateFault, CertificateRefusal, Denial},
    grant::Holder,
    issue::{self, Recorded},
    plan::{self, Issuance, Plan},
    presented::Presented,
    provisioner::Provisioner,
    sign::Authority,
    store::{CertificateRecord, Standing, StoreError},
};

/// A request for the successor of a certificate.
pub struct RenewRequest<'a> {
    /// The certificate, by its holder.
    pub presented: &'a Presented,
    /// The new key, by its holder; the successor is for the old one without it.
    pub rekey: Option<&'a VerifiedRequest>,
    /// The identifier of the request, for the audit record.
    pub request_id: &'a str,
}

/// How long after its end a certificate can be renewed at most, where that is allowed at all.
pub const GRACE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Everything that was decided about a certificate that may have a successor. Made only by [`Authority::renewable`].
struct Renewable<'a> {
    presented: &'a Presented,
    provisioner: &'a Arc<Provisioner>,
}

impl Authority {
    /// Turn a certificate into its successor that is on record.
    ///
    /// # Errors
    /// Which check failed, or what did not answer.
    pub async fn renew(&self, asked: &RenewRequest<'_>) -> Result<Recorded, Error> {
        let now = self.clock.now();
        let renewable = self.renewable(asked.presented).await?;
        let issuance = Issuance { issuer: &self.issuer, profile: &self.profile, random: &*self.random, now };
        let plan = succeed(&renewable, asked.rekey, &issuance)?;
        let signed = issue::sign(plan, &self.issuer, asked.request_id, now).await?;
        issue::record(signed, &*self.store).await
    }

    /// Whether a certificate may have a successor under the rules that hold now.
    async fn renewable<'a>(&'a self, presented: &'a Presented) -> Result<Renewable<'a>, Error> {
        let now = self.clock.now();
        let certificate = presented.certificate();
        let refuse = |fault| Err(Error::Unrenewable(CertificateRefusal::from(fault)));
        if self.issuer_of_presented(presented, now).is_none() {
            return refuse(CertificateFault::NotOurs);
        }
        let Standing { certificate: record, revocation } =
            self.store.standing(certificate.serial()).await.map_err(store_failed)?;
        if revocation.is_some() {
            return refuse(CertificateFault::Revoked);
        }
        let provisioner = self.provisioner_of(certificate, record)?;
        let claims = &provisioner.common().claims;
        if claims.disable_renewal {
            return refuse(CertificateFault::RenewalDisabled);
        }
        if now < certificate.not_before() {
            return refuse(CertificateFault::NotYetValid);
        }
        if now > certificate.not_after() {
            let late = now.duration_since(certificate.not_after()).unwrap_or_default();
            if !claims.allow_renewal_after_expiry || late > GRACE {
                return refuse(CertificateFault::Expired(certificate.not_after()));
            }
        }
        Ok(Renewable { presented, provisioner })
    }

    /// The provisioner that granted a certificate: as recorded, or as the certificate says, since this CA has signed
    /// that, too.
    fn provisioner_of(
        &self,
        certificate: &Certificate,
        record: Option<CertificateRecord>,
    ) -> Result<&Arc<Provisioner>, Error> {
        let found = match &record {
            // Another certificate under the same number: whatever happened, it is not for us to go on with it.
            Some(record) if record.certificate != *certificate => {
                return Err(Error::Unrenewable(CertificateFault::NotOurs.into()));
            }
            Some(record) => self
                .provisioners
                .by_id(&record.provisioner_id)
                .or_else(|| self.provisioners.by_name(&record.provisioner_name)),
            None => certificate.provisioner().and_then(|extension| self.provisioners.by_name(&extension.name)),
        };
        found.ok_or_else(|| Error::Unrenewable(CertificateFault::ProvisionerGone.into()))
    }
}

/// Decide what the successor says.
fn succeed(renewable: &Renewable<'_>, rekey: Option<&VerifiedRequest>, issuance: &Issuance<'_>) -> Result<Plan, Error> {
    let Renewable { presented, provisioner } = renewable;
    let (old, common) = (presented.certificate(), provisioner.common());
    let key = match rekey {
        // A new certificate for the old key is a renewal, and asks for less.
        Some(request) if *request.public_key() == presented.key => {
            return Err(
                Denial::Key("certificate request has the key of the certificate that it replaces".to_owned()).into()
            );
        }
        Some(request) => request.public_key(),
        None => &presented.key,
    };
    plan::check_key(key, issuance.issuer)?;
    let names = old.subject_alt_names().map_err(|error| Denial::Name(error.to_string()))?;
    plan::check_constraints(old.subject(), &names, issuance.issuer)?;
    let lifetime = old.not_after().duration_since(old.not_before()).unwrap_or_default();
    let (not_before, not_after) = plan::succeeding_validity(lifetime, &common.claims, issuance)?;
    let serial = SerialNumber::random(issuance.random)
        .map_err(|error| Error::Internal { what: "no randomness for a serial number", source: error.into() })?;
    let content = CertificateContent {
        serial,
        issuer_der: issuance.issuer.certificate().subject_der().to_vec(),
        subject: old.subject().clone(),
        not_before,
        not_after,
        public_key: key.clone(),
        extensions: extensions(old, key, (issuance, &serial), rekey.is_some()),
    };
    lint::lint_leaf(&content, issuance.issuer.certificate()).map_err(|findings| {
        // Such as a certificate that was issued by other software before.
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        Denial::Name(format!("the certificate cannot be renewed as it is: {}", findings.join("; ")))
    })?;
    Ok(Plan {
        content,
        names,
        provisioner: common.reference.clone(),
        token: presented.token,
        replaces: Some(*old.serial()),
        action: if rekey.is_some() { "rekeyed" } else { "renewed" },
        holder: Holder {
            subject: old.subject().common_name().unwrap_or_default().to_owned(),
            email: None,
            admin: false,
        },
        explanation: Vec::new(),
    })
}

/// The extensions of the old certificate but for those that name keys, which come first.
fn extensions(
    old: &Certificate,
    key: &PublicKey,
    (issuance, serial): (&Issuance<'_>, &SerialNumber),
    rekeyed: bool,
) -> Vec<Extension> {
    let issuer = extension::authority_key_identifier(issuance.issuer.key_identifier());
    let mut extensions =
        if rekeyed { vec![extension::subject_key_identifier(&key.key_identifier()), issuer] } else { vec![issuer] };
    let kept = old.extensions().iter().filter(|extension| match extension.oid {
        oid::AUTHORITY_KEY_IDENTIFIER => false,
        oid::SUBJECT_KEY_IDENTIFIER => !rekeyed,
        // Where revocations are told is a matter of today's configuration.
        oid::AUTHORITY_INFORMATION_ACCESS | oid::CRL_DISTRIBUTION_POINTS => issuance.profile.pointers.is_empty(),
        _ => true,
    });
    extensions.extend(kept.cloned());
    extensions.extend(issuance.profile.pointers(serial));
    extensions
}

/// What it means for an operation when the store does not answer.
pub(crate) fn store_failed(error: StoreError) -> Error {
    Error::Unavailable { what: "the store does not answer".to_owned(), source: error.into() }
}
