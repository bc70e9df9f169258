//! Who somebody is, and the proof that a conversation is theirs.
//!
//! Invariant: only this module makes a `Granted`; a token is compared in constant time and is
//! never logged.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::time::Instant;

use crate::{
    limits,
    model::{Conversation, ConversationId, UserId},
};

/// The longest name a credential may give a user, in bytes.
const NAME_BYTES_MAX: usize = 64;
const ANONYMOUS: &str = "anonymous";
const OPERATOR: &str = "operator";
/// Before the name of a user whom the token's holder vouches for.
const USER: &str = "user:";

/// Somebody who has proved who they are, or needed not to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Their id, the same on every connection.
    pub user: UserId,
    /// How the credentials name them.
    pub name: Arc<str>,
    /// Nobody had to say who they are.
    pub anonymous: bool,
}

/// Something that its holder has the right to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted<T>(T);

impl<T: Copy> Granted<T> {
    /// What was granted.
    pub fn get(&self) -> T {
        self.0
    }
}

impl Identity {
    fn named(name: &str, anonymous: bool) -> Self {
        Self { user: UserId::named(name), name: name.into(), anonymous }
    }

    /// Whoever left work behind that goes on without them.
    pub fn absent(user: UserId) -> Self {
        Self { user, name: "".into(), anonymous: false }
    }

    /// The right to a conversation, where it is theirs.
    pub fn grant(&self, conversation: &Conversation) -> Option<Granted<ConversationId>> {
        (conversation.user == self.user).then_some(Granted(conversation.id))
    }
}

/// The token that the header of a request presents.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// They have not said who they are.
    #[error("no credentials")]
    Missing,
    /// What they said is wrong or no longer valid.
    #[error("wrong credentials")]
    Wrong,
}

/// The user whom credentials name: `alice` where they are `TOKEN:alice`, `operator` where they are
/// the token alone, `anonymous` where there are none. `user:operator` is one who is only called so.
pub fn user_named(name: &str) -> UserId {
    match name {
        ANONYMOUS | OPERATOR => UserId::named(name),
        name => UserId::named(&format!("{USER}{}", name.strip_prefix(USER).unwrap_or(name))),
    }
}

/// Decides who is let in.
pub struct Authority {
    token: Option<SecretString>,
    tickets: Mutex<HashMap<String, (Identity, Instant)>>,
}

impl Authority {
    /// Asks for `token`, or for nothing where there is none.
    pub fn new(token: Option<SecretString>) -> Self {
        Self { token, tickets: Mutex::default() }
    }

    /// Whoever comes without credentials, where that is allowed.
    pub fn anonymous(&self) -> Result<Identity, Denied> {
        match self.token {
            Some(_) => Err(Denied::Missing),
            None => Ok(Identity::named(ANONYMOUS, true)),
        }
    }

    /// Whoever holds this bearer token: `TOKEN` is the operator, `TOKEN:alice` is alice. Where no
    /// token is set, any is as good as none.
    pub fn bearer(&self, given: &str) -> Result<Identity, Denied> {
        let Some(token) = &self.token else { return self.anonymous() };
        let token = token.expose_secret().as_bytes();
        let given = given.as_bytes();
        let (secret, rest) = given.split_at_checked(token.len()).ok_or(Denied::Wrong)?;
        if !bool::from(secret.ct_eq(token)) {
            return Err(Denied::Wrong);
        }
        match rest {
            [] => Ok(Identity::named(OPERATOR, false)),
            [b':', name @ ..] if (1..=NAME_BYTES_MAX).contains(&name.len()) => {
                let name = std::str::from_utf8(name).map_err(|_| Denied::Wrong)?;
                Ok(Identity::named(&format!("{USER}{name}"), false))
            }
            _ => Err(Denied::Wrong),
        }
    }

    /// A ticket that lets its bearer in once as `identity`, for those who cannot send headers.
    /// `None` while too many wait to be used.
    pub fn issue(&self, identity: Identity) -> Option<String> {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        tickets.retain(|_, (_, expires)| *expires > now);
        if tickets.len() >= limits::TICKETS_MAX {
            return None;
        }
        let ticket = format!("tkt_{}", uuid::Uuid::new_v4().simple());
        tickets.insert(ticket.clone(), (identity, now + limits::TICKET_LIVES));
        Some(ticket)
    }

    /// Whoever holds this ticket. It is used up.
    pub fn redeem(&self, ticket: &str) -> Result<Identity, Denied> {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        let (identity, expires) = tickets.remove(ticket).ok_or(Denied::Wrong)?;
        if expires > Instant::now() { Ok(identity) } else { Err(Denied::Wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(authority: &Authority, given: &str) -> Result<String, Denied> {
        authority.bearer(given).map(|identity| identity.name.to_string())
    }

    #[test]
    fn the_token_is_the_operator_and_may_name_a_user() {
        let authority = Authority::new(Some("s3cret-token".to_owned().into()));
        assert_eq!(name(&authority, "s3cret-token").as_deref(), Ok("operator"));
        assert_eq!(name(&authority, "s3cret-token:alice").as_deref(), Ok("user:alice"));
        assert_eq!(name(&authority, "s3cret-token:operator").as_deref(), Ok("user:operator"));
        for wrong in ["", "s3cret", "s3cret-token:", "s3cret-tokenx", "S3cret-token", "x:alice"] {
            assert_eq!(name(&authority, wrong), Err(Denied::Wrong), "{wrong}");
        }
        assert_eq!(authority.anonymous(), Err(Denied::Missing));
    }

    #[test]
    fn without_a_token_everybody_is_the_same_anonymous_user() {
        let authority = Authority::new(None);
        assert_eq!(authority.anonymous(), authority.bearer("whatever"));
    }

    #[test]
    fn settings_name_users_as_credentials_do() {
        let authority = Authority::new(Some("s3cret-token".to_owned().into()));
        for (given, name) in [
            ("s3cret-token", "operator"),
            ("s3cret-token:alice", "alice"),
            ("s3cret-token:operator", "user:operator"),
        ] {
            assert_eq!(authority.bearer(given).unwrap().user, user_named(name), "{name}");
        }
        let anonymous = Authority::new(None).anonymous().unwrap();
        assert_eq!(anonymous.user, user_named("anonymous"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_ticket_is_good_once_and_not_for_long() {
        let authority = Authority::new(None);
        let me = authority.anonymous().unwrap();
        let ticket = authority.issue(me.clone()).unwrap();
        assert_eq!(authority.redeem(&ticket), Ok(me.clone()));
        assert_eq!(authority.redeem(&ticket), Err(Denied::Wrong));
        let late = authority.issue(me).unwrap();
        tokio::time::advance(limits::TICKET_LIVES).await;
        assert_eq!(authority.redeem(&late), Err(Denied::Wrong));
    }
}
