//! The checked-in files that are made from tables are current. `cargo xtask generate` runs these tests with
//! `UPDATE_GENERATED` set; then they write what they would otherwise compare.
#![allow(clippy::unwrap_used)]

use self_healing_controller::manifests::{Options, files, provider_files};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn assert_current(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, text).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == text, "{path} is not current: run `cargo xtask generate`");
}

#[test]
fn the_checked_in_manifests_are_the_generated_ones() {
    let folder = "kubernetes/self-healing";
    let generated = files(Options::default()).unwrap();
    for (name, text) in &generated {
        assert_current(&format!("{folder}/{name}"), text);
    }
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = generated.iter().any(|(file, _)| *file == name);
        assert!(known || !name.ends_with(".yaml"), "{folder}/{name} comes from no table: remove it or generate it");
    }
}

#[test]
fn the_checked_in_rights_of_providers_are_the_generated_ones() {
    for (name, text) in provider_files().unwrap() {
        assert_current(&format!("kubernetes/self-healing/{name}"), &text);
    }
}

#[test]
fn the_checked_in_configuration_page_is_the_generated_one() {
    assert_current("docs/configuration.md", &self_healing_api::keys::configuration_markdown());
}
