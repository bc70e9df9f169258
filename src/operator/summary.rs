//! What a conversation was about, picked from its own sentences: no model is asked.

use std::collections::HashMap;

use crate::model::{FinishReason, Message, Role};

/// Sentences that are picked.
const POINTS_MAX: usize = 5;
/// Words that are named as topics.
const TOPICS_MAX: usize = 5;
/// Characters of a sentence that is shown.
const POINT_CHARS_MAX: usize = 160;
/// Letters of a word that can be a topic.
const TOPIC_LETTERS_MIN: usize = 4;

/// Words that say nothing about what a text is about.
const EMPTY: &[&str] = &[
    "about", "after", "again", "also", "another", "because", "been", "before", "being", "between",
    "both", "cannot", "could", "does", "doing", "done", "each", "either", "else", "even", "ever",
    "every", "from", "give", "goes", "have", "having", "here", "however", "into", "just", "know",
    "less", "like", "made", "make", "many", "maybe", "might", "more", "most", "much", "must",
    "need", "never", "only", "other", "over", "please", "same", "should", "since", "some", "still",
    "such", "take", "tell", "than", "thank", "thanks", "that", "their", "them", "then", "there",
    "these", "they", "thing", "things", "this", "those", "through", "time", "under", "until",
    "used", "very", "want", "well", "were", "what", "when", "where", "which", "while", "will",
    "with", "without", "would", "your", "yours",
];

/// What a conversation was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    /// The words that came up most.
    pub(super) topics: Vec<String>,
    /// What was asked and what was said to it, in their order.
    pub(super) points: Vec<String>,
}

impl Summary {
    /// For a person.
    pub(super) fn text(&self) -> String {
        let topics = match self.topics.as_slice() {
            [] => "no topic stands out.".to_owned(),
            topics => format!("about {}.", topics.join(", ")),
        };
        let points: Vec<String> = self.points.iter().map(|point| format!("\n- {point}")).collect();
        topics + &points.concat()
    }
}

/// Picks from messages, oldest first. Commands and their results are no part of what was said.
pub(super) fn of(messages: &[Message]) -> Summary {
    let commands: Vec<_> = messages
        .iter()
        .filter(|message| message.finish_reason == Some(FinishReason::Command))
        .filter_map(|message| message.parent)
        .collect();
    let spoken = messages.iter().filter(|message| {
        message.finish_reason != Some(FinishReason::Command) && !commands.contains(&message.id)
    });
    let sentences: Vec<(Role, &str)> = spoken
        .flat_map(|message| sentences(&message.text).map(move |text| (message.role, text)))
        .collect();
    let mut weights: HashMap<String, u32> = HashMap::new();
    for (_, sentence) in &sentences {
        for word in words(sentence) {
            *weights.entry(word).or_default() += 1;
        }
    }
    Summary { topics: topics(&weights), points: points(&sentences, &weights) }
}

fn topics(weights: &HashMap<String, u32>) -> Vec<String> {
    let mut ranked: Vec<(&String, u32)> = weights.iter().map(|(word, n)| (word, *n)).collect();
    ranked.sort_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    ranked.into_iter().take(TOPICS_MAX).map(|(word, _)| word.clone()).collect()
}

/// The sentences whose words came up most, in the order in which they were said. A question counts
/// double: it says what its answer is about.
fn points(sentences: &[(Role, &str)], weights: &HashMap<String, u32>) -> Vec<String> {
    let weigh = |(role, sentence): &(Role, &str)| {
        let (sum, count) = words(sentence)
            .filter_map(|word| weights.get(&word))
            .fold((0, 0_u32), |(sum, count), weight| (sum + weight, count + 1));
        // Neither a long sentence nor a single word is favoured.
        let even = f64::from(sum) / f64::from(count.max(4));
        if *role == Role::User { even * 2.0 } else { even }
    };
    let mut ranked: Vec<(usize, f64)> = sentences.iter().map(weigh).enumerate().collect();
    ranked.sort_by(|(at, a), (other, b)| b.total_cmp(a).then_with(|| at.cmp(other)));
    let mut picked: Vec<usize> = ranked.into_iter().take(POINTS_MAX).map(|(at, _)| at).collect();
    picked.sort_unstable();
    let told = picked.into_iter().filter_map(|at| sentences.get(at));
    told.map(|(role, sentence)| match role {
        Role::User => format!("You asked: {}", cut(sentence)),
        Role::Assistant => cut(sentence),
    })
    .collect()
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().flat_map(|line| line.split_inclusive(['.', '?', '!']));
    lines
        .map(str::trim)
        .filter(|sentence| sentence.chars().filter(|c| c.is_alphabetic()).count() > 2)
}

fn words(sentence: &str) -> impl Iterator<Item = String> {
    let words = sentence.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| {
        word.chars().count() >= TOPIC_LETTERS_MIN && EMPTY.binary_search(&word.as_str()).is_err()
    })
}

fn cut(sentence: &str) -> String {
    if sentence.chars().count() <= POINT_CHARS_MAX {
        return sentence.to_owned();
    }
    sentence.chars().take(POINT_CHARS_MAX).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConversationId, Timestamp, TurnId};

    fn message(role: Role, text: &str, finish_reason: Option<FinishReason>) -> Message {
        let (conversation, turn) = (ConversationId::new(), TurnId::new());
        let message = Message::new(conversation, turn, role, text.into(), Timestamp(0));
        Message { finish_reason, ..message }
    }

    #[test]
    fn the_empty_words_are_sorted() {
        assert!(EMPTY.is_sorted());
    }

    #[test]
    fn what_came_up_most_is_picked_in_its_order() {
        let said = [
            message(Role::User, "How do bond yields move?", None),
            message(
                Role::Assistant,
                "Bond yields fall when bond prices rise. The weather is fine.",
                None,
            ),
        ];
        let summary = of(&said);
        assert_eq!(summary.topics.first().map(String::as_str), Some("bond"));
        assert_eq!(summary.points.first().unwrap(), "You asked: How do bond yields move?");
        assert!(summary.text().starts_with("about bond, yields"), "{}", summary.text());
    }

    #[test]
    fn commands_are_no_part_of_it() {
        let asked = message(Role::User, "show the pools", None);
        let told = Message {
            parent: Some(asked.id),
            ..message(Role::Assistant, "pools: many", Some(FinishReason::Command))
        };
        assert_eq!(of(&[asked, told]), Summary { topics: Vec::new(), points: Vec::new() });
    }
}
