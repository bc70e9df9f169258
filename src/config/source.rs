//! Where the settings come from, so that they can be read again.
//!
//! Invariant: a file that was there once must stay: one that is gone is an error, never a reason to
//! go back to what is built in.

use std::{
    collections::BTreeMap,
    fs::Metadata,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    Flags, add_flags, check,
    error::{ConfigError, Origin},
    layers::Layers,
    parse, read,
    settings::{Settings, TlsSettings},
    variables,
};

/// Where the settings come from: the flags, the environment and the file.
#[derive(Clone)]
pub struct Source {
    flags: Flags,
    environment: BTreeMap<String, String>,
    file: PathBuf,
    must_be_there: bool,
    private: bool,
    read: Stamp,
}

/// What a file looks like from outside; another one that was put in its place looks different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp(Option<[i64; 7]>);

impl Source {
    /// These flags, this environment, and the file that one of them names, else `default_file`,
    /// which may be missing.
    pub fn new(
        flags: Flags,
        environment: impl IntoIterator<Item = (String, String)>,
        default_file: &Path,
    ) -> Self {
        let environment: BTreeMap<_, _> = environment.into_iter().collect();
        let in_environment = environment.get(variables::CONFIG).filter(|path| !path.is_empty());
        let named = flags.config.clone().or_else(|| in_environment.map(PathBuf::from));
        let must_be_there = named.is_some();
        let file = named.unwrap_or_else(|| default_file.to_owned());
        let read = Stamp::default();
        Self { flags, environment, file, must_be_there, private: false, read }
    }

    /// The same for a gateway that only its own process talks to: at any port, which nobody else
    /// can reach, and in plain.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.flags.bind = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        self.flags.port = None;
        self.private = true;
        self
    }

    /// Reads the settings.
    pub fn load(&mut self) -> Result<Settings, ConfigError> {
        // Before it is read: what is written meanwhile is then found to be new.
        self.read = Stamp::of(std::fs::metadata(&self.file).ok().as_ref());
        let mut layers = Layers::defaults();
        if let Some(text) = read(&self.file, self.must_be_there)? {
            self.must_be_there = true;
            layers.add_table(&Origin::File(self.file.clone()), parse(&self.file, &text)?)?;
        }
        variables::add(&mut layers, &self.environment)?;
        let (mut settings, mut origins) = layers.finish()?;
        add_flags(&mut settings, &mut origins, self.flags.clone());
        if self.private {
            settings.tls = TlsSettings::default();
        }
        for provider in settings.providers.values_mut() {
            provider.base_url.truncate(provider.base_url.trim_end_matches('/').len());
        }
        check::check(&settings, &origins)?;
        Ok(settings)
    }

    /// The settings file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What the file looked like when it was read last.
    pub fn stamp(&self) -> Stamp {
        self.read
    }
}

impl Stamp {
    /// What a file looks like; `None` where there is none. Symbolic links were followed, so that one
    /// that points elsewhere by now is another file.
    pub fn of(file: Option<&Metadata>) -> Self {
        let numbers = |file: &Metadata| {
            let [device, inode, size] = [file.dev(), file.ino(), file.size()].map(u64::cast_signed);
            [device, inode, size, file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()]
        };
        Self(file.map(numbers))
    }
}
