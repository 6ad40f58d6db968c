//! An authority in memory, with keys of its own and a clock that stands still.

use std::{
    collections::HashMap,
    future::ready,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rung_authority::{
    Authority, Error, SignRequest,
    audience::Audiences,
    clock::Clock,
    issuer::Issuer,
    plan::{DefaultSubject, Profile, WantedValidity},
    providers::{IdentityProviders, KeysFuture, ProviderKeys, ProviderUnavailable},
    provisioner::{Collection, Provisioner, jwk::Jwk, oidc::Oidc, oidc::Rules},
    store::Store,
};
use rung_pki::{
    Certificate, CertificateContent, DistinguishedName, KeyAlgorithm, PrivateKey, RequestContent, SerialNumber, Signer,
    SubjectAltName, SystemRandom, VerifiedRequest,
    extension::{self, BasicConstraints, KeyUsage, NameConstraints},
    jose::{KeySet, PublicJwk, SignHeader, sign_compact},
};
use rung_spec::{ResolvedClaims, TimeOrDuration};
use rung_store::MemoryStore;
use serde_json::{Value, json};

/// The present, in seconds since 1970.
pub(crate) const NOW: u64 = 1_795_464_296;
pub(crate) const DAY: u64 = 86_400;
/// The identity provider of the provisioners `sso` and `second`.
pub(crate) const IDP: &str = "https://idp.test/realms/x";

/// What differs from stage to stage.
pub(crate) struct Setup {
    pub(crate) rules: Rules,
    pub(crate) claims: ResolvedClaims,
    pub(crate) subject: DefaultSubject,
    pub(crate) constraints: Option<NameConstraints>,
    /// Seconds from now to the end of the issuing certificate.
    pub(crate) issuer_end: u64,
    pub(crate) issuer_key: KeyAlgorithm,
    pub(crate) store: Option<Arc<dyn Store>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            claims: ResolvedClaims::default(),
            subject: DefaultSubject::default(),
            constraints: None,
            issuer_end: 3650 * DAY,
            issuer_key: KeyAlgorithm::EcP256,
            store: None,
        }
    }
}

/// An authority with the provisioners `admin` and `ops` (JWK), `sso` and `second` (one OpenID provider), and `partner`
/// (another one).
pub(crate) struct Stage {
    pub(crate) authority: Authority,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) root_key: PrivateKey,
    pub(crate) issuer_key: Arc<PrivateKey>,
    pub(crate) admin: PrivateKey,
    pub(crate) ops: PrivateKey,
    pub(crate) idp: PrivateKey,
    pub(crate) partner: PrivateKey,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(Setup::default())
    }

    pub(crate) fn with(setup: Setup) -> Self {
        let (root_key, issuer_key) = (ec(), Arc::new(PrivateKey::generate(setup.issuer_key).unwrap()));
        let root = ca("Root", &root_key, None, 4000 * DAY, None);
        let intermediate =
            ca("Intermediate", &issuer_key, Some((&root, &root_key)), setup.issuer_end, setup.constraints);
        let (admin, ops, idp, partner) = (ec(), ec(), ec(), ec());
        let clock = Arc::new(ManualClock(AtomicU64::new(NOW)));
        let store = setup.store.unwrap_or_else(|| Arc::new(MemoryStore::default()));
        let jwk = |name: &str, key: &PrivateKey| {
            (format!("{name}:{name}-key"), Provisioner::Jwk(Jwk::new(name, &public(name, key), setup.claims)))
        };
        let oidc = |name: &str, client: &str, rules: Rules| {
            (client.to_owned(), Provisioner::Oidc(Oidc::new(name, client, rules, setup.claims)))
        };
        let provisioners = [
            jwk("admin", &admin),
            jwk("ops", &ops),
            oidc("sso", "rung", setup.rules),
            oidc("second", "rung-second", Rules::default()),
            oidc("partner", "rung-partner", Rules::default()),
        ];
        let provider = |issuer: &str, key: &PrivateKey| {
            Arc::new(ProviderKeys { issuer: issuer.to_owned(), keys: KeySet::from(vec![public("idp", key)]) })
        };
        let (theirs, partners) = (provider(IDP, &idp), provider("https://partner.test", &partner));
        let authority = Authority {
            anchors: vec![root.clone(), intermediate.clone()],
            issuer: Issuer::new(issuer_key.clone(), vec![intermediate], &[root], at(NOW)).unwrap(),
            retired: Vec::new(),
            provisioners: Collection::new(provisioners).unwrap(),
            audiences: Audiences::new(&["ca.test".to_owned()]),
            profile: Profile {
                backdate: Duration::from_secs(60),
                subject: setup.subject,
                pointers: Vec::new(),
                division: None,
            },
            not_issued_before: Some(at(NOW - 1000)),
            restored: None,
            store: store.clone(),
            providers: Arc::new(Scripted(HashMap::from([
                ("sso".to_owned(), theirs.clone()),
                ("second".to_owned(), theirs),
                ("partner".to_owned(), partners),
            ]))),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
        };
        Self { authority, clock, store, root_key, issuer_key, admin, ops, idp, partner }
    }

    /// A token of the provisioner `admin` with these claims changed; `null` leaves one out.
    pub(crate) fn jwk(&self, changes: Value) -> String {
        let claims = json!({
            "iss": "admin", "sub": "foo.example", "aud": "https://ca.test/1.0/sign", "jti": serial(),
            "exp": NOW + 300, "nbf": NOW, "iat": NOW,
        });
        signed("admin-key", Some("JWT"), &merged(claims, changes), &self.admin)
    }

    /// An ID token for the provisioner `sso` with these claims changed; `null` leaves one out.
    pub(crate) fn id_token(&self, changes: Value) -> String {
        signed("idp-key", Some("JWT"), &id_claims(changes), &self.idp)
    }

    /// Ask for a certificate.
    pub(crate) fn sign(
        &self,
        token: &str,
        request: &VerifiedRequest,
        wanted: (&str, &str),
    ) -> Result<Certificate, String> {
        let time = |text: &str| TimeOrDuration::parse(text).unwrap();
        let validity = WantedValidity { not_before: time(wanted.0), not_after: time(wanted.1) };
        let asked = SignRequest { request, token, validity, request_id: "request-7" };
        let recorded = now(self.authority.sign(&asked));
        recorded.map(|recorded| recorded.certificate().clone()).map_err(|error| describe(&error))
    }

    /// How many certificates and audit entries there are; there is one of each for each token that was spent.
    pub(crate) fn written(&self) -> (u64, usize) {
        (now(self.store.count_certificates()).unwrap(), now(self.store.audit(0, 1000)).unwrap().len())
    }
}

