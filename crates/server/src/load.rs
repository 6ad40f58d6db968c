//! From a configuration file to a configuration that can serve.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use anyhow::{Context, bail};
use rung_api::{body::TlsOptions, outbound::Fetcher};
use rung_authority::{
    Authority,
    audience::Audiences,
    clock::Clock,
    division::Division,
    issuer::{Issuer, IssuerId, Retired},
    plan::{DefaultSubject, Profile},
    store::Store,
};
use rung_kms::OpenError;
use rung_pki::{Certificate, Extension, Random, Signer, SubjectAltName, extension};
use rung_spec::{Config, RetiredIntermediate, file};
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::{
    audit::Seal,
    leaf::{LeafProfile, ServerLeaf},
    log::Log,
    oidc::{Providers, Surroundings, WebFetch},
    provisioners::{self, Listing},
    published::Published,
    revocation::{Responders, own_address},
    state::Generation,
    tls,
};

/// A configuration with everything that its files hold.
pub struct Materials {
    /// The configuration.
    pub config: Config,
    /// SHA-256 of the file, as lower-case hexadecimal digits.
    pub digest: String,
    roots: Vec<Certificate>,
    federated: Vec<Certificate>,
    chain: Vec<Certificate>,
    signer: Arc<dyn Signer>,
    retired: Vec<Retiring>,
}

/// An intermediate that issues no more, as its files have it.
struct Retiring {
    chain: Vec<Certificate>,
    signer: Arc<dyn Signer>,
    until: SystemTime,
    /// The name of the file with its certificate.
    name: String,
}

/// Where the password of the issuing key comes from.
pub struct Passwords {
    file: Option<PathBuf>,
    may_ask: bool,
    /// What a person typed, kept for reloads.
    typed: Mutex<Option<Zeroizing<String>>>,
}

/// What a configuration is put together with.
pub struct Parts {
    /// Where decisions are remembered.
    pub store: Arc<dyn Store>,
    /// What their record is sealed with; nothing when it ends with the process.
    pub seal: Option<Arc<Seal>>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub random: Arc<dyn Random>,
    /// Where to say what happened.
    pub log: Log,
    /// Tokens issued before this instant are refused unless the configuration says otherwise.
    pub started: SystemTime,
    /// When it was last confirmed that the database comes from a backup: tokens from before that are refused in any case.
    pub restored: Option<SystemTime>,
}

impl Passwords {
    /// Read passwords from `file`; without one, a person may be asked at the terminal.
    pub fn new(file: Option<PathBuf>, may_ask: bool) -> Self {
        Self { file, may_ask, typed: Mutex::default() }
    }

