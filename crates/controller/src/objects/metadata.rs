//! `metadata`, as far as it is read: identity, owner, times and marks; managedFields and other annotations are skipped.

use super::text::Str;
use super::{ObjectError, Shared};
use jiff::Timestamp;
use self_healing_api::marks;
use self_healing_core::fact::{self, Marks, Owner};
use self_healing_core::key::{Key, Kind, Text};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// `metadata` of any object.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Metadata<'a> {
    /// Its name.
    pub name: Option<Str<'a>>,
    /// Its namespace; absent for cluster-scoped objects.
    pub namespace: Option<Str<'a>>,
    /// Its uid.
    pub uid: Option<Str<'a>>,
    /// Its version, opaque.
    pub resource_version: Option<Str<'a>>,
    /// When it was created.
    pub creation_timestamp: Option<Timestamp>,
    /// Present when it is being deleted: the request's time plus the grace period.
    pub deletion_timestamp: Option<Timestamp>,
    /// Counts changes of the spec.
    pub generation: Option<i64>,
    /// What keeps it from being deleted.
    pub finalizers: Option<Vec<Str<'a>>>,
    /// What owns it.
    pub owner_references: Option<Vec<OwnerReference<'a>>>,
    /// Its labels.
    pub labels: Picked<Labels<'a>>,
    /// Its annotations, as far as read.
    pub annotations: Picked<Annotations<'a>>,
}

/// One entry of `metadata.ownerReferences`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct OwnerReference<'a> {
    api_version: Option<Str<'a>>,
    kind: Option<Str<'a>>,
    name: Option<Str<'a>>,
    uid: Option<Str<'a>>,
    controller: Option<bool>,
}

impl Metadata<'_> {
    /// The name.
    ///
    /// # Errors
    /// If it is absent or empty.
    pub fn name(&self) -> Result<&str, ObjectError> {
        present(self.name.as_deref(), "metadata.name")
    }

    /// The uid.
    ///
    /// # Errors
    /// If it is absent or empty.
    pub fn uid(&self) -> Result<&str, ObjectError> {
        present(self.uid.as_deref(), "metadata.uid")
    }

    /// The version, to keep.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        self.resource_version.as_deref().map(str::to_owned)
    }

    /// Namespace and name.
    ///
    /// # Errors
    /// If the name is absent or empty.
    pub fn key(&self, shared: &mut Shared) -> Result<Key, ObjectError> {
        let name = Text::from(self.name()?);
        Ok(Key { namespace: shared.text(self.namespace.as_deref().unwrap_or("")), name })
    }

    /// The owner that is its controller.
    pub fn controller(&self, shared: &mut Shared) -> Option<Arc<Owner>> {
        let owners = self.owner_references.as_deref().unwrap_or_default();
        let owner = owners.iter().find(|owner| owner.controller == Some(true))?;
        let group = owner.api_version.as_deref().and_then(|v| v.rsplit_once('/')).map_or("", |(group, _)| group);
        let kind = Kind::of(group, owner.kind.as_deref()?);
        Some(shared.owner(kind, owner.name.as_deref()?, owner.uid.as_deref()?))
    }

    /// Its labels as a fact.
    pub fn label_fact(&self, shared: &mut Shared) -> fact::Labels {
        self.labels.0.fact(shared)
    }

    /// The marks that labels and annotations set.
    #[must_use]
    pub fn marks(&self) -> Marks {
        self.labels.0.marks.with(self.annotations.0.marks)
    }
}

fn present<'a>(text: Option<&'a str>, field: &'static str) -> Result<&'a str, ObjectError> {
    text.filter(|t| !t.is_empty()).ok_or(ObjectError::Missing(field))
}

/// Labels, and what some of them mean.
#[derive(Debug, Default)]
pub struct Labels<'a> {
    /// Opt-outs and role.
    pub marks: Marks,
    pairs: Vec<(Str<'a>, Str<'a>)>,
}

impl Labels<'_> {
    /// The value of `key`; empty if absent.
    #[must_use]
    pub fn value(&self, key: &str) -> &str {
        self.pairs.iter().rfind(|(known, _)| &**known == key).map_or("", |(_, value)| value)
    }

    /// All of them as a fact.
    pub fn fact(&self, shared: &mut Shared) -> fact::Labels {
        fact::Labels::new(self.pairs.iter().map(|(key, value)| (shared.text(key), shared.text(value))))
    }
}

