//! Choosing: the rules that make a decision of a judgement, in the order in which they hold.

use super::{DEFAULT_POOL, Judgement, Router};
use crate::{
    config::Consult,
    limits::ROUTING_SCORES_MAX,
    model::{AgentName, PoolName, Routing},
};

/// A pool must be likelier than the next by this much.
const MARGIN: f32 = 0.04;
/// By so much a pool must be likelier than the one that answered last for the conversation to move.
const STICKY_LEAD: f32 = 0.4;
/// The same for a message that only makes sense after the one before it.
const ELLIPTIC_LEAD: f32 = 0.8;
/// The same for the default pool, where no keyword speaks for it: what goes on without naming its
/// matter again sounds like everything else.
const DEFAULT_LEAD: f32 = 0.9;
/// A message of no more telling words than this may be elliptic.
const ELLIPTIC_WORDS: usize = 3;
/// A pool that is at least this likely beside the first is named as well.
const SECOND: f32 = 0.3;
/// A pool that is less likely than this is not worth a line.
const SHOWN: f32 = 0.01;

/// How a message begins that goes on with the one before it.
const GOES_ON: &[&str] = &[
    "and",
    "or",
    "but",
    "also",
    "so",
    "then",
    "why",
    "how about",
    "what about",
    "what if",
    "how so",
    "how come",
    "in that case",
    "for example",
    "can you explain",
    "explain",
    "tell me more",
    "more",
    "go on",
    "continue",
    "are you sure",
    "is that",
    "is it",
    "does it",
    "does that",
    "thanks",
    "thank you",
    "ok",
    "okay",
    "yes",
    "no",
    "really",
    "the same",
    "same",
];

/// What is known around a message.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'c> {
    /// The pool that the message itself names.
    pub named: Option<&'c PoolName>,
    /// The pool that is pinned to the conversation.
    pub pinned: Option<&'c PoolName>,
    /// The pool that the conversation asked last.
    pub last: Option<&'c PoolName>,
    /// The agent that the message itself names.
    pub agent: Option<&'c AgentName>,
    /// The agent that is pinned to the conversation.
    pub pinned_agent: Option<&'c AgentName>,
    /// The agent that the conversation asked last.
    pub last_agent: Option<&'c AgentName>,
    /// Pools that the message wants to be asked, all of them.
    pub asked: &'c [PoolName],
    /// Several may be asked where the message is about the matters of several.
    pub several: bool,
}

/// A pool, the one of its agents, and the reason for both.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Who answers.
    pub pool: PoolName,
    /// Which of its agents; none where the pool has none for it.
    pub agent: Option<AgentName>,
    /// Why.
    pub routing: Routing,
    /// Those who are asked first, where that one makes one answer of theirs.
    pub specialists: Vec<PoolName>,
}

impl Choice {
    /// The reason in one sentence.
    pub fn explain(&self) -> String {
        self.routing.explain(&self.pool)
    }
}

impl Router {
    /// The pool that the message names, else the one that is pinned, else the one that it sounds like:
    /// with the one that answered last before others, and the default where none fits.
    pub(super) fn choose_pool(&self, text: &str, context: Context<'_>) -> Choice {
        if let Some(pool) = context.named {
            return by("message", pool, format!("the message asks for {pool}"));
        }
        if let Some(pool) = context.pinned {
            return by("pinned", pool, format!("{pool} is pinned here"));
        }
        let judgement = self.judge(text);
        let choice = context.last.and_then(|last| stay(text, last, &judgement));
        let choice = choice.unwrap_or_else(|| self.scored(&judgement)).with(judgement);
        let may_span = context.several && self.consult == Consult::Spanning;
        if may_span { self.spanning(text, choice) } else { choice }
    }

