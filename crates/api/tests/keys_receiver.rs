//! Where messages may be sent.

use self_healing_api::keys::{BadReceiver, is_public, receiver};

#[test]
fn public_https_addresses_are_allowed() {
    for url in [
        "https://hooks.example.com/services/T0/B0/x",
        "https://hooks.example.com:8443/x",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/x",
    ] {
        assert!(receiver(url, false).is_ok(), "{url}");
    }
}

#[test]
fn addresses_inside_are_refused_however_they_are_written() {
    let hosts = [
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "relay",
        "relay.shop.svc",
        "relay.shop.svc.cluster.local",
        "metadata.google.internal",
        "printer.local",
    ];
    for host in hosts {
        let url = format!("https://{host}/hook");
        assert_eq!(receiver(&url, false), Err(BadReceiver::PrivateHost), "{url}");
        assert!(receiver(&url, true).is_ok(), "{url} with notification_insecure");
    }
}

#[test]
fn plain_http_needs_the_switch_and_other_schemes_are_never_allowed() {
    assert_eq!(receiver("http://hooks.example.com/x", false), Err(BadReceiver::PlainHttp));
    assert!(receiver("http://127.0.0.1:9/x", true).is_ok());
    for url in ["file:///etc/passwd", "ftp://example.com", "gopher://example.com"] {
        assert_eq!(receiver(url, true), Err(BadReceiver::Scheme), "{url}");
    }
    assert_eq!(receiver("https://u:p@example.com/", true), Err(BadReceiver::Credentials));
    for text in ["", "hooks.example.com/x", "https://", "T0/B0/token"] {
        assert_eq!(receiver(text, true), Err(BadReceiver::NotAUrl), "{text:?}");
    }
}

#[test]
fn errors_never_repeat_the_address() {
    for url in ["http://hooks.example.com/s3cr3t", "https://10.0.0.1/s3cr3t", "s3cr3t", "https://u:s3cr3t@example.com/"]
    {
        let error = receiver(url, false).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cr3t"), "{error:?}");
    }
}

#[test]
fn what_a_name_resolves_to_is_judged_the_same() {
    assert!(is_public("93.184.216.34".parse().unwrap()));
    assert!(!is_public("10.0.0.1".parse().unwrap()));
    assert!(!is_public("2001:db8::1".parse().unwrap()));
    assert!(!is_public("::ffff:192.168.0.1".parse().unwrap()));
}
