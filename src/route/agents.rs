//! Which agent of a pool a message is for, and why.
//!
//! Invariant: a wrong agent of the right pool is cheap, so there is always an answer where a pool has
//! agents and one of them is the default; nothing here costs more than reading the message once.

use std::collections::BTreeMap;

use super::{
    Choice, Context, KEYWORD_ROW, Router,
    choose::goes_on,
    fit::{Row, fit},
    lexicon::{Found, Lexicon},
    meaning::{Leaning, Meaning},
    reading::Reading,
    softmax, spanning,
};
use crate::{
    config::{AgentSettings, PoolSettings},
    model::{AgentName, PoolName},
};

/// By so much an agent must be likelier than the one that answered last.
const STICKY_LEAD: f32 = 0.35;
/// The same for a message that only makes sense after the one before it.
const ELLIPTIC_LEAD: f32 = 0.8;
/// By so much an agent must be likelier than the default one, where no word of its own stands there.
const DEFAULT_LEAD: f32 = 0.15;
/// What few words are fitted to is too modest by about this.
const TEMPERATURE: f32 = 0.5;
/// A message is addressed to an agent among its first words.
const ADDRESSED_WORDS: usize = 12;

/// The agents of one pool.
#[derive(Debug)]
pub(super) struct Agents {
    names: Vec<AgentName>,
    leanings: Vec<Leaning>,
    lexicon: Lexicon,
    default: Option<usize>,
}

impl Agents {
    /// What was fitted for them.
    pub(super) fn memory_bytes(&self) -> usize {
        let leanings: usize = self.leanings.iter().map(Leaning::memory_bytes).sum();
        leanings + self.lexicon.memory_bytes()
    }
}

/// The agents of the pools that have some.
pub(super) fn of(pools: &BTreeMap<String, PoolSettings>) -> BTreeMap<PoolName, Agents> {
    let staffed = pools.iter().filter(|(_, pool)| !pool.agents.is_empty());
    staffed.map(|(name, pool)| (PoolName::from(name.as_str()), Agents::of(pool))).collect()
}

impl Router {
    /// Who answers a message: its pool, and where that has agents the one that it is for. What it names
    /// comes first, then what is pinned, then what it sounds like.
    pub fn choose(&self, text: &str, context: Context<'_>) -> Choice {
        let context = Context { named: self.named(text, &context), ..context };
        let sought = context.asked.is_empty().then(|| self.sought(text, &context)).flatten();
        let mut choice = match &sought {
            Some((pool, agent)) => Choice::named(pool, agent),
            None if context.asked.is_empty() => self.choose_pool(text, context),
            None => spanning::asked(context),
        };
        let agents = self.agents.get(&choice.pool);
        let (agent, why) = match (sought, context.agent, agents) {
            (Some((_, agent)), ..) => return Choice { agent: Some(agent), ..choice },
            // Whether the pool has it is for those to say who know the pool.
            (None, Some(agent), _) => (agent.clone(), "the message asks for it".to_owned()),
            (None, None, None) => return choice,
            (None, None, Some(agents)) => match agents.pick(text, &context) {
                Some(picked) => picked,
                None => return choice,
            },
        };
        choice.routing.because =
            format!("{}; {agent} answers, since {why}", choice.routing.because).into();
        Choice { agent: Some(agent), ..choice }
    }

    /// The pool that the message names, beside its text or in it.
    fn named<'c>(&'c self, text: &str, context: &Context<'c>) -> Option<&'c PoolName> {
        if context.named.is_some() || context.agent.is_some() || !context.asked.is_empty() {
            return context.named;
        }
        let words = opening(text);
        self.names.iter().find(|name| is_asked(&words, name.as_str()))
    }

    /// The agent that the message asks for: of the pool that it names, else of the one that is pinned,
    /// else of the one that answered last, else of the only one that has it.
    fn sought(&self, text: &str, context: &Context<'_>) -> Option<(PoolName, AgentName)> {
        let words = opening(text);
        let asked = |name: &AgentName| match context.agent {
            Some(agent) => name == agent,
            None => is_addressed(&words, name.as_str()),
        };
        let of = |(pool, agents): (&PoolName, &Agents)| {
            let agent = agents.names.iter().find(|name| asked(name))?;
            Some((pool.clone(), agent.clone()))
        };
        let in_pool = |pool: &PoolName| of(self.agents.get_key_value(pool)?);
        if let Some(pool) = context.named.or(context.pinned) {
            return in_pool(pool);
        }
        context.last.and_then(in_pool).or_else(|| {
            let mut found = self.agents.iter().filter_map(of);
            found.next().filter(|_| found.next().is_none())
        })
    }
}

