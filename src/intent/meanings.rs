//! What the words and phrases of commands mean, as tables; a comma separates them.
//!
//! Invariant: a word that stands in no table means nothing to the gateway, and makes a text chat.

use super::concepts::*;

/// What words and phrases mean.
pub(super) const MEANINGS: &[(Concepts, &str)] = &[
    // ---- verbs: looking -----------------------------------------------------------------------
    (
        SHOW,
        "show, refresh, verify, confirm, list, provide, display, see, view, print, get, fetch, \
         check, inspect, describe, name, count, pull up, bring up, look at, take a look at, have \
         a look at, look into, enumerate, ls, test, share, output, reveal, check if, check \
         whether, see if, see whether, check on, check in on, check up on, read out, peek at, \
         listing",
    ),
    (
        SHOW.or(WISH),
        "want to know, would like to know, like to know, need to know, wish to know, curious \
         about, interested in",
    ),
    (SHOW.or(SEND), "give, tell, report, inform, let me know"),
    (
        SEND,
        "receive, receiving, send, push, deliver, sending, telling, giving, showing, posting, \
         pushing",
    ),
    (SEARCH, "show, list, get, fetch, pull up, bring up, filter, look"),
    (
        SEARCH.or(SEARCHING),
        "search, find, look up, look for, look through, look in, grep, dig up, dig out, locate, \
         searching, search through, search in, search within, go through, hunt for, hunt down, \
         retrieve, scan, query, looking for, lookup, comb through, dig through, trawl, go back \
         through, seek",
    ),
    (
        ASKED,
        "ask, asked, say, said, talk, talked, speak, spoke, spoken, tell, write, wrote, written, \
         chat, chatted, asking, talking, chatting, saying, typed",
    ),
    (
        ASKED.or(ABOUT),
        "discuss, discussed, discussing, mention, mentioned, cover, covered, bring up, brought \
         up, go over, went over, touch on, touched on",
    ),
    (
        SUMMARY,
        "summarise, summarize, summary, recap, tldr, tl dr, sum up, gist, digest, synopsis, \
         condense, catch me up, catch me up on, bring me up to speed, bring me up to speed on, \
         brief, brief me, brief me on, fill me in, fill me in on, outline, key points, main \
         points, highlights, takeaways, key takeaways, short version, bullet points, where were \
         we, where did we leave off, run down, rundown, overview, summarised, summarized, wrap \
         up, boil down, recapitulate, summarising, summarizing",
    ),
    (ASKED.or(SEND), "told"),
    (LET, "have, let"),
    (ORDER, "ask, tell, get, instruct"),
    (WHY, "why, how come, explain, reason, reasons, reasoning, rationale, justify, explanation"),
    (WHY.or(PICK), "what made you, what makes you, what led you"),
    // ---- verbs: making and changing -----------------------------------------------------------
    (
        CREATE,
        "prepare, produce, create, make, add, submit, enqueue, schedule, file, register, spawn, \
         set up, assign, delegate, hand in, put in, put, kick off, fire off, queue up, line up, \
         lodge, dispatch, generate, throw, creating, adding, submitting, give, hand, initiate, \
         place, log",
    ),
    (
        START,
        "watch, start, begin, launch, run, open, kick off, play, fire up, execute, trigger, spin \
         up, do, start up, starting, initiate, commence, try, try out, put on, perform, boot up, \
         take, take me through, walk me through, guide me through, run me through, lead me \
         through, talk me through, walk us through, step through, go through, run through, step \
         me through",
    ),
    (
        START_OVER,
        "start over, start afresh, start fresh, fresh start, begin again, start again, start \
         anew, begin anew, start from scratch, clean slate, new topic",
    ),
    (NEW, "new, fresh, another, brand new, blank, clean, separate, different"),
    (
        MORE,
        "add, increase, raise, grow, expand, bump, bump up, boost, scale up, spin up, more, \
         extra, additional, another, up, ramp up, beef up, scale out, hire, bring in, upscale, \
         provision, launch, start, attach, allocate, crank up, turn up, step up, upsize, plus, \
         higher, upgrade, increment, throw, double, deploy, promote, elevate, further",
    ),
    (
        LESS,
        "reduce, decrease, lower, shrink, cut, cut down, cut back, trim, drop, remove, fewer, \
         less, scale down, scale back, scale in, down, take away, take, bring down, ramp down, \
         turn down, downscale, downsize, dial down, dial back, retire, lose, shed, minus, \
         release, spin down, shut down, stop, kill, decrement, pare down, take off, downgrade, \
         demote",
    ),
    (
        SET,
        "set, reset, make, change, put, adjust, turn, give, mark, update, bring, modify, alter, \
         move, configure, assign, treat, flag, let, edit, have, get, fix, keep, limit, cap, \
         allocate, raise, lower, switch, increase, decrease, drop, bump, bump up, want, need, \
         run, push, ramp, crank, dial, spin",
    ),
    (
        SCALE,
        "scale, resize, rescale, scaling, scale up, scale down, scale back, scale out, scale in, \
         upscale, downscale, upsize, downsize",
    ),
    // ---- verbs: ending ------------------------------------------------------------------------
    (
        CANCEL,
        "cancel, abort, kill, terminate, halt, call off, revoke, withdraw, drop, scrap, \
         cancelling, canceling, interrupt, ditch, axe, take back, pull the plug on, shut down, \
         forget about, stop working on, dequeue, kill off, forget, dont run, do not run, not \
         needed",
    ),
    (
        STOP,
        "stop, end, quit, finish, disable, turn off, switch off, cease, pause, close, exit, \
         leave, stopping, discontinue, abandon, get out of, enough",
    ),
    (STOP.or(GLUE), "off"),
    (
        DELETE,
        "delete, remove, erase, wipe, trash, bin, discard, get rid of, nuke, clear, purge, \
         destroy, throw away, throw out, clear out, wipe out, deleting, removing, del, empty, \
         flush, dump, clean up, clean out, shred, rm",
    ),
    (
        DONE_AWAY,
        "cancelled, canceled, aborted, killed, terminated, stopped, dropped, deleted, removed, \
         erased, wiped, gone, disappear, vanish, scrapped, trashed, binned, cleared, called off, \
         halted",
    ),
    // ---- verbs: choosing a pool ---------------------------------------------------------------
    (
        SWITCH,
        "switch, move, transfer, route, connect, hand over, hand, hand me over, put me through, \
         put me on, send, redirect, forward, pin, assign, go, take, take me, continue, switch \
         over, give, get, change, change over, swap, pass, direct, reroute, shift, reassign, \
         escalate, migrate, patch me through, carry on, jump, hop, go over, go back",
    ),
    (TALK, "talk, speak, chat, talking, speaking, chatting, converse, consult, work"),
    (
        USE,
        "use, using, bring in, try, have, choose, pick, select, stay, know, understand, support, \
         offer, accept, based on, built on, powered by, backed by",
    ),
    (
        HANDLE,
        "answer, handle, take over, reply, respond, answering, handling, take care of, serve, \
         serving, responding, replying, process, work on, answers, handles, responds, deal with, \
         behind, takes, take, provides, handled, answered, served, taken over",
    ),
    (
        PICK,
        "pick, picked, choose, chose, chosen, select, selected, choosing, decide, decided, \
         picking, selecting, go, went, land, landed, end up, ended up, sent, send, assign, \
         assigned, get, got, put, pass, passed, hand, handed, forwarded, switch, switched, \
         moved, transferred, answering, answer, answered, handling, replying, use, using",
    ),
    (ROUTING, "route, routed, routing, router, rerouted, redirected"),
    (
        AUTO,
        "auto, automatic, automatically, automatic routing, auto routing, unpin, autopilot, \
         default routing, normal routing, by yourself",
    ),
    // ---- verbs: telling now and then ----------------------------------------------------------
    (
        SUBSCRIBE,
        "subscribe, subscribing, subscription, sub, sign me up, opt in, opt me in, keep me \
         posted, keep me updated, keep me informed, keep me in the loop, keep me up to date, \
         keep us posted, keep us updated, keep us informed, update me",
    ),
    (
        WATCH,
        "regularly, continuously, constantly, periodically, be notified, be informed, be \
         updated, be told, watch, monitor, follow, track, keep an eye on, notify, alert, ping \
         me, stream, streaming, turn on, switch on, enable, activate, start sending, keep \
         sending, keep telling, keep showing, keep updating, keep reporting, tail, live, \
         periodic, regular, continuous",
    ),
    (
        CANCEL.or(UNSUBSCRIBE),
        "no longer need, no longer needed, no longer want, dont need, do not need, dont want, do \
         not want, can do without",
    ),
    (
        UNSUBSCRIBE.or(SUBSCRIBE),
        "unsubscribe, unsub, opt out, opt me out, sign me off, stop updating, stop notifying, \
         stop subscribing",
    ),
    (
        UNSUBSCRIBE,
        "mute, silence, unfollow, stop sending, stop telling, stop showing, stop pushing, stop \
         streaming, stop posting, stop giving, stop watching, stop monitoring, stop tracking, \
         stop reporting, quit sending, quit telling, stop following, take me off, deactivate, \
         stop alerting, stop pinging, stop bugging, stop bothering, stop spamming, spare me, cut \
         out, cut it out, shut up, knock off, remove me from, drop me from",
    ),
    // ---- objects ------------------------------------------------------------------------------
    (TASK, "task, background task, work item"),
    (TASK.or(PLURAL).or(WHAT), "what are you working on, what is on your plate"),
    (
        TASK.or(PLURAL),
        "pending work, outstanding work, queued work, tasks, background tasks, work items, task \
         list, list of tasks",
    ),
    (TASK.or(PLURAL).or(QUEUE), "task queue, queue of tasks"),
    (JOB, "job, background job"),
    (JOB.or(PLURAL), "jobs, background jobs, job list, list of jobs"),
    (JOB.or(PLURAL).or(QUEUE), "job queue"),
    (BACKGROUND, "background, in the background, in background"),
    (QUEUE, "queue, enqueue, queue up, backlog, waiting line, work queue"),
    (POOL, "pool, agent pool, worker pool, specialist pool, pool of agents"),
    (
        POOL.or(PLURAL),
        "pools, agent pools, worker pools, specialist pools, pool list, list of pools, pools of \
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
        "conversations, chats, threads, discussions, convos, dialogues, dialogs, sessions, \
         conversation list, chat list, list of conversations, list of chats, chat sessions, open \
         conversations, open chats, open threads",
    ),
    (CHAT.or(PLURAL).or(HISTORY), "conversation history, chat history, chat log, chat logs"),
    (
        HISTORY,
        "history, past, previous, earlier, archive, archives, old, older, prior, logs, message \
         history",
    ),
    (
        MESSAGE,
        "message, question, answer, request, reply, prompt, questions, answers, requests, \
         replies",
    ),
    (MESSAGE.or(PLURAL), "messages"),
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
        "tokens, token, usage, consumption, quota, token count, usage stats, usage statistics, \
         token budget, token cost, token costs, token spend, total cost, total costs, total \
         spend, cost so far, costs so far, cost overview, cost report, usage cost, usage costs",
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
    (UPDATE, "update, report, alert, notification, change, news"),
    (
        UPDATE.or(PLURAL).or(STATUS),
        "status updates, status reports, status messages, status changes, status notifications, \
         status alerts, status feed, status stream, status emails",
    ),
    (
        UPDATE.or(PLURAL),
        "updates, notifications, alerts, reports, pings, changes, live updates, heartbeats, \
         bulletins",
    ),
    (
        HEALTH,
        "health, health check, healthcheck, health report, diagnostics, vitals, ping, self test, \
         diagnostic, system check, health status, health checks, liveness, readiness, check up",
    ),
    (
        FINE,
        "issues, problems, healthy, alive, ok, okay, well, working, up, up and running, running, \
         online, responsive, down, operational, fine, available, live, awake, reachable, \
         functional, alright, good, all right, in order, stable, overloaded, responding, in good \
         shape, functioning, there, operating, accessible, unhealthy, offline, degraded, broken, \
         connected, writable",
    ),
    (
        BUSY,
        "full, free, left, used, available, high, low, load, space, usage, busy, enough, big, \
         much, consumed, consumption, utilization, utilisation, in use, remaining, stats, level, \
         levels, using, use, pressure, footprint, room, figures, running low, running out, \
         running out of, money, dollars, run out, run out of, length, long, size, loaded, \
         percentage, out of, low on, short on, idle",
    ),
    (
        SYSTEM,
        "servers, system, sys, gateway, server, service, operatoros, operator os, platform, box, \
         machine, host, cluster, node, all systems, app, daemon, services, systems, setup, \
         operator, instance, infrastructure, process",
    ),
    (SYSTEM.or(AFFAIRS), "everything, things, it all, all, whole thing"),
    (
        COMMANDS,
        "commands, command, command list, capabilities, features, functions, instructions, \
         manual, what can you do, what can i do, what can i say, what can i ask, what can i \
         type, how does this work, how do i use this, how do i use you, how does it work, how \
         does this thing work, how does operatoros work, how does the gateway work, what do you \
         understand, what are you able to do, what you can do, what can we do, what can you help \
         me with, what can you help with, what can i ask you, what can i tell you, how to use \
         this, how can i use this, slash commands, what are you capable of, cheat sheet, how do \
         i work this, how do i use this thing, how do i use it, how do i operate this, how do \
         you work, how can i use you, what else can you do, what else can i do, how do i get \
         started, what is possible, how can you help, how can you help me, how can you assist, \
         how can you assist me, what kind of things can you do, what sort of things can you do, \
         what things can you do, what all can you do, command reference, command overview, user \
         guide, documentation, docs, usage instructions, usage guide, how this works, how this \
         thing works, how it works, how you work, how to use you, how to use it, how to talk to \
         you, how do i talk to you, how do i talk to, everything you can do, all you can do, \
         things you can do, get started, getting started, what i can do, what i can say, \
         functionality",
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
        "names, info, information, progress, result, results, output, eta, outcome, log, logs, \
         stats, statistics, breakdown, metrics, report",
    ),
    (DETAILS.or(DEPTH), "details, detail, specifics, full details, settings, configuration"),
    (
        FATE,
        "works, finish, fail, failed, finished, happened, become, became, done, complete, \
         completed, ready, going, doing, start, started, run, ran, end, over, succeed, far, \
         along, on, go, work, stuck, happening, coming, come, take, taking, long, going on, far \
         along, succeeded, return, returned, produce, produced, deliver",
    ),
    // ---- what tells one from another ----------------------------------------------------------
    (LAST, "recent, last, previous, preceding, prior, most recent, latest, before, earlier, past"),
    (THIS, "this, current, present, here, so far, up to now, until now"),
    (
        ALL,
        "whatever, unfinished, incomplete, all, every, everything, all of, each, whole, entire, \
         both, every single",
    ),
    (EVERY, "every, whenever, each, per, once per, once a, once every, interval, intervals"),
    (EVERY, "hourly, daily, weekly, minutely"),
    (
        NEXT,
        "next, skip, continue, go on, proceed, carry on, next step, move on, keep going, next \
         one",
    ),
    // ---- what binds ---------------------------------------------------------------------------
    (WHAT, "what, which, who, wat, wich, what sort of, what kind of, what kinds of, what other"),
    (HOW, "how"),
    (
        MANY,
        "many, how many, how much, number of, how big, how full, how busy, total number of, how \
         large, how small",
    ),
    (LASTING.or(MANY), "how long, since when, for how long"),
    (WHERE, "where, when"),
    (I.or(GLUE), "i, me, mine, we, us, im, ive"),
    (I.or(MY).or(GLUE), "my, our"),
    (YOU.or(GLUE), "you, your, yours, u, ur"),
    (IT.or(GLUE), "it, that, this, them, em, those, these, its, their, one, ones"),
    (
        NOT,
        "not, no, dont, never, without, no more, no longer, isnt, didnt, do not, doesnt, nothing",
    ),
    (OR, "or"),
    (A.or(GLUE), "a, an"),
    (THE.or(GLUE), "the, teh"),
    (TO.or(GLUE), "to, until, towards, exactly, through"),
    (TO.or(IN).or(GLUE), "into, onto, at"),
    (BY.or(GLUE), "by"),
    (
        ABOUT,
        "about, regarding, concerning, mentioning, containing, related to, matching, where, that \
         mention, that mentions, that contain, mention, relating to, involving, in which, \
         mentions, with the word, with the words, on the topic of, on the subject of, that \
         contains, contain",
    ),
    (WITH.or(GLUE), "with"),
    (FOR.or(GLUE), "for, on"),
    (IN.or(GLUE), "in, as, within, inside, under, from, since, during, over"),
    (OF.or(GLUE), "of, and, then, plus, also, number, no, nr, id, num, numbers, ids"),
    (BE.or(ANY).or(GLUE), "is there, are there"),
    (BE.or(GLUE), "is, are, was, were, be, been, being, am, s"),
    (DO.or(GLUE), "do, does, did, have, has, had, got, exist, exists"),
    (CAN.or(GLUE), "can, could, may, might, would, will, shall"),
    (
        WISH.or(GLUE),
        "prefer, want, like, love, need, should, must, wanna, wish, needs, wants, have to, has \
         to, wait, would like",
    ),
    (ANY.or(GLUE), "any, some, anything, something, anyone"),
    (
        CALLED.or(GLUE),
        "called, named, titled, saying, namely, the word, the words, the term, the phrase, the \
         title",
    ),
    (
        PLEASE.or(GLUE),
        "please, pls, plz, plse, thanks, thank you, thx, ty, cheers, for me, now, right now, \
         quickly, again, before, earlier, already, previously, thank you very much, many thanks, \
         thanks a lot",
    ),
    (
        GLUE,
        "thank, hey, hi, hello, operator, ok, okay, yo, so, just, can you, could you, would you, \
         will you, kindly, let, lets, go ahead, quick, actually, available, there, out, up, \
         back, away, currently, at the moment, from now on, going forward, immediately, asap, \
         once, only, too, else, other, rather, following, for good, never mind, in a few lines, \
         in a few words, in short, in a nutshell, later, wonder, wondering, curious, somehow, i \
         changed my mind, changed my mind, on second thought, on second thoughts, properly, \
         still, yet, ever, already, really, mate, simply, i want you to, if you could, if you \
         can, if possible, would you mind, to me, in total, total, overall, around, configured, \
         connected, supported, installed, possible, both, oh, um, hmm, existing, anymore, any \
         more, any longer, together, via, full, short, brief, general, detailed, latest, single, \
         gimme, lemme, yes, good morning, good evening, mode, by the way, whole, over there, \
         sort, kind, more about, active, able",
    ),
];
