//! Which way to log in: decided from what the provider offers and where we run.

/// Which way the person wants to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// The way that fits where we run and what the provider offers.
    #[default]
    Auto,
    /// With a browser on this machine.
    Browser,
    /// With a browser elsewhere: by a code if the provider offers that, else by pasting.
    Console,
    /// By a short code that is entered in any browser.
    Device,
    /// With a browser on this machine, which brings the tokens themselves.
    Implicit,
    /// By typing the code that a page of the provider shows.
    OutOfBand,
    /// By pasting the address that a browser elsewhere was sent back to.
    Paste,
}

/// What the decision is made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// What the person asked for.
    pub(super) way: Way,
    /// Whether the provider takes logins by code.
    pub(super) offers_device: bool,
    /// Whether the person lets us open a browser; who does not has one here.
    pub(super) may_open: bool,
    /// Whether there is a program that opens one.
    pub(super) has_opener: bool,
    /// Whether the person said where to listen, so a browser can reach it.
    pub(super) listens: bool,
    /// Whether somebody can paste something.
    pub(super) can_ask: bool,
    /// Why there may be no browser here.
    pub(super) obstacle: &'static str,
}

/// One way through a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Device,
    Implicit { open: bool },
    Loopback { open: bool },
    OutOfBand,
    Paste,
}

/// What was decided.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) flow: Flow,
    /// What to do when the provider turns out not to allow `flow`.
    pub(super) otherwise: Option<Flow>,
    /// What the person is told about it, in one line.
    pub(super) said: Option<String>,
}

/// Decide how to log in.
pub(super) fn decide(facts: &Facts) -> Decision {
    let just = |flow| Decision { flow, otherwise: None, said: None };
    let here = Flow::Loopback { open: facts.may_open };
    match facts.way {
        Way::Browser => just(here),
        Way::Console if facts.offers_device => Decision { otherwise: Some(Flow::Paste), ..just(Flow::Device) },
        Way::Console | Way::Paste => just(Flow::Paste),
        Way::Device => just(Flow::Device),
        Way::Implicit => just(Flow::Implicit { open: facts.may_open }),
        Way::OutOfBand => just(Flow::OutOfBand),
        Way::Auto if !facts.may_open || facts.has_opener || facts.listens => just(here),
        Way::Auto => elsewhere(facts),
    }
}

/// Nothing here opens a browser, so the person has one elsewhere.
fn elsewhere(facts: &Facts) -> Decision {
    let Facts { obstacle, .. } = facts;
    let paste_or_wait = if facts.can_ask { Flow::Paste } else { Flow::Loopback { open: false } };
    let (flow, otherwise, how) = match paste_or_wait {
        other if facts.offers_device => (Flow::Device, Some(other), "so log in with a code, on any device"),
        Flow::Paste => (Flow::Paste, None, "so log in on any device and paste the result"),
        other => {
            let said = format!("{obstacle}. Visit this address with a browser on this machine, or pass --console:");
            return Decision { flow: other, otherwise: None, said: Some(said) };
        }
    };
    let said = Some(format!("{obstacle}, {how} (--no-browser waits for a browser on this machine)."));
    Decision { flow, otherwise, said }
}
