//! Creating objects.

use super::change::Change;
use super::update::drop_empty;
use super::{defaults, rules, validate};
use crate::failure::Failure;
use crate::schema;
use crate::store::Key;
use serde_json::{Value, json};
use std::sync::Arc;

/// How often the server makes up a name before it gives up.
const ATTEMPTS: usize = 8;

/// Creates `object`; uid, creationTimestamp, generation and (where it is a subresource) status are the server's, and so
/// is the end of a `generateName`.
pub(crate) fn create(change: &mut Change<'_>, object: &Value) -> Result<Arc<Value>, Failure> {
    let resource = change.resource.clone();
    let mut new = object.clone();
    validate::place(&resource, &change.key, &mut new)?;
    if resource.namespaced {
        open(change, &new)?;
    }
    name(change, &mut new);
    let serial = change.state.next_serial();
    let created = change.timestamp();
    let metadata = &mut new["metadata"];
    metadata["uid"] = format!("00000000-0000-4000-8000-{serial:012x}").into();
    metadata["creationTimestamp"] = created;
    if let Some(metadata) = metadata.as_object_mut() {
        for servers in [
            "resourceVersion",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "generation",
            "managedFields",
            "selfLink",
        ] {
            metadata.remove(servers);
        }
    }
    if resource.generation || resource.custom.is_some() {
        new["metadata"]["generation"] = json!(1);
    }
    drop_empty(&mut new["metadata"]);
    defaults::fill(&resource, &mut new);
    defaults::begin_status(&resource, &mut new);
    let mut causes = validate::metadata(&resource, &new, "metadata");
    causes.extend(rules::on_create(&resource, change.called, &new));
    if let Some(custom) = &resource.custom {
        schema::admit(custom, None, &mut new, &mut causes);
    }
    let name = new["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    if !causes.is_empty() {
        return Err(Failure::invalid(&resource.qualified_kind(), &name, &causes));
    }
    // An update that creates may name one, and so may a dry run.
    let named = !matches!(object["metadata"]["resourceVersion"].as_str(), None | Some(""));
    if named && change.key.name.is_empty() && !change.dry_run {
        return Err(Failure::new(500, "", "resourceVersion should not be set on objects to be created"));
    }
    change.key = Key::new(&change.key.resource, &change.key.namespace, &name);
    match change.state.store.get(&change.key) {
        None => Ok(change.put(new)),
        Some(there) => {
            let mut failure = Failure::already_exists(change.called, &name);
            if !there["metadata"]["deletionTimestamp"].is_null() {
                failure.message = format!("object is being deleted: {}", failure.message);
            }
            Err(failure)
        }
    }
}

/// Nothing is created where there is no namespace, or one that ends.
fn open(change: &Change<'_>, new: &Value) -> Result<(), Failure> {
    let name = &change.key.namespace;
    let namespace = change.state.store.get(&Key::new("namespaces", "", name));
    let namespace = namespace.ok_or_else(|| Failure::not_found("namespaces", name))?;
    if namespace["status"]["phase"] != "Terminating" {
        return Ok(());
    }
    let metadata = &new["metadata"];
    let wanted = metadata["name"].as_str().or(metadata["generateName"].as_str()).unwrap_or_default();
    let why = format!("unable to create new content in namespace {name} because it is being terminated");
    let failure = Failure::forbidden(change.called, wanted, &why);
    let cause = format!("namespace {name} is being terminated");
    Err(failure.because("NamespaceTerminating", &cause, "metadata.namespace"))
}

/// Makes up a free name where one is asked for.
fn name(change: &mut Change<'_>, new: &mut Value) {
    let metadata = &mut new["metadata"];
    let given = metadata["name"].as_str().is_some_and(|name| !name.is_empty());
    let Some(prefix) = metadata["generateName"].as_str().filter(|prefix| !given && !prefix.is_empty()) else { return };
    // The limit of a name, less what is added.
    let prefix: String = prefix.chars().take(58).collect();
    for _ in 0..ATTEMPTS {
        let name = format!("{prefix}{}", suffix(change.state.next_serial()));
        let taken = change.state.store.get(&Key::new(&change.key.resource, &change.key.namespace, &name)).is_some();
        metadata["name"] = name.into();
        if !taken {
            return;
        }
    }
}

/// Five letters and digits, the same in each run.
fn suffix(serial: u64) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut rest = serial.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut letter = || {
        let at = usize::try_from(rest % LETTERS.len() as u64).unwrap_or(0);
        rest /= LETTERS.len() as u64;
        char::from(LETTERS[at])
    };
    (0..5).map(|_| letter()).collect()
}
