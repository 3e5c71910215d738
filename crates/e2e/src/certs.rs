//! The keys and certificates of one cluster: a CA of its own, and who each program is.

use std::fs;
use std::path::{Path, PathBuf};

use crate::real::network::CONTROL_PLANE;
use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// A certificate with its key, both as PEM text.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) cert: String,
    pub(crate) key: String,
}

/// Everything that is signed for one cluster.
#[derive(Debug)]
pub(crate) struct Certs {
    dir: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    pub(crate) ca: String,
}

impl Certs {
    /// Makes the CA (`ca.crt`), the API server's certificate (`apiserver.crt`, `apiserver.key`) and the key of service account tokens
    /// (`sa.key`, `sa.pub`) in `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        params.distinguished_name = subject("self-healing-e2e", None);
        let ca = params.self_signed(&key)?.pem();
        let certs = Self { dir: dir.to_owned(), issuer: Issuer::new(params, key), ca };
        certs.save("ca.crt", &certs.ca)?;

        let names = ["127.0.0.1", CONTROL_PLANE, "localhost", "10.96.0.1", "kubernetes", "kubernetes.default.svc"];
        let names = names.map(String::from);
        let server = certs.sign(
            CertificateParams::new(names)?,
            ("kube-apiserver", None),
            ExtendedKeyUsagePurpose::ServerAuth,
        )?;
        certs.save("apiserver.crt", &server.cert)?;
        certs.save("apiserver.key", &server.key)?;

        let tokens = KeyPair::generate()?;
        certs.save("sa.key", &tokens.serialize_pem())?;
        certs.save("sa.pub", &tokens.public_key_pem())?;
        Ok(certs)
    }

    /// The certificate of a server at 127.0.0.1.
    pub(crate) fn server(&self, name: &str) -> Result<Identity> {
        let params = CertificateParams::new(["127.0.0.1", "localhost"].map(String::from))?;
        self.sign(params, (name, None), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client certificate for a user and, if given, a group.
    pub(crate) fn client(&self, user: &str, group: Option<&str>) -> Result<Identity> {
        self.sign(CertificateParams::new(Vec::new())?, (user, group), ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// The path of one of the files, as a flag's value.
    pub(crate) fn path(&self, file: &str) -> String {
        self.dir.join(file).display().to_string()
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        (user, group): (&str, Option<&str>),
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Identity> {
        params.distinguished_name = subject(user, group);
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let cert =
            params.signed_by(&key, &self.issuer).with_context(|| format!("cannot sign a certificate for {user}"))?;
        Ok(Identity { cert: cert.pem(), key: key.serialize_pem() })
    }

    fn save(&self, file: &str, text: &str) -> Result<()> {
        let path = self.dir.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

fn subject(user: &str, group: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, user);
    if let Some(group) = group {
        name.push(DnType::OrganizationName, group);
    }
    name
}
