//! The demonstration, as somebody at a shell sees it.
// Clippy knows helpers of a test only inside the test itself.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn demo(flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_self-healing-controller"));
    command.arg("demo").args(flags).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn once(seed: &str, speed: &str) -> (Output, String) {
    let output = demo(&["--once", "--seed", seed, "--speed", speed]).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    (output, text)
}

/// What is the same whenever a seed is played: everything but the first lines, which name a port.
fn course(text: &str) -> &str {
    &text[text.find("\n+").unwrap()..]
}

/// The rows of the table, as cells.
fn table(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().skip_while(|line| !line.starts_with("broken")).skip(1);
    let rows = rows.take_while(|line| !line.is_empty());
    rows.map(|row| row.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect()
}

#[test]
fn it_shows_every_kind_of_failure_and_heals_them_all() {
    let (output, text) = once("7", "max");
    assert!(output.status.success() && output.stderr.is_empty(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let table = table(&text);
    let count =
        |cells: &[(usize, &str)]| table.iter().filter(|row| cells.iter().all(|(at, cell)| row[*at] == *cell)).count();
    let (cause, severity, strategy, held, outcome) = (2, 3, 4, 5, 6);
    assert_eq!(count(&[(1, "shop/backup"), (cause, "Failed"), (outcome, "Succeeded")]), 1, "{text}");
    assert_eq!(count(&[(cause, "Failed"), (severity, "high"), (strategy, "recreate"), (held, "Budget")]), 1, "{text}");
    assert_eq!(count(&[(cause, "CrashLoop"), (strategy, "restart"), (outcome, "Succeeded")]), 1, "{text}");
    assert_eq!(count(&[(cause, "ImagePull"), (outcome, "Succeeded")]), 1, "a registry: {text}");
    assert_eq!(count(&[(cause, "RolloutStuck"), (outcome, "SelfRecovered")]), 1, "a release: {text}");
    assert_eq!(count(&[(cause, "ConfigError"), (outcome, "Succeeded")]), 1, "{text}");
    assert_eq!(count(&[(cause, "Unreachable"), (held, "-"), (outcome, "Succeeded")]), 1, "a dead node: {text}");
    assert_eq!(count(&[(cause, "Unreachable"), (held, "Breaker"), (outcome, "SelfRecovered")]), 4, "a zone: {text}");
    assert_eq!(count(&[(cause, "ProblemCondition"), (held, "Plan"), (outcome, "Succeeded")]), 1, "{text}");
    assert_eq!(count(&[(cause, "NotReady"), (strategy, "emergency_replace"), (outcome, "SelfRecovered")]), 1, "{text}");
    assert_eq!(table.len(), 16, "{text}");
    let said = |words: &str| assert!(text.contains(words), "{words:?} is not in {text}");
    said("more than max_unhealthy_nodes allows (3): a shared cause is likely");
    said("cannot leave: disruption budget");
    said("16 of 16 verified");
}

#[test]
fn the_same_seed_gives_the_same_course_at_every_speed() {
    let (_, one) = once("7", "max");
    assert_eq!(course(&one), course(&once("7", "2000").1));
    assert_ne!(course(&one), course(&once("8", "max").1));
}

/// A demo that runs, and is killed if its test fails.
struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(flags: &[&str]) -> Self {
        let mut child = demo(flags).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next line with these words.
    fn line_with(&mut self, words: &str) -> String {
        let begin = Instant::now();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the demo ended before {words:?}");
            if line.contains(words) {
                return line;
            }
            assert!(begin.elapsed() < PATIENCE, "waited in vain for {words:?}");
        }
    }

    /// Sends the signal that Ctrl-C sends; gives how long the end took, and the exit code.
    fn interrupt(&mut self) -> (Duration, Option<i32>) {
        let pid = self.child.id().to_string();
        let begin = Instant::now();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let code = self.child.wait().unwrap().code();
        (begin.elapsed(), code)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A path of its own for each test, which is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("demo-{name}-{}", std::process::id())))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_file(&self.0);
    }
}

#[test]
fn it_heals_soon_can_be_looked_at_and_ends_at_once() {
    let file = Scratch::new("kubeconfig");
    let mut demo = Running::start(&["--seed", "7", "--kubeconfig-out", file.path().to_str().unwrap()]);
    let begin = Instant::now();
    let pages = demo.line_with("/metrics");
    let pages = pages.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    demo.line_with("  healed  ");
    assert!(begin.elapsed() < Duration::from_secs(10), "the first failure was healed after {:?}", begin.elapsed());

    let kubeconfig = std::fs::read_to_string(file.path()).unwrap();
    let server = kubeconfig.split("http://").nth(1).unwrap().split('"').next().unwrap();
    let nodes = get(server, "/api/v1/nodes");
    assert!(nodes.starts_with("HTTP/1.1 200") && nodes.contains("\"node-c4\""), "{nodes}");
    let recoveries = get(server, "/apis/self-healing.dev/v1alpha1/recoveries");
    assert!(recoveries.contains("\"Succeeded\""), "{recoveries}");
    assert!(get(&pages, "/ready").contains(r#""status":"ready""#));
    assert!(get(&pages, "/metrics").contains("self_healing_leader 1"));

    let (took, code) = demo.interrupt();
    assert!(took < Duration::from_secs(1), "Ctrl-C took {took:?}");
    assert_eq!(code, Some(0));
}

#[test]
fn it_goes_on_until_it_is_told_to_end() {
    let mut demo = Running::start(&["--speed", "max"]);
    for _ in 0..3 {
        demo.line_with("loses its power");
    }
    let (took, code) = demo.interrupt();
    assert!(took < Duration::from_secs(1) && code == Some(0), "{took:?}, {code:?}");
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let foreign = Scratch::new("foreign");
    std::fs::write(foreign.path(), "apiVersion: v1\n").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let wrong: [(&[&str], &str); 6] = [
        (&["--speed", "fast"], "--speed"),
        (&["--speed", "0"], "expected 0.1 to 10000, or max"),
        (&["--seed", "-1"], "--seed"),
        (&["--listen", "nowhere"], "--listen"),
        (&["--listen", &taken], "in use"),
        (&["--kubeconfig-out", foreign.path().to_str().unwrap()], "no demo wrote"),
    ];
    for (flags, word) in wrong {
        let output = demo(&[&["--once"], flags].concat()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{flags:?}: {said}");
        assert!(said.contains(word), "{flags:?}: {said}");
    }
    assert_eq!(std::fs::read_to_string(foreign.path()).unwrap(), "apiVersion: v1\n");
}