impl Choice {
    fn named(pool: &PoolName, agent: &AgentName) -> Self {
        Self::by("message", pool, format!("the message asks for the {agent} agent"))
    }
}

impl Agents {
    fn of(pool: &PoolSettings) -> Self {
        let mut lexicon = Lexicon::default();
        for (at, agent) in pool.agents.values().enumerate() {
            agent.keywords.iter().for_each(|keyword| lexicon.add(at, keyword));
        }
        let count = pool.agents.len();
        let rows: Vec<Row> = (0..)
            .zip(pool.agents.values())
            .flat_map(|(at, agent)| rows_of(at, count, agent))
            .collect();
        let leanings = fit(&rows, &vec![Leaning::none(0.0); count], &vec![true; count]);
        let default = |name: &String| pool.agents.keys().position(|known| known == name);
        let names = pool.agents.keys().map(|name| AgentName::from(name.as_str())).collect();
        Self { names, leanings, lexicon, default: pool.default_agent.as_ref().and_then(default) }
    }

    /// The agent for a message that names none, and why it is the one.
    fn pick(&self, text: &str, context: &Context<'_>) -> Option<(AgentName, String)> {
        let known =
            |agent: Option<&AgentName>| self.names.iter().position(|name| Some(name) == agent);
        let named = |at: usize, why: String| Some((self.names.get(at)?.clone(), why));
        if let Some(pinned) = known(context.pinned_agent) {
            return named(pinned, "it is pinned here".to_owned());
        }
        let last = known(context.last_agent);
        let usual = || match (last, self.default) {
            (Some(last), _) => named(last, "it answered before".to_owned()),
            (None, Some(default)) => named(default, "nothing in it speaks for another".to_owned()),
            (None, None) => None,
        };
        let reading = Reading::of(text);
        let (found, telling) = (self.lexicon.find(&reading), reading.telling());
        let meaning = Meaning::of(&reading).filter(|_| telling > 0 || !found.is_empty());
        let Some(meaning) = meaning else { return usual() };
        let chances = self.chances(&found, &meaning);
        let best = (0..chances.len()).max_by(|a, b| chances[*a].total_cmp(&chances[*b]))?;
        let proved = found.iter().any(|keyword| keyword.pool == best);
        let lead = |other: usize| chances[best] - chances[other];
        let needed = match (last, proved) {
            (Some(last), _) if goes_on(text, telling, proved) => Some((last, ELLIPTIC_LEAD)),
            (Some(last), _) => Some((last, STICKY_LEAD)),
            (None, true) => None,
            (None, false) => self.default.map(|default| (default, DEFAULT_LEAD)),
        };
        match needed {
            Some((other, needed)) if other != best && lead(other) < needed => usual(),
            _ => named(best, because(&reading, &found, best)),
        }
    }

    fn chances(&self, found: &[Found], meaning: &Meaning) -> Vec<f32> {
        let mut scores: Vec<f32> = self.leanings.iter().map(|l| l.score(meaning)).collect();
        for keyword in found {
            scores[keyword.pool] += keyword.counts;
        }
        softmax(scores.into_iter().map(|score| score / TEMPERATURE).collect())
    }
}

/// What an agent's settings say it is for, as messages of its own.
fn rows_of(agent: usize, agents: usize, settings: &AgentSettings) -> impl Iterator<Item = Row> {
    let keywords = settings.keywords.iter().map(|keyword| (keyword, KEYWORD_ROW));
    let examples = settings.examples.iter().map(|example| (example, 1.0));
    let said = [(&settings.role, 1.0)].into_iter().chain(keywords).chain(examples);
    said.filter_map(move |(text, weight)| {
        let meaning = Meaning::of(&Reading::of(text))?;
        Some(Row { meaning, evidence: vec![0.0; agents], pool: agent, weight })
    })
}

