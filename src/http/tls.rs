//! TLS on the port: the certificate that is shown, renewed while connections go on, and the
//! handshakes.
//!
//! Invariant: a pair of files that cannot be used changes nothing but what is said of it. A
//! connection keeps what it began with.

use std::{fs, io, path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::pair::{Pair, PairError};
use crate::{
    config::Stamp,
    limits,
    model::{Certificate, Timestamp},
};

/// What a certificate's two files look like from outside.
pub type Stamps = [Stamp; 2];

/// What the port speaks TLS with.
pub struct Tls {
    files: [PathBuf; 2],
    shown: ArcSwap<Shown>,
    room: Arc<Semaphore>,
}

/// The pair in use, and how the last reading of its files went.
#[derive(Clone)]
struct Shown {
    pair: Pair,
    read: Stamps,
    refused: Option<&'static str>,
}

impl Tls {
    /// With the certificate in the first file and its key in the second.
    pub fn open(files: [PathBuf; 2]) -> Result<Self, PairError> {
        // Before they are read: what is written meanwhile is then found to be new.
        let read = stamps(&files);
        let shown = Shown { pair: Pair::read(&files)?, read, refused: None };
        let room = Arc::new(Semaphore::new(limits::HANDSHAKES_MAX));
        Ok(Self { files, shown: ArcSwap::from_pointee(shown), room })
    }

    /// What is shown, as it stands at this time.
    pub fn certificate(&self, now: Timestamp) -> Certificate {
        let Shown { pair, refused, .. } = &**self.shown.load();
        Certificate { from: pair.from, until: pair.until, now, refused: *refused }
    }

    /// Why what lies in its files by now is not used.
    pub fn refused(&self) -> Option<&'static str> {
        self.shown.load().refused
    }

    /// What the files look like. Waits for the disk.
    pub fn look(&self) -> Stamps {
        stamps(&self.files)
    }

    /// What they looked like when they were read last.
    pub fn read(&self) -> Stamps {
        self.shown.load().read
    }

    /// Reads the files again, and says whether another certificate is shown from now on. Waits for
    /// the disk.
    pub fn renew(&self) -> bool {
        let (read, was) = (self.look(), self.shown.load_full());
        let (pair, refused) = match Pair::read(&self.files) {
            Ok(pair) if pair.chain != was.pair.chain => (pair, None),
            // What clients may resume is forgotten only where it has to be.
            Ok(_) => (was.pair.clone(), None),
            Err(error) => {
                complain(&error);
                (was.pair.clone(), Some(error.says()))
            }
        };
        let renewed = !Arc::ptr_eq(&pair.config, &was.pair.config);
        if renewed {
            tell(&pair);
        }
        self.shown.store(Arc::new(Shown { pair, read, refused }));
        renewed
    }

    /// A handshake, where not too many are under way.
    pub(super) fn handshake(&self) -> io::Result<Handshake> {
        let full = |_| io::Error::other("too many others are agreeing on it");
        let room = self.room.clone().try_acquire_owned().map_err(full)?;
        Ok(Handshake { acceptor: self.shown.load().pair.config.clone().into(), _room: room })
    }
}

/// One connection that is to agree on TLS.
pub(super) struct Handshake {
    acceptor: TlsAcceptor,
    _room: OwnedSemaphorePermit,
}

impl Handshake {
    /// Agrees on TLS. Whoever takes too long is let go.
    pub(super) async fn with<S>(self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        timeout(limits::HANDSHAKE_WITHIN, self.acceptor.accept(stream)).await?
    }
}

fn tell(Pair { until, .. }: &Pair) {
    let until = until.to_utc();
    tracing::info!(%until, "another certificate is shown from now on");
}

fn complain(error: &PairError) {
    tracing::warn!(%error, "the certificate's files were refused, the one before is shown");
}

fn stamps(files: &[PathBuf; 2]) -> Stamps {
    files.each_ref().map(|file| Stamp::of(fs::metadata(file).ok().as_ref()))
}
