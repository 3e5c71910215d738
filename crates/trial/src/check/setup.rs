//! What a checker has to know of a run before it begins.

/// The run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The controller's user name.
    pub user: String,
    /// The controller's namespace: there are its Lease, its ConfigMap and its Recoveries.
    pub namespace: String,
    /// Configuration keys that environment or command line give, and so no ConfigMap changes.
    pub fixed: Vec<(String, String)>,
    /// Texts that must not come out.
    pub canaries: Vec<Canary>,
}

/// A text that was hidden somewhere to see whether it comes out.
#[derive(Clone, Debug)]
pub struct Canary {
    /// The text.
    pub text: String,
    /// Whether it stands in a pod's manifest: then it may be in a Recovery's saved manifest and in the pod made from it.
    pub in_manifest: bool,
}

impl Default for Setup {
    /// The shipped names.
    fn default() -> Self {
        Self {
            user: "system:serviceaccount:self-healing:self-healing-sa".to_owned(),
            namespace: "self-healing".to_owned(),
            fixed: Vec::new(),
            canaries: Vec::new(),
        }
    }
}
