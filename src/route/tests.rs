//! Routing: where messages go, when a conversation stays, and that every decision explains itself.

use std::{collections::BTreeMap, sync::LazyLock};

use proptest::prelude::*;

use super::*;

fn router() -> &'static Router {
    static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::of(&Settings::default()).unwrap());
    &ROUTER
}

fn pool(description: &str, keywords: &[&str], examples: &[&str]) -> PoolSettings {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    PoolSettings {
        description: description.to_owned(),
        keywords: owned(keywords),
        examples: owned(examples),
        ..PoolSettings::default()
    }
}

#[track_caller]
fn check(router: &Router, text: &str, expected: &str) {
    let choice = router.choose(text, Context::default());
    assert_eq!(choice.pool.as_str(), expected, "{text}: {}", choice.explain());
}

#[test]
fn a_message_goes_where_it_belongs() {
    let router = router();
    for (expected, text) in [
        ("healthcare", "which organ makes bile"),
        ("healthcare", "My grandmother forgets names and gets lost. Could it be dementia?"),
        ("healthcare", "ibuprofen dosage child 20kg"),
        ("healthcare", "how many people die of the flu each year"),
        ("healthcare", "tore my hamstring, how long until I can walk without pain"),
        ("financial", "what is a rights issue"),
        ("financial", "the cash machine kept my card"),
        ("financial", "Should I move my pension into an index fund at 58?"),
        ("financial", "who sets interest rates in europe"),
        ("financial", "does health insurance cover my deductible when I change jobs"),
        ("financial", "is the sale of my parents' house taxed"),
        ("sports", "who won the most wimbledon titles"),
        ("sports", "how wide is a football goal"),
        ("sports", "Which forward was traded to the Celtics before the playoffs?"),
        ("sports", "rules for a penalty shootout"),
        ("business", "how do i find customers for my new app"),
        ("business", "who founded ikea"),
        ("business", "Our supplier is always late. How do we change the contract?"),
        ("business", "kpi for the sales team"),
        ("business", "interview questions for hiring a nurse manager"),
        ("general", "how do I cook rice"),
        ("general", "who wrote war and peace"),
        ("general", "cheap hotels in porto"),
        ("general", "TypeError: undefined is not a function"),
        ("general", "what is the capital of mongolia"),
        ("general", "tell me a joke"),
        ("general", "when did the roman empire fall"),
    ] {
        check(router, text, expected);
    }
}

#[test]
fn what_says_nothing_goes_to_the_default_pool() {
    let router = router();
    for text in ["", " ", "🙂", "why?", "\u{0}", "\u{202e}\u{301}"] {
        let choice = router.choose(text, Context::default());
        assert_eq!((choice.pool.as_str(), &*choice.routing.by), ("general", "default"), "{text:?}");
        assert_eq!(choice.routing.confidence, None);
    }
}

#[test]
fn the_message_goes_before_the_pin_and_the_pin_before_everything() {
    let router = router();
    let (sports, business) = (PoolName::from("sports"), PoolName::from("business"));
    let (named, pinned, last) = (Some(&sports), Some(&business), Some(&sports));
    for (context, expected) in [
        (Context { named, pinned, last, ..Context::default() }, ("sports", "message")),
        (Context { pinned, last, ..Context::default() }, ("business", "pinned")),
        (Context::default(), ("healthcare", "scored")),
    ] {
        let choice = router.choose("what are the symptoms of measles", context);
        assert_eq!((choice.pool.as_str(), &*choice.routing.by), expected);
    }
}

#[test]
fn a_conversation_stays_until_another_pool_is_meant() {
    let router = router();
    for (last, text, expected) in [
        ("healthcare", "why?", ("healthcare", "elliptic")),
        ("healthcare", "and for kids?", ("healthcare", "elliptic")),
        ("healthcare", "what about at night?", ("healthcare", "elliptic")),
        ("sports", "ok thanks", ("sports", "elliptic")),
        ("financial", "is it safe", ("financial", "elliptic")),
        ("financial", "and bitcoin?", ("financial", "scored")),
        ("healthcare", "how do I open a savings account?", ("financial", "scored")),
        ("sports", "and how do I file my tax return?", ("financial", "scored")),
        ("sports", "recipe for a chocolate cake", ("general", "scored")),
        ("general", "my throat hurts", ("healthcare", "scored")),
        ("business", "could you put that into a table?", ("business", "sticky")),
        ("financial", "show me the numbers for the year before", ("financial", "sticky")),
        ("nobody", "what is the offside rule", ("sports", "scored")),
    ] {
        let last = PoolName::from(last);
        let choice = router.choose(text, Context { last: Some(&last), ..Context::default() });
        let found = (choice.pool.as_str(), &*choice.routing.by);
        assert_eq!(found, expected, "{last}, {text}: {}", choice.explain());
    }
}

