//! Which lists of an issuer are to be made, and what they say besides their entries.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rung_authority::{
    division::Division,
    issuer::{Issuer, IssuerId},
};
use rung_pki::{
    SignError, SignatureAlgorithm, Signer,
    crl::{CrlContent, CrlEntries, IssuingDistributionPoint},
    extension::GeneralName,
};
use tokio::runtime::Handle;

use super::{IssuerLists, PublishedCrl, Scope, draft::IssuerDraft, own_address};
use crate::state::Generation;

/// The lists of one issuer that are to be made.
pub(super) struct Order {
    issuer: IssuerId,
    /// The number of all of them.
    pub(super) number: u64,
    signer: Arc<dyn Signer>,
    algorithm: SignatureAlgorithm,
    /// The lists that are there, if they were made under the same configuration.
    before: Option<IssuerLists>,
    complete: Option<CrlContent>,
    delta: Option<CrlContent>,
    shards: Vec<(u32, u32, CrlContent)>,
}

/// What goes into an order.
pub(super) struct Occasion<'a> {
    pub(super) generation: &'a Generation,
    pub(super) now: SystemTime,
    pub(super) scope: Scope,
}

impl Order {
    /// Decide what is to be made. `before` are the lists that are there.
    pub(super) fn new(
        issuer: &Issuer,
        number: u64,
        (draft, before): (&IssuerDraft, Option<IssuerLists>),
        occasion: &Occasion<'_>,
    ) -> Self {
        let Occasion { generation, now, scope } = *occasion;
        let config = &generation.config.crl;
        let divisions = generation.divisions_of(issuer.id());
        // Without a distribution point a list speaks about all certificates, whatever places they name.
        let point = divisions.is_empty().then(|| point(generation, issuer));
        let delta_address = config.delta_period.map(|_| format!("{}/delta", own_address(&base(generation), issuer)));
        let content = |lasts: Duration| CrlContent {
            issuer_der: issuer.certificate().subject_der().to_vec(),
            authority_key_identifier: issuer.key_identifier().to_vec(),
            this_update: now,
            next_update: (now + lasts).min(issuer.certificate().not_after()),
            number,
            base_number: None,
            distribution_point: None,
            freshest: Vec::new(),
        };
        let complete = (scope == Scope::All || before.is_none()).then(|| CrlContent {
            distribution_point: point.clone(),
            freshest: delta_address.into_iter().collect(),
            ..content(config.cache_duration)
        });
        let delta = config.delta_period.map(|period| CrlContent {
            base_number: Some(draft.base().unwrap_or(number)),
            distribution_point: point,
            ..content(period * 3 / 2)
        });
        let mut shards = Vec::new();
        for (count, addresses) in by_count(divisions).into_iter().filter(|_| complete.is_some()) {
            let is_due = |list: &PublishedCrl| now >= list.this_update + config.renew_period;
            for shard in 0..count {
                let known = before.as_ref().and_then(|lists| lists.shards.get(&Division::name(shard, count)));
                if known.is_none_or(|list| is_due(list)) || draft.is_touched(shard, count) {
                    let names = addresses.iter().map(|one| GeneralName::Uri(one.address(shard))).collect();
                    let point = IssuingDistributionPoint { full_name: names, ..IssuingDistributionPoint::default() };
                    let content = CrlContent { distribution_point: Some(point), ..content(config.cache_duration) };
                    shards.push((shard, count, content));
                }
            }
        }
        let (signer, algorithm) = (issuer.shared_signer(), issuer.algorithm());
        Self { issuer: issuer.id(), number, signer, algorithm, before, complete, delta, shards }
    }

    /// Whether the complete list and all shards are new, or as good as new.
    pub(super) fn is_full(&self) -> bool {
        self.complete.is_some()
    }

    /// Make them, and say how many; what is not made anew stays.
    pub(super) fn make(&self, draft: &IssuerDraft, runtime: &Handle) -> Result<(IssuerLists, u64), SignError> {
        let mut made = 0;
        let mut sign = |content: &CrlContent, parts: &[&CrlEntries]| {
            let der = runtime.block_on(content.sign_parts(parts, &*self.signer, self.algorithm))?;
            made += 1;
            Ok::<_, SignError>(Arc::new(PublishedCrl::new(content, der)))
        };
        let complete = match (&self.complete, &self.before) {
            (Some(content), _) => sign(content, &draft.all())?,
            (None, Some(before)) => before.complete.clone(),
            (None, None) => unreachable!("without lists from before all are ordered"),
        };
        let mut shards = self.before.as_ref().map(|before| before.shards.clone()).unwrap_or_default();
        for (shard, count, content) in &self.shards {
            shards.insert(Division::name(*shard, *count), sign(content, &draft.shard(*shard, *count))?);
        }
        let delta = match &self.delta {
            // What is on the complete list of the same number is all there is to say after it.
            Some(content) => Some(sign(content, &[&draft.since_base()])?),
            None => None,
        };
        Ok((IssuerLists { issuer: self.issuer, complete, delta, shards }, made))
    }
}

/// The divisions with the same number of shards, which have different addresses for the same lists.
fn by_count(divisions: &[Division]) -> BTreeMap<u32, Vec<&Division>> {
    let mut all: BTreeMap<u32, Vec<&Division>> = BTreeMap::new();
    divisions.iter().for_each(|division| all.entry(division.shards).or_default().push(division));
    all
}

/// What addresses of lists begin with.
fn base(generation: &Generation) -> String {
    let config = &generation.config;
    config.revocation_url.clone().unwrap_or_else(|| format!("https://{}/1.0", config.dns_names[0]))
}

/// Where the list of an issuer says that it is: at every place that its certificates may have named.
fn point(generation: &Generation, issuer: &Issuer) -> IssuingDistributionPoint {
    let config = &generation.config;
    let issues = generation.authority.issuer.id() == issuer.id();
    let shared = config.crl.idp_url.clone().unwrap_or_else(|| format!("{}/crl", base(generation)));
    // Without an address of its own, the list of the one that issues says what it always said.
    let own = (!issues || (config.crl.idp_url.is_none() && config.revocation_url.is_some()))
        .then(|| own_address(&base(generation), issuer));
    let names = own.into_iter().chain([shared]).map(GeneralName::Uri).collect();
    IssuingDistributionPoint { full_name: names, ..IssuingDistributionPoint::default() }
}
