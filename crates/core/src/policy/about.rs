//! A failure as policies see it: when it is found, and later from its record.

use crate::finding::Finding;
use crate::key::Target;
use crate::names::{Cause, FailureType};
use crate::recovery::Recovery;

/// What a policy is asked about.
#[derive(Clone, Debug)]
pub(crate) struct About<'a> {
    pub(crate) failure: FailureType,
    /// `None` when a stored record names one that we do not know.
    pub(crate) cause: Option<Cause>,
    pub(crate) target: &'a Target,
    pub(crate) workload: &'a Target,
}

impl<'a> About<'a> {
    /// A failure that was just found.
    pub(crate) fn finding(finding: &'a Finding) -> Self {
        let (target, workload) = (&finding.target, &finding.workload);
        Self { failure: finding.failure, cause: Some(finding.cause), target, workload }
    }

    /// A failure that has a record.
    pub(crate) fn recovery(recovery: &'a Recovery) -> Self {
        let spec = &recovery.spec;
        Self { failure: spec.failure, cause: spec.cause, target: &spec.target, workload: &spec.workload }
    }
}
