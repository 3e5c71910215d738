//! The walls of the house, held by reading the source: who may know whom.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules of the shell that never know each other.
const APART: [&str; 3] = ["watch", "act", "notify"];
/// The one module that knows all of them.
const JOINT: &str = "run";
/// The crates from the ground up, each with what must not be among its dependencies.
const FLOORS: [(&str, &[&str]); 4] = [
    ("story", &["kube", "k8s-openapi", "tokio", "self-healing-core", "self-healing-api", "self-healing-controller"]),
    ("core", &["kube", "k8s-openapi", "tokio", "reqwest", "self-healing-api", "self-healing-controller"]),
    ("api", &["self-healing-controller", "tokio", "reqwest"]),
    ("sim", &["kube", "k8s-openapi", "reqwest", "self-healing-core", "self-healing-api", "self-healing-controller"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Rust file below a folder, as (path relative to it, text).
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{} holds no source", folder.display());
    found
}

/// The words of a source text without its comments: identifiers, `::`, and every other character by itself.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for line in text.lines() {
        let code = line.split("//").next().unwrap_or_default();
        let mut inside = false;
        for character in code.chars() {
            let belongs = character.is_alphanumeric() || character == '_';
            match words.last_mut() {
                Some(word) if inside && belongs => word.push(character),
                Some(word) if word == ":" && character == ':' => word.push(character),
                _ if !character.is_whitespace() => words.push(character.to_string()),
                _ => {}
            }
            inside = belongs;
        }
    }
    words
}

/// The top-level modules that a file of the controller names, by a path from the crate's root (`crate::act`, in a group as
/// `crate::{act::Door, run}`, from outside as `self_healing_controller::act`) or upwards (`super::super::act`).
fn modules_named(text: &str) -> Vec<String> {
    let words = words(text);
    let mut named = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let starts = matches!(word.as_str(), "crate" | "super" | "self_healing_controller");
        if !starts || words.get(at + 1).is_none_or(|next| next != "::") {
            continue;
        }
        match words.get(at + 2).map(String::as_str) {
            Some("{") => named.extend(first_words_of_group(&words[at + 2..])),
            Some(word) => named.push(word.to_owned()),
            None => {}
        }
    }
    named
}

/// Of `{a::b, c::{d, e}}`: `a` and `c`.
fn first_words_of_group(words: &[String]) -> Vec<String> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for pair in words.windows(2) {
        match pair[0].as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0].as_str(), "{" | ",") {
            found.push(pair[1].clone());
        }
    }
    found
}

/// What is wrong with the imports of one file of the controller; its path is relative to `src`.
fn wrong_imports(path: &str, text: &str) -> Option<String> {
    let own = path.split(['/', '.']).next().unwrap_or_default();
    let named = modules_named(text);
    let known: Vec<&str> = APART.into_iter().filter(|module| named.iter().any(|name| name == module)).collect();
    let others = known.iter().filter(|module| **module != own).count();
    if APART.contains(&own) && others > 0 {
        return Some(format!("{path}: {own} names {known:?}; `watch`, `act` and `notify` never know each other"));
    }
    if own != JOINT && known.len() == APART.len() {
        return Some(format!("{path}: only {JOINT} knows all of {APART:?}"));
    }
    None
}

/// The names in the `[dependencies]` table of a manifest.
fn dependencies(manifest: &str) -> Vec<String> {
    let table = manifest.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
    let table = table.take_while(|line| !line.starts_with('['));
    let name = |line: &str| line.split(['.', '=', ' ']).next().unwrap_or_default().to_owned();
    table.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(name).collect()
}

/// Whether the core keeps itself away from the standard library; its tests may use it.
fn is_without_std(lib: &str) -> bool {
    lib.lines().any(|line| line.trim() == "#![no_std]")
}

#[test]
fn watch_act_and_notify_know_nothing_of_each_other() {
    let folder = root().join("crates/controller/src");
    let wrong: Vec<String> = sources(&folder).iter().filter_map(|(path, text)| wrong_imports(path, text)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_imports_upwards() {
    for (name, forbidden) in FLOORS {
        let manifest = fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        for dependency in dependencies(&manifest) {
            assert!(!forbidden.contains(&dependency.as_str()), "{name} depends on {dependency}");
        }
    }
}

#[test]
fn the_core_has_no_standard_library() {
    let folder = root().join("crates/core/src");
    assert!(is_without_std(&fs::read_to_string(folder.join("lib.rs")).unwrap()), "core: #![no_std] is missing");
    for (path, text) in sources(&folder) {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let words = words(code);
        let takes = words.windows(2).any(|pair| pair[0] == "std" && pair[1] == "::" || pair == ["crate", "std"]);
        assert!(!takes, "core/{path} takes the standard library in");
    }
}

#[test]
fn the_checker_sees_what_it_looks_for() {
    let wrong = |path: &str, text: &str| wrong_imports(path, text).is_some();
    assert!(wrong("watch/pod.rs", "use crate::act::Door;"));
    assert!(wrong("watch.rs", "use super::notify;"));
    assert!(wrong("act/evict.rs", "use super::super::watch::pod;"));
    assert!(wrong("notify/slack.rs", "use crate::{\n    notice::Notice,\n    act::{Door, Lease},\n};"));
    assert!(wrong("http.rs", "use crate::{act, notify, watch};"));
    assert!(wrong("main.rs", "use self_healing_controller::{act, notify, watch};"));

    assert!(!wrong("run.rs", "use crate::{act, notify, watch};"));
    assert!(!wrong("watch/pod.rs", "// unlike crate::act this only reads\nuse crate::watch::Projection;"));
    assert!(!wrong("notify.rs", "use crate::notice::{act, watch};"));
    assert!(!wrong("http.rs", "use crate::watch::Freshness;"));

    assert_eq!(
        dependencies("[dependencies]\nkube.workspace = true\njiff = \"1\"\n\n[dev-dependencies]\ntokio = \"1\"\n"),
        ["kube", "jiff"]
    );
    assert!(is_without_std("//! Core.\n#![no_std]\n") && !is_without_std("//! #![no_std]\n"));
}

/// Without `biased`, which of two things that are ready at once comes first is drawn at random, and no seed repeats it.
#[test]
fn no_select_is_left_to_chance() {
    for krate in ["controller", "sim", "trial"] {
        for (name, text) in sources(&root().join("crates").join(krate).join("src")) {
            let words = words(&text);
            let drawn = words.windows(4).filter(|four| four[..2] == ["select", "!"] && four[3] != "biased").count();
            assert_eq!(drawn, 0, "{krate}/src/{name} has a select! without biased");
        }
    }
}
