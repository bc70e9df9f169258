//! Agents of a pool: what they share with it, and what is their own.

use super::*;
use crate::config::AgentSettings;

fn agent(prompt: &str) -> AgentSettings {
    AgentSettings { role: "a role".into(), prompt: prompt.into(), ..AgentSettings::default() }
}

/// A pool that asks `one`, with an agent that asks `two` and one that asks whom the pool asks.
fn staffed() -> Pools {
    let own = AgentSettings {
        route: Some(vec!["two".into()]),
        temperature: Some(0.5),
        ..agent("Be brief.")
    };
    let settings = PoolSettings {
        prompt: "You know.\n".into(),
        temperature: Some(1.0),
        effort: Some(crate::config::Effort::Low),
        route: vec!["one".into()],
        workers: 1,
        agents: BTreeMap::from([("own".to_owned(), own), ("plain".to_owned(), agent("Ask."))]),
        ..PoolSettings::default()
    };
    let pools = BTreeMap::from([("law".to_owned(), settings)]);
    let all = Settings { pools, ..Settings::default() };
    let planned = |name: &str| -> (ProviderName, Arc<dyn Provider>) {
        let plans = Mutex::new(VecDeque::new());
        (name.into(), Arc::new(Planned { name: name.into(), plans }))
    };
    let providers = [planned("one"), planned("two")].into_iter().collect();
    Pools::new(&all, &providers, &Toolbox::default())
}

#[tokio::test]
async fn an_agent_has_its_own_voice_and_the_pools_workers() {
    let pools = staffed();
    let law = pools.get("law").unwrap();
    let (own, plain) = (law.as_agent("own").unwrap(), law.as_agent("plain").unwrap());
    assert_eq!(
        (law.route(), own.route(), plain.route()),
        (vec!["one/one".into()], vec!["two/two".into()], vec!["one/one".into()])
    );
    assert_eq!(&*own.system, "You know.\n\nBe brief.");
    assert_eq!((own.style.temperature, plain.style.temperature), (Some(0.5), Some(1.0)));
    assert_eq!(own.style.effort.as_deref(), Some("low"));
    assert_eq!((own.name.as_str(), own.agent_name().unwrap().as_str()), ("law", "own"));
    assert!(law.agent_name().is_none() && law.as_agent("other").is_none());
    let worker = own.try_worker(Origin::Turn);
    assert!(
        worker.is_some()
            && law.try_worker(Origin::Turn).is_none()
            && plain.try_worker(Origin::Turn).is_none()
    );
    plain.scale(2).unwrap();
    assert!(law.try_worker(Origin::Turn).is_some());
    assert_eq!(pools.agent_names(&law), "own, plain");
    assert_eq!(pools.agent_names(own), "none in law");
    let asks = |pool: &Pool| {
        let names = pool.legs().into_iter().map(|leg| leg.provider.to_string());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!([asks(&law), asks(own), asks(plain)], ["one two", "two", "one"]);
}
