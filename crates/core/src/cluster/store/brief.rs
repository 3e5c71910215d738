//! Uids of pods in few bytes, and names without what their owner's name says already.

use uuid::Uuid;

/// The number that a uid is, where it is written as Kubernetes writes one, as all of a real API server are.
pub(super) fn number(uid: &str) -> Option<Uuid> {
    let number = Uuid::try_parse(uid).ok()?;
    is_number(&number, uid).then_some(number)
}

/// Whether `uid` is this number as Kubernetes writes it.
pub(super) fn is_number(number: &Uuid, uid: &str) -> bool {
    *number.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == *uid
}

/// What follows `OWNER-` in the name of a pod.
pub(super) fn below<'a>(name: &'a str, owner: Option<&str>) -> Option<&'a str> {
    name.strip_prefix(owner?)?.strip_prefix('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn only_a_uid_that_can_be_written_again_alike_is_a_number() {
        let uid = "0d5ee3c8-6a5c-4d5e-9f1e-0123456789ab";
        assert_eq!(number(uid).map(|number| number.to_string()).as_deref(), Some(uid));
        for other in [uid.to_uppercase().as_str(), &uid.replace('-', ""), "uid-1", ""] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn a_name_is_below_its_owner_where_it_begins_with_it() {
        assert_eq!(below("web-7d9f-x2k4p", Some("web-7d9f")), Some("x2k4p"));
        assert_eq!(below("web-", Some("web")), Some(""));
        for (name, owner) in
            [("web", Some("web")), ("web-7d9f", Some("other")), ("webs-1", Some("web")), ("web-1", None)]
        {
            assert_eq!(below(name, owner), None, "{name}");
        }
    }
}
