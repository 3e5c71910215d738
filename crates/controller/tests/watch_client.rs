//! The clients send each write once, end in time, do not starve each other, and say plainly why they cannot start.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod watch_support;

use http::Request;
use kube::client::Body;
use self_healing_controller::client::{
    Access, Bounds, Clients, Credentials, Embedded, NotSent, OnCall, never_sent, words,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use watch_support::{Api, DEADLINE, Reply};

fn post(path: &str) -> Request<Vec<u8>> {
    Request::post(path).body(b"{}".to_vec()).unwrap()
}

fn get(path: &str) -> Request<Vec<u8>> {
    Request::get(path).body(Vec::new()).unwrap()
}

const EVICTION: &str = "/api/v1/namespaces/shop/pods/web/eviction";

fn quick(in_flight: Option<usize>) -> Bounds {
    Bounds { deadline: Duration::from_millis(200), bytes: 1_000, in_flight, idle: 2 }
}

fn quick_clients(api: &Api) -> Clients {
    Clients::bounded(&api.way(), [quick(None), quick(Some(1)), quick(None)], &api.on_call()).unwrap()
}

#[tokio::test]
async fn a_write_that_is_turned_away_is_sent_exactly_once() {
    for code in [429, 503, 504] {
        let api = Api::start(move |_| Reply::status(code, "Busy")).await;
        let error = api.clients().writes.request::<serde_json::Value>(post(EVICTION)).await.unwrap_err();
        assert!(matches!(&error, kube::Error::Api(status) if status.code == code), "{error}");
        assert_eq!(api.asked(EVICTION).len(), 1, "for {code}");
        let calls = api.calls();
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].verb, calls[0].resource.as_str()), ("create", "pods/eviction"));
        assert_eq!(calls[0].code(), code.to_string());
    }
}