/// Compare what was said; a refusal is compared as far as `expected` goes, and must have written nothing.
#[track_caller]
pub(crate) fn check(stage: &Stage, case: &str, token: &str, request: &VerifiedRequest, expected: Result<&str, &str>) {
    let before = stage.written();
    let said = stage.sign(token, request, ("", "")).map(|certificate| summary(&certificate));
    match (&said, expected) {
        (Ok(said), Ok(expected)) => assert_eq!(said, expected, "{case}"),
        (Err(said), Err(expected)) => {
            assert!(said.starts_with(expected), "{case}: {said}, expected {expected}");
            assert_eq!(stage.written(), before, "{case} wrote something");
        }
        _ => panic!("{case}: {said:?}, expected {expected:?}"),
    }
}

/// A certificate request of a new P-256 key.
pub(crate) fn request(fill: impl FnOnce(&mut RequestContent)) -> VerifiedRequest {
    request_with(&ec(), fill)
}

/// A certificate request of that key.
pub(crate) fn request_with(key: &PrivateKey, fill: impl FnOnce(&mut RequestContent)) -> VerifiedRequest {
    let mut content = RequestContent::default();
    fill(&mut content);
    content.sign(key).unwrap().verify().unwrap()
}

/// A certificate request with that common name (none when it is empty) and those names.
pub(crate) fn naming(common_name: &str, names: &[&str]) -> VerifiedRequest {
    request(|content| {
        if !common_name.is_empty() {
            content.subject = DistinguishedName::new().with_common_name(common_name).unwrap();
        }
        content.names = names.iter().map(|name| SubjectAltName::classify(name).unwrap()).collect();
    })
}

/// The claims of an ID token.
pub(crate) fn id_claims(changes: Value) -> Value {
    let claims = json!({
        "iss": IDP, "sub": "alice-1", "aud": "rung", "azp": "rung", "nonce": serial(), "email": "alice@corp.example",
        "email_verified": true, "exp": NOW + 300, "iat": NOW,
    });
    merged(claims, changes)
}

