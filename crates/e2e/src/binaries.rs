//! The programs of a control plane, built once from published Go modules and kept in a cache outside the work tree.
//!
//! Go modules of ours, as `control-plane/` and `kwok/`, hold no code; they only pin what is built, with checksums.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");
/// Leaves the clients of all clouds out of promtool; no other module knows this tag.
const TAGS: &str = "-tags=remove_all_sd";

/// One Go module of ours and what is built from it.
struct Recipe {
    /// Of the folder in the cache.
    name: &'static str,
    folder: &'static str,
    go_mod: &'static str,
    module: &'static str,
    programs: &'static [(&'static str, &'static str)],
}

const CONTROL_PLANE: Recipe = Recipe {
    name: "control-plane",
    folder: "control-plane",
    go_mod: include_str!("../control-plane/go.mod"),
    module: "k8s.io/kubernetes",
    programs: &[
        ("etcd", "go.etcd.io/etcd/server/v3"),
        ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
        ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
        ("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"),
        ("kubectl", "k8s.io/kubernetes/cmd/kubectl"),
    ],
};

/// For real nodes only, so not built by who needs none.
const NODE: Recipe = Recipe {
    name: "node",
    folder: "control-plane",
    go_mod: CONTROL_PLANE.go_mod,
    module: CONTROL_PLANE.module,
    programs: &[("kubelet", "k8s.io/kubernetes/cmd/kubelet"), ("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy")],
};

const KWOK: Recipe = Recipe {
    name: "kwok",
    folder: "kwok",
    go_mod: include_str!("../kwok/go.mod"),
    module: "sigs.k8s.io/kwok",
    programs: &[("kwok", "sigs.k8s.io/kwok/cmd/kwok")],
};

const MAILPIT: Recipe = Recipe {
    name: "mailpit",
    folder: "mailpit",
    go_mod: include_str!("../mailpit/go.mod"),
    module: "github.com/axllent/mailpit",
    programs: &[("mailpit", "github.com/axllent/mailpit")],
};

const ALERTMANAGER: Recipe = Recipe {
    name: "alertmanager",
    folder: "alertmanager",
    go_mod: include_str!("../alertmanager/go.mod"),
    module: "github.com/prometheus/alertmanager",
    programs: &[("alertmanager", "github.com/prometheus/alertmanager/cmd/alertmanager")],
};

const PROMTOOL: Recipe = Recipe {
    name: "promtool",
    folder: "promtool",
    go_mod: include_str!("../promtool/go.mod"),
    module: "github.com/prometheus/prometheus",
    programs: &[("promtool", "github.com/prometheus/prometheus/cmd/promtool")],
};

const HELM: Recipe = Recipe {
    name: "helm",
    folder: "helm",
    go_mod: include_str!("../helm/go.mod"),
    module: "helm.sh/helm/v4",
    programs: &[("helm", "helm.sh/helm/v4/cmd/helm")],
};

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Binaries {
    control_plane: PathBuf,
    kwok: PathBuf,
}

impl Binaries {
    /// Finds the programs in the cache, building what is missing; a cold build takes about ten minutes on two cores and says how far it is
    /// on stderr. Blocks the calling thread. Side by side runs build once: the others wait.
    ///
    /// The cache is `$SELF_HEALING_CACHE`, else `$XDG_CACHE_HOME/self-healing-controller`, else `~/.cache/self-healing-controller`.
    ///
    /// # Errors
    /// When Go is missing or too old, a build fails, or the cache cannot be written.
    pub fn ready() -> Result<Self> {
        let cache = cache_dir()?;
        Ok(Self { control_plane: CONTROL_PLANE.ready(&cache)?, kwok: KWOK.ready(&cache)? })
    }

    /// The folder with kubelet and kube-proxy, built when they are missing; as [`Binaries::ready`] otherwise.
    ///
    /// # Errors
    /// As [`Binaries::ready`].
    pub fn node() -> Result<PathBuf> {
        NODE.ready(&cache_dir()?)
    }

    /// The paths of Mailpit, a mail server, and of Alertmanager; as [`Binaries::ready`] otherwise.
    ///
    /// # Errors
    /// As [`Binaries::ready`].
    pub fn receivers() -> Result<(PathBuf, PathBuf)> {
        let cache = cache_dir()?;
        let (mailpit, alertmanager) = (MAILPIT.ready(&cache)?, ALERTMANAGER.ready(&cache)?);
        Ok((mailpit.join("mailpit"), alertmanager.join("alertmanager")))
    }

    /// The path of promtool, which checks alerts; as [`Binaries::ready`] otherwise.
    ///
    /// # Errors
    /// As [`Binaries::ready`].
    pub fn promtool() -> Result<PathBuf> {
        Ok(PROMTOOL.ready(&cache_dir()?)?.join("promtool"))
    }

    /// The path of Helm; as [`Binaries::ready`] otherwise.
    ///
    /// # Errors
    /// As [`Binaries::ready`].
    pub fn helm() -> Result<PathBuf> {
        Ok(HELM.ready(&cache_dir()?)?.join("helm"))
    }

