//! A text as a row of meanings, and what can be asked of it.

use std::{ops::Range, sync::Arc};

use super::{
    concepts::{
        A, AGENT, ASKED, BACKGROUND, BE, BY, CHAT, COMPONENT, CREW, Concepts, DEMO, DO, FOR, GLUE,
        HAIL, HISTORY, HOW, I, IN, JOB, LAST, NAMED, NUMBER, PERIOD, PLEASE, PLURAL, POOL, QUEUE,
        ROLE, SEARCHING, SEND, SET, SHOW, STANDING, START, TASK, TO, UNIT, URGENCY, Value, WHAT,
        WHERE, WHY, WORKER,
    },
    lexicon::{COMMANDS, Meaning},
    metrics,
    slots::{Component, Period, Priority, TaskStatus, Unit},
    times,
    vocabulary::Vocabulary,
    words::{self, Place, Words},
};
use crate::{
    limits::MISSPELT_WORDS_MAX,
    model::{AgentName, Metric, PoolName},
};

/// A word or a phrase with its meaning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub(super) meaning: Meaning,
    pub(super) place: Place,
}

impl Term {
    pub(super) fn is(&self, concepts: Concepts) -> bool {
        self.meaning.concepts.meets(concepts)
    }
}

/// A text as a row of meanings.
#[derive(Debug)]
pub(super) struct Sentence<'t> {
    pub(super) text: &'t str,
    pub(super) terms: Vec<Term>,
    pub(super) vocabulary: &'t Vocabulary,
    /// How many words had to be repaired.
    pub(super) repaired: usize,
    repairs: usize,
    /// It is more, or has other signs, than a command without a free text.
    open: bool,
    cut: bool,
    unknown: usize,
    present: Concepts,
}

impl<'t> Sentence<'t> {
    /// Misspelt words are looked for only where something speaks for a command.
    pub(super) fn read(text: &'t str, vocabulary: &'t Vocabulary) -> Self {
        let words = Words::of(text);
        let sentence = Self::of(text, vocabulary, &words, 0);
        if sentence.unknown == 0 || sentence.is_hopeless() {
            return sentence;
        }
        Self::of(text, vocabulary, &words, MISSPELT_WORDS_MAX)
    }

    fn of(text: &'t str, vocabulary: &'t Vocabulary, words: &Words, repairs: usize) -> Self {
        let mut sentence = Self {
            text,
            terms: Vec::with_capacity(words.len()),
            vocabulary,
            repaired: 0,
            repairs,
            open: words.cut || words.strange,
            cut: words.cut,
            unknown: 0,
            present: Concepts::NONE,
        };
        let mut at = 0;
        while let Some(token) = words.get(at) {
            let (meaning, count) = sentence.meaning(words, at);
            let end = words.get(at + count - 1).map_or(token.place.end, |last| last.place.end);
            sentence.terms.push(Term { meaning, place: Place { end, ..token.place } });
            sentence.present |= meaning.concepts;
            sentence.unknown += usize::from(meaning.concepts == Concepts::NONE);
            at += count;
            if sentence.is_hopeless() {
                sentence.open = true;
                return sentence;
            }
        }
        times::combine(text, &mut sentence.terms);
        sentence.leave_out_greetings();
        sentence.present = Concepts::NONE;
        for (at, term) in sentence.terms.iter().enumerate() {
            sentence.present |= term.meaning.concepts;
            sentence.open |= term.meaning.concepts == Concepts::NONE
                || (term.meaning.concepts == NAMED && !sentence.is_name(at));
        }
        sentence
    }

    /// `hey operator, …`: what comes first then tells more.
    fn leave_out_greetings(&mut self) {
        let hails = self.terms.iter().take_while(|term| term.is(HAIL)).count();
        if hails < self.terms.len() {
            self.terms.drain(..hails);
        }
    }

