//! Words and phrases for what it is done to, and how that stands.

use super::Row;
use crate::intent::concepts::*;

/// What it is done to.
pub(super) const OBJECTS: &[Row] = &[
    (TASK, "task, background task, work item"),
    (TASK.or(PLURAL).or(WHAT), "what are you working on, what is on your plate"),
    (
        TASK.or(PLURAL),
        "pending work, outstanding work, queued work, tasks, background tasks, work items, task \
         list, list of tasks",
    ),
    (TASK.or(PLURAL).or(QUEUE), "task queue, queue of tasks"),
    (
        TASK.or(PLURAL),
        "dead letters, dead letter list, dead letter queue, list of dead letters, dead letter tasks",
    ),
    (JOB, "job, background job"),
    (JOB.or(PLURAL), "jobs, background jobs, job list, list of jobs"),
    (JOB.or(PLURAL).or(QUEUE), "job queue"),
    (BACKGROUND, "background, in the background, in background"),
    (QUEUE, "queue, enqueue, queue up, backlog, waiting line, work queue"),
    (POOL, "pool, agent pool, worker pool, specialist pool, pool of agents"),
    (
        POOL.or(PLURAL),
        "pools, agent pools, worker pools, specialist pools, list of pools, pools of \
         agents",
    ),
    (CREW, "team, crew"),
    (CREW.or(AGENT), "agent, specialist, expert, agent team, agent group"),
    (
        CREW.or(FOLK),
        "department, desk, group, groups, side, people, folks, guys, someone, somebody",
    ),
    (CREW.or(PLURAL), "teams, departments, crews"),
    (
        CREW.or(AGENT).or(PLURAL),
        "agents, specialists, experts, specialist agents, agent teams, agent groups, teams of \
         agents, groups of agents",
    ),
    (
        WORKER,
        "worker, instance, replica, worker slot, concurrency, capacity, size, worker count, \
         number of workers, headcount, parallelism",
    ),
    (WORKER.or(PLURAL), "workers, instances, replicas, worker slots, slots"),
    (WORKER.or(CREW).or(MANY), "number of agents, agent count"),
    (
        CHAT,
        "conversation, chat, thread, discussion, convo, conv, dialogue, dialog, session, \
         exchange, chat session, chat thread",
    ),
    (
        CHAT.or(PLURAL),
        "convs, conversations, chats, threads, discussions, convos, dialogues, dialogs, \
         sessions, conversation list, chat list, list of conversations, list of chats, chat \
         sessions, open conversations, open chats, open threads",
    ),
    (CHAT.or(PLURAL).or(HISTORY), "conversation history, chat history, chat log, chat logs"),
    (
        HISTORY,
        "history, past, previous, earlier, archive, archives, old, older, prior, logs, message \
         history",
    ),
    (
        MESSAGE,
        "msg, message, question, answer, request, reply, prompt, questions, answers, requests, \
         replies",
    ),
    (MESSAGE.or(PLURAL), "msgs, messages"),
    (
        DEMO,
        "demo, demonstration, tour, walkthrough, showcase, guided tour, demo mode, quick tour, \
         product tour, demo scenario, demo script",
    ),
    (DEMO.or(START), "show me around, show us around, give me the tour, give me a tour"),
    (
        DEMO.or(PLURAL),
        "demos, demonstrations, tours, walkthroughs, showcases, demo list, list of demos, demo \
         scenarios, demo scripts",
    ),
    (
        PROVIDER,
        "provider, llm, model, backend, language model, model provider, llm provider, ai \
         provider, ai model, ai, vendor, large language model, ai backend, gpt",
    ),
    (
        PROVIDER.or(PLURAL),
        "providers, llms, models, backends, language models, model providers, llm providers, ai \
         providers, ai models, vendors, large language models, ai backends, provider list, model \
         list, list of models, list of providers, upstreams",
    ),
    (
        PROVIDER.or(WHAT),
        "who answers me, who powers you, what powers you, who is answering me, powering you, \
         powers this",
    ),
    (TOOL, "tool"),
    (TOOL.or(PLURAL), "tools, list of tools, tool list"),
    (
        VENDOR,
        "openai, open ai, anthropic, claude, gpt, chatgpt, gemini, mistral, llama, ollama, \
         deepseek, openrouter, azure, bedrock, grok, qwen, gpt 3, gpt 4, gpt 5",
    ),
    (
        LINKED,
        "connected, configured, available, reachable, set up, enabled, supported, installed, \
         hooked up, integrated, wired up, linked",
    ),
    (
        TOKENS,
        "input tokens, output tokens, prompt tokens, completion tokens, tokens, token, usage, \
         consumption, quota, token count, usage stats, usage statistics, token budget, token \
         cost, token costs, token spend, total cost, total costs, total spend, cost so far, \
         costs so far, cost overview, cost report, usage cost, usage costs, my budget, my \
         budgets, our budget, our budgets, budget is left, budget left, remaining budget, the budgets",
    ),
    (
        COST,
        "cost, costs, spend, spending, bill, billing, expense, expenses, expenditure, charges, \
         expensive, the damage",
    ),
    (
        SPENT,
        "used, spent, spend, burned, burnt, consumed, use, consume, gone through, burn, cost, \
         used up, burned through, racked up, run up, using, went through, costing",
    ),
    (
        STATUS,
        "status, overview, dashboard, stats, statistics, status report, sitrep, metrics, status \
         update, status readout, readout, status check, status page, status overview, lay of the \
         land, state of play, state of affairs, big picture, where things stand, how things \
         stand, where do things stand, how do things stand",
    ),
    (
        STATE,
        "state, report, condition, shape, situation, doing, going, look, looking, progress, \
         standing, holding up, getting on, coming along, faring, performing, running, behaving, \
         go, hold up",
    ),
    (STATE.or(WHAT), "what is up with, what is new with"),
    (UPDATE, "update, report, notification, change"),
    (
        UPDATE.or(PLURAL).or(STATUS),
        "status updates, status reports, status messages, status changes, status notifications, \
         status alerts, status feed, status stream, status emails",
    ),
    (
        UPDATE.or(PLURAL),
        "updates, notifications, reports, pings, changes, live updates, heartbeats, \
         bulletins",
    ),
    (
        HEALTH,
        "health, health check, healthcheck, health report, diagnostics, vitals, ping, self test, \
         diagnostic, system check, health status, health checks, liveness, readiness, check up",
    ),
    (
        FINE,
        "gone down, gone offline, issues, problems, healthy, alive, ok, okay, well, working, up, \
         up and running, running, online, responsive, down, operational, fine, available, live, \
         awake, reachable, functional, alright, good, all right, in order, stable, overloaded, \
         responding, in good shape, functioning, there, operating, accessible, unhealthy, \
         offline, degraded, broken, connected, writable",
    ),
    (
        BUSY,
        "percent, full, free, left, used, available, high, low, load, space, usage, busy, \
         enough, big, much, consumed, consumption, utilization, utilisation, in use, remaining, \
         stats, level, levels, using, use, pressure, footprint, room, figures, running low, \
         running out, running out of, money, dollars, run out, run out of, length, long, size, \
         loaded, percentage, out of, low on, short on, idle",
    ),
    (
        SYSTEM,
        "servers, system, sys, gw, gateway, server, service, operatoros, operator os, platform, \
         box, machine, host, cluster, node, all systems, app, daemon, services, systems, setup, \
         operator, instance, infrastructure, process",
    ),
    (SYSTEM.or(AFFAIRS), "everything, things, it all, all, whole thing"),
    (
        COMMANDS,
        "how am i supposed to use this, how should i use this, commands, command, command list, \
         capabilities, features, functions, instructions, manual, what can you do, what can i \
         do, what can i say, what can i ask, what can i type, how does this work, how do i use \
         this, how do i use you, how does it work, how does this thing work, how does operatoros \
         work, how does the gateway work, what do you understand, what are you able to do, what \
         you can do, what can we do, what can you help me with, what can you help with, what can \
         i ask you, what can i tell you, how to use this, how can i use this, slash commands, \
         what are you capable of, cheat sheet, how do i work this, how do i use this thing, how \
         do i operate this, how do you work, how can i use you, what else can you do, what else \
         can i do, how do i get started, what is possible, what are you capable of doing, how \
         can you help, how can you help me, how can you assist, how can you assist me, what kind \
         of things can you do, what sort of things can you do, what things can you do, what all \
         can you do, command reference, command overview, user guide, documentation, docs, usage \
         instructions, usage guide, how this works, how this thing works, how you work, how to \
         use you, how to talk to you, how do i talk to you, how do i talk to, everything you can \
         do, all you can do, things you can do, get started, getting started, what i can do, \
         what i can say, functionality",
    ),
    (
        CHART,
        "draw, chart, graph, plot, sparkline, curve, trend, timeline, diagram, charts, graphs, plots, \
         trends, over time, course",
    ),
    (
        WRONG,
        "wrong, amiss, not well, not right, not ok, not okay, not healthy, not working, the \
         matter, unwell",
    ),
    (HELP, "help, assistance, lost, help page, help menu, help text"),
    (HELP.or(GLUE), "help me, help me out, help us"),
    (
        PRIORITY,
        "priority, prio, urgency, importance, priority level, priorities, prioritise, \
         prioritize, pri, reprioritise, reprioritize",
    ),
    (
        DETAILS,
        "news, names, info, information, progress, result, results, output, eta, outcome, log, \
         logs, stats, statistics, breakdown, metrics, report",
    ),
    (DETAILS.or(GLUE), "more info, more information, more details, further details"),
    (DETAILS.or(DEPTH), "details, detail, specifics, full details, settings, configuration"),
    (
        FATE,
        "progressing, works, longer, finish, fail, failed, finished, happened, become, became, \
         done, complete, completed, ready, going, doing, start, started, run, ran, end, over, \
         succeed, far, along, on, go, work, stuck, happening, coming, come, take, taking, long, \
         going on, far along, succeeded, return, returned, produce, produced, deliver",
    ),
];