/// The annotations that are read.
#[derive(Debug, Default)]
pub struct Annotations<'a> {
    /// Opt-outs and origin.
    pub marks: Marks,
    /// The Recovery that `self-healing.dev/owner` names.
    pub owner: Str<'a>,
    /// The number that `self-healing.dev/original-replicas` keeps.
    pub original_replicas: Option<u32>,
    /// `deployment.kubernetes.io/revision`.
    pub revision: Str<'a>,
    /// What is said of a Service's standby, and of our switch to it.
    pub standby: Option<Box<StandbyTexts<'a>>>,
    /// The Recovery that `self-healing.dev/out-of-service` names.
    pub fenced_by: Str<'a>,
}

/// The annotations of a Service that [`fact::Standby`] is made of, as they are written.
#[derive(Debug, Default)]
pub struct StandbyTexts<'a> {
    /// `self-healing.dev/failover-selector`.
    pub selector: Str<'a>,
    /// `self-healing.dev/failover-workload`.
    pub workload: Str<'a>,
    /// `self-healing.dev/original-selector`.
    pub original: Str<'a>,
    /// `self-healing.dev/switched-selector`.
    pub switched: Str<'a>,
}

/// Takes what it knows out of a map of texts.
trait Pick<'de>: Default {
    /// Whether a key can be one that it knows; the values of all others are skipped unseen.
    fn wants(key: &str) -> bool;

    fn pick(&mut self, key: Str<'de>, value: Str<'de>);
}

impl<'a, 'de: 'a> Pick<'de> for Labels<'a> {
    fn wants(_: &str) -> bool {
        true
    }

    fn pick(&mut self, key: Str<'de>, value: Str<'de>) {
        let mark = match &*key {
            marks::EXCLUDE if &*value == "true" => Marks::EXCLUDED,
            marks::MEDIK8S_EXCLUDE if &*value == "true" => Marks::MEDIK8S_EXCLUDED,
            marks::CONTROL_PLANE | marks::CONTROL_PLANE_OLD => Marks::CONTROL_PLANE,
            _ => Marks::default(),
        };
        self.marks = self.marks.with(mark);
        self.pairs.push((key, value));
    }
}

impl<'a, 'de: 'a> Pick<'de> for Annotations<'a> {
    fn wants(key: &str) -> bool {
        key.contains('/')
    }

    fn pick(&mut self, key: Str<'de>, value: Str<'de>) {
        let mark = match &*key {
            marks::EXCLUDE if &*value == "true" => Marks::EXCLUDED,
            marks::AUTO_ROLLBACK if &*value == "true" => Marks::AUTO_ROLLBACK,
            // Cluster API asks for these two to be present, with any value.
            marks::CAPI_SKIP_REMEDIATION => Marks::CAPI_SKIP,
            marks::CAPI_PAUSED => Marks::CAPI_PAUSED,
            // Newer Karpenter versions take a duration as well: anything but "false" protects.
            marks::KARPENTER_DO_NOT_DISRUPT if &*value != "false" => Marks::KARPENTER_KEEP,
            marks::AUTOSCALER_SAFE_TO_EVICT if &*value == "false" => Marks::AUTOSCALER_KEEP,
            marks::MIRROR => Marks::MIRROR,
            key => return self.keep(key, value),
        };
        self.marks = self.marks.with(mark);
    }
}

impl<'a> Annotations<'a> {
    /// Those of which the text itself counts.
    fn keep(&mut self, key: &str, value: Str<'a>) {
        let place = match key {
            marks::OWNER => &mut self.owner,
            marks::FENCED => &mut self.fenced_by,
            marks::REVISION => &mut self.revision,
            marks::FAILOVER_SELECTOR => &mut self.standby.get_or_insert_default().selector,
            marks::FAILOVER_WORKLOAD => &mut self.standby.get_or_insert_default().workload,
            marks::ORIGINAL_SELECTOR => &mut self.standby.get_or_insert_default().original,
            marks::SWITCHED_SELECTOR => &mut self.standby.get_or_insert_default().switched,
            marks::ORIGINAL_REPLICAS => {
                self.original_replicas = value.parse().ok();
                return;
            }
            _ => return,
        };
        *place = value;
    }
}

/// What was picked out of a map of texts while it was parsed, so that the rest is never stored.
#[derive(Debug, Default)]
pub struct Picked<T>(pub T);

impl<'de, T: Pick<'de>> Deserialize<'de> for Picked<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Picker<T>(PhantomData<T>);

        impl<'de, T: Pick<'de>> Visitor<'de> for Picker<T> {
            type Value = Picked<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of texts")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Picked(T::default()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut picked = T::default();
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    if T::wants(&key) {
                        let value = map.next_value::<Option<Str<'de>>>()?;
                        picked.pick(key, value.unwrap_or_default());
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Picked(picked))
            }
        }

        deserializer.deserialize_any(Picker(PhantomData))
    }
}
