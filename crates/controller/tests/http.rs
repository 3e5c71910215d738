//! The HTTP server on loopback, as probes, scrapers and hostile clients see it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of a test fails the test")]

mod served;

use self_healing_controller::http::{Error, Pages, bind, serve};
use self_healing_core::time::{Now, Stamp, Tick};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Far more than any answer takes.
const DEADLINE: Duration = Duration::from_secs(20);

struct Server {
    address: SocketAddr,
    pages: Pages,
    tick: Arc<AtomicU64>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn start() -> Server {
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tick = Arc::new(AtomicU64::new(0));
    let clock = tick.clone();
    let now = move || Now { tick: Tick(clock.load(Ordering::Relaxed)), stamp: Stamp(1_700_000_000_000) };
    let pages = Pages { clock: Arc::new(now), ..served::pages() };
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(serve(listener, pages.clone(), async {
        let _ = stopped.await;
    }));
    Server { address, pages, tick, stop, task }
}

struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.head);
        serde_json::from_slice(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Sends bytes as they are and reads until the server closes.
async fn exchange(address: SocketAddr, request: &[u8]) -> Reply {
    let answer = tokio::time::timeout(DEADLINE, async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    });
    let answer = answer.await.expect("an answer in time");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, head, body: answer[end + 4..].to_vec() }
}

async fn ask(server: &Server, method: &str, path: &str, more: &str) -> Reply {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    exchange(server.address, request.as_bytes()).await
}

async fn get(server: &Server, path: &str) -> Reply {
    ask(server, "GET", path, "").await
}

#[tokio::test]
async fn health_follows_the_decision_loop() {
    let server = start().await;
    server.tick.store(12_500, Ordering::Relaxed);
    let reply = get(&server, "/health").await;
    assert_eq!(reply.status, 200);
    let expected = serde_json::json!({"status": "healthy", "timestamp": "2023-11-14T22:13:20Z", "uptime": 12.5});
    assert_eq!(reply.json(), expected);

    server.tick.store(90_000, Ordering::Relaxed);
    assert_eq!(get(&server, "/health").await.status, 200, "three periods are allowed");
    server.tick.store(90_001, Ordering::Relaxed);
    let reply = get(&server, "/health").await;
    assert_eq!((reply.status, reply.json()["status"].clone()), (503, "unhealthy".into()));

    server.pages.pulse.beat(Tick(90_001), Duration::from_millis(500));
    assert_eq!(get(&server, "/health").await.status, 200);
    server.tick.store(91_502, Ordering::Relaxed);
    assert_eq!(get(&server, "/health").await.status, 503, "the period is the loop's latest");
}

#[tokio::test]
async fn readiness_needs_sync_and_connection_and_no_leadership() {
    let server = start().await;
    let readiness = &server.pages.readiness;
    let not_ready = get(&server, "/ready").await;
    assert_eq!(not_ready.status, 503);
    let expected = r#"{"status":"not_ready","k8s_connection":false,"monitoring_active":false,"leader":false}"#;
    assert_eq!(not_ready.json(), serde_json::from_str::<Value>(expected).unwrap());

    readiness.set_connected(true);
    assert_eq!(get(&server, "/ready").await.status, 503);
    readiness.set_synced(true);
    let ready = get(&server, "/ready").await;
    assert_eq!(ready.status, 200);
    let expected = r#"{"status":"ready","k8s_connection":true,"monitoring_active":true,"leader":false}"#;
    assert_eq!(ready.json(), serde_json::from_str::<Value>(expected).unwrap());

    readiness.set_leader(true);
    assert_eq!(get(&server, "/ready").await.json()["leader"], true);
    readiness.set_connected(false);
    let lost = get(&server, "/ready").await;
    assert_eq!((lost.status, lost.json()["k8s_connection"].clone()), (503, false.into()));
    assert_eq!(get(&server, "/health").await.status, 200, "a lost API server is no reason to restart");
}