/// Sign claims as a token.
pub(crate) fn signed(key_id: &str, typ: Option<&str>, claims: &Value, key: &PrivateKey) -> String {
    let header = SignHeader { key_id: Some(key_id), typ, ..SignHeader::default() };
    sign_compact(&header, claims.to_string().as_bytes(), key).unwrap()
}

/// `claims` with `changes` on top; what is `null` there is left out.
pub(crate) fn merged(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    claims
}

/// Common name and names in the order of the certificate: `cn | name name`.
pub(crate) fn summary(certificate: &Certificate) -> String {
    let names: Vec<String> = certificate.subject_alt_names().unwrap().iter().map(SubjectAltName::to_string).collect();
    format!("{} | {}", certificate.subject().common_name().unwrap_or("-"), names.join(" "))
}

pub(crate) fn describe(error: &Error) -> String {
    match error {
        Error::AlreadyRevoked(_) => "400 already revoked".to_owned(),
        Error::Denied(denial) => format!("403 {denial}"),
        Error::Internal { what, source } => format!("500 {what}: {source}"),
        Error::Invalid(invalid) => format!("400 {invalid}"),
        Error::Unauthenticated(refusal) => format!("401 {:?} ({})", refusal.fault, refusal.detail),
        Error::Unrenewable(refusal) => format!("401 {:?}", refusal.fault),
        Error::Unavailable { what, .. } => format!("503 {what}"),
    }
}

/// The outcome of work that waits for nothing.
pub(crate) fn now<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("nothing on this stage waits"),
    }
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn ec() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::EcP256).unwrap()
}

/// A number that occurs once.
fn serial() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("id-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The public key as a JWK called `<name>-key`.
fn public(name: &str, key: &PrivateKey) -> PublicJwk {
    let mut jwk: Value = serde_json::from_str(&PublicJwk::describe(key.public_key().clone()).to_json()).unwrap();
    jwk["kid"] = format!("{name}-key").into();
    PublicJwk::from_json(jwk.to_string().as_bytes()).unwrap()
}

fn ca(
    name: &str,
    key: &PrivateKey,
    issuer: Option<(&Certificate, &PrivateKey)>,
    end: u64,
    constraints: Option<NameConstraints>,
) -> Certificate {
    let subject = DistinguishedName::new().with_common_name(name).unwrap();
    let mut extensions = vec![
        extension::key_usage(KeyUsage::CERT_SIGN | KeyUsage::CRL_SIGN),
        extension::basic_constraints(BasicConstraints { is_ca: true, path_len: None }),
        extension::subject_key_identifier(&key.public_key().key_identifier()),
    ];
    extensions.extend(constraints.map(|constraints| extension::name_constraints(&constraints)));
    let content = CertificateContent {
        serial: SerialNumber::random(&SystemRandom).unwrap(),
        issuer_der: issuer.map_or(subject.der(), |(issuer, _)| issuer.subject_der()).to_vec(),
        subject,
        not_before: at(NOW - 30 * DAY),
        not_after: at(NOW + end),
        public_key: key.public_key().clone(),
        extensions,
    };
    let signer = issuer.map_or(key, |(_, key)| key);
    now(content.sign(signer, signer.algorithm().default_signature())).unwrap()
}

/// A clock that stands still until it is moved.
pub(crate) struct ManualClock(pub(crate) AtomicU64);

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        at(self.0.load(Ordering::Relaxed))
    }
}

/// One identity provider, of that provisioner, with that key.
pub(crate) fn only_provider(provisioner: &str, issuer: &str, key: &PrivateKey) -> impl IdentityProviders + use<> {
    let keys = ProviderKeys { issuer: issuer.to_owned(), keys: KeySet::from(vec![public("idp", key)]) };
    Scripted(HashMap::from([(provisioner.to_owned(), Arc::new(keys))]))
}

/// Identity providers whose keys are known from the start.
struct Scripted(HashMap<String, Arc<ProviderKeys>>);

impl IdentityProviders for Scripted {
    fn keys<'a>(&'a self, provisioner: &'a str, _: Option<&'a str>) -> KeysFuture<'a> {
        let keys = self.0.get(provisioner).cloned();
        Box::pin(ready(keys.ok_or_else(|| ProviderUnavailable("nobody is at home".into()))))
    }

    fn newer_keys<'a>(&'a self, _: &'a str, seen: &'a Arc<ProviderKeys>) -> KeysFuture<'a> {
        Box::pin(ready(Ok(seen.clone())))
    }
}
