//! What the offline provider says, word by word.

use crate::provider::{Briefing, Item, Request, briefing::list};

/// Words of an answer, about, where the settings name no number.
const WORDS: usize = 150;
/// Characters of a message that are quoted back.
const QUOTE_CHARS_MAX: usize = 160;

/// The answer, each word with the space before it. `exactly`: so many words.
pub(super) fn words(
    request: &Request,
    exactly: Option<u32>,
) -> impl Iterator<Item = String> + use<> {
    let said = opening(request);
    let whole = || match request.items.last() {
        // Whatever is to be said of specialists has been said.
        Some(Item::Briefing(_)) => count(&said),
        _ => until_sentence(&said),
    };
    let count = exactly.map_or_else(whole, |words| words as usize);
    let spaced = |(at, paragraph): (usize, String)| {
        let words: Vec<_> = paragraph.split_whitespace().map(str::to_owned).collect();
        words.into_iter().enumerate().map(move |(word, text)| match (at, word) {
            (0, 0) => text,
            (_, 0) => format!("\n\n{text}"),
            _ => format!(" {text}"),
        })
    };
    let prose = GATEWAY.iter().map(|&paragraph| paragraph.to_owned()).cycle();
    said.into_iter().chain(prose).enumerate().flat_map(spaced).take(count)
}

/// About as many words as settled, up to the end of a paragraph.
fn until_sentence(said: &[String]) -> usize {
    let mut words = count(said);
    for paragraph in GATEWAY {
        if words >= WORDS {
            break;
        }
        words += paragraph.split_whitespace().count();
    }
    words
}

fn count(paragraphs: &[String]) -> usize {
    paragraphs.iter().map(|paragraph| paragraph.split_whitespace().count()).sum()
}

/// What is said in any case: that there is no model, and what arrived.
fn opening(request: &Request) -> Vec<String> {
    if let Some(Item::Briefing(briefing)) = request.items.last() {
        return brought_together(briefing, request.pool.as_str());
    }
    let (earlier, asked) = request.items.split_at(before_the_question(&request.items));
    let arrived = match asked.first() {
        Some(Item::User(text)) => format!("Your message arrived as {}.", quote(text)),
        _ => "No message arrived with this request.".to_owned(),
    };
    let found = found(asked);
    let found = (!found.is_empty()).then(|| found.join(" "));
    [NO_MODEL.to_owned()]
        .into_iter()
        .chain(found)
        .chain([format!("{arrived} {}", domain(request)), history(earlier)])
        .collect()
}

/// How many items came before the question that is to be answered.
fn before_the_question(items: &[Item]) -> usize {
    let is_asked = |item: &Item| matches!(item, Item::User(_) | Item::Briefing(_));
    items.iter().rposition(is_asked).unwrap_or(items.len())
}

/// Which tool has said what to the question.
fn found(asked: &[Item]) -> Vec<String> {
    let name = |id: &str| {
        asked.iter().find_map(|item| match item {
            Item::ToolCall(call) if *call.id == *id => Some(&*call.name),
            _ => None,
        })
    };
    let found = |item: &Item| match item {
        Item::ToolResult { call, output, failed } => {
            let (name, how) = (name(call)?, if *failed { "failed" } else { "answered" });
            Some(format!("The tool {name} {how}: {}.", quote(output)))
        }
        _ => None,
    };
    asked.iter().filter_map(found).collect()
}

/// What specialists have said, one after the other: there is no model to make one text of it.
fn brought_together(briefing: &Briefing, pool: &str) -> Vec<String> {
    let heard = list(briefing.heard().map(|(pool, _)| pool.to_string()));
    let asked = quote(&briefing.question);
    let mut said = vec![format!(
        "Your message {asked} was put to specialists, and {heard} answered. No model is connected, \
         so this offline provider, in the {pool} pool, only repeats who said what."
    )];
    said.extend(briefing.heard().map(|(pool, text)| format!("{pool} said: {}", quote(own(text)))));
    said.extend(briefing.missing().map(|(pool, code)| {
        format!("{pool} could not answer ({code}), so what it would have said is missing here.")
    }));
    said
}

/// What is this specialist's own in an answer of the offline provider; another's is its own.
fn own(text: &str) -> &str {
    text.find(ROUTED).and_then(|at| text.get(at..)).unwrap_or(text)
}

const ROUTED: &str = "It was routed to the";

const NO_MODEL: &str = "No model is connected: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or point \
    OPENAI_BASE_URL at any compatible server such as Ollama, and the next answer comes from it. \
    Until then this offline provider speaks; it knows nothing and makes nothing up.";

fn domain(request: &Request) -> String {
    let pool = request.pool.as_str();
    let would = match pool {
        "healthcare" => "symptoms, medicines and anatomy would be explained here, with care",
        "financial" => "markets, tax and savings would be weighed here, with the risks named",
        "sports" => "rules, results and line-ups would be looked up here",
        "business" => "plans, prices and processes would be worked through here",
        "general" => "whatever fits no other specialist would be answered here",
        _ => "the specialist that the settings describe would answer here",
    };
    match &request.agent {
        Some(agent) => format!("{ROUTED} {agent} agent of the {pool} pool: {would}."),
        None => format!("{ROUTED} {pool} pool: {would}."),
    }
}

/// What the conversation held before.
fn history(earlier: &[Item]) -> String {
    let said = |item: &Item| match item {
        Item::User(text) => Some(text.clone()),
        _ => None,
    };
    let messages = |item: &&Item| matches!(item, Item::User(_) | Item::Assistant(_));
    let count = earlier.iter().filter(messages).count();
    let Some(first) = earlier.iter().find_map(said) else {
        return "It opens this conversation: nothing was said before it.".to_owned();
    };
    let plural = if count == 1 { "message" } else { "messages" };
    let begun =
        format!("Before it this conversation held {count} {plural}, from {}", quote(&first));
    match earlier.iter().rev().find_map(said).filter(|last| *last != first) {
        Some(last) => format!("{begun} to {}.", quote(&last)),
        None => format!("{begun}."),
    }
}

fn quote(text: &str) -> String {
    let one_line: Vec<_> = text.split_whitespace().collect();
    let one_line = one_line.join(" ");
    let mut quoted: String = one_line.chars().take(QUOTE_CHARS_MAX).collect();
    if quoted.len() < one_line.len() {
        quoted.push('…');
    }
    format!("“{quoted}”")
}

const GATEWAY: [&str; 5] = [
    "Everything around the model is real, though. This text streams to you word by word over the \
     same path that a model's tokens take, and every reader of this conversation sees it grow.",
    "Close the connection and come back: the answer goes on without you, and you get exactly what \
     you missed, nothing lost and nothing twice.",
    "Your message was committed to disk before anybody saw it accepted, so it outlives the \
     connection, the process and the machine.",
    "One connection holds many conversations. Each is routed to the pool of specialists that fits \
     it, and you can pin a pool when you know better.",
    "Operators speak plain language here as well: ask for the status, pause a pool, or cancel an \
     answer, and the gateway does it and tells you what it did.",
];
