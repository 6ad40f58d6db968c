//! What is too much, and that nobody else feels it.

use std::{
    fs,
    io::{self, Read, Write},
    net::TcpStream,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rung_server::stopwatch::Stopwatch;
use rustls::{ClientConnection, StreamOwned};
use serde_json::{Value, json};

use crate::{
    client::{Answer, Client, Stream, connect_from},
    idp::{Answer as Said, Idp, KEYS},
    metrics::scrape,
    server::Server,
    stage::{Stage, request},
};

/// Addresses of this machine, which is not exempt in these tests.
const GOOD: [u8; 4] = [127, 0, 0, 2];
const BAD: [u8; 4] = [127, 0, 0, 3];

/// A daemon with these limits, and where its metrics are.
struct Limited {
    stage: Stage,
    server: Server,
    client: Client,
    metrics: String,
}

impl Limited {
    fn new(limits: Value) -> Self {
        Self::with(limits, |_, command| command)
    }

    fn with(limits: Value, prepare: fn(&Stage, Command) -> Command) -> Self {
        let stage = Stage::new();
        let mut config = stage.config();
        config["limits"] = limits;
        config["metricsAddress"] = "127.0.0.1:0".into();
        // Refusals must not cost what the reader of the log costs.
        config.as_object_mut().unwrap().shift_remove("logger");
        stage.configure(&config);
        let mut server = Server::start(&mut prepare(&stage, stage.command()));
        let metrics = server.serving_metrics();
        let client = Client::new(&stage, &server.address);
        Self { stage, server, client, metrics }
    }

    /// How often a limit was met.
    fn refusals(&self, limit: &str) -> u64 {
        self.metric(&format!("rung_ca_limited_total{{limit=\"{limit}\"}}"))
    }

    fn metric(&self, name: &str) -> u64 {
        let page = scrape(&self.metrics, "GET /metrics").body;
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name} is not in\n{page}")).parse().unwrap()
    }

    /// Wait until a number of the metrics is that.
    #[track_caller]
    fn wait_for(&self, name: &str, wanted: u64) {
        let start = Stopwatch::start();
        while self.metric(name) != wanted {
            assert!(start.elapsed() < Duration::from_secs(20), "{name} is {}", self.metric(name));
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The processor time that the daemon has taken so far.
    fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.server.pid())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        Duration::from_millis(ticks * 10)
    }
}

/// Ask on a connection that is kept.
pub(crate) fn ask(stream: &mut Stream, method: &str, path: &str, body: &str) -> io::Result<Answer> {
    let length = body.len();
    let said = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{body}");
    // Without this a request waits for the acknowledgement of the one before.
    stream.sock.set_nodelay(true)?;
    stream.write_all(said.as_bytes())?;
    let mut said = Vec::new();
    loop {
        let mut octets = [0; 16384];
        match stream.read(&mut octets)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => said.extend_from_slice(&octets[..count]),
        }
        let text = String::from_utf8_lossy(&said);
        let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if rest.len() >= length.parse().unwrap() {
            return Ok(Answer::parse(&text));
        }
    }
}

