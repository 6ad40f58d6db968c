//! The demo's throwaway folder, the programs it runs, and what it says about each step.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use super::{Mode, browser, hello, idp::Idp};

/// Where the demo plays.
pub(super) struct Stage {
    folder: TempDir,
    rung: PathBuf,
    rung_ca: PathBuf,
    step: u32,
    ca: Option<Ca>,
    url: String,
}

/// The certificate authority while it runs.
struct Ca {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

/// Where the files of the demo are.
pub(super) struct Files {
    /// The root certificate.
    pub(super) root: PathBuf,
    /// The person's certificate with its chain.
    pub(super) certificate: PathBuf,
    /// The person's key.
    pub(super) key: PathBuf,
    /// The certificate of the mTLS server.
    pub(super) server_certificate: PathBuf,
    /// Its key.
    pub(super) server_key: PathBuf,
}

/// Nothing in the demo takes this long, unless it waits for a person.
const PATIENCE: Duration = Duration::from_secs(30);

impl Stage {
    pub(super) fn set() -> anyhow::Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("rung-demo-").tempdir().context("no temporary folder could be made")?;
        let rung = std::env::current_exe().context("this program does not know where it is")?;
        let rung_ca = beside(&rung, "rung-ca")?;
        Ok(Self { folder, rung, rung_ca, step: 0, ca: None, url: String::new() })
    }

    pub(super) fn files(&self) -> Files {
        let at = |name: &str| self.folder.path().join(name);
        Files {
            root: at("step/certs/root_ca.crt"),
            certificate: at("me.crt"),
            key: at("me.key"),
            server_certificate: at("server.crt"),
            server_key: at("server.key"),
        }
    }

    /// Root, intermediate and first provisioner.
    pub(super) async fn init(&mut self) -> anyhow::Result<()> {
        let mut octets = [0; 16];
        rung_pki::Random::fill(&rung_pki::SystemRandom, &mut octets)?;
        let password = rung_pki::hex(&octets);
        std::fs::write(self.at("password"), password)?;
        let words = [
            "ca",
            "init",
            "--name",
            "Demo",
            "--dns",
            "localhost",
            "--address",
            "127.0.0.1:0",
            "--provisioner",
            "admin",
            "--password-file",
            "password",
        ];
        self.say("make a certificate authority", &format!("rung {}", words.join(" ")));
        self.rung(&words).await.map(drop)
    }

