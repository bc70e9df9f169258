//! TLS on the port: where the certificate and its key lie.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The files of the certificate, both or neither; without them the port speaks plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsSettings {
    /// The certificate and what leads from it to a root, as PEM.
    pub certificate: Option<PathBuf>,
    /// Its private key, as PEM.
    pub key: Option<PathBuf>,
}

impl TlsSettings {
    /// The certificate and its key, where the port speaks TLS.
    pub fn files(&self) -> Option<[PathBuf; 2]> {
        Some([self.certificate.clone()?, self.key.clone()?])
    }
}
