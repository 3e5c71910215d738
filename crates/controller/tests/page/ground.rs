//! What the browser looks at: a demo that runs, a wire to it that can be cut, and a hand on its cluster.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A demo that runs, and is killed when its test ends.
pub(crate) struct Demo {
    child: Child,
    /// Where its page is, as `ADDRESS:PORT`.
    pub(crate) address: String,
    kubeconfig: PathBuf,
}

impl Demo {
    pub(crate) fn start(flags: &[&str]) -> Self {
        static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let kubeconfig = std::env::temp_dir().join(format!("page-kubeconfig-{}-{number}", std::process::id()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_self-healing-controller"))
            .args(["demo", "--seed", "7", "--kubeconfig-out"])
            .arg(&kubeconfig)
            .args(flags)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let page = lines
            .find_map(|line| Some(line.unwrap().split_once("page        http://")?.1.trim_end_matches('/').to_owned()));
        // What it says is read, so that it never waits for us.
        thread::spawn(move || lines.for_each(drop));
        Self { child, address: page.expect("the demo says where its page is"), kubeconfig }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Sends a request to the demo's cluster, as its administrator.
    pub(crate) fn ask(&self, method: &str, path: &str, kind: &str, body: &str) -> String {
        let kubeconfig = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let server = kubeconfig.split("http://").nth(1).unwrap().split('"').next().unwrap();
        let length = body.len();
        let head =
            format!("{method} {path} HTTP/1.0\r\nHost: demo\r\nContent-Type: {kind}\r\nContent-Length: {length}");
        exchange(server, &format!("{head}\r\n\r\n{body}"))
    }

    /// Writes into the controller's ConfigMap.
    pub(crate) fn configure(&self, key: &str, value: &str) {
        let path = "/api/v1/namespaces/self-healing/configmaps/self-healing-config";
        let body = serde_json::json!({ "data": { key: value } }).to_string();
        let answer = self.ask("PATCH", path, "application/merge-patch+json", &body);
        assert!(answer.contains(" 200 OK"), "{answer}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
        let _gone = std::fs::remove_file(&self.kubeconfig);
    }
}

/// Sends a request as it is, and reads until the end.
pub(crate) fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(super::browser::PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

/// A wire between browser and controller.
pub(crate) struct Wire {
    /// Where the browser connects to.
    pub(crate) address: String,
    cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    said: Arc<Mutex<String>>,
}

impl Wire {
    pub(crate) fn to(controller: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let wire = Self { address, cut: Arc::default(), open: Arc::default(), said: Arc::default() };
        let (cut, open, said, controller) =
            (wire.cut.clone(), wire.open.clone(), wire.said.clone(), controller.to_owned());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Some(server) =
                    (!cut.load(Ordering::SeqCst)).then(|| TcpStream::connect(&controller).ok()).flatten()
                else {
                    continue;
                };
                let ends = [&client, &server].map(|end| end.try_clone().unwrap());
                open.lock().unwrap().extend(ends);
                carry(client.try_clone().unwrap(), server.try_clone().unwrap(), None);
                carry(server, client, Some(said.clone()));
            }
        });
        wire
    }

    /// Every connection breaks, and no other is let through.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for end in self.open.lock().unwrap().drain(..) {
            let _broken = end.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.said.lock().unwrap().clear();
        self.cut.store(false, Ordering::SeqCst);
    }

    /// What the controller has said since the wire was mended.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, said: Option<Arc<Mutex<String>>>) {
    thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if let Some(said) = &said {
                said.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _closed = to.shutdown(Shutdown::Both);
    });
}
