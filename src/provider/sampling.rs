//! Which models take a temperature, and which an effort: sending the wrong one is refused.

use super::Request;

/// What of a pool's style the model takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampling<'a> {
    pub(super) temperature: Option<f32>,
    pub(super) effort: Option<&'a str>,
}

/// What a model's name tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thinks {
    /// It reasons: an effort, and a temperature only where the effort is none.
    Yes,
    /// It does not: a temperature, no effort.
    No,
    /// Some compatible server's model.
    Unknown,
}

impl<'a> Sampling<'a> {
    /// For Responses: a model that we do not know takes what the pool says.
    pub(super) fn of_responses(request: &'a Request) -> Self {
        Self::of(request, true)
    }

    /// For Chat Completions: an effort only where the model is known to take one, since
    /// compatible servers refuse what they do not know.
    pub(super) fn of_chat(request: &'a Request) -> Self {
        Self::of(request, thinks(&request.model) == Thinks::Yes)
    }

    /// For Messages: a temperature up to the fourth generation; thinking is adaptive, without a
    /// budget.
    pub(super) fn of_messages(request: &'a Request) -> Self {
        let takes = generation(&request.model).is_none_or(|generation| generation < 5);
        let temperature = request.style.temperature.filter(|_| takes);
        Self { temperature: temperature.map(|heat| heat.clamp(0.0, 1.0)), effort: None }
    }

    fn of(request: &'a Request, effort_taken: bool) -> Self {
        let thinks = thinks(&request.model);
        let effort = request.style.effort.as_deref();
        let effort = effort.filter(|_| effort_taken && thinks != Thinks::No);
        let cool = match thinks {
            Thinks::Yes => effort == Some("none"),
            Thinks::No => true,
            Thinks::Unknown => effort.is_none_or(|effort| effort == "none"),
        };
        Self { temperature: request.style.temperature.filter(|_| cool), effort }
    }
}

/// Whether the model wants `max_completion_tokens`: those that reason refuse `max_tokens`.
pub(super) fn reasons(model: &str) -> bool {
    thinks(model) == Thinks::Yes
}

fn thinks(model: &str) -> Thinks {
    // A gateway such as OpenRouter puts the vendor before the name.
    let name = model.rsplit('/').next().unwrap_or(model);
    let begins = |families: &[&str]| families.iter().any(|family| name.starts_with(family));
    if begins(&["gpt-5", "gpt-6", "o1", "o3", "o4"]) {
        Thinks::Yes
    } else if begins(&["gpt-4", "gpt-3.5", "chatgpt-"]) {
        Thinks::No
    } else {
        Thinks::Unknown
    }
}

/// `claude-opus-5-5` and `claude-3-5-haiku` are of the fifth and third; others of none we know.
fn generation(model: &str) -> Option<u32> {
    model.strip_prefix("claude-")?.split('-').find_map(|part| part.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::request;

    /// Model, effort; whether temperature and effort go out in Responses, Chat, Messages.
    type Row = (&'static str, Option<&'static str>, [(bool, bool); 3]);

    #[test]
    fn a_model_is_sent_only_what_it_takes() {
        let rows: [Row; 8] = [
            ("gpt-6-luna", Some("low"), [(false, true), (false, true), (true, false)]),
            ("gpt-6-luna", Some("none"), [(true, true), (true, true), (true, false)]),
            ("gpt-6-luna", None, [(false, false), (false, false), (true, false)]),
            ("gpt-4o-mini", Some("low"), [(true, false), (true, false), (true, false)]),
            ("openai/o3", Some("low"), [(false, true), (false, true), (true, false)]),
            ("llama3.2", Some("low"), [(false, true), (true, false), (true, false)]),
            ("claude-sonnet-5-5", None, [(true, false), (true, false), (false, false)]),
            ("claude-haiku-4-5-20251001", None, [(true, false), (true, false), (true, false)]),
        ];
        for (model, effort, expected) in rows {
            let mut request = request(&[]);
            request.model = model.into();
            request.style.effort = effort.map(Into::into);
            request.style.temperature = Some(0.5);
            let sent =
                [Sampling::of_responses, Sampling::of_chat, Sampling::of_messages].map(|of| {
                    let sampling = of(&request);
                    (sampling.temperature.is_some(), sampling.effort.is_some())
                });
            assert_eq!(sent, expected, "{model} {effort:?}");
        }
    }
}
