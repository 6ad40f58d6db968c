//! A certificate authority as `rung ca init` makes it, served by `rung-ca`.

use rustix::process::Signal;

use super::idp::Idp;
use super::place::{Place, free_port, program};
use super::process::{Background, Finished};

/// The password of every key here.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// An authority in a place of its own.
pub(crate) struct Ca {
    /// Where it lives; commands that start here know it.
    pub(crate) place: Place,
    /// The port it serves.
    pub(crate) port: u16,
}

/// What an OIDC provisioner is called and what else it is given.
pub(crate) struct OidcOptions<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// The client at the identity provider: `rung` or `rung-public`.
    pub(crate) client: &'a str,
    /// Further flags.
    pub(crate) more: &'a [&'a str],
}

impl Ca {
    /// Make one with the JWK provisioner `admin`.
    #[track_caller]
    pub(crate) fn init() -> Self {
        Self::init_with(Place::new(), &[])
    }

    /// Make one in `place`, with further flags.
    #[track_caller]
    pub(crate) fn init_with(place: Place, more: &[&str]) -> Self {
        let port = free_port();
        place.write("password", PASSWORD);
        let address = format!("127.0.0.1:{port}");
        let names = ["ca", "init", "--name", "Example", "--dns", "localhost", "--dns", "127.0.0.1"];
        let others = ["--address", &address, "--provisioner", "admin", "--password-file", "password"];
        place.rung(&[&names[..], &others, more].concat()).success();
        Self { place, port }
    }

    /// Start serving, and wait until it does.
    #[track_caller]
    pub(crate) fn serve(&self) -> Background {
        let server = self.start();
        server.wait_for_text("Serving HTTPS on", 1);
        server
    }

    /// Stop serving and start again.
    #[track_caller]
    pub(crate) fn serve_again(&self, server: Background) -> Background {
        server.finish_with_term().success();
        self.serve()
    }

    /// Start the program.
    #[track_caller]
    pub(crate) fn start(&self) -> Background {
        let mut command = self.place.command(program("rung-ca"));
        command.args(["--password-file", "password"]).arg(self.place.path("step/config/ca.json"));
        Background::start(&command)
    }

    /// Run the program to its end: it is not expected to serve.
    #[track_caller]
    pub(crate) fn run(&self) -> Finished {
        self.start().finish()
    }

    /// Tell the server to read its configuration again, and wait until it serves it.
    #[track_caller]
    pub(crate) fn reload(&self, server: &Background) {
        let done = "The configuration was reloaded";
        let before = server.stderr().matches(done).count();
        server.signal(Signal::HUP);
        server.wait_for_text(done, before + 1);
    }

    /// Add an OIDC provisioner for `idp` to the configuration.
    #[track_caller]
    pub(crate) fn add_oidc(&self, idp: &Idp, options: &OidcOptions<'_>) {
        let (config, endpoint) = (self.config(), idp.configuration_endpoint());
        let add = ["ca", "provisioner", "add", options.name, "--type", "oidc", "--ca-config", &config];
        let secret: &[&str] = if options.client == "rung" { &["--client-secret", "loopback-secret"] } else { &[] };
        let client = ["--client-id", options.client, "--configuration-endpoint", &endpoint];
        self.place.rung(&[&add[..], &client, secret, options.more].concat()).success();
    }

    /// The path of its configuration.
    pub(crate) fn config(&self) -> String {
        self.place.text_path("step/config/ca.json")
    }

    /// The path of its root certificate.
    pub(crate) fn root(&self) -> String {
        self.place.text_path("step/certs/root_ca.crt")
    }

    /// Get a certificate from the JWK provisioner as `NAME.crt` and `NAME.key`.
    #[track_caller]
    pub(crate) fn certificate(&self, subject: &str, name: &str, more: &[&str]) -> Finished {
        let (certificate, key) = (format!("{name}.crt"), format!("{name}.key"));
        let files = ["ca", "certificate", subject, &certificate, &key];
        let credential = ["--provisioner", "admin", "--provisioner-password-file", "password"];
        self.place.rung(&[&files[..], &credential, more].concat())
    }

    /// The SHA-256 fingerprint of its root certificate, as bootstrapping wants it.
    #[track_caller]
    pub(crate) fn fingerprint(&self) -> String {
        let printed = self.place.run("openssl", &["x509", "-in", &self.root(), "-noout", "-fingerprint", "-sha256"]);
        let printed = printed.success().stdout;
        let (_, hex) = printed.trim().split_once('=').expect("a name and a value");
        hex.replace(':', "").to_lowercase()
    }
}
