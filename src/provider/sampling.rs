//! Which models take a temperature, and which an effort: sending the wrong one is refused.

use super::Request;

/// What of a pool's style the model takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sampling<'a> {
    pub(super) temperature: Option<f32>,
    pub(super) effort: Option<&'a str>,
}

impl<'a> Sampling<'a> {
    /// For OpenAI and those who follow it: an effort only where the model is known to take one, since
    /// a server refuses it for others; a temperature, except where the model reasons with an effort.
    pub(super) fn of_openai(request: &'a Request) -> Self {
        let effort = request.style.effort.as_deref().filter(|_| reasons(&request.model));
        let cool = !reasons(&request.model) || effort == Some("none");
        Self { temperature: request.style.temperature.filter(|_| cool), effort }
    }

    /// For Messages: a temperature up to the fourth generation, whose thinking we do not ask for. Later
    /// ones always think, without a budget, and long unless they are told an effort.
    pub(super) fn of_messages(request: &'a Request) -> Self {
        let thinks = generation(&request.model).is_some_and(|generation| generation >= 5);
        let temperature = request.style.temperature.filter(|_| !thinks);
        let effort = request.style.effort.as_deref().filter(|_| thinks);
        Self {
            temperature: temperature.map(|heat| heat.clamp(0.0, 1.0)),
            effort: effort.map(|effort| if effort == "none" { "low" } else { effort }),
        }
    }
}

/// Whether it is one of OpenAI's models that reason. They refuse `max_tokens`, too, and want
/// `max_completion_tokens`.
pub(super) fn reasons(model: &str) -> bool {
    let families = ["gpt-5", "gpt-6", "o1", "o3", "o4"];
    families.iter().any(|family| bare(model).starts_with(family))
}

/// The name without the vendor's, which a gateway such as `OpenRouter` puts before it.
pub(super) fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

/// `claude-opus-5-5` and `claude-3.5-haiku` are of the fifth and third; others of none we know.
fn generation(model: &str) -> Option<u32> {
    let mut parts = bare(model).strip_prefix("claude-")?.split(['-', '.']);
    parts.find_map(|part| part.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::request;

    /// Model, effort; whether a temperature and which effort go out to OpenAI's kind and in Messages.
    type Row = (&'static str, Option<&'static str>, [(bool, Option<&'static str>); 2]);

    #[test]
    fn a_model_is_sent_only_what_it_takes() {
        let (low, none) = (Some("low"), Some("none"));
        let rows: [Row; 14] = [
            ("gpt-6-luna", low, [(false, low), (true, None)]),
            ("gpt-6-luna", none, [(true, none), (true, None)]),
            ("gpt-6-luna", None, [(false, None), (true, None)]),
            ("gpt-4o-mini", low, [(true, None), (true, None)]),
            ("openai/o3", low, [(false, low), (true, None)]),
            ("llama3.2", low, [(true, None), (true, None)]),
            ("openai/gpt-oss-20b", low, [(true, None), (true, None)]),
            ("claude-sonnet-5-5", None, [(true, None), (false, None)]),
            ("claude-sonnet-5-5", low, [(true, None), (false, low)]),
            ("claude-sonnet-5-5", none, [(true, None), (false, low)]),
            ("anthropic/claude-opus-5.5", low, [(true, None), (false, low)]),
            ("claude-haiku-4-5-20251001", low, [(true, None), (true, None)]),
            ("claude-3-5-haiku-20241022", low, [(true, None), (true, None)]),
            ("claude-sonnet-4.6", low, [(true, None), (true, None)]),
        ];
        for (model, effort, expected) in rows {
            let mut request = request(&[]);
            request.model = model.into();
            request.style.effort = effort.map(Into::into);
            request.style.temperature = Some(0.5);
            let sent = [Sampling::of_openai, Sampling::of_messages].map(|of| {
                let sampling = of(&request);
                (sampling.temperature.is_some(), sampling.effort)
            });
            assert_eq!(sent, expected, "{model} {effort:?}");
        }
    }
}
