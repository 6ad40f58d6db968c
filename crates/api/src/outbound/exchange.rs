//! One request and its answer, within bounds.

use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Method, Request};

use super::Problem;

/// The bounds of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Everything, from the look-up of the name to the last byte.
    pub(crate) total: Duration,
    /// Until the TLS handshake is done.
    pub(crate) connect: Duration,
    /// Bytes of the answer's body.
    pub(crate) body: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { total: Duration::from_secs(10), connect: Duration::from_secs(5), body: 1 << 20 }
    }
}

/// An answer, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Send `request` and read the whole answer.
pub(crate) fn exchange(agent: &Agent, request: Request<Vec<u8>>, limits: &Limits) -> Result<Answer, Problem> {
    let problem = |error| Problem::from_ureq(error, limits.body, limits.total);
    let mut response = if request.method() == Method::GET {
        agent.run(request.map(|_| ())).map_err(problem)?
    } else {
        agent.run(request).map_err(problem)?
    };
    let body = response.body_mut().with_config().limit(limits.body).read_to_vec();
    let body = body.map_err(problem)?;
    let (parts, _) = response.into_parts();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
}