#[tokio::test]
async fn metrics_come_in_the_form_that_is_asked_for() {
    let server = start().await;
    let plain = get(&server, "/metrics").await;
    assert_eq!(plain.status, 200);
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(String::from_utf8(plain.body).unwrap().contains("\n# TYPE self_healing_failures_detected_total counter\n"));

    let open = ask(&server, "GET", "/metrics", "Accept: application/openmetrics-text\r\n").await;
    assert_eq!(open.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(open.body.ends_with(b"# EOF\n"));

    let short = ask(&server, "GET", "/metrics", "Accept: application/json\r\n").await.json();
    assert_eq!(short["failures_detected"], 0);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_named_as_json() {
    let server = start().await;
    for path in ["/assets/nope.js", "/nope", "/health/", "/metrics/../x"] {
        let reply = get(&server, path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.json()["error"].as_str().unwrap().contains(path), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
        let reply = ask(&server, method, "/health", "Content-Length: 0\r\n").await;
        assert_eq!(reply.status, 405, "{method}");
        assert_eq!(reply.header("allow"), Some("GET,HEAD"), "{method}");
        assert!(reply.json()["error"].as_str().unwrap().contains(method), "{method}");
    }
}

#[tokio::test]
async fn head_has_the_head_of_get_and_no_body() {
    let server = start().await;
    for path in ["/health", "/metrics", "/", "/assets/main.js", "/api/v1/stream"] {
        let reply = ask(&server, "HEAD", path, "").await;
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{path}");
        assert!(reply.header("content-type").is_some());
    }
    assert_eq!(ask(&server, "HEAD", "/ready", "").await.status, 503);
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let server = start().await;
    for (method, path) in [("GET", "/health"), ("GET", "/nope"), ("POST", "/ready"), ("HEAD", "/metrics"), ("GET", "/")]
    {
        let reply = ask(&server, method, path, "").await;
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{method} {path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{method} {path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{method} {path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[tokio::test]
async fn bodies_are_limited_whether_their_length_is_announced_or_not() {
    let server = start().await;
    let post = |path: &str, length: usize| {
        let mut request =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        request.push_str(&"x".repeat(length));
        request.into_bytes()
    };
    assert_eq!(exchange(server.address, &post("/health", 65_536)).await.status, 405);
    for (path, length) in [("/health", 65_537), ("/nope", 65_537), ("/metrics", 3_000_000)] {
        let reply = exchange(server.address, &post(path, length)).await;
        assert_eq!(reply.status, 413, "{path}");
        assert!(reply.json()["error"].as_str().unwrap().contains("65536"));
    }

    let mut chunked =
        b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..17 {
        chunked.extend_from_slice(b"1000\r\n");
        chunked.extend_from_slice(&[b'x'; 0x1000]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(exchange(server.address, &chunked).await.status, 413);
}

#[tokio::test]
async fn garbage_hurts_nobody() {
    let server = start().await;
    assert_eq!(exchange(server.address, b"\x16\x03\x01\x00\r\n\r\n").await.status, 400);
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    assert!([414, 431].contains(&exchange(server.address, long.as_bytes()).await.status));
    assert_eq!(get(&server, "/health").await.status, 200);
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let first = bind("127.0.0.1:0").await.unwrap();
    let address = first.local_addr().unwrap().to_string();
    let error = bind(&address).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }));
    let text = error.to_string();
    assert!(text.contains("listen_address") && text.contains(&address) && !text.contains('\n'), "{text}");

    let text = bind("nonsense").await.unwrap_err().to_string();
    assert!(text.contains("listen_address \"nonsense\"") && text.contains("0.0.0.0:8080"), "{text}");
}

#[tokio::test]
async fn it_stops_when_told_even_with_idle_connections() {
    let server = start().await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");

    server.stop.send(()).unwrap();
    tokio::time::timeout(DEADLINE, server.task).await.expect("it stops").unwrap();
    assert!(TcpStream::connect(server.address).await.is_err(), "nothing listens any more");
}

/// Opens the stream of events; gives it once its head has arrived.
async fn listen(server: &Server) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let head = heard(&mut stream, "\r\n\r\n").await;
    (stream, head)
}

/// Reads until these words have come.
async fn heard(stream: &mut TcpStream, words: &str) -> String {
    let mut text = Vec::new();
    let all = tokio::time::timeout(DEADLINE, async {
        while !String::from_utf8_lossy(&text).contains(words) {
            let mut part = [0; 4096];
            let length = stream.read(&mut part).await.unwrap();
            assert!(length > 0, "the end came before {words:?}");
            text.extend_from_slice(&part[..length]);
        }
    });
    all.await.expect("it comes in time");
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_stream_tells_what_changes_and_ends_with_the_server() {
    let server = start().await;
    let (mut stream, head) = listen(&server).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream"), "{head}");
    assert!(server.pages.broadcast.is_heard());
    server.pages.broadcast.tell(Now::default(), [("head".to_owned(), "{\"mode\":\"Observe\"}".to_owned())].into());
    heard(&mut stream, "event: whole").await;
    server.stop.send(()).unwrap();
    let begin = tokio::time::Instant::now();
    let mut rest = Vec::new();
    tokio::time::timeout(DEADLINE, stream.read_to_end(&mut rest)).await.expect("it ends").unwrap();
    tokio::time::timeout(DEADLINE, server.task).await.expect("it stops").unwrap();
    assert!(begin.elapsed() < Duration::from_secs(1), "nobody waits for a stream: {:?}", begin.elapsed());
}

#[tokio::test]
async fn so_many_may_listen_and_the_next_is_told_to_come_again() {
    let server = start().await;
    let mut all = Vec::new();
    for _ in 0..16 {
        all.push(listen(&server).await);
    }
    let full = get(&server, "/api/v1/stream").await;
    assert_eq!((full.status, full.header("retry-after")), (503, Some("5")));
    assert!(full.json()["error"].as_str().unwrap().contains("/api/v1/board"));
    assert_eq!(get(&server, "/health").await.status, 200, "everything else is answered");
    drop(all.pop());
    let again = tokio::time::timeout(DEADLINE, async {
        while !listen(&server).await.1.starts_with("HTTP/1.1 200") {
            tokio::task::yield_now().await;
        }
    });
    again.await.expect("who leaves makes room");
}
