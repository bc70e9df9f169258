//! What a text says to the question that stands open.

use super::meaning::Wish;
use crate::{
    intent::{self, A_NUMBER},
    model::Offer,
};

/// What agrees.
const YES: &[&str] = &[
    "yes",
    "y",
    "yep",
    "yup",
    "yeah",
    "sure",
    "of course",
    "certainly",
    "absolutely",
    "definitely",
    "ok",
    "okay",
    "do it",
    "do that",
    "please do",
    "go ahead",
    "go for it",
    "proceed",
    "confirm",
    "confirmed",
    "i confirm",
    "correct",
    "right",
    "exactly",
    "thats right",
    "that is right",
    "thats correct",
    "that is correct",
    "agreed",
    "i agree",
];
/// What may stand behind it.
const YES_BEHIND: &[&str] =
    &["please", "pls", "thanks", "thank", "thx", "you", "do", "it", "that", "now", "then"];
/// What does not agree.
const NO: &[&str] = &[
    "no",
    "n",
    "nope",
    "cancel",
    "stop",
    "dont",
    "dont do it",
    "dont do that",
    "do not",
    "do not do it",
    "please dont",
    "rather not",
    "better not",
    "not now",
    "not yet",
    "leave it",
    "forget it",
    "never mind",
    "nevermind",
    "none",
    "neither",
];
/// What may stand behind it; with `it` behind, `cancel` may be the very thing that was asked.
const NO_BEHIND: &[&str] = &["please", "pls", "thanks", "thank", "thx", "you"];

/// What may stand around a number, or around one of the choices.
const AROUND: &[&str] = &[
    "a",
    "the",
    "number",
    "nr",
    "task",
    "worker",
    "workers",
    "conversation",
    "pool",
    "agent",
    "priority",
    "it",
    "its",
    "is",
    "make",
    "to",
    "just",
    "only",
    "rather",
    "please",
    "pls",
    "thanks",
    "thx",
];

/// What the text says to those offers; `None` where it answers something else.
pub(super) fn answer(text: &str, offers: &[Offer]) -> Option<Wish> {
    let said = words(text);
    offers.iter().find_map(|offer| taken(offer, &said))
}

/// What the offer comes to, where it is what was said.
fn taken(offer: &Offer, said: &[String]) -> Option<Wish> {
    let run = offer.run.as_deref();
    let meant = match &*offer.say {
        "yes" => means(said, YES, YES_BEHIND),
        "no" | "cancel" => means(said, NO, NO_BEHIND),
        A_NUMBER => {
            let (before, number) = (run?.strip_suffix(A_NUMBER)?, number(said)?);
            return carry_out(&format!("{before}{number}"));
        }
        say => {
            let choice = bare(&words(say)).join(" ");
            !choice.is_empty() && (words(say) == said || bare(said).join(" ") == choice)
        }
    };
    if !meant {
        return None;
    }
    run.map_or(Some(Wish::Leave), carry_out)
}

fn carry_out(run: &str) -> Option<Wish> {
    intent::slash(run)?.ok().map(Wish::from)
}

/// It begins with one of these phrases, and has nothing else but more of them and what may stand behind.
fn means(said: &[String], phrases: &[&str], behind: &[&str]) -> bool {
    let begun = |rest: &[String]| {
        let fits = |phrase: &&&str| {
            let mut words = rest.iter();
            phrase.split(' ').all(|word| words.next().is_some_and(|said| said == word))
        };
        phrases.iter().filter(fits).map(|phrase| phrase.split(' ').count()).max()
    };
    let Some(mut at) = begun(said) else { return false };
    while let Some(rest @ [next, ..]) = said.get(at..) {
        match begun(rest) {
            Some(count) => at += count,
            None if behind.contains(&next.as_str()) => at += 1,
            None => return false,
        }
    }
    true
}

/// The only number; `no, 12` names another one.
fn number(said: &[String]) -> Option<u32> {
    let said = match said {
        [no, rest @ ..] if no == "no" => rest,
        said => said,
    };
    match bare(said).as_slice() {
        [number] => whole(number),
        _ => None,
    }
}

