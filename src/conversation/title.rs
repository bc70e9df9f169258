//! What a conversation is called, made of its first question.

use std::sync::Arc;

/// Characters of a title at the most; a list of conversations shows one a line.
const CHARS_MAX: usize = 60;

/// How people begin before they say what they want, in lower case. Longer ones first.
const OPENINGS: &[&str] = &[
    "i was wondering if you could",
    "can you please tell me",
    "could you please",
    "could you tell me",
    "i would like to know",
    "i'd like to know",
    "can you tell me",
    "can you explain",
    "please tell me",
    "can you please",
    "i want to know",
    "good morning",
    "good evening",
    "could you",
    "would you",
    "tell me",
    "can you",
    "please",
    "hello",
    "hey",
    "hi",
];

/// A title for a conversation that begins with this question; none where that says nothing.
pub(super) fn of(question: &str) -> Option<Arc<str>> {
    let mut text = sentence(question);
    while let Some(rest) = without_opening(text) {
        text = rest;
    }
    let text = if text.is_empty() { sentence(question) } else { text };
    let mut words = text.split_whitespace();
    let mut title = capitalised(words.next()?);
    let mut chars = title.chars().count();
    for word in words {
        chars += 1 + word.chars().count();
        if chars > CHARS_MAX {
            title.push('…');
            break;
        }
        title.push(' ');
        title.push_str(word);
    }
    // One word can be longer than any title.
    if let Some((end, _)) = title.char_indices().nth(CHARS_MAX + 1) {
        title.truncate(end);
        title.push('…');
    }
    Some(title.trim_end_matches([',', ';', ':']).into())
}

/// The first sentence that says anything, without its end.
fn sentence(text: &str) -> &str {
    let ends = |c: char| matches!(c, '\n' | '?' | '!' | '。' | '？' | '！');
    let spoken = text.split(ends).flat_map(|line| line.split_inclusive(". "));
    let trimmed = spoken.map(|sentence| sentence.trim().trim_end_matches('.').trim());
    let says = |sentence: &&str| sentence.chars().filter(|c| c.is_alphanumeric()).count() > 3;
    trimmed
        .clone()
        .find(|s| says(s) && !is_opening(s))
        .or_else(|| trimmed.clone().find(says))
        .unwrap_or(text.trim())
}

fn is_opening(sentence: &str) -> bool {
    OPENINGS.iter().any(|opening| sentence.eq_ignore_ascii_case(opening))
}

/// The text after a way to begin, where it begins so.
fn without_opening(text: &str) -> Option<&str> {
    OPENINGS.iter().find_map(|opening| {
        let (start, rest) = text.split_at_checked(opening.len())?;
        let rest = rest.strip_prefix([' ', ',']).filter(|_| start.eq_ignore_ascii_case(opening))?;
        Some(rest.trim_start_matches([' ', ',']))
    })
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_what_the_first_question_is_about() {
        for (question, title) in [
            ("What is a rights issue?", "What is a rights issue"),
            ("hi", "Hi"),
            ("Hello! Can you tell me how bonds work? I am new to this.", "How bonds work"),
            ("hey, could you please explain offside", "Explain offside"),
            ("Please, please tell me why the sky is blue.", "Why the sky is blue"),
            ("v1.2 or v1.3. Which one", "V1.2 or v1.3"),
            ("  \n\nérable à sucre\n", "Érable à sucre"),
            ("痛い時は何を飲みますか？", "痛い時は何を飲みますか"),
            ("highlights of the match", "Highlights of the match"),
        ] {
            assert_eq!(of(question).as_deref(), Some(title), "{question:?}");
        }
        assert_eq!(of(" \n "), None);
    }

    #[test]
    fn a_title_is_short() {
        let long = of(&"seventeen ".repeat(20)).unwrap();
        assert_eq!(&*long, "Seventeen seventeen seventeen seventeen seventeen seventeen…");
        let endless = of(&"ß".repeat(500)).unwrap();
        assert!(endless.chars().count() <= CHARS_MAX + 2, "{endless}");
    }
}
