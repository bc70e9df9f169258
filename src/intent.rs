//! Which operator command a text is. Slash forms are exact.

use crate::model::PoolName;

/// A command to the gateway itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// What can I do here?
    Help,
    /// How is the gateway?
    Status,
    /// Which pools are there, and how are they?
    Pools,
    /// Which background tasks are there?
    Tasks,
    /// This conversation goes to that pool from now on; to none in particular where it is `None`.
    Use(Option<PoolName>),
}

impl Operation {
    /// The command's stable name.
    pub fn intent(&self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Status => "status",
            Self::Pools => "pools.list",
            Self::Tasks => "tasks.list",
            Self::Use(_) => "conversation.switch_pool",
        }
    }

    /// Its parameters.
    pub fn slots(&self) -> serde_json::Value {
        match self {
            Self::Use(pool) => serde_json::json!({ "pool": pool.as_ref().map(PoolName::as_str) }),
            _ => serde_json::json!({}),
        }
    }
}

/// The command that a text in slash form is; `None` where it is none that we know.
pub fn slash(text: &str) -> Option<Operation> {
    let mut words = text.strip_prefix('/')?.split_whitespace();
    let name = words.next()?.to_lowercase();
    let argument = words.next();
    if words.next().is_some() {
        return None;
    }
    Some(match (name.as_str(), argument) {
        ("help", None) => Operation::Help,
        ("status", None) => Operation::Status,
        ("pools", None) => Operation::Pools,
        ("tasks", None) => Operation::Tasks,
        ("use", Some("auto")) => Operation::Use(None),
        ("use", Some(pool)) => Operation::Use(Some(PoolName::from(pool.to_lowercase().as_str()))),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slash_forms_are_exact() {
        for (text, intent) in [
            ("/help", Some("help")),
            ("/STATUS", Some("status")),
            ("/pools ", Some("pools.list")),
            ("/use Sports", Some("conversation.switch_pool")),
            ("/use auto", Some("conversation.switch_pool")),
            ("/use", None),
            ("/use a b", None),
            ("/etc/hosts", None),
            ("status", None),
            ("/", None),
            ("what does /status do?", None),
        ] {
            assert_eq!(slash(text).as_ref().map(Operation::intent), intent, "{text}");
        }
    }
}
