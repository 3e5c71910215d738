//! Receivers over HTTPS whose certificate is of an authority of its own: told where that authority is known, and nowhere else; and what becomes
//! of a message that they do not take.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod letters;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use secrecy::SecretString;
use self_healing_api::keys::Config;
use self_healing_controller::config::Secrets;
use self_healing_controller::notify::{Letter, TIMEOUT};
use self_healing_controller::outside::Outside;
use self_healing_core::effect::{Answer, Outcome};
use self_healing_core::names::Channel;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const OK: &str = "200 OK";
/// The connection is closed without an answer.
const CLOSES: &str = "";
/// It stays open without one.
const HANGS: &str = "hangs";

/// Serves `name` at 127.0.0.1 and answers with `reply`, status and further headers; its port, the authority's certificate, and how many messages came.
async fn receiver(name: &str, reply: &'static str) -> (u16, String, Arc<AtomicUsize>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = KeyPair::generate().unwrap();
    let (pem, authority) = (params.self_signed(&own).unwrap().pem(), Issuer::new(params, own));
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, came) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counter = came.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who does not trust us hangs up.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = vec![0; 65_536];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                counter.fetch_add(1, Ordering::SeqCst);
                match reply {
                    CLOSES => {}
                    HANGS => std::future::pending().await,
                    _ => {
                        let answer = format!("HTTP/1.1 {reply}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
                        let _ = stream.write_all(answer.as_bytes()).await;
                    }
                }
            }
        }
    });
    (port, pem, came)
}

async fn told(url: &str, authority: Option<&str>) -> Outcome {
    told_within(TIMEOUT, url, authority).await
}

async fn told_within(limit: Duration, url: &str, authority: Option<&str>) -> Outcome {
    let secrets = Secrets {
        webhook_url: Some(SecretString::from(url)),
        notification_ca: authority.map(SecretString::from),
        ..Secrets::default()
    };
    let config = Config { notification_insecure: true, ..letters::config() };
    let notifier = letters::open(&[Channel::Webhook], (&config, &secrets), limit, &Outside::system()).unwrap();
    let about = letters::recovery();
    notifier.tell(Channel::Webhook, &Letter { about: &about, key: "opened", cluster: "" }).await
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_it_is_named_and_nowhere_else() {
    let (port, authority, came) = receiver("127.0.0.1", OK).await;
    let url = format!("https://127.0.0.1:{port}/canary");
    assert_eq!(told(&url, Some(&authority)).await, Outcome::Done(Answer::Nothing));
    assert_eq!(came.load(Ordering::SeqCst), 1);

    let outcome = told(&url, None).await;
    let Outcome::TryLater { message, .. } = &outcome else { panic!("{outcome:?}") };
    assert!(message.contains("certificate") && !message.contains("canary"), "{message}");
    assert_eq!(came.load(Ordering::SeqCst), 1, "nothing was sent to whoever is not trusted");
}

#[tokio::test]
async fn a_certificate_of_another_name_is_not_trusted() {
    let (port, authority, came) = receiver("receiver.example", OK).await;
    let outcome = told(&format!("https://127.0.0.1:{port}/canary"), Some(&authority)).await;
    assert!(matches!(&outcome, Outcome::TryLater { message, .. } if message.contains("certificate")), "{outcome:?}");
    assert_eq!(came.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_receiver_that_does_not_take_a_message_is_asked_again_or_not_as_its_answer_says() {
    let again = |after: Option<u64>, words: &'static str| (true, after, words);
    for (reply, (again, after, words)) in [
        ("429 Too Many Requests\r\nretry-after: 30", again(Some(30), "429")),
        ("500 Internal Server Error", again(None, "500")),
        (CLOSES, again(None, "")),
        (HANGS, again(None, "")),
        ("302 Found\r\nlocation: https://127.0.0.1:1/elsewhere", (false, None, "redirect")),
        ("404 Not Found", (false, None, "404")),
    ] {
        let (port, authority, came) = receiver("127.0.0.1", reply).await;
        // Long enough for a connection in this machine; only the one that hangs lets it pass.
        let limit = if reply == HANGS { Duration::from_millis(500) } else { TIMEOUT };
        let outcome = told_within(limit, &format!("https://127.0.0.1:{port}/canary"), Some(&authority)).await;
        let (tried, asked, message) = match &outcome {
            Outcome::TryLater { after, message, .. } => (true, after.map(|after| after.as_secs()), message),
            Outcome::Refused { message } => (false, None, message),
            other => panic!("{reply}: {other:?}"),
        };
        assert_eq!((tried, asked), (again, after), "{reply}: {outcome:?}");
        assert!(message.contains(words) && !message.contains("canary"), "{reply}: {message}");
        assert_eq!(came.load(Ordering::SeqCst), 1, "{reply}");
    }
}