    /// Too many words mean nothing, and what came before opens no free text.
    fn is_hopeless(&self) -> bool {
        let apart = |term: &Term| matches!(term.place.mark, ':' | '"');
        self.unknown >= UNKNOWN_WORDS && !self.has(OPENING) && !self.terms.iter().any(apart)
    }

    /// What the phrase at that word means, and how many words it has.
    fn meaning(&mut self, words: &Words, at: usize) -> (Meaning, usize) {
        let Some(token) = words.get(at) else { return (Meaning::default(), 1) };
        if let Ok(number) = token.text.parse() {
            let meaning = Meaning { concepts: NUMBER, value: Value::Number(number), named: None };
            return (meaning, 1);
        }
        if let Some(found) = self.look_up(words, at, token.text) {
            return found;
        }
        if is_adverb(token.text) {
            return (Meaning { concepts: GLUE, ..Meaning::default() }, 1);
        }
        if self.repaired == self.repairs || self.unknown >= UNKNOWN_WORDS {
            return (Meaning::default(), 1);
        }
        let named = || self.vocabulary.lexicon.meant(words, at, token.text);
        let meant = COMMANDS.meant(words, at, token.text).or_else(named);
        let Some(found) = meant.and_then(|meant| self.look_up(words, at, meant)) else {
            return (Meaning::default(), 1);
        };
        self.repaired += 1;
        found
    }

    fn look_up(&self, words: &Words, at: usize, first: &str) -> Option<(Meaning, usize)> {
        let command = COMMANDS.longest(words, at, first);
        let name = self.vocabulary.lexicon.longest(words, at, first);
        match (command, name) {
            (Some((command, words)), Some((name, more))) if words == more => {
                let concepts = command.concepts | name.concepts;
                Some((Meaning { concepts, named: name.named, ..command }, words))
            }
            (Some((_, words)), Some((_, more))) if words < more => name,
            (Some(command), _) => Some(command),
            (None, name) => name,
        }
    }

    // ---- what it has ----------------------------------------------------------------------

    pub(super) fn has(&self, concepts: Concepts) -> bool {
        self.present.meets(concepts)
    }

    /// Every word is explained by one of these, or binds.
    pub(super) fn only(&self, concepts: Concepts) -> bool {
        let explained = concepts | GLUE;
        !self.open && self.terms.iter().all(|term| term.is(explained))
    }

    /// Every word around those terms is explained by one of these, or binds.
    pub(super) fn only_around(&self, inside: &Range<usize>, concepts: Concepts) -> bool {
        let explained = concepts | GLUE;
        let mut terms = self.terms.iter().enumerate();
        !self.open && terms.all(|(at, term)| inside.contains(&at) || term.is(explained))
    }

    /// Has it, and nothing else but what binds.
    pub(super) fn bare(&self, concepts: Concepts) -> bool {
        self.has(concepts) && self.only(concepts)
    }

    pub(super) fn position(&self, concepts: Concepts) -> Option<usize> {
        self.terms.iter().position(|term| term.is(concepts))
    }

    pub(super) fn is_at(&self, at: usize, concepts: Concepts) -> bool {
        self.terms.get(at).is_some_and(|term| term.is(concepts))
    }

    /// It begins with a term of that kind.
    pub(super) fn opens(&self, concepts: Concepts) -> bool {
        self.is_at(0, concepts)
    }

    /// It is a question: something is asked for, not wanted.
    pub(super) fn asks(&self) -> bool {
        self.opens(BE | WHAT | WHY | HOW | WHERE) || (self.opens(DO) && !self.opens(START | SET))
    }

    /// `tell me when it is so`, which is no wish to see how it is now.
    pub(super) fn waits_for(&self) -> bool {
        let told = |at: &usize| {
            let to = usize::from(self.is_at(at + 1, I));
            self.is_at(*at, SHOW | SEND) && ["when", "whenever"].contains(&&*self.word(at + 1 + to))
        };
        let past = ["was", "were", "did", "had", "started"];
        (0..self.terms.len()).any(|at| told(&at))
            && !(0..self.terms.len()).any(|at| past.contains(&&*self.word(at)))
    }

