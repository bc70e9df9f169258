//! Ids: a prefix that names the kind over a sortable unique number.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The string is not an id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this kind")]
pub struct NotAnId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// A new one, sortable by the time of its making.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The sixteen bytes that order it.
            pub fn bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Back from its sixteen bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let digits = text.strip_prefix($prefix).filter(|d| d.len() == 32).ok_or(NotAnId)?;
                Uuid::try_parse(digits).map(Self).map_err(|_| NotAnId)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }
    };
}

id!(
    /// Somebody who holds conversations.
    UserId, "usr_"
);
id!(
    /// A user's presence; one each.
    SessionId, "ses_"
);
id!(
    /// A tree of messages with one current branch.
    ConversationId, "cnv_"
);
id!(
    /// A user message and one answer to it.
    TurnId, "trn_"
);
id!(
    /// One message of a conversation, asked or answered.
    MessageId, "msg_"
);
id!(
    /// A background task.
    TaskId, "tsk_"
);

impl UserId {
    /// The id of the user with this name: the same name is the same user on every node.
    pub fn named(name: &str) -> Self {
        let hash = blake3::derive_key("operatoros user name to id, v1", name.as_bytes());
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(hash) {
            *to = from;
        }
        Self::from_bytes(bytes)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A pool of specialists, such as `healthcare`.
    PoolName
);
name!(
    /// An agent of a pool, such as `triage`.
    AgentName
);
name!(
    /// A configured provider, such as `openai`.
    ProviderName
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_its_text_and_only_from_its_own_kind() {
        let id = ConversationId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().parse::<TurnId>(), Err(NotAnId));
        for bad in ["", "cnv_", "cnv_0", "cnv_zz", "cnv_{}", &"cnv_0".repeat(40), "cnv_ä"] {
            assert_eq!(bad.parse::<ConversationId>(), Err(NotAnId), "{bad}");
        }
    }

    #[test]
    fn a_name_is_the_same_user_every_time() {
        assert_eq!(UserId::named("alice"), UserId::named("alice"));
        assert_ne!(UserId::named("alice"), UserId::named("bob"));
    }
}