    /// The password for the key at `location`: from the file, from the configuration, or from a person.
    fn find(&self, config: &Config, location: &str) -> anyhow::Result<Zeroizing<String>> {
        if let Some(file) = &self.file {
            let text = file::read_text(file).with_context(|| format!("error reading {}", file.display()))?;
            let password = text.trim_end();
            if !password.is_empty() {
                return Ok(Zeroizing::new(password.to_owned()));
            }
        }
        if let Some(password) = config.password.as_ref().filter(|password| !password.expose().is_empty()) {
            return Ok(Zeroizing::new(password.expose().clone()));
        }
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(password) = &*typed {
            return Ok(password.clone());
        }
        if !self.may_ask {
            bail!("the key {location} is encrypted: give its password with --password-file");
        }
        let prompt = format!("Please enter the password to decrypt {location}: ");
        let password = rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| {
            anyhow::anyhow!("the key {location} is encrypted and there is no terminal to ask for its password ({error}): use --password-file")
        })?;
        *typed = Some(password.clone());
        Ok(password)
    }

    fn forget(&self) {
        *self.typed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Read a configuration and every file it names.
///
/// # Errors
/// What is wrong, and where.
pub fn read(path: &Path, passwords: &Passwords) -> anyhow::Result<Materials> {
    let text = file::read_text(path).with_context(|| format!("error reading {}", path.display()))?;
    let config = Config::parse(&text, path)?;
    let roots = certificates(&config.root, "root")?;
    let federated = certificates(&config.federated_roots, "federatedRoots")?;
    let chain = certificates(std::slice::from_ref(&config.crt), "crt")?;
    let signer = open_key(&config, &config.key, passwords)?;
    let retired = config.retired_intermediates.iter();
    let retired = retired.map(|one| read_retired(one, &config, &signer, passwords)).collect::<anyhow::Result<_>>()?;
    let digest = rung_pki::hex(&rung_pki::sha256(text.as_bytes()));
    Ok(Materials { roots, federated, chain, signer, retired, config, digest })
}

fn read_retired(
    one: &RetiredIntermediate,
    config: &Config,
    issuing: &Arc<dyn Signer>,
    passwords: &Passwords,
) -> anyhow::Result<Retiring> {
    let signer = match &one.key {
        Some(key) => open_key(config, key, passwords)?,
        None => issuing.clone(),
    };
    let chain = certificates(std::slice::from_ref(&one.crt), "retiredIntermediates")?;
    Ok(Retiring { chain, signer, until: one.until, name: one.crt.display().to_string() })
}

fn certificates(paths: &[PathBuf], member: &str) -> anyhow::Result<Vec<Certificate>> {
    let mut all = Vec::new();
    for path in paths {
        let contents = file::read(path).with_context(|| format!("error reading {} ({member})", path.display()))?;
        let certificates = Certificate::all_from_pem_or_der(&contents)
            .with_context(|| format!("error reading {} ({member})", path.display()))?;
        if certificates.is_empty() {
            bail!("{} ({member}) holds no certificate", path.display());
        }
        all.extend(certificates);
    }
    Ok(all)
}

fn open_key(config: &Config, location: &str, passwords: &Passwords) -> anyhow::Result<Arc<dyn Signer>> {
    match rung_kms::open(location, None) {
        Err(OpenError::PasswordRequired { .. }) => {}
        opened => return Ok(Arc::from(opened?)),
    }
    let password = passwords.find(config, location)?;
    match rung_kms::open(location, Some(password.as_bytes())) {
        Ok(signer) => Ok(Arc::from(signer)),
        Err(error) => {
            passwords.forget();
            Err(error.into())
        }
    }
}

/// Put a configuration together, with what is kept of the one before.
///
/// # Errors
/// What does not fit.
pub async fn assemble(
    materials: Materials,
    parts: &Parts,
    previous: Option<&Generation>,
) -> anyhow::Result<Generation> {
    let Materials { config, digest, roots, federated, chain, signer, retired } = materials;
    let now = parts.clock.now();
    let issuer = Issuer::new(signer, chain, &roots, now)
        .with_context(|| format!("{} and {} cannot issue certificates", config.crt.display(), config.key))?;
    let tls_options = TlsOptions {
        cipher_suites: config.tls.cipher_suites.clone(),
        min_version: config.tls.min_version,
        max_version: config.tls.max_version,
        renegotiation: config.tls.renegotiation,
    };
    let may_sign_lists = issuer.certificate().key_usage().is_none_or(|usage| usage.crl_sign());
    if config.crl.enabled && !may_sign_lists {
        bail!(
            "{} may not sign lists of revoked certificates (key usage cRLSign): set crl.enabled to false",
            config.crt.display()
        );
    }
    let retired = still_there(retired, &[&roots[..], &federated].concat(), now, &parts.log)?;
    let responders = Responders::new(&issuer, &retired)?;
    let chains = std::iter::once(&issuer).chain(retired.iter().map(|retired| &retired.issuer)).map(Issuer::chain);
    let published = Published::new(&roots, &federated, &chains.collect::<Vec<_>>(), &tls_options);
    let names = server_names(&config)?;
    let profile = LeafProfile { common_name: &config.common_name, names: &names };
    let leaf = Arc::new(ServerLeaf::issue(&profile, &issuer, &*parts.random, now).await?);
    let retired_chains = retired.iter().flat_map(|retired| retired.issuer.chain());
    let anchors: Vec<Certificate> = roots.iter().chain(issuer.chain()).chain(retired_chains).cloned().collect();
    let tls = tls::server_config(&config.tls, leaf.clone(), anchors.clone());
    let tls = Arc::new(tls.context("the member tls cannot be used")?);
    let extra_roots = roots.iter().chain(&federated).map(|root| CertificateDer::from(root.der().to_vec())).collect();
    let surroundings = Surroundings {
        clock: parts.clock.clone(),
        fetch: Arc::new(WebFetch::new(Fetcher::new(extra_roots).with_time_limit(FETCH_TIME))),
        log: parts.log.clone(),
    };
    let endpoints = provisioners::endpoints(&config);
    let providers = Arc::new(Providers::new(endpoints, previous.map(|previous| &*previous.providers), &surroundings));
    let (pointers, division) = pointers(&config, &issuer);
    let everybody = std::iter::once(&issuer).chain(retired.iter().map(|retired| &retired.issuer));
    let divisions = divisions(everybody, division.as_ref(), &*parts.store).await?;
    let authority = Authority {
        issuer,
        retired,
        anchors,
        provisioners: provisioners::collection(&config)?,
        audiences: Audiences::new(&config.dns_names),
        profile: Profile { backdate: config.authority.backdate, subject: default_subject(&config), pointers, division },
        not_issued_before: (!config.authority.disable_issued_at_check).then_some(parts.started),
        restored: parts.restored,
        store: parts.store.clone(),
        providers: providers.clone(),
        clock: parts.clock.clone(),
        random: parts.random.clone(),
    };
    Ok(Generation {
        number: previous.map_or(1, |previous| previous.number + 1),
        listing: Listing::new(&config),
        trace_header: config.trace_header().to_owned(),
        authority,
        providers,
        published,
        leaf,
        tls,
        responders,
        divisions,
        config,
        digest,
    })
}

/// The retired intermediates whose time is not over.
fn still_there(
    retired: Vec<Retiring>,
    roots: &[Certificate],
    now: SystemTime,
    log: &Log,
) -> anyhow::Result<Vec<Retired>> {
    let mut all = Vec::new();
    for Retiring { chain, signer, until, name } in retired {
        let until = chain.first().map_or(until, |certificate| certificate.not_after().min(until));
        if until <= now {
            log.warning(&format!(
                "the retired intermediate {name} has left, since its time is over: `rung ca rotate-intermediate --retire-old` takes it out of the configuration"
            ));
            continue;
        }
        let issuer = Issuer::new(signer, chain, roots, now)
            .with_context(|| format!("retiredIntermediates: {name} cannot be served with its key"))?;
        all.push(Retired { issuer, until });
    }
    Ok(all)
}

/// How the lists of the issuers are divided, and were; `division` is what the first of them does from now on.
async fn divisions(
    issuers: impl Iterator<Item = &Issuer>,
    mut division: Option<&Division>,
    store: &dyn Store,
) -> anyhow::Result<Vec<(IssuerId, Vec<Division>)>> {
    let mut all = Vec::new();
    for issuer in issuers {
        // Before any certificate names a shard it is on the disk that there is one.
        let known = store.divisions(issuer.id(), division.take().cloned()).await;
        all.push((issuer.id(), known.context("it is not known how lists of revoked certificates are divided")?));
    }
    Ok(all)
}

/// Where certificates say that their issuer, its list and OCSP are; and how the list is divided, if it is.
fn pointers(config: &Config, issuer: &Issuer) -> (Vec<Extension>, Option<Division>) {
    let Some(base) = &config.revocation_url else { return (Vec::new(), None) };
    let issuers = [format!("{base}/intermediates.pem")];
    let mut pointers = vec![extension::authority_information_access(&[format!("{base}/ocsp")], &issuers)];
    let shards = config.crl.shards.filter(|_| config.crl.enabled);
    let division = shards.map(|shards| Division { base: own_address(base, issuer), shards });
    if config.crl.enabled && division.is_none() {
        let address = config.crl.idp_url.clone().unwrap_or_else(|| own_address(base, issuer));
        pointers.push(extension::crl_distribution_points(&[address]));
    }
    (pointers, division)
}

/// The names of the server's own certificate.
///
/// # Errors
/// When one of them is not a name.
pub fn server_names(config: &Config) -> anyhow::Result<Vec<SubjectAltName>> {
    let classify = |name: &String| {
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        SubjectAltName::classify(bare).with_context(|| format!("dnsNames: {name:?} is not a name"))
    };
    config.dns_names.iter().map(classify).collect()
}

fn default_subject(config: &Config) -> DefaultSubject {
    let template = &config.authority.template;
    DefaultSubject {
        country: template.country.clone(),
        organization: template.organization.clone(),
        organizational_unit: template.organizational_unit.clone(),
        locality: template.locality.clone(),
        province: template.province.clone(),
        street_address: template.street_address.clone(),
        serial_number: template.serial_number.clone(),
        common_name: template.common_name.clone(),
    }
}

/// Whether an I/O error means that the file is not there.
pub fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// An identity provider that takes longer is as good as down.
const FETCH_TIME: std::time::Duration = std::time::Duration::from_secs(5);
