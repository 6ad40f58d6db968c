//! What is refused, and what that does to others: processor time for each refusal, and the latencies of good clients
//! while a flood of it comes from another address.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::time::MissedTickBehavior;

use crate::{
    CLIENTS, Outcome, count_of,
    load::{Load, Target, heading},
    minter::{Minter, post},
    setup::Stage,
};

/// Where good clients come from; the flood comes from the usual address of this machine.
const GOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// So many good clients keep a connection each, and each asks so often.
const GOOD_CLIENTS: usize = 8;
const GOOD_PAUSE: Duration = Duration::from_millis(40);
/// How often each of [`CLIENTS`] in the flood asks: 5000 a second together.
const FLOOD_PAUSE: Duration = Duration::from_micros(6400);

/// Measure it.
pub(crate) async fn run(stage: &Stage) -> Outcome<()> {
    let server = stage.start_limited()?;
    let anybody = Target::tls(&server, &stage.root, None)?;
    let good = anybody.from(GOOD);
    let minter = Minter::jwk(stage);
    heading("refused");
    let rubbish = post("/1.0/sign", "application/json", b"{\"csr\":\"rubbish\",\"ott\":\"rubbish\"}");
    let fast = |title, request: &[u8], status| Load {
        title,
        requests: vec![request.to_vec()],
        count: count_of(40_000),
        clients: CLIENTS,
        pause: Duration::ZERO,
        keep: true,
        status,
    };
    // Whoever asks too often is refused before anything is read; this is what the flood is made of. The 500 a second
    // that are looked at are among those that failed.
    let kept = anybody.measure(fast("429, kept connections", &rubbish, 429), 100.0).await?;
    println!("a refusal costs {kept:.1} µs of processor time, TLS records included; the bar is 100 µs");

    let count = count_of(4000);
    let alone = calm(&good, &minter, count).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let refused = Arc::new(AtomicUsize::new(0));
    let flood: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(flood(anybody.clone(), rubbish.clone(), stop.clone(), refused.clone())))
        .collect();
    let begin = Instant::now();
    let flooded = calm(&good, &minter, count).await?;
    let rate = refused.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for client in flood {
        client.await??;
    }
    println!(
        "\n{GOOD_CLIENTS} good clients from elsewhere, 200 certificates a second, each over its own kept connection:"
    );
    for (title, latencies) in [("alone", &alone), ("in the flood", &flooded)] {
        println!("{title:<28}p50 {:>7.2} ms{:>14} {:>7.2} ms", at(latencies, 0.5), "p99", at(latencies, 0.99));
    }
    println!(
        "refused meanwhile: {rate:.0} a second; p99 {:.2} × of before, the bar is 2 ×",
        at(&flooded, 0.99) / at(&alone, 0.99)
    );
    Ok(())
}

/// Good clients at their pace; says their latencies, the shortest first.
async fn calm(target: &Target, minter: &Minter<'_>, count: usize) -> Outcome<Vec<Duration>> {
    let requests = minter.requests(count)?;
    let clients: Vec<_> = requests
        .chunks(count.div_ceil(GOOD_CLIENTS))
        .map(|requests| tokio::spawn(calm_client(target.clone(), requests.to_vec())))
        .collect();
    let mut latencies = Vec::with_capacity(count);
    for client in clients {
        latencies.append(&mut client.await??);
    }
    latencies.sort_unstable();
    Ok(latencies)
}

async fn calm_client(target: Target, requests: Vec<Vec<u8>>) -> Outcome<Vec<Duration>> {
    let mut connection = target.open().await?;
    let mut pace = tokio::time::interval(GOOD_PAUSE);
    let mut latencies = Vec::with_capacity(requests.len());
    for request in requests {
        pace.tick().await;
        let begin = Instant::now();
        let (status, _) = connection.ask(&request).await?;
        latencies.push(begin.elapsed());
        if status != 201 {
            return Err(format!("a good client was refused with {status}").into());
        }
    }
    Ok(latencies)
}

async fn flood(target: Target, request: Vec<u8>, stop: Arc<AtomicBool>, refused: Arc<AtomicUsize>) -> Outcome<()> {
    let mut connection = target.open().await?;
    let mut pace = tokio::time::interval(FLOOD_PAUSE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while !stop.load(Ordering::Relaxed) {
        pace.tick().await;
        let (status, _) = connection.ask(&request).await?;
        refused.fetch_add(usize::from(status == 429), Ordering::Relaxed);
    }
    Ok(())
}

fn at(latencies: &[Duration], share: f64) -> f64 {
    latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3
}
