//! `oauth`

mod account;
mod print;
mod provider;

use crate::call::Call;
use crate::failure::Usage;
use crate::grammar::{Command, Example, Flag, Scope};
use crate::login::{Need, Options, Provider, Way};
use crate::sign_in::{self, Person, Source};

use account::Account;
use print::Output;

pub(crate) static COMMAND: Command = Command {
    name: "oauth",
    summary: "log in at any OAuth or OpenID provider and print its tokens",
    description: "Logs in at a provider with a client of yours and prints the tokens that come of it as JSON, or one of \
        them alone. Only the tokens go to standard output, so the command can stand in a script. There is no client \
        built in: register one at the provider, as a native or desktop application whose redirect address is \
        http://127.0.0.1, and name it with --client-id.\n\n\
        A browser is opened where that is possible. Over SSH, in containers and without a display you get a code to \
        enter on any device, where the provider offers that, or paste the address that the browser ends up at. A code \
        is bound to its login with PKCE, and an id token is printed only if it is from this provider, for this client, for this login \
        and has not expired; its signature is for whoever receives it to verify.\n\n\
        With a service account's key file (--account) nobody logs in: the key signs a token request, or with --jwt \
        the token itself.",
    arguments: &[],
    flags: &[
        &[
            Flag::value(
                &["provider", "idp"],
                "<provider>",
                "'google' (also without this flag), 'github', or the address of an OpenID issuer or of its discovery \
                 document.",
            ),
            Flag::value(&["client-id"], "<id>", "The id of your client at the provider."),
            Flag::value(
                &["client-secret"],
                "<secret>",
                "The secret of your client, if it has one. The environment (STEP_CLIENT_SECRET) and \
                 --client-secret-file keep it from others on this machine.",
            ),
            Flag::value(&["client-secret-file"], "<file>", "File with the secret; '-' is standard input."),
            Flag::value(
                &["account"],
                "<file>",
                "A JSON file of Google's with a client of type 'installed' or the key of a service account.",
            ),
            Flag::value(&["authorization-endpoint"], "<url>", "Where to log in, for providers without discovery."),
            Flag::value(&["device-authorization-endpoint"], "<url>", "Where a login with a code begins."),
            Flag::value(&["token-endpoint"], "<url>", "Where codes become tokens."),
            Flag::value(&["email", "e"], "<address>", "Who is going to log in, as a hint to the provider."),
            Flag::list(&["scope"], "<scope>", "What to ask for; 'openid' and 'email' without it."),
            Flag::list(&["auth-param"], "<key=value>", "Another parameter of the authorization request."),
            Flag::value(&["prompt"], "<prompt>", "What to ask the person: none, login, consent or select_account."),
            Flag::switch(&["oidc"], "With --bare and --header: the id token instead of the access token."),
            Flag::switch(&["bare"], "Print one token alone."),
            Flag::switch(&["header"], "Print one token as the HTTP header 'Authorization: Bearer <token>'."),
            Flag::switch(&["jwt"], "With a service account: print a token that it signed itself."),
            Flag::value(&["browser"], "<browser>", "The browser to open; on macOS the name of an application."),
            Flag::switch(
                &["implicit"],
                "Have the browser bring the tokens, as was usual before PKCE; needs --insecure.",
            ),
            Flag::switch(&["insecure"], "Allow what is not safe."),
        ],
        sign_in::FLAGS,
    ],
    examples: &[
        Example {
            purpose: "Log in at a company's provider, and print all tokens:",
            lines: &["oauth --provider https://sso.example.com --client-id rung"],
        },
        Example {
            purpose: "Call an interface with the access token:",
            lines: &[
                "oauth --provider https://sso.example.com --client-id rung --header > header",
                "$ curl -H @header …",
            ],
        },
        Example {
            purpose: "On a server, with a browser on your phone, print the id token:",
            lines: &["oauth --provider https://sso.example.com --client-id rung --console --oidc --bare"],
        },
        Example {
            purpose: "At GitHub, which has no id tokens:",
            lines: &["oauth --provider github --client-id Iv1.01234567 --console --scope read:user --bare"],
        },
        Example {
            purpose: "As a service account:",
            lines: &["oauth --account key.json --scope https://www.googleapis.com/auth/pubsub --header"],
        },
    ],
    scope: Scope::Anywhere,
    run,
};

fn run(call: &Call) -> anyhow::Result<()> {
    let output = Output::of(call)?;
    let options = options(call)?;
    let parameters = parameters(call)?;
    let account = call.text("account")?.map(|file| Account::read(&file)).transpose()?;
    let tokens = match account {
        Some(Account::Service(service)) => service.tokens(call)?,
        other if call.switch("jwt")? => {
            let what = if other.is_some() { "that file is no key of one" } else { "give its key file with --account" };
            return Err(Usage::new(format!("flag '--jwt' requires a service account: {what}")).into());
        }
        other => {
            let found = provider::of(call, other)?;
            let provider = Provider { scopes: scopes(call)?, auth_params: parameters, ..found };
            if call.switch("forget")? && !call.switch("remember")? {
                return sign_in::forget(call, &provider);
            }
            sign_in::log_in(call, &provider, (Need::Any, &options), &mut Person::new(&call.ui, Source::Input))?
        }
    };
    output.print(&tokens)
}

/// The scopes of `--scope`; each may hold several.
fn scopes(call: &Call) -> anyhow::Result<Vec<String>> {
    Ok(call.list("scope")?.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect())
}

fn options(call: &Call) -> anyhow::Result<Options> {
    let mut options = sign_in::options(call)?;
    options.browser = call.text("browser")?;
    if call.switch("implicit")? {
        if !call.switch("insecure")? {
            return Err(Usage::new("flag '--implicit' requires the '--insecure' flag").into());
        }
        options.way = Way::Implicit;
    }
    Ok(options)
}

fn parameters(call: &Call) -> anyhow::Result<Vec<String>> {
    let mut parameters = call.list("auth-param")?;
    if let Some(wrong) = parameters.iter().find(|text| text.starts_with('=')) {
        return Err(Usage::new(format!("invalid value '{wrong}' for flag '--auth-param'")).into());
    }
    let others = [("email", "login_hint"), ("prompt", "prompt")];
    for (flag, parameter) in others {
        parameters.extend(call.text(flag)?.map(|value| format!("{parameter}={value}")));
    }
    Ok(parameters)
}