#[test]
fn a_decision_explains_itself() {
    let choice = router().choose("shares in a Rights Issue", Context::default());
    let words: Vec<_> = choice.routing.words.iter().map(|word| &**word).collect();
    assert_eq!(words, ["shares", "rights issue"]);
    let because = "the words `shares`, `rights issue` speak for it; analyst answers, since `shares`, \
                   `Rights Issue` speak for it";
    assert_eq!(&*choice.routing.because, because);
    assert!(choice.routing.scores[&choice.pool] > 0.9, "{:?}", choice.routing.scores);
    let sentence = choice.explain();
    assert!(sentence.starts_with("financial, "), "{sentence}");
    assert!(sentence.contains(": the words `shares`, `rights issue` speak for it"), "{sentence}");
}

#[test]
fn a_message_between_two_pools_names_both() {
    let text = "how do I hire a nurse for my startup clinic";
    let choice = router().choose(text, Context::default());
    let both = [Some(&choice.pool), choice.routing.second.as_ref()];
    for pool in ["healthcare", "business"] {
        assert!(both.contains(&Some(&PoolName::from(pool))), "{choice:?}");
    }
    assert!(choice.explain().contains("; it is also about "), "{}", choice.explain());
}

#[test]
fn a_message_about_the_matters_of_several_asks_them_where_settings_want_it() {
    let mut settings = Settings::default();
    let context = Context { several: true, ..Context::default() };
    let spans = |settings: &Settings, text: &str, context| {
        let choice = Router::of(settings).unwrap().choose(text, context);
        let names: Vec<_> = choice.specialists.iter().map(PoolName::as_str).collect();
        (choice.pool.to_string(), choice.routing.by.to_string(), names.join("+"))
    };
    let both = "how do I price my product and pay less tax on the profit";
    assert_eq!(spans(&settings, both, context).2, "", "only what asks for it is, by default");
    settings.routing.consult = Consult::Spanning;
    assert_eq!(spans(&settings, both, Context::default()).2, "", "a specialist asks nobody");
    for (text, names) in [
        (both, "business+financial"),
        ("Is ibuprofen safe before a race, and who won the last marathon?", "healthcare+sports"),
        ("how do I hire a nurse for my startup clinic", "healthcare+business"),
    ] {
        let (pool, by, mut found) = spans(&settings, text, context);
        if !names.starts_with(found.split('+').next().unwrap()) {
            found = found.split('+').rev().collect::<Vec<_>>().join("+");
        }
        assert_eq!(
            (pool.as_str(), by.as_str(), found.as_str()),
            ("general", "spanning", names),
            "{text}"
        );
    }
    for text in [
        "what is a rights issue",
        "rules for a penalty shootout",
        "cheap hotels in porto and lisbon",
        "who won the world cup and who scored",
        "thanks, and now in French",
    ] {
        assert_eq!(spans(&settings, text, context).2, "", "{text}");
    }
}

#[test]
fn several_that_a_message_names_are_asked_and_one_makes_one_answer() {
    let (sports, business) = (PoolName::from("sports"), PoolName::from("business"));
    let asked = [sports.clone(), business.clone()];
    let context = Context { asked: &asked, last: Some(&sports), ..Context::default() };
    for (context, pool) in [
        (context, "general"),
        (Context { pinned: Some(&business), ..context }, "business"),
        (Context { pinned: Some(&business), named: Some(&sports), ..context }, "sports"),
    ] {
        let choice = router().choose("anything", context);
        assert_eq!((choice.pool.as_str(), &choice.specialists[..]), (pool, &asked[..]));
        let because = format!(
            "the message asks for sports and business, and {pool} makes one answer of theirs"
        );
        assert_eq!(&*choice.routing.by, "message");
        assert!(choice.routing.because.starts_with(&because), "{}", choice.routing.because);
    }
}

#[test]
fn a_threshold_sends_what_is_unsure_to_the_default_pool() {
    let mut settings = Settings::default();
    let text = "what is the name of a nurse in sports";
    let sure = Router::of(&settings).unwrap().judge(text).best().map(|(pool, _)| pool.clone());
    for pool in settings.pools.values_mut() {
        pool.threshold = Some(1.0);
    }
    let choice = Router::of(&settings).unwrap().choose(text, Context::default());
    assert!(sure.is_some_and(|pool| pool.as_str() != DEFAULT_POOL));
    assert_eq!((choice.pool.as_str(), &*choice.routing.by), ("general", "default"));
    assert!(choice.routing.because.contains("not enough"), "{}", choice.routing.because);
}

