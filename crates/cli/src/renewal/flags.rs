//! Flags of commands that replace a certificate.

use std::time::Duration;

use anyhow::anyhow;
use rung_pki::{Random as _, SystemRandom, keyfile};
use rung_spec::GoDuration;

use super::pair::Pair;
use super::schedule::{self, Rule};
use crate::call::Call;
use crate::clock;
use crate::failure::Usage;
use crate::private_key::KeyFile;

/// When to replace a certificate, as the flags say it.
pub(crate) struct Timing {
    /// The rule for a daemon.
    pub(crate) rule: Rule,
    /// Whether to stay and do it again and again.
    pub(crate) daemon: bool,
}

impl Timing {
    /// Read `--daemon`, `--expires-in` and the flag for a fixed period.
    pub(crate) fn of(call: &Call, period_flag: &'static str) -> anyhow::Result<Self> {
        let daemon = call.switch("daemon")?;
        let expires_in = duration(call, "expires-in")?;
        let period = duration(call, period_flag)?;
        let rule = match (expires_in, period) {
            (Some(_), Some(_)) => {
                let text = format!("flag '--expires-in' is incompatible with '--{period_flag}'");
                return Err(Usage::new(text).into());
            }
            (None, Some(_)) if !daemon => {
                return Err(Usage::new(format!("flag '--{period_flag}' requires the '--daemon' flag")).into());
            }
            (None, Some(period)) => Rule::Every(period),
            (Some(left), None) => Rule::Left(left),
            (None, None) => Rule::Third,
        };
        Ok(Self { rule, daemon })
    }

    /// Refuse times that do not fit into the lifetime of the certificate.
    pub(crate) fn check(&self, pair: &Pair, period_flag: &'static str) -> anyhow::Result<()> {
        let length = pair.lifetime().length();
        let (flag, value) = match self.rule {
            Rule::Every(period) if period >= length => (period_flag, period),
            Rule::Left(left) if left > length => ("expires-in", left),
            _ => return Ok(()),
        };
        let (value, length) = (GoDuration::from(value), GoDuration::from(length));
        Err(Usage::new(format!(
            "flag '--{flag}' must be within (lower than) the certificate validity period; {flag}={value}, \
             cert-validity-period={length}"
        ))
        .into())
    }

    /// How much longer the certificate lives, if that is reason enough to leave it as it is.
    pub(crate) fn too_early(&self, pair: &Pair) -> anyhow::Result<Option<GoDuration>> {
        let Rule::Left(left) = self.rule else { return Ok(None) };
        let now = clock::now();
        if self.daemon || schedule::is_due(pair.lifetime(), left, now, random()?) {
            return Ok(None);
        }
        Ok(Some(GoDuration::from(rounded(pair.lifetime().left(now)))))
    }
}

/// The certificate and the key of the first two arguments.
pub(crate) fn pair(call: &Call) -> anyhow::Result<Pair> {
    let [certificate, key, ..] = call.arguments() else { unreachable!("two arguments are needed") };
    let file = KeyFile { purpose: "the private key", file: key, password_flag: "password-file" };
    Pair::read(certificate, key, || file.read(call, keyfile::read_private_key))
}

/// To the next full second.
pub(crate) fn rounded(duration: Duration) -> Duration {
    Duration::from_secs((duration + Duration::from_millis(500)).as_secs())
}

/// 64 random bits, to spread what many machines do.
pub(crate) fn random() -> anyhow::Result<u64> {
    let mut octets = [0; 8];
    SystemRandom.fill(&mut octets).map_err(|error| anyhow!(error))?;
    Ok(u64::from_ne_bytes(octets))
}

/// A duration that is more than nothing.
fn duration(call: &Call, name: &str) -> anyhow::Result<Option<Duration>> {
    let Some(text) = call.text(name)? else { return Ok(None) };
    let parsed = text.parse::<GoDuration>().ok().and_then(GoDuration::positive);
    let wrong = || {
        Usage::new(format!("invalid value '{text}' for flag '--{name}'"))
            .with_hint("Give a duration such as 8h or 1h30m.".to_owned())
    };
    let duration = parsed.ok_or_else(wrong)?;
    Ok((!duration.is_zero()).then_some(duration))
}
