//! What the words and phrases of commands mean, as tables; a comma separates them.
//!
//! Invariant: a word that stands in no table means nothing to the gateway, and makes a text chat.

mod binders;
mod objects;
mod verbs;

use super::concepts::Concepts;

/// A meaning, and what is said for it.
type Row = (Concepts, &'static str);

/// What words and phrases mean; one that stands in several rows means all of it.
pub(super) const MEANINGS: &[&[Row]] = &[verbs::VERBS, objects::OBJECTS, binders::BINDERS];