    fn scored(&self, judgement: &Judgement) -> Choice {
        let default = PoolName::from(DEFAULT_POOL);
        let Some((best, chance)) = judgement.best() else {
            let because = format!("nothing in it speaks for a pool, so {default} answers");
            return by("default", &default, because);
        };
        if *best == default {
            return by("scored", best, reason(judgement));
        }
        if chance < self.threshold(best) {
            let because =
                format!("{best} would be likeliest, but not enough, so {default} answers");
            return by("default", &default, because);
        }
        let next = judgement.scores.get(1);
        let second = next.filter(|(pool, chance)| *chance >= SECOND && *pool != default);
        let close = next.filter(|(_, next)| chance - next < MARGIN);
        // Where both of two specialists are likely, either is right; else neither stands out.
        if let (None, Some((next, _))) = (second, close) {
            let because = format!("{best} and {next} are equally likely, so {default} answers");
            return by("default", &default, because);
        }
        let mut choice = by("scored", best, reason(judgement));
        choice.routing.second = second.map(|(pool, _)| pool.clone());
        choice
    }
}

/// The pool that answered last, unless another is clearly meant.
fn stay(text: &str, last: &PoolName, judgement: &Judgement) -> Option<Choice> {
    let elliptic = is_elliptic(text, judgement);
    let Some((best, chance)) = judgement.best() else {
        let because = format!("it says too little by itself, so {last} goes on");
        return (judgement.telling == 0).then(|| by("elliptic", last, because));
    };
    if best == last {
        return None;
    }
    let lead = chance - judgement.of(last);
    let by_default = best.as_str() == DEFAULT_POOL;
    if elliptic {
        // What little it says is never enough to mean the pool for everything else.
        let because = format!("it goes on with what {last} answered");
        return (by_default || lead < ELLIPTIC_LEAD).then(|| by("elliptic", last, because));
    }
    let needed = match last.as_str() {
        // There is no need to be held back where nobody else was meant.
        DEFAULT_POOL => return None,
        _ if by_default && !judgement.proved => DEFAULT_LEAD,
        _ => STICKY_LEAD,
    };
    let because = format!("{best} does not lead clearly, so {last} goes on");
    (lead < needed).then(|| by("sticky", last, because))
}

/// Whether a message makes sense only after the one before it: it is short, no keyword is in it, and
/// it begins as one that goes on, or hardly says anything.
fn is_elliptic(text: &str, judgement: &Judgement) -> bool {
    goes_on(text, judgement.telling, judgement.proved)
}

/// The same, where it has so many telling words and perhaps a keyword.
pub(super) fn goes_on(text: &str, telling: usize, proved: bool) -> bool {
    let text = text.trim().to_lowercase();
    let begins = |opening: &&str| {
        let rest = text.strip_prefix(*opening);
        rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    let short = telling <= ELLIPTIC_WORDS && !proved;
    short && (telling <= 1 || GOES_ON.iter().any(begins))
}

fn reason(judgement: &Judgement) -> String {
    let words: Vec<_> = judgement.words.iter().map(|word| format!("`{word}`")).collect();
    match words.as_slice() {
        [] => "the message as a whole speaks for it".to_owned(),
        [word] => format!("the word {word} speaks for it"),
        words => format!("the words {} speak for it", words.join(", ")),
    }
}

fn by(rule: &str, pool: &PoolName, because: String) -> Choice {
    Choice::by(rule, pool, because)
}

impl Choice {
    /// A decision by this rule, for this reason.
    pub(super) fn by(rule: &str, pool: &PoolName, because: String) -> Self {
        Self {
            pool: pool.clone(),
            agent: None,
            routing: Routing::new(rule, because),
            specialists: Vec::new(),
        }
    }

    /// The choice with the judgement that it was made from.
    fn with(mut self, judgement: Judgement) -> Self {
        if judgement.best().is_some() {
            self.routing.confidence = Some(short(judgement.of(&self.pool)));
        }
        let shown = judgement.scores.into_iter().take(ROUTING_SCORES_MAX);
        let shown = shown.filter(|(_, chance)| *chance >= SHOWN);
        self.routing.scores = shown.map(|(pool, chance)| (pool, short(chance))).collect();
        self.routing.words = judgement.words.iter().map(|word| word.as_str().into()).collect();
        self
    }
}

/// Three digits: more would claim to know more.
pub(super) fn short(chance: f32) -> f32 {
    (chance * 1e3).round() / 1e3
}
