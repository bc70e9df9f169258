//! What was learnt of single pieces, beyond what their vectors say: kept as text, looked up by row.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::words::{Piece, Words};

/// Numbers for some pieces, in the pieces' order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Learnt(Vec<(Piece, f32)>);

impl Learnt {
    /// The number of a piece; nothing where nothing was learnt.
    pub(super) fn of(&self, piece: Piece) -> f32 {
        let at = self.0.binary_search_by_key(&piece, |(known, _)| *known);
        at.map_or(0.0, |at| self.0[at].1)
    }

    /// The sum over some pieces.
    pub(super) fn sum(&self, pieces: &[Piece]) -> f32 {
        if self.0.is_empty() { 0.0 } else { pieces.iter().map(|piece| self.of(*piece)).sum() }
    }

    /// What it takes.
    pub(super) fn memory_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(Piece, f32)>()
    }

    /// All of it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Piece, f32)> {
        self.0.iter().copied()
    }
}

impl FromIterator<(Piece, f32)> for Learnt {
    fn from_iter<I: IntoIterator<Item = (Piece, f32)>>(numbers: I) -> Self {
        let mut numbers: Vec<_> = numbers.into_iter().collect();
        numbers.sort_by_key(|(piece, _)| *piece);
        Self(numbers)
    }
}

impl Serialize for Learnt {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lines = self.iter().map(|(piece, number)| (Words::get().line(piece), number));
        lines.collect::<BTreeMap<_, _>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Learnt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let known = |(line, number): (String, f32)| {
            let piece = Words::get().of_line(&line);
            piece.map(|piece| (piece, number)).ok_or_else(|| {
                D::Error::custom(format_args!("`{line}` is no piece of the vocabulary"))
            })
        };
        BTreeMap::deserialize(deserializer)?.into_iter().map(known).collect()
    }
}