/// `7`, `#7`, `4,096` or `seven`.
fn whole(word: &str) -> Option<u32> {
    let mut groups = word.split(',');
    let first = groups.next()?;
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    if !first.is_empty() && digits(first) && groups.all(|more| more.len() == 3 && digits(more)) {
        return word.replace(',', "").parse().ok();
    }
    intent::number_called(word)
}

/// The words without those that may stand around.
fn bare(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).filter(|word| !AROUND.contains(word)).collect()
}

/// In lower case, without marks around them and apostrophes in them.
fn words(text: &str) -> Vec<String> {
    let mark = |c: char| matches!(c, '.' | '!' | '?' | ',' | ';' | ':' | '"' | '“' | '”' | '#');
    let plain = |word: &str| word.trim_matches(mark).to_lowercase().replace(['\'', '’', '‘'], "");
    text.split_whitespace().map(plain).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an answer comes to where these are the offers: what to say, and what it does.
    fn check(offers: &[(&str, &str)], text: &str, expect: Option<&str>) {
        let offer = |(say, run): &(&str, &str)| Offer {
            say: (*say).into(),
            run: Some(*run).filter(|run| !run.is_empty()).map(Into::into),
        };
        let offers: Vec<Offer> = offers.iter().map(offer).collect();
        let wish = answer(text, &offers).map(|wish| match wish {
            Wish::Do { operation, agreed } => format!("{operation} {agreed}"),
            Wish::Leave => "leave".to_owned(),
            Wish::Clarify(_) => "clarify".to_owned(),
        });
        assert_eq!(wish.as_deref(), expect, "{text}");
    }

    #[test]
    fn an_answer_agrees_declines_or_is_something_else() {
        let offers = [("yes", "/delete 3 --yes"), ("no", "")];
        for text in [
            "yes",
            "Yes!",
            " y ",
            "go ahead.",
            "“OK”",
            "yes, please",
            "yes please, thank you",
            "Yes, do it.",
            "do it please",
            "correct",
            "that’s right",
            "yes yes, go ahead",
        ] {
            check(&offers, text, Some("/delete 3 true"));
        }
        for text in ["no", "No.", "never mind", "don't", "no, thanks", "cancel", "no, don’t do it"]
        {
            check(&offers, text, Some("leave"));
        }
        for text in [
            "yes or no, which is it?",
            "yesterday",
            "",
            "what is a no-ball?",
            "cancel it",
            "yes and what is the capital of France?",
            "please",
            "12",
            "no, 12",
        ] {
            check(&offers, text, None);
        }
    }

    #[test]
    fn a_lone_number_fills_the_hole() {
        let offers = [("yes", "/scale sports 7 --yes"), ("no", ""), ("N", "/scale sports N")];
        for text in ["12", "no, 12", "#12", "12 workers, please", "twelve", "make it 12"] {
            check(&offers, text, Some("/scale sports 12 false"));
        }
        check(&offers, "4,096", Some("/scale sports 4096 false"));
        check(&offers, "no", Some("leave"));
        check(&offers, "n", Some("leave"));
        check(&offers, "yes, please", Some("/scale sports 7 true"));
        for text in ["-5", "4.5", "12 or 13", "99999999999", "12 months", "+3", "1,00"] {
            check(&offers, text, None);
        }
    }

    #[test]
    fn a_choice_may_be_said_with_what_it_is() {
        let offers = [
            ("this one", "/delete current"),
            ("the last one", "/delete last"),
            ("sports", "/pool sports"),
            ("cancel", ""),
        ];
        for (text, expect) in [
            ("This one.", Some("/delete current false")),
            ("the last one, please", Some("/delete last false")),
            ("sports", Some("/pool sports false")),
            ("the sports pool", Some("/pool sports false")),
            ("cancel", Some("leave")),
            ("no", Some("leave")),
            ("the pool", None),
            ("sports news", None),
        ] {
            check(&offers, text, expect);
        }
    }
}
