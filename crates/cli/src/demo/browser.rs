//! A browser for the demo that logs in by itself: two requests over plain HTTP on loopback.

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;

/// Open the address of the login, log in as `user`, and go where that leads.
pub(super) async fn log_in(address: &str, user: &str) -> anyhow::Result<()> {
    let mut url = Url::parse(address.trim()).context("the address of the login is not a URL")?;
    url.query_pairs_mut().append_pair("demo_user", user);
    for _ in 0..3 {
        match get(&url).await? {
            Some(next) => url = next,
            None => return Ok(()),
        }
    }
    bail!("the login went in circles")
}

/// Fetch a page; says where it redirects to, if it does.
async fn get(url: &Url) -> anyhow::Result<Option<Url>> {
    let (host, port) = (url.host_str().context("no host")?, url.port().context("no port")?);
    if host != "127.0.0.1" {
        bail!("the login left this machine");
    }
    let mut stream = TcpStream::connect((host, port)).await?;
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(1 << 16).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, _) = answer.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    let location = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim())
    });
    match (status, location) {
        ("200", _) => Ok(None),
        ("302" | "303", Some(location)) => Ok(Some(url.join(location)?)),
        _ => bail!("the page answered with status {status}"),
    }
}
