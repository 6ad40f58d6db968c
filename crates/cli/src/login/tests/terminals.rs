//! Several logins at the same time, and several answers to one.

use std::cell::RefCell;
use std::sync::mpsc::channel;

use super::*;

#[test]
fn two_logins_at_once_do_not_disturb_each_other() {
    let (first, second) = (Idp::new(), Idp::new());
    let inner = Mutex::new(None);
    std::thread::scope(|scope| {
        // The second login begins and ends while the first waits.
        let (started, start) = channel();
        let (ended, end) = channel();
        let (start, end, second) = (Mutex::new(start), Mutex::new(end), &second);
        let inner = &inner;
        scope.spawn(move || {
            start.lock().unwrap().recv().unwrap();
            *inner.lock().unwrap() = Some(log_in(second, &options(), good));
            ended.send(()).unwrap();
        });
        let outer = log_in(&first, &options(), move |sent| {
            started.send(()).unwrap();
            end.lock().unwrap().recv().unwrap();
            good(sent)
        });
        let inner = inner.lock().unwrap().take().unwrap();
        assert_ne!(outer.redirect_uri, inner.redirect_uri);
        assert_eq!(outer.result.unwrap().as_str(), make_token(&first.shared, json!({})));
        assert_eq!(inner.result.unwrap().as_str(), make_token(&second.shared, json!({})));
    });
}

thread_local! {
    static HELD: RefCell<Option<TcpListener>> = const { RefCell::new(None) };
}

#[test]
fn where_there_is_one_port_logins_take_turns() {
    let idp = Idp::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    HELD.set(Some(held));
    // The other login ends while this one waits.
    let clock = Clock { sleep: |_| drop(HELD.take()), ..options().clock };
    let provider = Provider { listen_address: address.clone(), ..idp.provider() };
    let outcome = log_in_with(&idp, &provider, &Options { clock, ..options() }, good);
    outcome.result.unwrap();
    assert_eq!(
        outcome.lines[0],
        format!(
            "{address} is taken, perhaps by a login in another terminal. Waiting for it to end (--listen takes another \
             address, --console needs none)."
        )
    );
    assert_eq!(outcome.redirect_uri.unwrap().as_str(), format!("http://{address}/"));
}

#[test]
fn a_turn_that_does_not_come_is_told() {
    let idp = Idp::new();
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let taken = format!(
        "cannot listen on {address} for the login: another program listens there; choose another with --listen"
    );
    let provider = Provider { listen_address: address.clone(), ..idp.provider() };
    let outcome = log_in_with(&idp, &provider, &options(), good);
    assert_eq!((outcome.result.unwrap_err().to_string(), outcome.lines.len()), (taken.clone(), 1));
    // A port that was named for this login is not waited for.
    let outcome = log_in(&idp, &Options { listen: Some(address), ..options() }, good);
    assert_eq!((outcome.result.unwrap_err().to_string(), outcome.lines.len()), (taken, 0));
}

#[test]
fn o17_of_two_answers_one_counts() {
    let idp = Idp::new();
    let (release, gate) = channel();
    *idp.shared.reply.lock().unwrap() = Reply::Held(gate);
    let visits = Arc::new(Mutex::new(Vec::new()));
    let started = Arc::clone(&visits);
    let outcome = log_in(&idp, &options(), move |sent| {
        let place: Url = sent.parameter("redirect_uri").parse().unwrap();
        let target = format!("?code=c0de&state={}", sent.parameter("state"));
        for _ in 0..2 {
            let (place, target, release) = (place.clone(), target.clone(), release.clone());
            started.lock().unwrap().push(std::thread::spawn(move || {
                let head = get(&place, &target).head;
                if head.starts_with("HTTP/1.1 409") {
                    // Only now may the other one be answered.
                    release.send(()).unwrap();
                }
                head.get(9..12).unwrap_or_default().to_owned()
            }));
        }
        Vec::new()
    });
    outcome.result.unwrap();
    let mut seen: Vec<_> = visits.lock().unwrap().drain(..).map(|visit| visit.join().unwrap()).collect();
    seen.sort();
    assert_eq!(seen, ["200", "409"]);
    assert_eq!(idp.shared.forms().len(), 1, "the code was sent twice");
}

#[test]
fn o17_a_listener_is_for_this_machine() {
    let listening = Listening::bind("", false, None).unwrap();
    for listener in &listening.listeners {
        assert!(listener.local_addr().unwrap().ip().is_loopback());
    }
    for address in ["0.0.0.0:0", "[::]:0", "10.0.0.1:0"] {
        let error = Listening::bind(address, true, None).unwrap_err().to_string();
        assert!(error.starts_with("listening on `"), "{error}");
    }
}

/// A listener of somebody else on the loopback address of IPv6; none where there is no IPv6.
fn stranger() -> Option<(TcpListener, u16)> {
    let listener = TcpListener::bind("[::1]:0").ok()?;
    let port = listener.local_addr().unwrap().port();
    Some((listener, port))
}

#[test]
fn a_browser_may_come_back_over_either_family() {
    let idp = Idp::new();
    let has_both = stranger().is_some();
    let outcome = log_in(&idp, &Options { listen: Some("localhost:0".to_owned()), ..options() }, move |sent| {
        let place: Url = sent.parameter("redirect_uri").parse().unwrap();
        let port = place.port().unwrap();
        let strange = |family: &str| TcpStream::connect((family, port)).map(drop);
        strange("127.0.0.1").unwrap();
        assert_eq!(strange("::1").is_ok(), has_both);
        good(sent)
    });
    outcome.result.unwrap();
    assert_eq!(outcome.redirect_uri.unwrap().host_str(), Some("localhost"));
}

#[test]
fn o17_nobody_else_gets_what_is_sent_to_localhost() {
    let Some((_listener, port)) = stranger() else { return };
    // A browser might take `localhost` for the address on which somebody else listens.
    let error = Listening::bind(&format!("localhost:{port}"), true, None).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on [::1]:{port} for the login: another program")), "{error}");
    // Who is sent to 127.0.0.1 goes there.
    assert_eq!(Listening::bind(&format!("127.0.0.1:{port}"), true, None).unwrap().listeners.len(), 1);
}

#[test]
fn l02_an_answer_without_end_ends() {
    let idp = Idp::new();
    *idp.shared.reply.lock().unwrap() = Reply::Endless;
    let error = log_in(&idp, &options(), good).result.unwrap_err().to_string().replace(&idp.shared.base, "IDP");
    assert_eq!(error, "the login could not be finished: IDP/token answered with more than 1048576 bytes");
}
