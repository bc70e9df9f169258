//! What a provider wants to see again with the tool calls of its answer, handed on as it comes.

use std::sync::Arc;

use serde_json::value::RawValue;

use super::{
    Failure, Piece, Replay, Request,
    decode::{Pieces, too_much},
};
use crate::{limits::REPLAY_BYTES_MAX, model::ProviderName};

/// What of one answer is to be sent again; nothing, unless it may call tools.
#[derive(Debug, Default)]
pub(super) struct Replays {
    of: Option<ProviderName>,
    bytes: usize,
}

impl Replays {
    /// Those of this provider's answer to the request.
    pub(super) fn new(request: &Request, provider: &ProviderName) -> Self {
        Self { of: request.tools.is_open().then(|| provider.clone()), bytes: 0 }
    }

    /// Whether anything is to be sent again.
    pub(super) fn wanted(&self) -> bool {
        self.of.is_some()
    }

    /// Whether there was something.
    pub(super) fn any(&self) -> bool {
        self.bytes > 0
    }

    /// Refuses what is more than is sent again, so many bytes more.
    pub(super) fn room_for(&self, bytes: usize) -> Result<(), Failure> {
        if self.bytes + bytes > REPLAY_BYTES_MAX { Err(too_much()) } else { Ok(()) }
    }

    /// Hands it on, where it is wanted.
    pub(super) fn add(&mut self, body: Box<RawValue>, pieces: &mut Pieces) -> Result<(), Failure> {
        let Some(provider) = &self.of else { return Ok(()) };
        self.room_for(body.get().len())?;
        self.bytes += body.get().len();
        let (provider, body) = (provider.clone(), Arc::from(body));
        pieces.push_back(Piece::Replay(Replay { provider, body }));
        Ok(())
    }
}
