//! Taking over another configuration without losing a request.
//!
//! Everything is read, checked, made and bound first; then one pointer changes. Requests in flight and open
//! connections go on: each request is served by the configuration that is in force when it arrives.

use std::sync::{Arc, atomic::Ordering};

use anyhow::bail;

use crate::{
    daemon::{Daemon, loose},
    load,
};

/// Read the configuration again and take it over, or keep the present one and say why.
pub(crate) async fn reload(daemon: &mut Daemon) {
    let log = daemon.shared.log.clone();
    log.info("reloading ...");
    match take_over(daemon).await {
        Ok(number) => {
            daemon.shared.metrics.reloads.fetch_add(1, Ordering::Relaxed);
            let digest = daemon.shared.current.load().digest.clone();
            daemon.shared.note("reloaded", serde_json::json!({"generation": number, "sha256": digest})).await;
            log.info(&format!("The configuration was reloaded (generation {number})."));
        }
        Err(error) => {
            daemon.shared.metrics.failed_reloads.fetch_add(1, Ordering::Relaxed);
            daemon.shared.note("reload refused", serde_json::json!({"reason": format!("{error:#}")})).await;
            for line in format!("error reloading server: {error:#}").lines() {
                log.error(line);
            }
            log.warning("Continuing to serve with the configuration from before.");
        }
    }
}

async fn take_over(daemon: &mut Daemon) -> anyhow::Result<u64> {
    let (path, passwords) = (daemon.path.clone(), daemon.passwords.clone());
    // Reading files and decrypting the key takes a while, and must not keep requests waiting.
    let materials = tokio::task::spawn_blocking(move || load::read(&path, &passwords)).await??;
    let present = daemon.shared.current.load_full();
    let file = |config: &rung_spec::Config| config.db.as_ref().map(|db| db.data_source.clone());
    if file(&materials.config) != file(&present.config) {
        bail!("the member `db` has changed: restart the server to change its database");
    }
    for finding in loose(&daemon.settings, &daemon.path, &materials.config)? {
        daemon.shared.log.warning(&finding);
    }
    let generation = load::assemble(materials, &daemon.parts, Some(&present)).await?;
    let bound = daemon.sockets.prepare(&generation.config)?;
    let number = generation.number;
    let format = generation.config.logger.as_ref().map(|logger| logger.format);
    daemon.shared.current.store(Arc::new(generation));
    daemon.shared.log.set_format(format);
    daemon.shared.mind_limits(&daemon.shared.current.load().config);
    daemon.sockets.switch(&daemon.shared, bound)?;
    // The issuer may be another one, and what is told about it, too.
    daemon.shared.ocsp.forget_all();
    daemon.shared.crl.wake();
    Ok(number)
}