    /// Start the certificate authority and wait until it serves.
    pub(super) async fn serve(&mut self) -> anyhow::Result<()> {
        self.say("serve it", "rung-ca --password-file password $(rung path)/config/ca.json");
        let mut child = self
            .command(&self.rung_ca)
            .args(["--password-file", "password", "step/config/ca.json"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", self.rung_ca.display()))?;
        let stderr = child.stderr.take().expect("standard error is a pipe");
        let mut log = BufReader::new(stderr).lines();
        let address =
            wait_for(&mut log, "Serving HTTPS on ").await.context("the certificate authority did not start")?;
        let port = address.trim_end_matches(" ...").rsplit(':').next().unwrap_or_default().to_owned();
        self.url = format!("https://localhost:{port}");
        self.ca = Some(Ca { child, log });
        Ok(())
    }

    /// Add the identity provider and have the authority take it over.
    pub(super) async fn trust(&mut self, idp: &Idp) -> anyhow::Result<()> {
        let endpoint = idp.configuration_endpoint();
        let words = [
            "ca",
            "provisioner",
            "add",
            "Demo",
            "--type",
            "oidc",
            "--ca-config",
            "step/config/ca.json",
            "--client-id",
            "rung",
            "--configuration-endpoint",
            &endpoint,
            "--domain",
            "demo.test",
            "--ca-url",
            &self.url.clone(),
        ];
        self.say(
            "take logins of an identity provider (a small one, built in for this demo)",
            &format!("rung {}", words.join(" ")),
        );
        self.rung(&words).await?;
        let ca = self.ca.as_mut().expect("the authority was started");
        let pid = ca.child.id().context("the certificate authority has ended")?;
        let pid = i32::try_from(pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .context("the process id is out of range")?;
        rustix::process::kill_process(pid, rustix::process::Signal::HUP)?;
        wait_for(&mut ca.log, "The configuration was reloaded")
            .await
            .context("the authority did not take the provider over")?;
        self.say("have it reload, without losing a request", &format!("kill -HUP {}", pid.as_raw_nonzero()));
        Ok(())
    }

    /// Ask for a certificate; says whose it is, or nothing when the login came to nothing.
    pub(super) async fn log_in(&mut self, mode: Mode, user: &str) -> anyhow::Result<Option<String>> {
        let url = self.url.clone();
        let words = [
            "ca",
            "certificate",
            user,
            "me.crt",
            "me.key",
            "--provisioner",
            "Demo",
            "--ca-url",
            &url,
            "--root",
            "step/certs/root_ca.crt",
            "--force",
        ];
        self.say("log in and get a certificate", &format!("rung {}", words.join(" ")));
        let mut command = self.command(&self.rung);
        command.args(words).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::piped());
        // The demo's provider is on loopback, where no other device could reach it.
        command.env("RUNG_LISTEN", ":0");
        if mode != Mode::Browser {
            command.env("RUNG_OPEN_BROWSER", "0");
        }
        let mut child = command.spawn()?;
        let stderr = child.stderr.take().expect("standard error is a pipe");
        let mut lines = BufReader::new(stderr).lines();
        while let Some(line) = lines.next_line().await? {
            if mode == Mode::Auto {
                if let Some(at) = line.find("http://127.0.0.1") {
                    browser::log_in(&line[at..], user).await.context("the demo could not log in by itself")?;
                }
            } else {
                eprintln!("       {line}");
            }
        }
        let done = child.wait().await?.success();
        if !done && mode == Mode::Auto {
            bail!("the login did not lead to a certificate");
        }
        Ok(done.then(|| user.to_owned()))
    }

    /// Look at the certificate, and get one for the server.
    pub(super) async fn inspect(&mut self) -> anyhow::Result<()> {
        self.say("look at it", "rung certificate inspect --short me.crt");
        let shown = self.rung(&["certificate", "inspect", "--short", "me.crt"]).await?;
        for line in shown.lines() {
            eprintln!("       {line}");
        }
        let url = self.url.clone();
        let words = [
            "ca",
            "certificate",
            "localhost",
            "server.crt",
            "server.key",
            "--provisioner",
            "admin",
            "--password-file",
            "password",
            "--ca-url",
            &url,
            "--root",
            "step/certs/root_ca.crt",
            "--san",
            "localhost",
            "--san",
            "127.0.0.1",
        ];
        self.say(
            "get a server its certificate, with the first provisioner's password",
            &format!("rung {}", words.join(" ")),
        );
        self.rung(&words).await.map(drop)
    }

    /// Be greeted by name.
    pub(super) async fn greet(&mut self, hello: &hello::Server, user: &str) -> anyhow::Result<()> {
        self.say("be greeted by an mTLS server that knows nobody but this authority", &self.curl(hello));
        let greeting = hello::ask(hello.port(), &self.files()).await.context("the mTLS server did not answer")?;
        println!("\n{}", greeting.trim_end());
        if greeting.trim_end() == format!("Hello, {user}!") {
            Ok(())
        } else {
            bail!("the greeting is for somebody else")
        }
    }

    /// What to try while everything still runs.
    pub(super) fn what_next(&self, hello: &hello::Server) {
        let folder = self.folder.path().display();
        eprintln!("\nEverything keeps running until you press ctrl-C. In another terminal, try:\n");
        eprintln!("  cd {folder}");
        eprintln!("  export STEPPATH={folder}/step");
        eprintln!("  {}", self.curl(hello));
        eprintln!(
            "  curl --cacert step/certs/root_ca.crt https://localhost:{}     # without a certificate: refused",
            hello.port()
        );
        eprintln!("  rung ca provisioner list --ca-url {}", self.url);
        eprintln!("  rung ca certificate {} bob.crt bob.key --provisioner Demo --ca-url {}", super::USERS[1], self.url);
        eprintln!("  rung certificate inspect me.crt\n");
    }

    fn curl(&self, hello: &hello::Server) -> String {
        format!("curl --cacert step/certs/root_ca.crt --cert me.crt --key me.key https://localhost:{}", hello.port())
    }

    fn say(&mut self, what: &str, command: &str) {
        self.step += 1;
        eprintln!("{:>3}. {what}\n     $ {command}", self.step);
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command in the demo's folder that knows nothing of the person's own settings.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).kill_on_drop(true);
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("STEP") || name.starts_with("RUNG_")) {
                command.env_remove(name);
            }
        }
        command.env("STEPPATH", self.at("step"));
        command
    }

    /// Run the command line and give what it printed.
    async fn rung(&self, words: &[&str]) -> anyhow::Result<String> {
        let output = self.command(&self.rung).args(words).stdin(Stdio::null()).output().await?;
        if !output.status.success() {
            bail!("rung {} failed:\n{}", words.join(" "), String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Wait for a line of a log and return what follows `mark` in it.
async fn wait_for(log: &mut Lines<BufReader<impl AsyncRead + Unpin>>, mark: &str) -> anyhow::Result<String> {
    let mut seen = String::new();
    let found = tokio::time::timeout(PATIENCE, async {
        while let Some(line) = log.next_line().await? {
            if let Some(at) = line.find(mark) {
                return Ok(Some(line[at + mark.len()..].to_owned()));
            }
            seen.push_str(&line);
            seen.push('\n');
        }
        anyhow::Ok(None)
    });
    match found.await {
        Ok(Ok(Some(rest))) => Ok(rest),
        Ok(Err(error)) => Err(error),
        Ok(Ok(None)) => bail!("it ended and said:\n{seen}"),
        Err(_) => bail!("it did not in {} seconds, and said:\n{seen}", PATIENCE.as_secs()),
    }
}

/// A program of ours: in the folder of this one, or somewhere in the search path.
fn beside(program: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let sibling = program.with_file_name(name);
    if sibling.is_file() {
        return Ok(sibling);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file()).with_context(
        || format!("{name} is neither beside {} nor in PATH: build or install it first", program.display()),
    )
}
