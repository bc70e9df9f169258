//! A certificate with its key: read, and found to belong together.
//!
//! Invariant: no error holds anything of what stands in the files.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    Error, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use x509_cert::{Certificate, der::Decode};

use crate::{limits::CERTIFICATE_BYTES_MAX, model::Timestamp};

/// What the port speaks within TLS.
const PROTOCOL: &[u8] = b"http/1.1";

/// A certificate that can be shown.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The certificate, and what leads from it to a root.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// It is good from here on.
    pub(super) from: Timestamp,
    /// It has run out beyond this.
    pub(super) until: Timestamp,
    /// With this connections agree on TLS.
    pub(super) config: Arc<ServerConfig>,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// A file is not there or may not be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is too much in a file.
    #[error("{}: is larger than {CERTIFICATE_BYTES_MAX} bytes; certificates are not", .0.display())]
    TooLarge(PathBuf),
    /// There is no certificate.
    #[error("{}: holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", .0.display())]
    NoCertificate(PathBuf),
    /// There is something that is called a certificate.
    #[error("{}: holds a certificate that is none", .0.display())]
    BadCertificate(PathBuf),
    /// There is no key.
    #[error(
        "{}: holds no private key in PEM that has no password (-----BEGIN PRIVATE KEY-----)",
        .0.display()
    )]
    NoKey(PathBuf),
    /// There is one that nobody can use.
    #[error("{}: holds a private key of a kind that TLS does not know", .0.display())]
    BadKey(PathBuf),
    /// Both are there, and each is fine.
    #[error("{} is not the key of the certificate in {}", key.display(), certificate.display())]
    Strangers {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
}

impl PairError {
    /// The same for everybody to read: without the names of files.
    pub(super) fn says(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "one cannot be read",
            Self::TooLarge(_) => "one is too large",
            Self::NoCertificate(_) => "there is no certificate in them",
            Self::BadCertificate(_) => "the certificate is none",
            Self::NoKey(_) => "there is no key in them",
            Self::BadKey(_) => "the key is of an unknown kind",
            Self::Strangers { .. } => "the key is not the certificate's",
        }
    }
}

impl Pair {
    /// What lies in the files of a certificate and of its key.
    pub(super) fn read([certificate, key]: &[PathBuf; 2]) -> Result<Self, PairError> {
        let bad = |_| PairError::BadCertificate(certificate.clone());
        let text = read(certificate)?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|_| PairError::NoCertificate(certificate.clone()))?;
        let first = chain.first().ok_or_else(|| PairError::NoCertificate(certificate.clone()))?;
        let (from, until) = dates(first).map_err(bad)?;
        let secret = PrivateKeyDer::from_pem_slice(&read(key)?)
            .map_err(|_| PairError::NoKey(key.clone()))?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let certified = CertifiedKey::from_der(chain.clone(), secret, &provider).map_err(
            |error| match error {
                Error::InconsistentKeys(_) => {
                    PairError::Strangers { certificate: certificate.clone(), key: key.clone() }
                }
                Error::InvalidCertificate(_) => PairError::BadCertificate(certificate.clone()),
                _ => PairError::BadKey(key.clone()),
            },
        )?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows them")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self { chain, from, until, config: Arc::new(config) })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, PairError> {
    let mut text = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(CERTIFICATE_BYTES_MAX + 1).read_to_end(&mut text))
        .map_err(|source| PairError::Unreadable { path: path.to_owned(), source })?;
    if u64::try_from(read).is_ok_and(|read| read > CERTIFICATE_BYTES_MAX) {
        return Err(PairError::TooLarge(path.to_owned()));
    }
    Ok(text)
}

/// From when on a certificate is good, and until when. That of who signed it is not looked at: it
/// lives for years, and clients may know another way to a root.
fn dates(certificate: &[u8]) -> Result<(Timestamp, Timestamp), x509_cert::der::Error> {
    let certificate = Certificate::from_der(certificate)?;
    let validity = certificate.tbs_certificate().validity();
    let at = |time: x509_cert::time::Time| Timestamp::default().plus(time.to_unix_duration());
    Ok((at(validity.not_before), at(validity.not_after)))
}
