use super::*;
use secrecy::ExposeSecret as _;
use std::fs;
use std::path::PathBuf;

/// A file with a secret, gone with the test.
struct Mounted(PathBuf);

impl Mounted {
    fn new(name: &str, text: &str) -> Self {
        let file = std::env::temp_dir().join(format!("self-healing-{name}-{}", std::process::id()));
        fs::write(&file, text).unwrap();
        Self(file)
    }

    fn environment(&self) -> Environment {
        [("PAGERDUTY_ROUTING_KEY_FILE", self.0.to_str().unwrap())].into_iter().collect()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn key(secrets: &Secrets) -> Option<&str> {
    secrets.pagerduty_routing_key.as_ref().map(|key| key.expose_secret())
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_is_a_changed_secret_and_an_unreadable_one_changes_nothing() {
    let file = Mounted::new("changes", "old");
    let known = Secrets::read(&file.environment()).unwrap();
    assert_eq!(key(&known), Some("old"));
    let (mut changes, _task) = follow(file.environment(), known);
    assert!(tokio::time::timeout(LOOK * 3, changes.recv()).await.is_err(), "nothing has changed");

    fs::write(&file.0, "").unwrap();
    assert!(tokio::time::timeout(LOOK * 3, changes.recv()).await.is_err(), "an empty file is no secret");

    fs::write(&file.0, "new\n").unwrap();
    let changed = tokio::time::timeout(LOOK * 2, changes.recv()).await.unwrap().unwrap();
    assert_eq!(key(&changed), Some("new"));
}
