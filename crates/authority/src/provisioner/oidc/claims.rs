//! What an ID token says.

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::{
    error::{TokenFault, TokenRefusal},
    token::{Audience, Times},
};

#[derive(Deserialize)]
pub(super) struct Claims {
    #[serde(default)]
    pub(super) iss: String,
    #[serde(default)]
    pub(super) sub: String,
    #[serde(default)]
    pub(super) aud: Audience,
    #[serde(default)]
    pub(super) azp: Option<String>,
    #[serde(default)]
    exp: Option<i64>,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(default)]
    pub(super) nonce: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    email_verified: Option<Flag>,
    #[serde(default)]
    pub(super) groups: Listed,
    /// Where claims are that found no room in the token (OpenID Connect Core §5.6.2); never fetched.
    #[serde(default, rename = "_claim_names")]
    claim_names: Option<Value>,
    /// What Entra ID says in the implicit flow when the groups found no room.
    #[serde(default, rename = "hasgroups")]
    has_groups: Option<Value>,
    /// What a logout token has (OpenID Connect Back-Channel Logout 1.0 §2.4), and an ID token has not.
    #[serde(default)]
    events: Option<IgnoredAny>,
    /// What some providers call the token, in place of the header.
    #[serde(default)]
    typ: Option<Value>,
}

impl Claims {
    pub(super) fn times(&self) -> Times {
        Times { exp: self.exp, nbf: self.nbf, iat: self.iat }
    }

    /// Whether the provider says that the e-mail address is verified.
    pub(super) fn email_is_verified(&self) -> bool {
        self.email_verified.as_ref().is_some_and(Flag::is_true)
    }

    /// Whether the provider left that claim out because it would have been too long.
    pub(super) fn is_elsewhere(&self, claim: &str) -> bool {
        let is_named = self.claim_names.as_ref().is_some_and(|names| names.get(claim).is_some());
        is_named || claim == "groups" && self.has_groups.as_ref().is_some_and(is_true)
    }

    /// Whether it is a JWT-SVID: its subject is a SPIFFE ID.
    pub(super) fn is_svid(&self) -> bool {
        self.sub.starts_with("spiffe://")
    }

    /// Refuse tokens that say that they are no ID tokens.
    pub(super) fn check_kind(&self) -> Result<(), TokenRefusal> {
        if self.events.is_some() {
            return Err(TokenRefusal::new(TokenFault::Kind, "it has events"));
        }
        match self.typ.as_ref().and_then(Value::as_str) {
            Some(kind) if OTHER_KINDS.iter().any(|other| kind.eq_ignore_ascii_case(other)) => {
                Err(TokenRefusal::new(TokenFault::Kind, format!("the claim typ={kind:?}")))
            }
            _ => Ok(()),
        }
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or(value == "true")
}

/// What Keycloak says in the claim `typ` of tokens that are no ID tokens.
const OTHER_KINDS: [&str; 5] = ["Bearer", "DPoP", "Logout", "Offline", "Refresh"];

/// A boolean that some providers send as a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Flag {
    Boolean(bool),
    Text(String),
}

impl Flag {
    fn is_true(&self) -> bool {
        match self {
            Self::Boolean(value) => *value,
            Self::Text(text) => text == "true",
        }
    }
}

/// A claim that should be a list of texts; what else it is matters only to those who need it.
#[derive(Debug, Default)]
pub(super) enum Listed {
    #[default]
    Absent,
    Other,
    Text(String),
    Texts(Vec<String>),
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(ListedVisitor)
    }
}

struct ListedVisitor;

impl<'de> Visitor<'de> for ListedVisitor {
    type Value = Listed;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Listed, E> {
        Ok(Listed::Absent)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Listed, E> {
        Ok(Listed::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Listed, E> {
        Ok(Listed::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Listed, E> {
        Ok(Listed::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Listed, E> {
        Ok(Listed::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Listed, E> {
        Ok(Listed::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Listed, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Listed::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Listed, A::Error> {
        let (mut texts, mut is_good) = (Vec::new(), true);
        while let Some(element) = elements.next_element::<Listed>()? {
            match element {
                Listed::Text(text) => texts.push(text),
                Listed::Absent | Listed::Other | Listed::Texts(_) => is_good = false,
            }
        }
        Ok(if is_good { Listed::Texts(texts) } else { Listed::Other })
    }
}
