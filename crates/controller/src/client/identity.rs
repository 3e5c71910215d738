//! The controller's own namespace and name.

use std::path::Path;

/// Where a pod finds the namespace of its ServiceAccount.
pub const SERVICE_ACCOUNT_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Where Linux shows the host name; in a pod this is the pod's name.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// The controller's own namespace: `POD_NAMESPACE`, else the ServiceAccount's (usually at
/// [`SERVICE_ACCOUNT_NAMESPACE`]), else `self-healing`.
pub fn own_namespace(env: impl Fn(&str) -> Option<String>, service_account: &Path) -> String {
    set(env("POD_NAMESPACE"))
        .or_else(|| set(std::fs::read_to_string(service_account).ok()))
        .unwrap_or_else(|| "self-healing".to_owned())
}

/// The controller's own name: `POD_NAME`, else `host`, the host name.
pub fn own_name(env: impl Fn(&str) -> Option<String>, host: Option<String>) -> String {
    set(env("POD_NAME")).or_else(|| set(host)).unwrap_or_else(|| "self-healing-controller".to_owned())
}

/// This machine's host name.
#[must_use]
pub fn host_name() -> Option<String> {
    set(std::fs::read_to_string(HOST_NAME).ok()).or_else(|| set(std::env::var("HOSTNAME").ok()))
}

fn set(value: Option<String>) -> Option<String> {
    value.map(|v| v.trim().to_owned()).filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_wins_then_the_service_account_then_the_default() {
        let file = std::env::temp_dir().join(format!("namespace-{}", std::process::id()));
        std::fs::write(&file, "team-a\n").unwrap();
        let env = |name: &str| (name == "POD_NAMESPACE").then(|| "team-b".to_owned());
        let (nothing, empty) = (|_: &str| None, |_: &str| Some(String::new()));
        assert_eq!(own_namespace(env, &file), "team-b");
        assert_eq!(own_namespace(nothing, &file), "team-a");
        assert_eq!(own_namespace(empty, Path::new("/nonexistent")), "self-healing");
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn the_name_is_the_pods_else_the_hosts() {
        let env = |name: &str| (name == "POD_NAME").then(|| "controller-0".to_owned());
        assert_eq!(own_name(env, Some("host".to_owned())), "controller-0");
        assert_eq!(own_name(|_| None, Some("host\n".to_owned())), "host");
        assert_eq!(own_name(|_| None, None), "self-healing-controller");
    }
}
