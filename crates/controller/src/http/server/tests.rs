use super::*;
use crate::http::pages::tests::pages;
use futures::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_finish_its_header_is_cut_off() {
    let start = tokio::time::Instant::now();
    let (mut client, server) = tokio::io::duplex(4096);
    tokio::spawn(connection(server, TowerToHyperService::new(router(pages()))));
    client.write_all(b"GET /health HTTP/1.1\r\nHo").await.unwrap();
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(HEADER_TIMEOUT * 2, client.read_to_end(&mut answer));
    closed.await.expect("a closed connection").unwrap();
    assert_eq!(start.elapsed(), HEADER_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let start = tokio::time::Instant::now();
    let (mut client, server) = tokio::io::duplex(4096);
    tokio::spawn(connection(server, TowerToHyperService::new(router(pages()))));
    client.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(HEADER_TIMEOUT * 2, client.read_to_end(&mut answer));
    closed.await.expect("a closed connection").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(start.elapsed(), HEADER_TIMEOUT);
}

#[tokio::test]
async fn no_more_connections_are_accepted_than_there_are_slots() {
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let slots = Arc::new(Semaphore::new(1));
    let _clients = (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());

    let first = accept(&listener, &slots).await;
    assert!(accept(&listener, &slots).now_or_never().is_none());
    drop(first);
    accept(&listener, &slots).await;
}