/// The words that speak for an agent, as they were written.
fn because(reading: &Reading<'_>, found: &[Found], agent: usize) -> String {
    let of = found.iter().filter(|keyword| keyword.pool == agent);
    let words: Vec<_> = of.map(|keyword| format!("`{}`", reading.said(&keyword.words))).collect();
    match words.as_slice() {
        [] => "the message sounds most like it".to_owned(),
        [word] => format!("{word} speaks for it"),
        words => format!("{} speak for it", words.join(", ")),
    }
}

// ---- a message that names its agent -----------------------------------------------------------

/// A word in lower case, and the colon or the comma that follows it.
type Spoken = (String, Option<char>);

/// The first words of a message.
fn opening(text: &str) -> Vec<Spoken> {
    let words = text.split_whitespace().take(ADDRESSED_WORDS);
    words
        .map(|word| {
            let plain = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            (plain, word.chars().next_back().filter(|mark| matches!(mark, ':' | ',')))
        })
        .collect()
}

/// Where the name stands: its first word, the word behind it, and the mark that sets it off, if one does.
fn places<'w>(
    words: &'w [Spoken],
    name: &'w str,
) -> impl Iterator<Item = (usize, usize, Option<char>)> + 'w {
    let parts = name.split('-').count();
    let is_name = |row: &[Spoken]| row.iter().map(|(word, _)| word.as_str()).eq(name.split('-'));
    let rows = words.windows(parts).enumerate().filter(move |(_, row)| is_name(row));
    rows.map(move |(first, row)| (first, first + parts, row.last().and_then(|(_, mark)| *mark)))
}

/// Whether a pool is asked for: `ask the business pool …`, `business: …`, `ask business about …`. Its name
/// may be an ordinary word: `ask business owners about …`, `business, as usual, …`.
fn is_asked(words: &[Spoken], name: &str) -> bool {
    let at = |at: usize| words.get(at).map_or("", |(word, _)| word.as_str());
    places(words, name).any(|(first, behind, mark)| {
        let asks = |before: usize| matches!(at(before), "ask" | "tell");
        let the = matches!(at(first.wrapping_sub(1)), "the" | "our" | "your");
        let called = at(behind) == "pool" && (asks(first.wrapping_sub(1 + usize::from(the))));
        let leads = matches!(at(behind), "about" | "whether" | "if" | "how" | "what" | "why");
        let asked = first == 1 && asks(0) && (leads || mark == Some(':'));
        called || asked || (first == 0 && mark == Some(':'))
    })
}

