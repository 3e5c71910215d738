//! The files of configuration that a node's programs read.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::machine::Spec;
use super::network::Place;

/// A kubelet's heartbeat: short, so that what stock Kubernetes does about a lost node is seen in half a minute instead of five.
pub(super) const LEASE_SECONDS: u64 = 8;
const STATUS_SECONDS: u64 = 4;
/// Where a node finds its own folder.
const OWN: &str = "/run/node";

/// Writes everything below `folder/config` but the credentials.
pub(super) fn write(folder: &Path, place: Place, spec: &Spec) -> Result<()> {
    let config = folder.join("config");
    fs::create_dir_all(config.join("cni"))?;
    let json_files = [
        ("kubelet.json", kubelet(spec)),
        ("kube-proxy.json", kube_proxy()),
        ("cni/10-pods.conflist", cni(&place.pods())),
    ];
    let text_files = [
        ("containerd.toml", include_str!("../../real-node/containerd.toml").to_owned()),
        ("network.sh", place.script()),
        ("hosts", format!("127.0.0.1 localhost\n{} {}\n", place.address(), spec.name)),
        ("resolv.conf", String::new()),
        ("machine-id", format!("{:032x}\n", place.number)),
    ];
    let all = json_files.map(|(name, value)| (name, value.to_string())).into_iter().chain(text_files);
    for (name, text) in all {
        let path = config.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(mib) = spec.memory_mib {
        fs::write(config.join("meminfo"), meminfo(mib)?)?;
    }
    if let Some(mib) = spec.disk_mib {
        fs::write(config.join("disk-mib"), mib.to_string())?;
    }
    Ok(())
}

fn kubelet(spec: &Spec) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        // Kubelets refuse cgroup v1 unless they are told to take it.
        "failCgroupV1": false,
        "cgroupDriver": "cgroupfs",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": format!("{OWN}/config/ca.crt") },
        },
        "authorization": { "mode": "Webhook" },
        "failSwapOn": false,
        "resolvConf": format!("{OWN}/config/resolv.conf"),
        "clusterDomain": "cluster.local",
        // Nobody answers there; without it each pod gets an Event about its DNS.
        "clusterDNS": ["10.96.0.10"],
        "nodeStatusUpdateFrequency": format!("{STATUS_SECONDS}s"),
        "nodeLeaseDurationSeconds": LEASE_SECONDS,
        "maxPods": 60,
        "evictionHard": {
            "memory.available": "150Mi", "nodefs.inodesFree": "1%", "imagefs.available": "1%",
            // Of a small disk so much that a kubelet, which looks every ten seconds, still has room to write down that it evicts.
            "nodefs.available": if spec.disk_mib.is_some() { "30%" } else { "1%" },
        },
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "serializeImagePulls": false,
        // A node offers the whole machine's memory otherwise, and so does the next one.
        "systemReserved": { "memory": if spec.memory_mib.is_some() { "20Mi" } else { "1Gi" } },
        "staticPodPath": format!("{OWN}/config/static"),
    })
}

fn kube_proxy() -> Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clientConnection": { "kubeconfig": format!("{OWN}/config/kube-proxy.kubeconfig") },
        "clusterCIDR": "10.244.0.0/16",
        // These would be written to the whole machine.
        "conntrack": { "maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s" },
        "iptables": { "localhostNodePorts": false },
    })
}

fn cni(pods: &str) -> Value {
    json!({
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {
                "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    // In /run, so that addresses are free again after a boot.
                    "dataDir": "/run/cni-ipam",
                    "ranges": [[{ "subnet": pods }]],
                    "routes": [{ "dst": "0.0.0.0/0" }],
                },
            },
            { "type": "portmap", "capabilities": { "portMappings": true } },
        ],
    })
}

/// This machine's, with other amounts of memory.
fn meminfo(mib: u64) -> Result<String> {
    let kib = mib * 1024;
    let line = |line: &str| match line.split_once(':') {
        Some((name @ ("MemTotal" | "MemFree" | "MemAvailable"), _)) => format!("{name}: {kib} kB\n"),
        _ => format!("{line}\n"),
    };
    Ok(fs::read_to_string("/proc/meminfo")?.lines().map(line).collect())
}
