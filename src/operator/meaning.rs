//! What a text means to the operator: a command, an answer to what was asked back, or nothing.

use super::{Operator, answer::answer};
use crate::{
    intent::{self, Operation, Reading, Situation, Slash, Unsure},
    model::Standing,
    wire::Understand,
};

/// Something to be done.
#[derive(Debug, Clone)]
pub struct Order(pub(super) Wish);

/// What is wished for.
#[derive(Debug, Clone)]
pub(super) enum Wish {
    /// This; `agreed` where it need not be asked back.
    Do { operation: Operation, agreed: bool },
    /// Something that was not said clearly enough.
    Clarify(Unsure),
    /// Not what was asked back.
    Leave,
}

/// The text was to be a command, and is none that can be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoCommand {
    /// It is known, and what follows it is not as it should be.
    #[error(transparent)]
    Misused(#[from] intent::Misused),
    /// It is none.
    #[error("This is no command. Say `/help` for those there are.")]
    Unknown,
}

impl Operator {
    /// What is to be done about a text; `None` where it is to be answered.
    pub fn understand(
        &self,
        text: &str,
        how: Understand,
        standing: &Standing,
    ) -> Result<Option<Order>, NoCommand> {
        if how == Understand::Chat {
            return Ok(None);
        }
        let wish = match said(text, how)? {
            Some(slash) => Some(slash.into()),
            None => answer(text, &standing.offers).or_else(|| self.read(text, standing)),
        };
        match wish {
            None if how == Understand::Command => Err(NoCommand::Unknown),
            wish => Ok(wish.map(Order)),
        }
    }

    fn read(&self, text: &str, standing: &Standing) -> Option<Wish> {
        let situation =
            Situation { demo_running: standing.demo.is_some(), subject: standing.subject };
        match intent::understand(text, &self.vocabulary.load(), situation) {
            Reading::Chat => self.how(text, situation),
            Reading::Command { operation, .. } => Some(Wish::Do { operation, agreed: false }),
            Reading::Unsure(unsure) => Some(Wish::Clarify(unsure)),
        }
    }

    /// Whoever asks how something is done is told, where that is a command of the gateway.
    fn how(&self, text: &str, situation: Situation) -> Option<Wish> {
        let wanted = asked_how(text)?;
        match intent::understand(wanted, &self.vocabulary.load(), situation) {
            Reading::Chat => None,
            Reading::Command { .. } | Reading::Unsure(_) => {
                Some(Wish::Do { operation: Operation::Help(Some(wanted.into())), agreed: false })
            }
        }
    }
}

/// How people ask for the way to do something, in lower case.
const HOW: &[&str] =
    &["how do i ", "how can i ", "how do you ", "how does one ", "how to ", "how would i "];

/// What somebody asks how to do.
fn asked_how(text: &str) -> Option<&str> {
    let text = text.trim();
    HOW.iter().find_map(|how| {
        let (start, rest) = text.split_at_checked(how.len())?;
        start.eq_ignore_ascii_case(how).then_some(rest)
    })
}

/// The slash command that the text is. Where a command is meant, the slash may be missing.
fn said(text: &str, how: Understand) -> Result<Option<Slash>, NoCommand> {
    let slash = match (intent::slash(text), how) {
        (None, Understand::Command) => {
            intent::slash(&format!("/{text}")).and_then(Result::ok).map(Ok)
        }
        (slash, _) => slash,
    };
    Ok(slash.transpose()?)
}

impl From<Slash> for Wish {
    fn from(Slash { operation, yes }: Slash) -> Self {
        Self::Do { operation, agreed: yes }
    }
}