#[test]
fn a_pool_of_ones_own_works_at_once_beside_the_fitted_ones() {
    for legal in [
        pool("contracts, tenancy, employment law, courts, lawsuits", &[], &[]),
        pool("the law", &["landlord", "contract", "sue", "lawsuit", "lawyer", "court"], &[]),
        pool(
            "the law",
            &["sue"],
            &["is this contract valid", "my landlord will not pay back the deposit"],
        ),
    ] {
        let mut settings = Settings::default();
        settings.pools.insert("legal".to_owned(), legal);
        let router = Router::of(&settings).unwrap();
        check(&router, "is this clause of the contract enforceable", "legal");
        check(&router, "which lawyer handles a lawsuit against a landlord", "legal");
        check(&router, "is ibuprofen safe for a baby", "healthcare");
        check(&router, "how do I buy shares", "financial");
        check(&router, "who won the world cup in 1998", "sports");
        check(&router, "how do I find a co-founder", "business");
        check(&router, "recipe for lasagne", "general");
    }
}

#[test]
fn examples_move_a_pool_that_has_weights() {
    let text = "when are the giraffes in the zoo fed";
    let mut settings = Settings::default();
    check(&Router::of(&settings).unwrap(), text, "general");
    let sports = settings.pools.get_mut("sports").unwrap();
    sports.examples = vec!["feeding the giraffes".to_owned(), "zoo opening hours".to_owned()];
    check(&Router::of(&settings).unwrap(), text, "sports");
}

#[test]
fn pools_without_any_weights_work_by_what_settings_say() {
    let mut settings = Settings::default();
    settings.routing.weights = "none".to_owned();
    let router = Router::of(&settings).unwrap();
    check(&router, "what are the symptoms of measles", "healthcare");
    check(&router, "how are dividends taxed", "financial");
    check(&router, "who scored the winning goal", "sports");
    check(&router, "how do I price a new product", "business");
    check(&router, "who wrote that song", "general");
}

#[test]
fn a_pool_without_a_word_is_reached_by_its_name_alone() {
    let pools = BTreeMap::from([
        ("general".to_owned(), pool("", &[], &[])),
        ("other".to_owned(), pool("", &[], &[])),
    ]);
    let router = Router::new(&pools, &Weights::none());
    let other = PoolName::from("other");
    let last = Context { last: Some(&other), ..Context::default() };
    assert_eq!(router.choose("symptoms of measles", last).pool.as_str(), "general");
    let named = Context { named: Some(&other), ..Context::default() };
    assert_eq!(router.choose("symptoms of measles", named).pool, other);
}

#[test]
fn calibration_learns_and_says_how_well() {
    let settings = Settings::default();
    let labelled: Vec<Labelled> = include_str!("messages.jsonl")
        .lines()
        .step_by(40)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (weights, report) = calibrate(&settings.pools, &labelled).unwrap();
    assert!(report.macro_f1() > 0.6 && report.worst_f1() > 0.5, "{report}");
    assert_eq!(calibrate(&settings.pools, &labelled).unwrap(), (weights.clone(), report));
    let after = measure(&Router::new(&settings.pools, &weights), &labelled);
    assert!(after.macro_f1() > 0.8, "{after}");
}

#[test]
fn what_cannot_be_learnt_from_is_refused() {
    let pools = Settings::default().pools;
    let labelled = |domain: &str| Labelled { text: "shares".into(), domain: domain.into() };
    let stranger = calibrate(&pools, &[labelled("sports"), labelled("sprots")]).unwrap_err();
    assert!(stranger.to_string().starts_with("message 2 is labelled sprots, which is no pool"));
    let few = calibrate(&pools, &[labelled("sports"), labelled("sports")]).unwrap_err();
    assert_eq!(few.to_string(), "sports has 2 messages that say something, and needs 5 at least");
}

proptest! {
    #[test]
    fn any_text_is_judged(text in any::<String>(), times in 1usize..400) {
        let router = router();
        for text in [text.clone(), text.repeat(times), format!("insulin {text} shares")] {
            let judgement = router.judge(&text);
            let sum: f32 = judgement.scores.iter().map(|(_, chance)| chance).sum();
            prop_assert!(judgement.scores.is_empty() || (sum - 1.0).abs() < 1e-3, "{sum}");
            let choice = router.choose(&text, Context::default());
            prop_assert!(!choice.routing.because.is_empty());
        }
    }
}