#[tokio::test]
async fn requests_name_the_program() {
    let api = Api::start(|_| Reply::list("1", Vec::new())).await;
    api.clients().reads.request_text(get("/api/v1/pods")).await.unwrap();
    let agent = format!("self-healing-controller/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(api.asked("/api/v1/pods")[0].user_agent, agent);
}

#[tokio::test]
async fn an_answer_that_does_not_come_or_stalls_ends_at_the_deadline_and_counts_as_error() {
    for reply in [|| Reply::Never, || Reply::Stalled] {
        let api = Api::start(move |_| reply()).await;
        let asked = quick_clients(&api).lease;
        let error =
            tokio::time::timeout(DEADLINE, asked.request_text(get("/api/v1/nodes/n"))).await.unwrap().unwrap_err();
        assert!(words(&error).contains("no answer within 0.2 s"), "{error}");
        assert!(!never_sent(&error), "it may have been applied");
        assert_eq!(api.calls()[0].code(), "error");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused() {
    let api = Api::start(|_| Reply::list(&"9".repeat(5_000), Vec::new())).await;
    let error = quick_clients(&api).reads.request_text(get("/api/v1/pods")).await.unwrap_err();
    assert!(words(&error).contains("larger than 1000 bytes"), "{}", words(&error));
}

#[tokio::test]
async fn a_watch_may_last_longer_than_the_deadline() {
    let line = |n: u32| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        format!("{{\"n\":{n}}}\n")
    };
    let api =
        Api::start(move |_| Reply::Lines(Box::pin(futures::StreamExt::then(futures::stream::iter(0..5), line)))).await;
    let body = quick_clients(&api).reads.request_stream(get("/api/v1/pods?watch=true")).await.unwrap();
    let mut text = String::new();
    futures::AsyncReadExt::read_to_string(&mut Box::pin(body), &mut text).await.unwrap();
    assert_eq!(text.lines().count(), 5);
}

#[tokio::test]
async fn writes_are_capped_and_neither_reads_nor_the_lease_wait_for_them() {
    let gate = Arc::new(Semaphore::new(0));
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (g, i, m) = (gate.clone(), inside.clone(), most.clone());
    let api = Api::start(move |asked| {
        if asked.method != "POST" {
            return Reply::list("1", Vec::new());
        }
        m.fetch_max(i.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let (gate, inside) = (g.clone(), i.clone());
        Reply::Lines(Box::pin(futures::stream::once(async move {
            let _pass = gate.acquire().await;
            inside.fetch_sub(1, Ordering::SeqCst);
            "{}".to_owned()
        })))
    })
    .await;
    let clients = api.clients();
    let writes: Vec<_> = (0..12)
        .map(|_| {
            let client = clients.writes.clone();
            tokio::spawn(async move { client.request_text(post(EVICTION)).await })
        })
        .collect();
    api.wait(EVICTION, |asked| asked.len() >= 4).await;
    clients.lease.request_text(get("/api/v1/namespaces/a/leases/b")).await.unwrap();
    clients.reads.request_text(get("/api/v1/pods")).await.unwrap();
    gate.add_permits(12);
    for write in writes {
        write.await.unwrap().unwrap();
    }
    assert_eq!(api.asked(EVICTION).len(), 12);
    assert!(most.load(Ordering::SeqCst) <= 4, "{most:?} at once");
}

#[tokio::test]
async fn waiting_for_a_turn_counts_against_the_deadline() {
    let api = Api::start(|_| Reply::Never).await;
    let writes = quick_clients(&api).writes;
    let began = tokio::time::Instant::now();
    let both = futures::future::join(writes.request_text(post(EVICTION)), writes.request_text(post(EVICTION))).await;
    assert!(both.0.is_err() && both.1.is_err());
    assert!(began.elapsed() < Duration::from_millis(390), "{:?}: the second waited for the first", began.elapsed());
    assert_eq!(api.asked(EVICTION).len(), 1, "what was late for its turn was not sent");
}

#[tokio::test]
async fn a_refused_connection_is_known_not_to_have_been_sent() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let credentials = Credentials::anonymous(format!("http://{closed}").parse().unwrap());
    let clients = Clients::new(&credentials.into(), 1, &(Arc::new(|_: &_| {}) as _)).unwrap();
    let error = clients.writes.request_text(post(EVICTION)).await.unwrap_err();
    assert!(never_sent(&error));
    assert!(words(&error).contains("refused"), "{}", words(&error));
}

/// Clients of an API server in this process that gives each request this end.
fn embedded<F>(end: fn() -> F, calls: &Arc<AtomicUsize>) -> Clients
where
    F: Future<Output = Result<http::Response<Body>, tower::BoxError>> + Send + 'static,
{
    let calls = calls.clone();
    let on_call: OnCall = Arc::new(move |_| {
        calls.fetch_add(1, Ordering::SeqCst);
    });
    let service = Embedded::new(tower::service_fn(move |_: Request<Body>| end()));
    Clients::new(&service.into(), 1, &on_call).unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_api_server_in_the_process_has_the_same_limits_count_and_errors() {
    let calls = Arc::default();
    let refused = embedded(|| async { Err(NotSent.into()) }, &calls).writes.request_text(post(EVICTION)).await;
    assert!(never_sent(&refused.unwrap_err()));
    let lost = embedded(|| async { Err("connection reset".into()) }, &calls).writes.request_text(post(EVICTION)).await;
    assert!(!never_sent(&lost.unwrap_err()), "it may have been applied");
    let began = tokio::time::Instant::now();
    let silent = embedded(std::future::pending, &calls).writes.request_text(post(EVICTION)).await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    assert!(!never_sent(&silent) && words(&silent).contains("no answer within 10 s"), "{}", words(&silent));
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_with_its_user_and_password_decoded() {
    let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap();
    let mut credentials = Credentials::anonymous("https://api.example:6443".parse().unwrap());
    credentials.config.proxy_url = Some(format!("http://user:pa%40ss@{address}").parse().unwrap());
    let clients = Clients::new(&credentials.into(), 1, &(Arc::new(|_: &_| {}) as _)).unwrap();
    let asking = tokio::spawn(async move { clients.reads.request_text(get("/version")).await });
    let (mut stream, _) = tokio::time::timeout(DEADLINE, proxy.accept()).await.unwrap().unwrap();
    let mut head = vec![0; 4_096];
    let read = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
    assert!(head.starts_with("connect api.example:6443 http/1.1\r\n"), "{head}");
    // printf 'user:pa@ss' | base64
    assert!(head.contains("proxy-authorization: basic dxnlcjpwyubzcw==\r\n"), "{head}");
    drop(stream);
    let error = asking.await.unwrap().unwrap_err();
    assert!(!words(&error).contains("pa%40ss") && !words(&error).contains("pa@ss"), "{}", words(&error));
}

struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{name}-{}.yaml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: one\n\
         contexts:\n- {{name: one, context: {{cluster: c, user: u}}}}\n- {{name: two, context: {{cluster: d}}}}\n\
         clusters:\n- {{name: c, cluster: {{{cluster}}}}}\n- {{name: d, cluster: {{server: 'http://127.0.0.1:2'}}}}\n\
         users:\n- {{name: u, user: {{{user}}}}}\n"
    )
}

async fn connect(access: &Access) -> Result<Clients, String> {
    let credentials = Credentials::find(access).await.map_err(|error| error.to_string())?;
    Clients::new(&credentials.into(), 1, &(Arc::new(|_: &_| {}) as _)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_named_kubeconfig_and_context_choose_the_server() {
    let file = File::new("good", &kubeconfig("server: 'http://127.0.0.1:1'", "token: t"));
    let mut access = Access { kubeconfig: Some(file.0.clone()), context: None };
    assert_eq!(Credentials::find(&access).await.unwrap().config.cluster_url, "http://127.0.0.1:1");
    access.context = Some("two".to_owned());
    assert_eq!(Credentials::find(&access).await.unwrap().config.cluster_url, "http://127.0.0.1:2");
}

#[tokio::test]
async fn a_wrong_kubeconfig_is_one_line_with_file_problem_and_what_is_expected() {
    let https = "server: 'https://127.0.0.1:1'";
    let pem = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
    let secret = "s3cr3t";
    let cases = [
        ("yaml", format!("users:\n- name: u\n  user: {{token: {secret}\nclusters: ["), "not a kubeconfig"),
        ("shape", format!("users: {secret}\n"), "not a kubeconfig"),
        ("empty", "{}\n".to_owned(), "no current-context"),
        ("server", kubeconfig("tls-server-name: x", "token: s3cr3t"), "the cluster has no server"),
        ("scheme", kubeconfig("server: '127.0.0.1:1'", "token: s3cr3t"), "has no scheme"),
        (
            "ca-file",
            kubeconfig(&format!("{https}, certificate-authority: /nonexistent/ca"), ""),
            "cannot read /nonexistent/ca",
        ),
        (
            "ca-64",
            kubeconfig(&format!("{https}, certificate-authority-data: '%%%'"), ""),
            "certificate-authority-data is not base64",
        ),
        ("ca-pem", kubeconfig(&format!("{https}, certificate-authority-data: aGVsbG8="), ""), "holds no certificate"),
        (
            "ca-der",
            kubeconfig(&format!("{https}, certificate-authority-data: {pem}"), ""),
            "TLS: failed to add a root certificate",
        ),
        ("key", kubeconfig(https, "client-certificate-data: aGVsbG8="), "client-key is missing"),
        ("token", kubeconfig(https, "tokenFile: /nonexistent/token"), "/nonexistent/token"),
        (
            "exec",
            kubeconfig(
                https,
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: 'false', args: [s3cr3t], interactiveMode: Never}",
            ),
            "login command",
        ),
        (
            "proxy",
            kubeconfig(&format!("{https}, proxy-url: 'ftp://127.0.0.1:1'"), ""),
            "scheme \"ftp\" is not supported",
        ),
    ];
    for (name, text, problem) in cases {
        let file = File::new(name, &text);
        let error = connect(&Access { kubeconfig: Some(file.0.clone()), context: None }).await.err();
        let error = error.unwrap_or_else(|| panic!("{name} was taken"));
        assert_eq!(error.lines().count(), 1, "{name}: {error}");
        assert!(error.contains(&format!("--kubeconfig {}", file.0.display())), "{name}: {error}");
        assert!(error.contains(problem) && error.contains("; expected "), "{name}: {error}");
        assert!(!error.contains(secret), "{name}: {error}");
    }
}

#[tokio::test]
async fn an_unknown_context_is_answered_with_the_known_ones_and_a_missing_file_with_its_name() {
    let file = File::new("context", &kubeconfig("server: 'http://127.0.0.1:1'", ""));
    let access = Access { kubeconfig: Some(file.0.clone()), context: Some("three".to_owned()) };
    let error = connect(&access).await.err().unwrap();
    assert!(error.contains("no context \"three\" (there are: one, two)"), "{error}");
    let access = Access { kubeconfig: Some("/nonexistent/kubeconfig".into()), context: None };
    let error = connect(&access).await.err().unwrap();
    assert!(error.contains("cannot read /nonexistent/kubeconfig: No such file"), "{error}");
    assert_eq!(error.lines().count(), 1);
}