    /// There is more than one of that kind.
    pub(super) fn several(&self, concepts: Concepts) -> bool {
        self.terms.iter().any(|term| term.is(concepts) && term.is(PLURAL))
    }

    /// The mark before that term.
    pub(super) fn mark_at(&self, at: usize) -> char {
        self.terms.get(at).map_or(' ', |term| term.place.mark)
    }

    /// A minus stands directly before that number, and nothing before the minus.
    pub(super) fn is_signed(&self, at: usize) -> bool {
        let start = self.terms.get(at).map_or(0, |term| term.place.start);
        let mut before = self.text.get(..start).unwrap_or_default().chars().rev().map(words::plain);
        before.next() == Some('-') && before.next().is_none_or(char::is_whitespace)
    }

    /// That term as it was written, in lower case.
    pub(super) fn word(&self, at: usize) -> String {
        let place = self.terms.get(at).map(|term| term.place);
        let word = place.and_then(|place| self.text.get(place.start..place.end));
        word.unwrap_or_default().to_lowercase()
    }

    /// Its terms without the thanks behind them.
    pub(super) fn core(&self) -> &[Term] {
        let thanks = self.terms.iter().rev().take_while(|term| term.is(PLEASE)).count();
        self.terms.get(..self.terms.len() - thanks).unwrap_or_default()
    }

    /// Terms of these kinds stand one behind the other somewhere.
    pub(super) fn row(&self, kinds: &[Concepts]) -> bool {
        self.terms.windows(kinds.len()).any(|row| fits(row, kinds))
    }

    /// They stand there.
    pub(super) fn row_at(&self, at: usize, kinds: &[Concepts]) -> bool {
        self.terms.get(at..at + kinds.len()).is_some_and(|row| fits(row, kinds))
    }

    /// It begins with terms of these kinds.
    pub(super) fn begins(&self, kinds: &[Concepts]) -> bool {
        self.terms.get(..kinds.len()).is_some_and(|row| fits(row, kinds))
    }

    // ---- its text -------------------------------------------------------------------------

    /// A mark or a line sets that term apart from what is before it.
    pub(super) fn is_apart(&self, at: usize) -> bool {
        let joined = self.terms.get(at).is_some_and(|term| term.place.joined);
        match self.mark_at(at) {
            ':' | '"' | '\n' => true,
            '-' => !joined,
            _ => false,
        }
    }

    /// That term means nothing to the gateway.
    pub(super) fn is_unknown(&self, at: usize) -> bool {
        let nothing = |term: &Term| matches!(term.meaning.concepts, Concepts::NONE | ROLE);
        self.terms.get(at).is_some_and(nothing)
    }

