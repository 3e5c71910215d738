use super::*;
use crate::outside::{PrivateAddress, PublicOnly};
use reqwest::dns::{Name, Resolve as _};
use std::str::FromStr as _;

fn checked(url: &str, insecure: bool) -> Result<String, String> {
    let checked = check("SLACK_WEBHOOK_URL", &SecretString::from(url), insecure);
    checked.map(|url| url.to_string()).map_err(|error| error.to_string())
}

#[test]
fn only_https_to_public_addresses_unless_insecure() {
    assert_eq!(checked("https://hooks.example.com/T/B/x\n", false).unwrap(), "https://hooks.example.com/T/B/x");
    for url in [
        "http://hooks.example.com/canary",
        "https://127.0.0.1/canary",
        "https://2130706433/canary",
        "https://10.1.2.3/canary",
        "https://169.254.169.254/canary",
        "https://[::1]/canary",
        "https://[::ffff:10.0.0.1]/canary",
        "https://[fd00::1]/canary",
        "https://localhost/canary",
    ] {
        let error = checked(url, false).unwrap_err();
        assert!(error.starts_with("SLACK_WEBHOOK_URL") && error.contains("notification_insecure"), "{url}: {error}");
        assert!(!error.contains("canary"), "{error}");
        assert!(checked(url, true).is_ok(), "{url}");
    }
}

#[test]
fn what_is_no_web_address_is_refused_even_when_insecure() {
    for url in ["", "canary", "file:///canary", "ftp://example.com/canary", "https://"] {
        let error = checked(url, true).unwrap_err();
        assert!(error.starts_with("SLACK_WEBHOOK_URL") && !error.contains("canary"), "{url}: {error}");
    }
}

#[test]
fn the_internet_is_public_and_the_rest_is_not() {
    let public = |ip: &str| is_public(ip.parse().unwrap());
    for ip in
        ["8.8.8.8", "100.63.0.1", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:1.1.1.1"]
    {
        assert!(public(ip), "{ip}");
    }
    for ip in ["0.0.0.0", "100.64.0.1", "172.16.0.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"] {
        assert!(!public(ip), "{ip}");
    }
    for ip in ["::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "64:ff9b::a00:1", "::ffff:127.0.0.1"] {
        assert!(!public(ip), "{ip}");
    }
}

#[tokio::test]
async fn a_receivers_name_that_leads_inside_is_not_resolved() {
    let guard = PublicOnly { name: "localhost".to_owned(), allowed_by: "x" };
    let error = guard.resolve(Name::from_str("localhost").unwrap()).await.err().unwrap();
    assert!(error.downcast_ref::<PrivateAddress>().is_some(), "{error}");

    let proxy = PublicOnly { name: "hooks.example.com".to_owned(), allowed_by: "x" };
    assert!(proxy.resolve(Name::from_str("localhost").unwrap()).await.is_ok());
}