    /// The path of etcd, kube-apiserver, kube-controller-manager, kube-scheduler or kubectl.
    pub fn control_plane(&self, program: &str) -> PathBuf {
        self.control_plane.join(program)
    }

    /// The path of kwok.
    pub fn kwok(&self) -> PathBuf {
        self.kwok.join("kwok")
    }
}

impl Recipe {
    fn ready(&self, cache: &Path) -> Result<PathBuf> {
        let version = word_after(self.go_mod, self.module)?;
        let name = format!("{}-{version}", self.name);
        let done = cache.join(&name);
        if done.is_dir() {
            return Ok(done);
        }
        fs::create_dir_all(cache).with_context(|| {
            format!("cannot create the cache {}; set SELF_HEALING_CACHE to another one", cache.display())
        })?;
        let _lock = lock(&cache.join(format!("{name}.lock")))?;
        // The run that held the lock before us may have built it.
        if done.is_dir() {
            return Ok(done);
        }
        self.build(version, &done)?;
        Ok(done)
    }

    /// Into a folder beside the final one that is then renamed, so that an interrupted build leaves nothing that looks finished.
    fn build(&self, version: &str, done: &Path) -> Result<()> {
        check_go(word_after(self.go_mod, "go")?, done)?;
        let unfinished = done.with_file_name(format!("{}-{version}.unfinished", self.name));
        fs::create_dir_all(&unfinished).with_context(|| format!("cannot create {}", unfinished.display()))?;
        let start = Instant::now();
        for (number, (program, package)) in self.programs.iter().enumerate() {
            eprintln!(
                "building {program} ({} of {} of {} {version}), {} s so far; this is done once",
                number + 1,
                self.programs.len(),
                self.name,
                start.elapsed().as_secs()
            );
            let status = Command::new("go")
                .current_dir(Path::new(CRATE).join(self.folder))
                .args(["build", "-trimpath", "-buildvcs=false", TAGS, "-ldflags", &link_flags(version), "-o"])
                .arg(unfinished.join(program))
                .arg(package)
                .status()
                .with_context(|| format!("cannot run go build for {package}"))?;
            ensure!(status.success(), "go build of {package} failed ({status}); what it says is above");
        }
        fs::rename(&unfinished, done)
            .with_context(|| format!("cannot move the built programs to {}", done.display()))?;
        eprintln!("built {} {version} in {} s", self.name, start.elapsed().as_secs());
        Ok(())
    }
}

/// Without a version linked in, the API server calls itself v0.0.0 and kubectl complains.
fn link_flags(version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let package = "k8s.io/component-base/version";
    format!("-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}")
}

fn cache_dir() -> Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(cache) = from("SELF_HEALING_CACHE") {
        return Ok(cache);
    }
    let base = from("XDG_CACHE_HOME").or_else(|| from("HOME").map(|home| home.join(".cache")));
    let base = base.context("no place for a cache: set SELF_HEALING_CACHE to a directory that may grow by 500 MB")?;
    Ok(base.join("self-healing-controller"))
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot create the lock {}", path.display()))?;
    if file.try_lock().is_err() {
        eprintln!("another run is building; waiting for it ({})", path.display());
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

fn check_go(needed: &str, done: &Path) -> Result<()> {
    let help = format!(
        "the tests build a real Kubernetes from Go modules and need Go {needed} or newer. Install it (the Go project's download page has it; \
         a distribution's package may be too old), or put ready programs into {}",
        done.display()
    );
    // In the module's folder, because Go may switch to the toolchain that the module asks for.
    let output = Command::new("go").current_dir(Path::new(CRATE).join("kwok")).args(["env", "GOVERSION"]).output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!("`go` was not found: {help}"),
        Err(error) => return Err(error).context("cannot run `go env GOVERSION`"),
    };
    let found = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("go").to_owned();
    ensure!(numbers(&found) >= numbers(needed), "found Go {found:?}: {help}");
    Ok(())
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

/// The word that follows `word` in a go.mod, for example the version of a module.
fn word_after<'a>(go_mod: &'a str, word: &str) -> Result<&'a str> {
    let mut words = go_mod.lines().filter(|line| !line.starts_with("//")).flat_map(str::split_whitespace);
    words.find(|candidate| *candidate == word);
    words.next().with_context(|| format!("the go.mod does not name {word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_go_mod() {
        assert!(word_after(CONTROL_PLANE.go_mod, CONTROL_PLANE.module).unwrap().starts_with("v1."));
        assert!(word_after(KWOK.go_mod, KWOK.module).unwrap().starts_with("v0."));
        assert!(word_after(KWOK.go_mod, "go").unwrap().starts_with("1."));
    }

    #[test]
    fn go_versions_compare_as_numbers() {
        assert!(numbers("1.26.8") >= numbers("1.26.0"));
        assert!(numbers("1.9") < numbers("1.26.0"));
        assert!(numbers("") < numbers("1.26.0"));
    }
}
