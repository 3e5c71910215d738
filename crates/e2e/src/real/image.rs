//! Container images made on the spot: one layer from a few files, as a tar that a container runtime imports. No registry, no engine.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The image that a pod's shared namespaces belong to; `containerd.toml` names it.
pub const PAUSE: &str = "local.test/pause:1";
/// The image of the workload that fails as it is told (`crates/fault`).
pub const FAULT: &str = "local.test/fault:1";
/// The controller's image, as container runtimes write the short name that the shipped Deployment gives it.
pub const CONTROLLER: &str = "docker.io/library/self-healing-controller:latest";

/// An image with one layer.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    /// Its full name; not with the tag `latest`, if pods are not to pull it.
    pub name: &'a str,
    /// What runs.
    pub entrypoint: &'a str,
    /// `uid:gid`.
    pub user: &'a str,
    /// Files of this machine, and where they are in the image.
    pub files: &'a [(PathBuf, &'a str)],
}

impl Image<'_> {
    /// Writes it as an OCI archive. The same files make the same archive.
    ///
    /// # Errors
    /// When a file cannot be read or the archive cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let layer = self.layer()?;
        let diff = digest(&layer);
        let config = json!({
            "architecture": architecture(), "os": "linux",
            "config": { "Entrypoint": [self.entrypoint], "User": self.user, "Env": ["PATH=/"] },
            "rootfs": { "type": "layers", "diff_ids": [diff] },
        });
        let config = config.to_string().into_bytes();
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": describe("application/vnd.oci.image.config.v1+json", &config),
            "layers": [describe("application/vnd.oci.image.layer.v1.tar", &layer)],
        });
        let manifest = manifest.to_string().into_bytes();
        let mut entry = describe("application/vnd.oci.image.manifest.v1+json", &manifest);
        entry["annotations"] =
            json!({ "io.containerd.image.name": self.name, "org.opencontainers.image.ref.name": self.name });
        let index = json!({ "schemaVersion": 2, "manifests": [entry] });

        let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
        let mut archive = tar::Builder::new(file);
        add(&mut archive, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#, 0o644)?;
        add(&mut archive, "index.json", index.to_string().as_bytes(), 0o644)?;
        for blob in [&layer, &config, &manifest] {
            add(&mut archive, &format!("blobs/sha256/{}", hex(blob)), blob, 0o644)?;
        }
        archive.into_inner().map(drop).with_context(|| format!("cannot write {}", path.display()))
    }

    fn layer(&self) -> Result<Vec<u8>> {
        let mut layer = tar::Builder::new(Vec::new());
        for (from, to) in self.files {
            let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
            add(&mut layer, to.trim_start_matches('/'), &content, 0o755)?;
        }
        Ok(layer.into_inner()?)
    }
}

fn add<W: std::io::Write>(archive: &mut tar::Builder<W>, name: &str, content: &[u8], mode: u32) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_mtime(0);
    archive.append_data(&mut header, name, content).with_context(|| format!("cannot pack {name}"))
}

fn describe(kind: &str, blob: &[u8]) -> Value {
    json!({ "mediaType": kind, "size": blob.len(), "digest": digest(blob) })
}

fn digest(blob: &[u8]) -> String {
    format!("sha256:{}", hex(blob))
}

fn hex(blob: &[u8]) -> String {
    Sha256::digest(blob).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As images name it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::io::Read;

    /// The files of an archive by name.
    fn files(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(archive);
        let file = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().display().to_string(), content)
        };
        archive.entries().unwrap().map(file).collect()
    }

    #[test]
    fn everything_is_found_by_its_digest_down_to_the_program() {
        let path = std::env::temp_dir().join(format!("self-healing-image-{}.tar", std::process::id()));
        let program = (PathBuf::from("/proc/self/comm"), "/bin/program");
        Image { name: "local.test/x:1", entrypoint: "/bin/program", user: "1:1", files: &[program] }
            .write(&path)
            .unwrap();
        let archive = files(&fs::read(&path).unwrap());
        fs::remove_file(&path).unwrap();

        let blob = |described: &Value| {
            let hex = described["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
            let blob = &archive[&format!("blobs/sha256/{hex}")];
            assert_eq!((super::hex(blob).as_str(), blob.len() as u64), (hex, described["size"].as_u64().unwrap()));
            blob
        };
        let json = |blob: &[u8]| serde_json::from_slice::<Value>(blob).unwrap();
        let index = json(&archive["index.json"]);
        assert_eq!(index["manifests"][0]["annotations"]["io.containerd.image.name"], "local.test/x:1");
        let manifest = json(blob(&index["manifests"][0]));
        let config = json(blob(&manifest["config"]));
        assert_eq!(config["config"]["Entrypoint"], json!(["/bin/program"]));
        assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
        assert_eq!(files(blob(&manifest["layers"][0]))["bin/program"], fs::read("/proc/self/comm").unwrap());
    }
}
