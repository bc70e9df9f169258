//! Error codes and close codes: a closed list, each with what a client may do about it.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! error_codes {
    ($($variant:ident $name:literal $status:literal $retryable:literal $meaning:literal,)*) => {
        /// Why something was refused or failed. Programs branch on this, never on an error's text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant,)*
            /// A code of a newer server. Never sent; not in [`Self::all`].
            Unknown,
        }

        impl ErrorCode {
            /// Every code of this version; a server may have no use for some.
            pub const fn all() -> &'static [Self] {
                &[$(Self::$variant,)*]
            }

            /// The code as it travels.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Unknown => "unknown",
                }
            }

            /// The code with this name; [`Self::Unknown`] where there is none.
            pub fn named(name: &str) -> Self {
                match name {
                    $($name => Self::$variant,)*
                    _ => Self::Unknown,
                }
            }

            /// Whether the very same request may succeed later. An `error` frame can know better.
            pub const fn retryable(self) -> bool {
                match self {
                    $(Self::$variant => $retryable,)*
                    Self::Unknown => false,
                }
            }

            /// The status with which the HTTP interface says the same.
            pub const fn http_status(self) -> u16 {
                match self {
                    $(Self::$variant => $status,)*
                    Self::Unknown => 500,
                }
            }

            /// What it means, in one line.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                    Self::Unknown => "A code of a newer server.",
                }
            }
        }
    };
}

error_codes! {
    BadFrame "bad_frame" 400 false "The frame is not JSON, lacks `type` or has the wrong shape; `details` says where.",
    InvalidArgument "invalid_argument" 422 false "The frame is well formed, but a value in it makes no sense; `details.field` names it.",
    NotAuthenticated "not_authenticated" 401 false "The credentials are missing, wrong or expired.",
    Forbidden "forbidden" 403 false "The credentials are good but do not allow this.",
    NotFound "not_found" 404 false "There is no such thing, or it belongs to somebody else.",
    Conflict "conflict" 409 false "It is not in a state that allows this; read it again.",
    TurnEnded "turn_ended" 409 false "The turn has ended already, so there is nothing left to cancel.",
    TooLarge "too_large" 413 false "A text, title, key or other field is longer than `welcome.limits` allows.",
    LimitReached "limit_reached" 409 false "As many as one may have, of this connection or this user; give something back first.",
    Unsupported "unsupported" 501 false "This server is built or configured without it.",
    UnknownPool "unknown_pool" 404 false "No pool has that name; the `pools` topic lists them.",
    Busy "busy" 409 true "The conversation is answering and the message was sent with `if_busy: reject`.",
    QueueFull "queue_full" 503 true "Too many turns or tasks wait already.",
    BudgetExhausted "budget_exhausted" 429 true "A budget of the user or the pool is used up; it renews after `retry_after_ms`.",
    RateLimited "rate_limited" 429 true "Too many frames; wait `retry_after_ms`.",
    Overloaded "overloaded" 503 true "The server is at its limit of memory, connections or conversations.",
    StoreUnavailable "store_unavailable" 503 true "Nothing can be kept at the moment, so nothing new is accepted; reading goes on.",
    ShuttingDown "shutting_down" 503 true "The server drains; reconnect and send again with the same `key`.",
    ProviderUnavailable "provider_unavailable" 503 true "No provider of the pool's route could be reached.",
    ProviderRateLimited "provider_rate_limited" 503 true "The providers ask for patience.",
    ProviderQuota "provider_quota" 502 false "The account behind the provider's key has no credit left; tell the operator.",
    ProviderAuth "provider_auth" 502 false "The provider refused the server's key; tell the operator.",
    ProviderRejected "provider_rejected" 502 false "The provider says that the request is wrong; change the message.",
    ContextTooLong "context_too_long" 422 false "The conversation does not fit the model; start a new one or fork an earlier point.",
    ProviderProtocol "provider_protocol" 502 true "What the provider sent could not be understood.",
    ProviderTruncated "provider_truncated" 502 true "The provider's stream broke off before its end; what came is kept.",
    DeadlineExceeded "deadline_exceeded" 504 true "It took longer than allowed.",
    AnswerTooLong "answer_too_long" 502 false "The answer grew beyond the limit; what came is kept.",
    ToolRejected "tool_rejected" 502 false "The model called a tool wrongly; it is told so, and the answer goes on.",
    ToolUnavailable "tool_unavailable" 502 true "What a tool asks does not answer, refuses the key, or allows no more calls now; the answer goes on without it.",
    SpecialistsFailed "specialists_failed" 502 true "None of the specialists that were asked has answered; their own turns say why.",
    Cancelled "cancelled" 409 false "The user stopped it.",
    DependencyFailed "dependency_failed" 409 false "A task that this one waited for did not succeed.",
    Interrupted "interrupted" 503 true "The server went down under it.",
    Internal "internal" 500 false "A mistake of the server's; its log has the cause.",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::named(&Cow::<'_, str>::deserialize(deserializer)?))
    }
}

