//! What the tours show.

/// A tour.
pub(super) struct Demo {
    pub(super) name: &'static str,
    /// What it shows, in a line.
    pub(super) shows: &'static str,
    pub(super) steps: &'static [Step],
}

impl Demo {
    /// Whether the conversation goes to a pool of its choice behind that step.
    pub(super) fn has_pinned(&self, step: u32) -> bool {
        let done = self.steps.iter().zip(0..=step);
        let uses = done.filter_map(|(step, _)| step.runs.strip_prefix("/use "));
        uses.last().is_some_and(|pool| pool != "auto")
    }
}

/// Something that is said, and then really happens.
pub(super) struct Step {
    pub(super) say: &'static str,
    /// A slash command, or a message as the user would send it.
    pub(super) runs: &'static str,
}

/// The tour for whoever names none.
pub(super) const USUAL: &str = "gateway";

/// The tour of that name.
pub(super) fn demo(name: &str) -> Option<&'static Demo> {
    DEMOS.iter().find(|demo| demo.name == name)
}

/// What the tours are called.
pub fn names<'a>() -> impl Iterator<Item = &'a str> {
    DEMOS.iter().map(|demo| demo.name)
}

const fn step(say: &'static str, runs: &'static str) -> Step {
    Step { say, runs }
}

/// All tours.
pub(super) const DEMOS: &[Demo] = &[
    Demo {
        name: "gateway",
        shows: "operating the gateway by conversation",
        steps: &[
            step("First, how the gateway is. “status” says the same.", "/status"),
            step("These are the pools of specialists; each message finds its own.", "/pools"),
            step(
                "A question, and nobody is named.",
                "What is the difference between a stock and a bond?",
            ),
            step("Why did it go there?", "/why"),
            step("Now a switch: from here on the business pool answers.", "/use business"),
            step("The same conversation, another specialist.", "How do I price a first product?"),
            step("And back to each message finding its own.", "/use auto"),
            step(
                "Work can go on in the background; what comes of it is told here.",
                "/task submit --pool business draft an agenda for a first team meeting",
            ),
            step("How it stands.", "/tasks"),
            step("The status can be told now and then, and at once.", "/subscribe 2"),
            step("Enough of that.", "/unsubscribe"),
            step("What was all this about?", "/summary"),
            step("All conversations are kept, and can be found again.", "/conversations"),
        ],
    },
    Demo {
        name: "healthcare",
        shows: "a question to the healthcare pool, and a follow-up",
        steps: &[
            step(
                "A question about symptoms goes to healthcare by itself.",
                "I have had a dry cough and a mild fever for three days. What can I do?",
            ),
            step("A follow-up of a few words stays with it.", "And for a child?"),
            step("It can say why it answered.", "/why"),
            step("How the pool stands.", "/pool healthcare"),
        ],
    },
    Demo {
        name: "financial",
        shows: "a calculation by the financial pool, and a comparison",
        steps: &[
            step(
                "Saving and interest belong to financial.",
                "If I save 200 a month at 4 percent a year, how much is it after ten years?",
            ),
            step("The conversation is remembered.", "And at 6 percent?"),
            step("Why this pool?", "/why"),
            step("What was said, in short.", "/summary"),
        ],
    },
    Demo {
        name: "sports",
        shows: "rules and results from the sports pool, and a switch",
        steps: &[
            step(
                "A question about rules finds the sports pool.",
                "Explain the offside rule in two sentences.",
            ),
            step("A follow-up stays there.", "And in futsal?"),
            step("A switch: this conversation goes to sports, whatever is asked.", "/use sports"),
            step("So even this one does.", "What makes a good captain?"),
            step("And back.", "/use auto"),
        ],
    },
    Demo {
        name: "business",
        shows: "advice from the business pool, kept and found again",
        steps: &[
            step(
                "Founding and operating a company belong to business.",
                "We are four people and support takes all our time. What should we automate first?",
            ),
            step("Going deeper.", "Which numbers should we watch?"),
            step(
                "Two specialists on one question: both answer side by side, then one answer is made.",
                "/ask business,financial Should we hire a fifth person or pay for a service?",
            ),
            step("It is found again later.", "/search automate"),
            step("What was said, in short.", "/summary"),
        ],
    },
    Demo {
        name: "general",
        shows: "everything that has no specialist",
        steps: &[
            step(
                "What fits no specialist goes to general.",
                "What should I cook with leeks and rice?",
            ),
            step("Who answers, and with which model?", "/providers"),
            step("And what did we talk about so far?", "/conversations"),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent;

    #[test]
    fn every_command_of_a_tour_is_one() {
        for demo in DEMOS {
            for step in demo.steps.iter().filter(|step| step.runs.starts_with('/')) {
                assert!(matches!(intent::slash(step.runs), Some(Ok(_))), "{}", step.runs);
            }
        }
        assert!(demo(USUAL).is_some());
    }
}
