//! The identity providers that are known, in the order in which people look for them.

use serde_json::{Map, Value, json};

use super::{Answers, Ask, Identity, Mend, Preset};

/// All of them.
pub(crate) static PRESETS: &[Preset] =
    &[GOOGLE, ENTRA, OKTA, SALESFORCE, KEYCLOAK, ADFS, AUTH0, GITLAB, GITHUB_ACTIONS, KUBERNETES];

const GOOGLE: Preset = Preset {
    name: "google",
    title: "Google Workspace",
    asks: &[Ask::ClientId, Ask::ClientSecret, Ask::Domain],
    endpoint: "https://accounts.google.com",
    listen: "",
    scopes: &["openid", "email"],
    identity: Identity::Person("email"),
    groups_claim: "",
    finish: |answers, members| {
        // Whoever owns an account at Google may give it any address; `hd` says who manages the account.
        members.insert("require".to_owned(), json!({"hd": answers.all(Ask::Domain)}));
    },
    register: &[
        "Google Cloud console, Google Auth Platform, Clients: a client of the type `Desktop app`; it allows every \
         loopback address, so there is no redirect URI to register.",
        "Google Auth Platform, Audience: user type `Internal`, so that only your people can log in.",
    ],
    signs: &["accounts.google.com"],
    mend: Mend {
        endpoint: "use https://accounts.google.com",
        client: "copy id and secret from Google Auth Platform, Clients; a `Desktop app` has a secret, too",
        redirect: "make a client of the type `Desktop app`: other types accept registered addresses only",
        groups: "Google puts no groups into tokens: use `admins` or `domains` instead",
        email: "ask for the scope email",
        device: "Google wants a client of the type `TVs and Limited Input devices` for that",
    },
};

const ENTRA: Preset = Preset {
    name: "entra",
    title: "Microsoft Entra ID",
    asks: &[Ask::Tenant, Ask::ClientId, Ask::Domain],
    endpoint: "https://login.microsoftonline.com/<tenant>/v2.0",
    listen: "localhost:10000",
    scopes: &["openid", "profile", "email"],
    // `email` is optional there, and whoever administers any tenant can set it to anything.
    identity: Identity::Person("preferred_username"),
    groups_claim: "",
    finish: nothing_else,
    register: &[
        "Entra admin center, App registrations, your app, Authentication: add the platform `Mobile and desktop \
         applications` with the redirect URI http://localhost (its port does not matter).",
        "On the same page set `Allow public client flows` to yes for logins without a browser.",
        "For groups: Token configuration, Add groups claim, and choose `Groups assigned to the application`.",
    ],
    signs: &[
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.partner.microsoftonline.cn",
        "sts.windows.net",
    ],
    mend: Mend {
        endpoint: "use https://login.microsoftonline.com/TENANT/v2.0 with the tenant's id, not `common` and not a domain",
        client: "copy the application (client) id from the app registration's overview; a client of the platform \
                 `Mobile and desktop applications` has no secret",
        redirect: "App registrations, your app, Authentication: add the platform `Mobile and desktop applications` \
                   with http://localhost, and let the provisioner listen on localhost:10000",
        groups: "App registrations, your app, Token configuration: add a groups claim for `Groups assigned to the \
                 application`; the tokens then name groups by their object ids",
        email: "set `identity` to {\"claim\": \"preferred_username\", \"as\": \"email\"} and name the `domains`",
        device: "App registrations, your app, Authentication: set `Allow public client flows` to yes",
    },
};

const OKTA: Preset = Preset {
    name: "okta",
    title: "Okta",
    asks: &[Ask::Host, Ask::ClientId, Ask::Domain],
    endpoint: "<host>",
    listen: "127.0.0.1:10000",
    scopes: &["openid", "profile", "email"],
    identity: Identity::Person("preferred_username"),
    groups_claim: "",
    finish: |answers, members| {
        // The organisation's own server has no path; a custom one does.
        let realm = answers.one(Ask::Realm);
        let path = if realm.is_empty() { String::new() } else { format!("/oauth2/{realm}") };
        let endpoint = format!("{}{path}", answers.one(Ask::Host));
        members.insert("configurationEndpoint".to_owned(), endpoint.into());
    },
    register: &[
        "Okta admin console, Applications: a new OIDC application of the type `Native`, with the grant types \
         Authorization Code and Device Authorization.",
        "Sign-in redirect URI: http://127.0.0.1:10000 (exactly, without a slash at its end).",
        "For groups: Sign On, OpenID Connect ID Token: a groups claim filter; then add --scope groups.",
    ],
    signs: &["okta.com", "oktapreview.com", "okta-emea.com"],
    mend: Mend {
        endpoint: "use https://example.okta.com for the org server, or https://example.okta.com/oauth2/default for a \
                   custom one; `-admin` is never part of it",
        client: "copy the client id from Applications, your app, General; with `Client authentication: None` there is \
                 no secret",
        redirect: "Applications, your app, General: add the redirect address to `Sign-in redirect URIs`, exactly",
        groups: "org server: Sign On, groups claim filter; custom server: Security, API, Claims: add a claim `groups` \
                 to the ID token; ask for the scope groups",
        email: "set `identity` to {\"claim\": \"preferred_username\", \"as\": \"email\"} and name the `domains`",
        device: "Applications, your app, General, Grant type: allow Device Authorization",
    },
};

