//! A receiver over HTTPS whose certificate is of an authority of its own: told where that authority is known, and nowhere else.
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
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Serves `name` at 127.0.0.1; its port, the authority's certificate, and how many messages came.
async fn receiver(name: &str) -> (u16, String, Arc<AtomicUsize>) {
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
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
            }
        }
    });
    (port, pem, came)
}

async fn told(url: &str, authority: Option<&str>) -> Outcome {
    let secrets = Secrets {
        webhook_url: Some(SecretString::from(url)),
        notification_ca: authority.map(SecretString::from),
        ..Secrets::default()
    };
    let config = Config { notification_insecure: true, ..letters::config() };
    let notifier = letters::open(&[Channel::Webhook], (&config, &secrets), TIMEOUT, &Outside::system()).unwrap();
    let about = letters::recovery();
    notifier.tell(Channel::Webhook, &Letter { about: &about, key: "opened", cluster: "" }).await
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_it_is_named_and_nowhere_else() {
    let (port, authority, came) = receiver("127.0.0.1").await;
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
    let (port, authority, came) = receiver("receiver.example").await;
    let outcome = told(&format!("https://127.0.0.1:{port}/canary"), Some(&authority)).await;
    assert!(matches!(&outcome, Outcome::TryLater { message, .. } if message.contains("certificate")), "{outcome:?}");
    assert_eq!(came.load(Ordering::SeqCst), 0);
}