impl JsonSchema for ErrorCode {
    fn schema_name() -> Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let known: Vec<_> = Self::all().iter().map(|code| code.as_str()).collect();
        json_schema!({
            "type": "string",
            "description": "A code of this list; a newer server may send others.",
            "examples": known,
        })
    }
}

macro_rules! close_codes {
    ($($variant:ident $number:literal $reason:literal $meaning:literal,)*) => {
        /// Why the server closed the connection; the number itself says whether to come back.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u16)]
        pub enum CloseCode {
            $(#[doc = $meaning] $variant = $number,)*
        }

        impl CloseCode {
            /// Every code of this version; a server may have no use for some.
            pub const fn all() -> &'static [Self] {
                &[$(Self::$variant,)*]
            }

            /// The code with this number.
            pub const fn numbered(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The reason as it travels in the close frame.
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Self::$variant => $reason,)*
                }
            }

            /// What it means, in one line.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }
    };
}

close_codes! {
    ServerError 4000 "server error" "A mistake of the server's; reconnect and resume.",
    GoingAway 4001 "going away" "The server drains; reconnect after `goaway.reconnect_after_ms` and resume.",
    TooSlow 4008 "too slow" "The client did not read what was sent to it.",
    RateLimited 4029 "rate limited" "The client kept sending after it had been refused for its rate.",
    CredentialsExpired 4040 "credentials expired" "The credentials ran out; reconnect with fresh ones.",
    BadFrame 4500 "bad frame" "Too many frames that could not be understood: a fault of the client.",
    NotAuthenticated 4501 "not authenticated" "No good credentials were presented in time.",
    Forbidden 4503 "forbidden" "The credentials do not allow a connection.",
    UnsupportedVersion 4506 "unsupported version" "Server and client share no version of the protocol.",
    TooManyConnections 4509 "too many connections" "The user holds as many connections as are allowed.",
    UserErased 4510 "user erased" "The user and all conversations were erased.",
}

impl CloseCode {
    /// The number as it travels in the close frame.
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// Whether a client may come back by itself.
    pub const fn may_reconnect(self) -> bool {
        may_reconnect(self.number())
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number(), self.reason())
    }
}

/// Whether a client that was closed with this number may come back by itself. Only 4500 to 4999
/// forbids it: whatever else ends a connection (a proxy, a crash, a cable) is worth another try.
pub const fn may_reconnect(number: u16) -> bool {
    !matches!(number, 4500..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_comes_back_from_its_name_and_a_foreign_one_does_no_harm() {
        for &code in ErrorCode::all() {
            let json = serde_json::to_string(&code).unwrap();
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
        }
        assert_eq!(
            serde_json::from_str::<ErrorCode>(r#""of_tomorrow""#).unwrap(),
            ErrorCode::Unknown
        );
    }

    #[test]
    fn the_number_alone_says_whether_to_come_back() {
        for &code in CloseCode::all() {
            assert_eq!(CloseCode::numbered(code.number()), Some(code));
            assert_eq!(code.may_reconnect(), code.number() < 4500, "{code}");
        }
        assert!(may_reconnect(1006) && may_reconnect(1012) && !may_reconnect(4999));
    }
}
