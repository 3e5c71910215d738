//! What the annotations of a Service say of its standby, and of our switch to it.

use super::Labels;
use crate::key::{Key, Kind, Text};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The annotation with the standby's selector.
const SELECTOR: &str = "self-healing.dev/failover-selector";
/// The annotation with the standby's workload.
const WORKLOAD: &str = "self-healing.dev/failover-workload";
/// Longest name part of a label's key, longest value, and longest name of an object's namespace.
const LABEL: usize = 63;
/// Longest prefix of a label's key, and longest name of an object.
const DNS: usize = 253;
/// Characters shown of a value that is wrong.
const SHOWN: usize = 80;

/// The annotations as they are written; what they mean is read when it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Standby {
    /// `self-healing.dev/failover-selector`; empty when absent.
    pub selector: Text,
    /// `self-healing.dev/failover-workload`; empty when absent.
    pub workload: Text,
    /// The Recovery that `self-healing.dev/owner` names; empty when the Service is not switched by us.
    pub owner: Text,
    /// `self-healing.dev/original-selector`: the selector before our switch.
    pub original: Labels,
    /// `self-healing.dev/switched-selector`: the one that we set.
    pub switched: Labels,
}

impl Standby {
    /// The standby's selector; `None` when there is no standby.
    ///
    /// # Errors
    /// One sentence with the object, the annotation, its value and what is expected.
    pub fn chosen(&self, service: &Key) -> Option<Result<Labels, String>> {
        (!self.selector.is_empty()).then(|| {
            labels(&self.selector).ok_or_else(|| {
                wrong(
                    service,
                    SELECTOR,
                    &self.selector,
                    "key=value pairs of labels with commas between, as \"app=web,track=standby\"",
                )
            })
        })
    }

    /// The standby's workload; `None` when none is named.
    ///
    /// # Errors
    /// As [`Self::chosen`].
    pub fn named(&self, service: &Key) -> Option<Result<(Kind, Key), String>> {
        (!self.workload.is_empty()).then(|| {
            let name = self.workload.trim().strip_prefix("deployment/").filter(|name| is_name(name));
            let key = name.map(|name| (Kind::Deployment, Key::new(&service.namespace, name)));
            key.ok_or_else(|| {
                wrong(
                    service,
                    WORKLOAD,
                    &self.workload,
                    "deployment/NAME of a Deployment in the namespace of the Service",
                )
            })
        })
    }
}

fn wrong(service: &Key, key: &str, value: &str, expected: &str) -> String {
    let shown: String = value.chars().take(SHOWN).collect();
    format!("annotation {key} of Service {service} is {shown:?}; expected {expected}")
}

/// `k=v,k2=v2`; no key twice, and not none at all.
fn labels(text: &str) -> Option<Labels> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        let (key, value) = (key.trim(), value.trim());
        (is_key(key) && is_value(value)).then(|| (Text::from(key), Text::from(value)))
    };
    let pairs: Vec<(Text, Text)> = text.split(',').map(pair).collect::<Option<_>>()?;
    let count = pairs.len();
    let labels = Labels::new(pairs);
    (labels.iter().count() == count).then_some(labels)
}

fn is_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    !name.is_empty() && is_value(name) && prefix.is_none_or(is_name)
}

/// Letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit; or empty.
fn is_value(value: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    let inner = |c: char| ends(c) || matches!(c, '-' | '_' | '.');
    value.len() <= LABEL
        && value.chars().all(inner)
        && (value.is_empty() || value.starts_with(ends) && value.ends_with(ends))
}

/// A name by the rules of DNS.
fn is_name(name: &str) -> bool {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = |c: char| ends(c) || matches!(c, '-' | '.');
    name.len() <= DNS && name.chars().all(inner) && name.starts_with(ends) && name.ends_with(ends)
}

#[cfg(test)]
mod tests {
    use super::Standby;
    use crate::fact::Labels;
    use crate::key::{Key, Kind, Text};

    fn chosen(text: &str) -> Option<Result<Labels, alloc::string::String>> {
        let standby = Standby { selector: Text::from(text), ..Standby::default() };
        standby.chosen(&Key::new("shop", "web"))
    }

    #[test]
    fn a_selector_is_read_as_people_write_it() {
        let two = [("app", "web"), ("example.com/track", "standby")];
        let two = Labels::new(two.map(|(key, value)| (Text::from(key), Text::from(value))));
        assert_eq!(chosen("app=web, example.com/track=standby"), Some(Ok(two)));
        assert_eq!(chosen(""), None);
    }

    #[test]
    fn a_wrong_one_is_told_with_object_key_value_and_what_is_expected() {
        for wrong in ["app", "=web", "app=web,", "app=web,app=db", "app==web", "a b=c", "app=web;x=y", "-a=b"] {
            let Some(Err(told)) = chosen(wrong) else { panic!("{wrong} was read") };
            let begin = alloc::format!(
                "annotation self-healing.dev/failover-selector of Service shop/web is {wrong:?}; expected "
            );
            assert!(told.starts_with(&begin), "{told}");
        }
    }

    #[test]
    fn a_workload_is_a_deployment_of_the_same_namespace() {
        let named = |text: &str| {
            let standby = Standby { workload: Text::from(text), ..Standby::default() };
            standby.named(&Key::new("shop", "web"))
        };
        assert_eq!(named("deployment/spare"), Some(Ok((Kind::Deployment, Key::new("shop", "spare")))));
        assert_eq!(named(""), None);
        for wrong in ["spare", "deployment/", "deployment/a/b", "statefulset/db", "deployment/Spare"] {
            assert!(matches!(named(wrong), Some(Err(_))), "{wrong}");
        }
    }
}