#[track_caller]
fn check_refusal(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{answer:?}");
    assert_eq!(answer.json()["status"], status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// The value below which so many of a hundred are.
fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[times.len() * percent / 100]
}

#[test]
fn a_source_that_asks_too_often_is_refused_at_little_cost_and_nobody_else_is() {
    const FLOOD: usize = 2000;
    let limited = Limited::new(json!({"exempt": [], "perSource": {"perSecond": 5, "burst": 100}}));
    let mut bad = limited.client.connect_from(BAD).unwrap();
    let mut good = limited.client.connect_from(GOOD).unwrap();
    let (mut passed, mut times) = (0, Vec::new());
    let sign = |stream: &mut Stream| {
        let answer = ask(stream, "POST", "/sign", &limited.stage.sign_body()).unwrap();
        limited.client.books.note("/sign", &answer);
        answer
    };
    assert_eq!(sign(&mut good).status, 201);
    // The burst.
    while ask(&mut bad, "GET", "/roots", "").unwrap().status == 201 {
        passed += 1;
    }
    assert!((100..150).contains(&passed), "{passed} passed");
    let (before, start) = (limited.cpu(), Stopwatch::start());
    for _ in 0..FLOOD {
        let asked = Stopwatch::start();
        let answer = ask(&mut bad, "POST", "/sign", "{}").unwrap();
        times.push(asked.elapsed());
        limited.client.books.note("/sign", &answer);
        // While it floods it gets its five a second, which are bad requests.
        if answer.status != 400 {
            check_refusal(&answer, 429);
            assert!(answer.message().starts_with("Too many requests; please try again in 1 second"), "{answer:?}");
        }
    }
    let (cost, elapsed) = ((limited.cpu() - before) / u32::try_from(FLOOD).unwrap(), start.elapsed());
    let median = percentile(&mut times, 50);
    // The bars are 100 µs and 50 ms. Programs for debugging are slower than that, and other work is on the machine.
    let bar = if cfg!(debug_assertions) { 2000 } else { 100 };
    assert!(cost < Duration::from_micros(bar), "a refusal cost {cost:?}");
    assert!(median < Duration::from_millis(50), "a refusal took {median:?}");
    println!("measured flood: a refusal costs {cost:?} of a processor and takes {median:?}");
    // Whoever watches is always answered, others are, and so is the one who waits as long as was said.
    assert_eq!(ask(&mut bad, "GET", "/health", "").unwrap().status, 200);
    assert_eq!(sign(&mut good).status, 201);
    thread::sleep(Duration::from_secs(1));
    assert_eq!(sign(&mut bad).status, 201);
    let refused = limited.refusals("source-rate");
    let bad_requests = elapsed.as_secs() * 5 + 10;
    assert!(refused as usize + bad_requests as usize >= FLOOD, "{refused} were counted");
    limited.client.books.close(&limited.stage, limited.server);
}

#[test]
fn a_source_that_connects_too_often_is_cut_off_before_the_handshake() {
    let limited = Limited::new(json!({"exempt": [], "perSource": {"perSecond": 1, "burst": 10}}));
    let tries = |source| {
        let open = |_: &i32| {
            let mut stream = limited.client.connect_from(source).ok()?;
            ask(&mut stream, "GET", "/health", "").ok()
        };
        (0..30).filter_map(|at| open(&at)).count()
    };
    assert!((10..20).contains(&tries(BAD)));
    assert!((10..20).contains(&tries(GOOD)), "each source has its own pace");
    assert!(limited.refusals("source-arrivals") >= 20);
    assert_eq!(scrape(&limited.metrics, "GET /health").json()["status"], "ok");
}

#[test]
fn a_provisioner_issues_so_many_certificates_a_second() {
    let limited = Limited::new(json!({"perProvisioner": {"perSecond": 1, "burst": 5}}));
    let (mut issued, mut refused) = (0, 0);
    for _ in 0..30 {
        // Tokens that only name the provisioner take nothing from it.
        let forged = format!("{}x", limited.stage.token(&json!({})));
        let body = json!({"csr": request(&[]), "ott": forged}).to_string();
        assert_ne!(limited.client.post("/sign", &body).status, 201);
        let body = limited.stage.sign_body();
        let answer = limited.client.post("/sign", &body);
        match answer.status {
            201 => issued += 1,
            _ => {
                check_refusal(&answer, 429);
                refused += 1;
            }
        }
    }
    assert!((5..20).contains(&issued) && refused > 0, "{issued} were issued, {refused} refused");
    // What was refused is not spent, and comes later.
    let body = limited.stage.sign_body();
    let start = Stopwatch::start();
    while limited.client.post("/sign", &body).status != 201 {
        assert!(start.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(100));
    }
    assert!(limited.refusals("provisioner-rate") >= refused);
}

#[test]
fn what_is_beyond_the_queue_is_refused_at_once() {
    let (idp, stage) = (Idp::start(), Stage::new());
    let realm = idp.realm("slow");
    realm.serve(KEYS, Said::Hang);
    let mut config = stage.config();
    config["limits"] = json!({"exempt": [], "requests": 3, "requestsPerSource": 2});
    config["authority"]["provisioners"].as_array_mut().unwrap().push(realm.provisioner());
    stage.configure(&config);
    let server = stage.serve();
    let client = Client::new(&stage, &server.address);
    let login = |source| {
        let mut stream = client.connect_from(source).unwrap();
        let body = json!({"csr": request(&[]), "ott": realm.token("first", &json!({}))}).to_string();
        ask(&mut stream, "POST", "/sign", &body).unwrap()
    };
    let sign = |source| {
        let mut stream = client.connect_from(source).unwrap();
        ask(&mut stream, "POST", "/sign", &stage.sign_body()).unwrap()
    };
    let done = AtomicBool::new(false);
    // Whoever waits for the provider, which answers nobody, takes a place; again when it was given up.
    let wait = &|source| {
        while !done.load(Ordering::Relaxed) {
            assert!([201, 429, 503].contains(&login(source).status));
        }
    };
    let until = |source, status| {
        let start = Stopwatch::start();
        loop {
            let asked = Stopwatch::start();
            let answer = sign(source);
            if answer.status == status {
                check_refusal(&answer, status);
                return asked.elapsed();
            }
            assert_eq!(answer.status, 201, "{answer:?}");
            assert!(start.elapsed() < Duration::from_secs(60), "{status} never came");
        }
    };
    thread::scope(|scope| {
        for source in [BAD, BAD] {
            scope.spawn(move || wait(source));
        }
        // Two of one source wait; a third is its own fault, and others have the place that is left.
        until(BAD, 429);
        assert_eq!(sign(GOOD).status, 201);
        scope.spawn(|| wait(GOOD));
        let refused = until([127, 0, 0, 4], 503);
        assert!(refused < Duration::from_secs(1), "{refused:?}");
        // What is in memory is served all the same.
        assert_eq!(client.get("/roots").status, 201);
        assert_eq!(client.get("/health").status, 200);
        done.store(true, Ordering::Relaxed);
        idp.open_gate();
    });
    assert_eq!(sign(BAD).status, 201);
}

/// Whether the other side has closed the connection without a word.
fn is_cut_off(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    match stream.read(&mut [0; 1]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn connections_are_counted_in_all_and_by_source() {
    let limited = Limited::new(json!({"exempt": [], "connections": 8, "connectionsPerSource": 5}));
    let open = |source| connect_from(source, &limited.server.address).unwrap();
    let held: Vec<TcpStream> = (0..5).map(|_| open(BAD)).collect();
    limited.wait_for("rung_ca_connections", 5);
    assert!(is_cut_off(&mut open(BAD)));
    let others: Vec<TcpStream> = (0..3).map(|_| open(GOOD)).collect();
    limited.wait_for("rung_ca_connections", 8);
    assert!(is_cut_off(&mut open(GOOD)));
    assert!(is_cut_off(&mut open([127, 0, 0, 4])));
    assert_eq!(limited.refusals("connections-per-source"), 1);
    assert_eq!(limited.refusals("connections"), 2);
    drop((held, others));
    limited.wait_for("rung_ca_connections", 0);
    assert_eq!(limited.client.get("/health").status, 200);
}

/// A connection that negotiated HTTP/2.
fn two(client: &Client, server: &Server) -> Stream {
    let mut config = client.config();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(connection, TcpStream::connect(&server.address).unwrap())
}

/// Read until the other side is done; says how long that took.
fn until_the_end(mut stream: impl Read, start: Stopwatch) -> Duration {
    let mut octets = [0; 4096];
    while stream.read(&mut octets).is_ok_and(|count| count > 0) {}
    start.elapsed()
}

#[test]
fn f17_h02_whoever_is_slow_is_not_waited_for() {
    const PATIENCE: Duration = Duration::from_secs(1);
    const HEAD: &str = "POST /sign HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n";
    let limited = Limited::new(json!({"patience": "1s"}));
    let (client, server) = (&limited.client, &limited.server);
    let secured = |said: &str| {
        let mut stream = client.connect().unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream.flush().unwrap();
        stream
    };
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // The same, with a ping each time that one is due: it shows a peer that lives, not one that wants something.
    let ping = b"\0\0\x08\x06\0\0\0\0\0abcdefgh";
    // A head of which the last frame never comes.
    let unfinished = b"\0\0\x01\x01\0\0\0\0\x01\x82";
    thread::scope(|scope| {
        let mut ends: Vec<(&str, _)> = Vec::new();
        let start = Stopwatch::start();
        let plain = TcpStream::connect(&server.address).unwrap();
        ends.push(("nothing at all", scope.spawn(move || until_the_end(plain, start))));
        let mut hello = TcpStream::connect(&server.address).unwrap();
        hello.write_all(b"\x16\x03\x01\x02\x00\x01").unwrap();
        ends.push(("a part of a hello", scope.spawn(move || until_the_end(hello, start))));
        for (name, said) in [("a part of a head", "GET /hea"), ("a head without its end", HEAD)] {
            let stream = secured(said);
            ends.push((name, scope.spawn(move || until_the_end(stream, start))));
        }
        let mut idle = client.connect().unwrap();
        assert_eq!(ask(&mut idle, "GET", "/health", "").unwrap().status, 200);
        ends.push(("a pause", scope.spawn(move || until_the_end(idle, start))));
        for (name, more) in [("a preface", &b""[..]), ("half a head in frames", &unfinished[..])] {
            let mut stream = two(client, server);
            stream.write_all(&[&preface[..], more].concat()).unwrap();
            ends.push((name, scope.spawn(move || until_the_end(stream, start))));
        }
        let mut pinging = two(client, server);
        pinging.write_all(preface).unwrap();
        ends.push((
            "pings",
            scope.spawn(move || {
                pinging.sock.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
                let mut octets = [0; 4096];
                loop {
                    if pinging.write_all(ping).is_err() {
                        return start.elapsed();
                    }
                    match pinging.read(&mut octets) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Ok(1..) => thread::sleep(Duration::from_millis(50)),
                        _ => return start.elapsed(),
                    }
                    assert!(start.elapsed() < Duration::from_secs(30), "pings keep a connection open");
                }
            }),
        ));
        // Asks for more than the system buffers, and reads none of it.
        let mut deaf = client.connect().unwrap();
        let many = "GET /roots HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20_000);
        deaf.sock.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        ends.push((
            "deaf ears",
            scope.spawn(move || {
                // It ends with an error when the other side does.
                let written = deaf.write_all(many.as_bytes()).and_then(|()| deaf.flush());
                let _ = written.map(|()| thread::sleep(PATIENCE * 10));
                start.elapsed()
            }),
        ));
        let mut longest = Duration::ZERO;
        for (name, end) in ends {
            let elapsed = end.join().unwrap();
            assert!(elapsed >= PATIENCE / 2, "{name}: {elapsed:?}");
            assert!(elapsed < PATIENCE * 14, "{name}: {elapsed:?}");
            if name != "deaf ears" {
                longest = longest.max(elapsed);
            }
        }
        println!("measured F17: with a patience of {PATIENCE:?} the last was cut off after {longest:.1?}");
    });
    let mut stream = secured(&format!("{HEAD}\r\n{{\"csr\":"));
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    let answer = Answer::parse(&answer);
    assert_eq!(answer.status, 408, "{answer:?}");
    limited.wait_for("rung_ca_connections", 0);
}

#[test]
fn a_body_that_is_too_long_is_refused_wherever_it_is_sent() {
    let limited = Limited::new(json!({}));
    for route in rung_server::http::ROUTES {
        let path = route.path.replace("{sha}", "00").replace("{kid}", "x").replace("{*request}", "x");
        let said = format!(
            "{} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1048577\r\n\r\n",
            route.method
        );
        let answer = Answer::parse(&limited.client.exchange(said.as_bytes()).unwrap());
        if route.path != "/health" && route.path != "/version" {
            assert_eq!((answer.status, path.as_str()), (413, path.as_str()));
        }
    }
    let chunks = format!("100001\r\n{}\r\n0\r\n\r\n", "x".repeat(0x10_0001));
    let said = format!(
        "POST /sign HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
    );
    assert_eq!(Answer::parse(&limited.client.exchange(said.as_bytes()).unwrap()).status, 413);
}

#[test]
fn f18_without_files_left_nothing_crashes_spins_or_stays_broken() {
    let limited = Limited::with(json!({}), |_, command| {
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\""]).arg(command.get_program());
        limited.args(command.get_args()).env_clear().current_dir(command.get_current_dir().unwrap());
        limited
    });
    assert!(limited.server.said.contains("the system allows 192 connections"), "{}", limited.server.said);
    let held: Vec<TcpStream> = (0..1000).filter_map(|_| TcpStream::connect(&limited.server.address).ok()).collect();
    limited.wait_for("rung_ca_connections", 192);
    let (before, start) = (limited.cpu(), Stopwatch::start());
    while start.elapsed() < Duration::from_secs(1) {
        let asked = Stopwatch::start();
        assert_eq!(scrape(&limited.metrics, "GET /health").json()["status"], "ok");
        assert!(asked.elapsed() < Duration::from_secs(1));
        thread::sleep(Duration::from_millis(50));
    }
    let busy = limited.cpu() - before;
    assert!(busy < Duration::from_millis(200), "{busy:?} of a processor in a second: it spins");
    drop(held);
    let start = Stopwatch::start();
    while limited.client.connect().and_then(|mut stream| ask(&mut stream, "GET", "/health", "")).is_err() {
        assert!(start.elapsed() < Duration::from_secs(1), "it does not recover");
    }
    assert_eq!(limited.client.post("/sign", &limited.stage.sign_body()).status, 201);
    println!("measured F18: {busy:?} of a processor in a second, recovered in {:?}", start.elapsed());
}