const SALESFORCE: Preset = Preset {
    name: "salesforce",
    title: "Salesforce",
    asks: &[Ask::Host, Ask::ClientId],
    endpoint: "<host>",
    listen: "localhost:10000",
    scopes: &["openid", "email", "profile"],
    identity: Identity::Person("email"),
    groups_claim: "",
    finish: nothing_else,
    register: &[
        "Setup, App Manager (or External Client App Manager): an app with OAuth, the callback URL \
         http://localhost:10000 and the scopes openid, profile and email.",
        "Tick `Configure ID Token` and there `Include Standard Claims`, so that the token has the e-mail address.",
    ],
    signs: &["my.salesforce.com", "login.salesforce.com", "test.salesforce.com", "my.site.com"],
    mend: Mend {
        endpoint: "use the My Domain address, https://example.my.salesforce.com; Setup, My Domain shows it",
        client: "copy consumer key and secret from the app; new apps need some minutes before they work",
        redirect: "add the redirect address to the app's `Callback URL`, exactly; http is allowed for localhost only",
        groups: "add a custom attribute with the groups to the app, and set `groupsClaim` to its path below \
                 custom_attributes",
        email: "the app, Configure ID Token: tick `Include Standard Claims`; the person must have verified the address",
        device: "the app: tick `Enable for Device Flow`",
    },
};

const KEYCLOAK: Preset = Preset {
    name: "keycloak",
    title: "Keycloak",
    asks: &[Ask::Host, Ask::Realm, Ask::ClientId],
    endpoint: "<host>/realms/<realm>",
    listen: "127.0.0.1:10000",
    scopes: &["openid", "email"],
    identity: Identity::Person("email"),
    groups_claim: "realm_access.roles",
    finish: nothing_else,
    register: &[
        "Realm <realm>, Clients: an OpenID Connect client <client-id>, Client authentication off, Standard flow and \
         OAuth 2.0 Device Authorization Grant on.",
        "Valid redirect URIs: http://127.0.0.1:10000",
        "For realm roles as groups: Client scopes, roles, Mappers, realm roles: switch `Add to ID token` on.",
    ],
    signs: &["/realms/"],
    mend: Mend {
        endpoint: "use https://HOST/realms/REALM (before Keycloak 17: https://HOST/auth/realms/REALM)",
        client: "Clients: is the client enabled, and in this realm? With `Client authentication` on it has a secret, \
                 see its tab Credentials",
        redirect: "Clients, your client, Settings: add the redirect address to `Valid redirect URIs`",
        groups: "Client scopes, roles, Mappers, realm roles: switch `Add to ID token` on; without that only access \
                 tokens have them",
        email: "Users: switch `Email verified` on, or Realm settings, Login: `Verify email`",
        device: "Clients, your client: switch `OAuth 2.0 Device Authorization Grant` on",
    },
};

const ADFS: Preset = Preset {
    name: "adfs",
    title: "AD FS",
    asks: &[Ask::Host, Ask::ClientId, Ask::Domain],
    endpoint: "<host>/adfs",
    listen: "localhost:10000",
    scopes: &["openid"],
    identity: Identity::Person("upn"),
    groups_claim: "group",
    finish: nothing_else,
    register: &[
        "AD FS management, Application Groups: a `Native application accessing a web API`; redirect URI \
         http://localhost:10000, and the client id as identifier of the web API, too.",
        "The web API, Client Permissions: allow openid (and allatclaims for more claims).",
        "For groups: the web API, Issuance Transform Rules: send Token-Groups as the claim type Group.",
    ],
    signs: &["/adfs"],
    mend: Mend {
        endpoint: "use https://adfs.example.com/adfs; AD FS has OpenID Connect since Windows Server 2016",
        client: "copy the client identifier of the native application in the application group",
        redirect: "Application Groups, your group, the native application: add the redirect address, exactly",
        groups: "the web API, Issuance Transform Rules: send Token-Groups as the claim type Group, and allow the scope \
                 allatclaims",
        email: "set `identity` to {\"claim\": \"upn\", \"as\": \"email\"} and name the `domains`",
        device: "AD FS has device logins since Windows Server 2019; enable the endpoint /adfs/oauth2/devicecode",
    },
};

