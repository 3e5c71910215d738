//! A web server that is as well as it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

static READY: AtomicBool = AtomicBool::new(true);
static ALIVE: AtomicBool = AtomicBool::new(true);
static HANGS: AtomicBool = AtomicBool::new(false);

/// Serves at every address of the container; a port that is taken ends the process with 1, as a server does.
pub(crate) fn forever(port: u16) -> ! {
    let listener = TcpListener::bind(("0.0.0.0", port)).unwrap_or_else(|error| {
        eprintln!("cannot listen on port {port}: {error}");
        exit(1)
    });
    loop {
        if let Ok((stream, _)) = listener.accept() {
            // A client that breaks off is its own affair.
            thread::spawn(move || answer(stream).ok());
        }
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    // All of the request: a connection that is closed with something unread breaks off at the client's.
    let lines = BufReader::new(stream.try_clone()?).lines();
    let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let target = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    while HANGS.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_secs(60));
    }
    let status = match path {
        "/healthz" => said(&ALIVE),
        "/readyz" => said(&READY),
        "/set" => set(query),
        "/hang" => {
            HANGS.store(true, Ordering::Relaxed);
            "200 OK"
        }
        "/exit" => exit(value(query, "code").and_then(|code| code.parse().ok()).unwrap_or(1)),
        "/" => "200 OK",
        _ => "404 Not Found",
    };
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn said(flag: &AtomicBool) -> &'static str {
    if flag.load(Ordering::Relaxed) { "200 OK" } else { "503 Service Unavailable" }
}

fn set(query: &str) -> &'static str {
    for (name, flag) in [("ready", &READY), ("alive", &ALIVE)] {
        if let Some(value) = value(query, name) {
            flag.store(value == "1", Ordering::Relaxed);
        }
    }
    "200 OK"
}

fn value<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}
