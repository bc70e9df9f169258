//! Ids as they travel: opaque strings whose prefix names their kind.
//!
//! They are plain strings on purpose: a client stores and compares them, and never takes them apart.

/// A user: `usr_…`.
pub type UserId = String;
/// A user's session: `ses_…`.
pub type SessionId = String;
/// A conversation: `cnv_…`.
pub type ConversationId = String;
/// A turn, that is a user's message and one answer to it: `trn_…`.
pub type TurnId = String;
/// A message, asked or answered: `msg_…`.
pub type MessageId = String;
/// A background task: `tsk_…`.
pub type TaskId = String;

/// What `message.send.parent` says for a message that follows none: a new first message.
pub const ROOT: &str = "root";