    /// The text of those terms, as it was written, without quotation marks around it.
    pub(super) fn between(&self, from: usize, to: usize) -> &'t str {
        let Some(first) = self.terms.get(from) else { return "" };
        let end = self.terms.get(to).map_or(self.text.len(), |behind| behind.place.start);
        let text = self.text.get(first.place.start..end).unwrap_or_default();
        words::unquoted(text.trim().trim_end_matches([',', ';', ':', ' ', '(', '"', '“', '„']))
    }

    /// It has that very word.
    pub(super) fn says(&self, word: &str) -> bool {
        (0..self.terms.len()).any(|at| self.between(at, at + 1).eq_ignore_ascii_case(word))
    }

    /// What stands between quotation marks, where that term has one before it, and the term that
    /// follows behind.
    pub(super) fn quoted(&self, at: usize) -> Option<(&'t str, usize)> {
        let start = self.terms.get(at)?.place.start;
        let (before, text) = self.text.split_at_checked(start)?;
        let quote = before.chars().next_back().map(words::plain).filter(|c| words::is_quote(*c))?;
        let closes = |(at, c): &(usize, char)| {
            let next = text.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
            words::plain(*c) == quote && !next.is_some_and(char::is_alphanumeric)
        };
        let end = text.char_indices().find(closes).map_or(text.len(), |(at, _)| at);
        let behind = self.terms.iter().position(|term| term.place.start >= start + end);
        Some((text.get(..end)?.trim(), behind.unwrap_or(self.terms.len())))
    }

    /// There is more text than its terms.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }

    /// It has more than the words of commands, which only a free text may.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    // ---- its slots ------------------------------------------------------------------------

    pub(super) fn numbers(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.terms.iter().enumerate().filter_map(|(at, term)| match term.meaning.value {
            Value::Number(number) if term.is(NUMBER) => Some((at, number)),
            _ => None,
        })
    }

    /// It has a number that is marked as one: `#12`.
    pub(super) fn has_marked_number(&self) -> bool {
        self.terms.iter().any(|term| term.is(NUMBER) && term.place.mark == '#')
    }

    /// The only number.
    pub(super) fn number(&self) -> Option<u32> {
        let mut numbers = self.numbers();
        numbers.next().map(|(_, number)| number).filter(|_| numbers.next().is_none())
    }

    /// That number tells how many of those things there are: `3 tasks`, `5 of the failed tasks`.
    pub(super) fn counts(&self, at: usize, things: Concepts) -> bool {
        let stops = things | NUMBER | IN | FOR | TO;
        let Some(thing) = (at + 1..self.terms.len()).find(|at| self.is_at(*at, stops)) else {
            return false;
        };
        let several = self.is_at(thing, PLURAL) || thing == at + 1;
        self.is_at(thing, things) && several && !self.is_at(thing + 1, NUMBER)
    }

    /// That number sets a bound: `before 67`, `the last two`, and `at 8`, which is an hour.
    pub(super) fn bounds(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let from = self.is_at(before, IN) && self.row_at(at + 1, &[TO, NUMBER]);
        self.is_at(before, LAST | IN | BY) && !from
    }

    pub(super) fn status(&self) -> Option<TaskStatus> {
        self.value(STANDING, |value| match value {
            Value::Status(status) => Some(status),
            _ => None,
        })
    }

    /// Each status that is named, once.
    pub(super) fn statuses(&self) -> Vec<TaskStatus> {
        let mut named = Vec::new();
        for term in self.terms.iter().filter(|term| term.is(STANDING)) {
            if let Value::Status(status) = term.meaning.value
                && !named.contains(&status)
            {
                named.push(status);
            }
        }
        named
    }

    pub(super) fn priority(&self) -> Option<Priority> {
        self.value(URGENCY, |value| match value {
            Value::Priority(priority) => Some(priority),
            _ => None,
        })
    }

    pub(super) fn priority_at(&self, at: usize) -> Option<Priority> {
        match self.terms.get(at)?.meaning.value {
            Value::Priority(priority) => Some(priority),
            _ => None,
        }
    }

    pub(super) fn component(&self) -> Option<Component> {
        self.value(COMPONENT, |value| match value {
            Value::Component(component) => Some(component),
            _ => None,
        })
    }

    /// What is measured that it names, and the terms of the name.
    pub(super) fn measured(&self) -> Option<(Metric, Range<usize>)> {
        let words = Words::of(self.text);
        let (measured, named) = metrics::among(&words)?;
        let place = |at| words.get(at).map(|word| word.place);
        let (first, last) = (place(named.start)?, place(named.end - 1)?);
        let inside = |term: &Term| first.start <= term.place.start && term.place.end <= last.end;
        let from = self.terms.iter().position(inside)?;
        let count = self.terms.iter().skip(from).take_while(|term| inside(term)).count();
        Some((measured.drawn()?, from..from + count))
    }

    pub(super) fn period(&self) -> Option<Period> {
        let period = self.value(PERIOD, |value| match value {
            Value::Period(period) => Some(period),
            _ => None,
        })?;
        let at = self.position(PERIOD)?;
        let since = at > 0 && self.word(at - 1) == "since";
        // Up to now, which the day itself is not.
        Some(match period {
            Period::Yesterday if since => Period::Past(2, Unit::Day),
            Period::Last(unit) if since => Period::Past(2, unit),
            period => period,
        })
    }

    /// The stretches of time that it names, in seconds.
    pub(super) fn seconds(&self) -> impl Iterator<Item = u32> + '_ {
        self.terms.iter().filter_map(|term| match term.meaning.value {
            Value::Seconds(seconds) if term.is(UNIT) => Some(seconds),
            _ => None,
        })
    }

    /// The pool that is named; the last one, since one comes from the others.
    pub(super) fn pool(&self) -> Option<PoolName> {
        (0..self.terms.len()).rev().filter(|at| self.is_name(*at)).find_map(|at| self.pool_at(at))
    }

    /// More than one of them is named.
    pub(super) fn names_several_pools(&self) -> bool {
        let last = self.pool();
        let named = (0..self.terms.len()).filter(|at| self.is_name(*at));
        named.filter_map(|at| self.pool_at(at)).any(|pool| Some(pool) != last)
    }

    /// The pool that this term can name.
    pub(super) fn pool_at(&self, at: usize) -> Option<PoolName> {
        self.vocabulary.pool(self.terms.get(at)?.meaning.named?)
    }

    /// An agent that is called one, and the pools that have it: `the odds agent`.
    pub(super) fn agent(&self) -> Option<&(AgentName, Vec<PoolName>)> {
        let called = |at: &usize| {
            let beside = self.is_at(at + 1, AGENT) || (*at > 0 && self.is_at(at - 1, AGENT));
            self.is_at(*at, ROLE) && beside && !(*at > 0 && self.is_at(at - 1, A))
        };
        self.agent_at((0..self.terms.len()).find(called)?)
    }

    /// The agent that this term names.
    pub(super) fn agent_at(&self, at: usize) -> Option<&(AgentName, Vec<PoolName>)> {
        let place = self.terms.get(at)?.place;
        let name = self.text.get(place.start..place.end)?.to_lowercase();
        self.vocabulary.agent(&name.replace('-', " "))
    }

    /// The name of a demonstration.
    pub(super) fn demo(&self) -> Option<Arc<str>> {
        let mut named = (0..self.terms.len()).filter(|at| self.is_name(*at));
        named.find_map(|at| self.vocabulary.demo(self.terms.get(at)?.meaning.named?))
    }

    /// Names that are also ordinary words are meant only beside what is called by a name.
    pub(super) fn is_name(&self, at: usize) -> bool {
        let Some(named) = self.terms.get(at).and_then(|term| term.meaning.named) else {
            return false;
        };
        let called = POOL | CREW | WORKER | DEMO | TASK | JOB | CHAT;
        !self.vocabulary.is_weak(named)
            || self.is_at(at + 1, called)
            || (at > 0 && self.is_at(at - 1, called))
    }

    /// The last one: `escalate task 5 to urgent` says better what is meant at its end.
    fn value<V>(&self, concept: Concepts, of: impl Fn(Value) -> Option<V>) -> Option<V> {
        let mut terms = self.terms.iter().rev().filter(|term| term.is(concept));
        terms.find_map(|term| of(term.meaning.value))
    }
}

/// So many words that mean nothing make a text chat, unless what came before opens a free text.
const UNKNOWN_WORDS: usize = 3;
const OPENING: Concepts =
    SEARCHING.or(ASKED).or(TASK).or(JOB).or(QUEUE).or(BACKGROUND).or(POOL).or(HISTORY);

/// `permanently`, but not `family`: how something is done changes no command.
fn is_adverb(word: &str) -> bool {
    let endings =
        ["ally", "antly", "ectly", "edly", "ely", "ently", "fully", "ively", "ously", "rly"];
    word.len() > 5 && endings.iter().any(|ending| word.ends_with(ending))
}

fn fits(row: &[Term], kinds: &[Concepts]) -> bool {
    row.iter().zip(kinds).all(|(term, kind)| term.is(*kind))
}