const AUTH0: Preset = Preset {
    name: "auth0",
    title: "Auth0",
    asks: &[Ask::Host, Ask::ClientId, Ask::Domain],
    endpoint: "<host>/",
    listen: "127.0.0.1:10000",
    scopes: &["openid", "profile", "email"],
    identity: Identity::Person("email"),
    groups_claim: "",
    finish: nothing_else,
    register: &[
        "Applications: an application of the type `Native`, with the grants Authorization Code and Device Code.",
        "Allowed Callback URLs: http://127.0.0.1:10000",
        "For groups: an Action `Login / Post Login` that sets a claim with your namespace, such as \
         https://example.com/groups, and the member groupsClaim with the same name.",
    ],
    signs: &["auth0.com"],
    mend: Mend {
        endpoint: "use https://TENANT.REGION.auth0.com/; the issuer of Auth0 ends with a slash",
        client: "copy the client id from Applications, your app, Settings; a `Native` one has no secret",
        redirect: "Applications, your app, Settings: add the redirect address to `Allowed Callback URLs`",
        groups: "an Action `Login / Post Login` has to set a claim with a namespace, such as \
                 https://example.com/groups; set `groupsClaim` to the same name",
        email: "the connection of your people must verify addresses; social connections often do not",
        device: "Applications, your app, Advanced Settings, Grant Types: allow Device Code",
    },
};

const GITLAB: Preset = Preset {
    name: "gitlab",
    title: "GitLab",
    asks: &[Ask::Host, Ask::ClientId, Ask::Domain],
    endpoint: "<host>",
    listen: "127.0.0.1:10000",
    scopes: &["openid", "email"],
    identity: Identity::Person("email"),
    groups_claim: "groups_direct",
    finish: nothing_else,
    register: &[
        "User settings, a group's settings or the admin area, Applications: a new application, `Confidential` off, \
         with the scopes openid and email.",
        "Redirect URI: http://127.0.0.1:10000",
    ],
    signs: &["gitlab.com"],
    mend: Mend {
        endpoint: "use https://gitlab.com, or the address of your own GitLab",
        client: "copy the application id; with `Confidential` on it has a secret, too",
        redirect: "Applications, your application: add the redirect address to `Redirect URI`, exactly",
        groups: "ID tokens of GitLab have the groups that somebody is a direct member of in groups_direct: set \
                 `groupsClaim` to it",
        email: "ask for the scope email; the person must have confirmed the primary address",
        device: "GitLab has device logins since version 17.2",
    },
};

const GITHUB_ACTIONS: Preset = Preset {
    name: "github-actions",
    title: "GitHub Actions",
    asks: &[Ask::ClientId, Ask::Repository],
    endpoint: "https://token.actions.githubusercontent.com",
    listen: "",
    scopes: &[],
    identity: Identity::Machine("repository", "https://github.com/{+repository}"),
    groups_claim: "",
    finish: |answers, members| {
        members.insert("require".to_owned(), json!({"repository": answers.all(Ask::Repository)}));
        members.insert("rules".to_owned(), json!([short_lived_client()]));
    },
    register: &[
        "Nothing at GitHub. In the workflow: permissions: { id-token: write }",
        "The job asks for its token with the audience <client-id> and passes it on with --token.",
    ],
    signs: &["token.actions.githubusercontent.com"],
    mend: Mend {
        endpoint: "use https://token.actions.githubusercontent.com",
        client: "the job must ask for a token with the audience of the provisioner, its clientID",
        redirect: "",
        groups: "tokens of jobs have no groups: use `require` and `rules` with claims such as repository and ref",
        email: "tokens of jobs have no e-mail address: set `identity` to a claim such as repository",
        device: "",
    },
};

const KUBERNETES: Preset = Preset {
    name: "kubernetes",
    title: "Kubernetes",
    asks: &[Ask::Host, Ask::ClientId, Ask::Namespace, Ask::TrustDomain],
    endpoint: "<host>",
    listen: "",
    scopes: &[],
    identity: Identity::Machine(
        "/kubernetes.io/serviceaccount/name",
        "spiffe://<trust-domain>/ns/{/kubernetes.io/namespace}/sa/{/kubernetes.io/serviceaccount/name}",
    ),
    groups_claim: "",
    finish: |answers, members| {
        members.insert("require".to_owned(), json!({"/kubernetes.io/namespace": answers.all(Ask::Namespace)}));
        members.insert("rules".to_owned(), json!([short_lived_client()]));
    },
    register: &[
        "The pod: a projected volume with serviceAccountToken: { audience: <client-id>, expirationSeconds: 600 }",
        "The cluster: `kubectl get --raw /.well-known/openid-configuration` shows its issuer; this CA must reach it, \
         and the keys that it names.",
    ],
    signs: &[],
    mend: Mend::EMPTY,
};

impl Mend {
    const EMPTY: Self = Self { endpoint: "", client: "", redirect: "", groups: "", email: "", device: "" };
}

/// Most providers need nothing else.
fn nothing_else(_: &Answers, _: &mut Map<String, Value>) {}

/// What machines get that renew often: certificates that show who they are, for an hour.
fn short_lived_client() -> Value {
    json!({"defaultDuration": "1h", "maxDuration": "1h", "extendedKeyUsage": ["clientAuth"]})
}