/// Whether an agent is asked for: `ask the triage agent …`, `as the planner: …`, `odds: …`, or any
/// mention of `the triage agent`.
fn is_addressed(words: &[Spoken], name: &str) -> bool {
    let at = |at: usize| words.get(at).map_or("", |(word, _)| word.as_str());
    places(words, name).any(|(first, behind, mark)| {
        let set_off = mark.is_some();
        let (the, verb) = match (at(first.wrapping_sub(1)), first) {
            ("the" | "our" | "your" | "my", _) => (true, at(first.wrapping_sub(2))),
            (verb, _) => (false, verb),
        };
        let called = matches!(at(behind), "agent" | "specialist") && (the || first <= 1);
        let told = the && matches!(verb, "ask" | "tell");
        let played = matches!(verb, "as" | "hey" | "dear") && set_off;
        called || told || played || (first == 0 && set_off)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::config::Settings;

    const MESSAGES: &str = include_str!("../../tests/routing/agents.txt");

    static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::of(&Settings::default()).unwrap());

    fn picked(text: &str, context: Context<'_>) -> String {
        let choice = ROUTER.choose(text, context);
        format!("{}/{}", choice.pool, choice.agent.as_ref().map_or("-", AgentName::as_str))
    }

    #[test]
    fn most_messages_of_each_pool_find_their_agent() {
        let pools = MESSAGES.split("\n[").skip(1).filter_map(|of| of.split_once("]\n"));
        let mut counts: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
        for (pool, rows) in pools {
            let named = PoolName::from(pool);
            let (count, wrong) = counts.entry(pool).or_default();
            for (text, agent) in rows.lines().filter_map(|row| row.split_once(" | ")) {
                let context = Context { named: Some(&named), ..Context::default() };
                let found = picked(text, context);
                *count += 1;
                if found != format!("{pool}/{agent}") {
                    wrong.push(format!("{text}: {found}, not {agent}"));
                }
            }
        }
        assert_eq!(counts.len(), 4);
        for (pool, (count, wrong)) in counts {
            let right = count - wrong.len();
            assert!(
                count >= 20 && right * 100 >= 85 * count,
                "{pool}: {right} of {count} {wrong:?}"
            );
        }
    }

    #[test]
    fn a_message_gets_the_agent_that_it_names() {
        for (text, expected) in [
            ("ask the triage agent whether a cold shower is good for me", "healthcare/triage"),
            ("As the planner: is gold a good idea?", "financial/planner"),
            ("odds: who has won most cups?", "sports/odds"),
            ("what does the growth agent say about our invoices?", "business/growth"),
            ("Hey wellness, my knee hurts", "healthcare/wellness"),
            ("the growth of plants in spring, how fast is it?", "general/-"),
            ("as the odds rise, who wins the league?", "sports/odds"),
        ] {
            assert_eq!(picked(text, Context::default()), expected, "{text}");
        }
        let choice = ROUTER.choose("ask the triage agent about it", Context::default());
        assert_eq!(choice.explain(), "healthcare: the message asks for the triage agent.");
    }

    #[test]
    fn a_message_goes_to_the_pool_that_it_names() {
        for (text, expected) in [
            ("ask the business pool about taxes", "business"),
            ("ask business about taxes", "business"),
            ("Ask the business pool: what are taxes?", "business"),
            ("business: what are taxes?", "business"),
            ("could you ask our healthcare pool whether taxes make ill?", "healthcare"),
            ("general: what are taxes?", "general"),
        ] {
            assert_eq!(ROUTER.choose(text, Context::default()).pool.as_str(), expected, "{text}");
        }
        for text in ["ask business owners about taxes", "business, as usual, is slow"] {
            assert!(!is_asked(&opening(text), "business"), "{text}");
        }
        let pinned = PoolName::from("sports");
        let choice = ROUTER.choose(
            "ask business about taxes",
            Context { pinned: Some(&pinned), ..Context::default() },
        );
        assert_eq!(
            choice.explain().split(';').next(),
            Some("business: the message asks for business")
        );
        let named = Context { named: Some(&pinned), ..Context::default() };
        assert_eq!(ROUTER.choose("business: taxes", named).pool, pinned);
    }

    /// The pool, the agent and the name of its rule, with what is known around the message.
    #[test]
    fn what_is_pinned_or_answered_before_goes_on() {
        let (pool, general) = (PoolName::from("healthcare"), PoolName::from("general"));
        let (medication, gone) = (AgentName::from("medication"), AgentName::from("gone"));
        let before =
            Context { last: Some(&pool), last_agent: Some(&medication), ..Context::default() };
        let pinned =
            Context { pinned: Some(&pool), pinned_agent: Some(&medication), ..Context::default() };
        let without = Context { pinned_agent: Some(&gone), ..pinned };
        let named = Context { agent: Some(&medication), ..Context::default() };
        let elsewhere = Context { named: Some(&general), ..named };
        let in_pool = Context { named: Some(&pool), ..Context::default() };
        for (text, context, expected) in [
            ("and for children?", before, "healthcare/medication"),
            ("thanks, and how long does that take?", before, "healthcare/medication"),
            ("ok, and a breakfast against stress and poor sleep?", before, "healthcare/wellness"),
            ("my chest hurts", pinned, "healthcare/medication"),
            ("ask the triage agent: my chest hurts", pinned, "healthcare/triage"),
            ("ask the odds agent: will I live?", pinned, "healthcare/medication"),
            ("my chest hurts", without, "healthcare/triage"),
            ("hello", named, "healthcare/medication"),
            ("hello", elsewhere, "general/medication"),
            ("", in_pool, "healthcare/triage"),
            ("ask the wellness agent: my chest hurts", in_pool, "healthcare/wellness"),
            ("", Context::default(), "general/-"),
        ] {
            assert_eq!(picked(text, context), expected, "{text}");
        }
    }

    #[test]
    fn the_reason_names_the_words() {
        let named = PoolName::from("sports");
        let context = Context { named: Some(&named), ..Context::default() };
        for (text, expected) in [
            ("the odds for the derby", "odds answers, since `odds` speaks for it"),
            ("and?", "statistician answers, since nothing in it speaks for another"),
        ] {
            let because = ROUTER.choose(text, context).routing.because;
            assert_eq!(*because, format!("the message asks for sports; {expected}"), "{text}");
        }
    }
}
