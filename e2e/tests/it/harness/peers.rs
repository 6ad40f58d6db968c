//! Servers that other people wrote and that ask for a client's certificate.

use std::path::Path;

use super::load::{client_config, connect, request};
use super::place::{Place, free_port, own_file};
use super::process::Background;

/// A server in Python that greets the person in the certificate; gives its port too. `NAME.crt` and `NAME.key` are its
/// own, `root` is whom it believes.
#[track_caller]
pub(crate) fn python_server(place: &Place, name: &str, root: &str) -> (Background, u16) {
    let mut python = place.command("python3");
    python.arg(own_file("python/mtls_server.py")).arg(format!("{name}.crt")).arg(format!("{name}.key")).arg(root);
    let server = Background::start(&python);
    let port = server.wait_for("its port", |printed| printed.strip_prefix("port ")?.trim().parse().ok());
    (server, port)
}

/// nginx with `ssl_verify_client on`; gives its port too.
#[track_caller]
pub(crate) fn nginx(place: &Place, name: &str, root: &str) -> (Background, u16) {
    let port = free_port();
    let folder = place.text_path("nginx");
    std::fs::create_dir(&folder).expect("there is no other nginx here");
    let template = std::fs::read_to_string(own_file("nginx/nginx.conf")).expect("the template is there");
    let values =
        [("FOLDER", folder.as_str()), ("PORT", &port.to_string()), ("NAME", &place.text_path(name)), ("ROOT", root)];
    let config = values.iter().fold(template, |text, (name, value)| text.replace(&format!("@{name}@"), value));
    let config = place.write("nginx/nginx.conf", &config);
    let mut nginx = place.command("nginx");
    nginx.arg("-p").arg(&folder).arg("-e").arg("stderr").arg("-c").arg(config);
    let server = Background::start(&nginx);
    server.wait_for_text("start worker process", 1);
    (server, port)
}

/// Ask a server on `port` over rustls, with the certificate of two files or with none.
pub(crate) fn say_hello(port: u16, root: &Path, identity: Option<(&Path, &Path)>) -> std::io::Result<(u16, String)> {
    request(&mut connect(port, &client_config(root, identity))?, "GET", "/", "")
}
