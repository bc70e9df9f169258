//! What the words and phrases of commands mean, as tables; a comma separates them.
//!
//! Invariant: a word that stands in no table means nothing to the gateway, and makes a text chat.

use super::{
    concepts::*,
    slots::{Component, Period, Priority, TaskStatus, Unit},
};

/// What words and phrases mean. A comma separates them.
pub(super) const MEANINGS: &[(Concepts, &str)] = &[
    // ---- verbs
    (
        SHOW,
        "show, list, display, see, view, print, get, fetch, check, inspect, describe, pull up, \
         bring up, look at, take a look at, have a look at, enumerate, output, reveal, present, \
         shows, showing, listing, check on, check in on, check up on, let me see, peek, peek at, \
         look into, name, count, read out, read me, pull",
    ),
    (
        SHOW.or(SEND),
        "give, tell, report, give me, tell me, hand me, let me know, inform, let us know",
    ),
    (
        SEND,
        "send, push, mail, deliver, stream, sending, giving, telling, pushing, posting, showing, streaming, bugging, spamming, pinging",
    ),
    (
        CANCEL,
        "cancel, abort, kill, terminate, halt, call off, revoke, withdraw, drop, scrap, kill off, \
         cancelling, canceling, interrupt, ditch, axe, take back, put an end to, pull the plug on, \
         shut down, shoot down, forget, forget about, retract, stop working on, dequeue, undo",
    ),
    (
        STOP,
        "stop, end, quit, finish, disable, turn off, switch off, cease, pause, close, exit, leave, \
         stopping, discontinue, hold off, no need for, enough, enough of, get out of, abandon, enough with",
    ),
    (
        DELETE,
        "delete, remove, erase, wipe, trash, bin, discard, get rid of, nuke, clear, purge, \
         throw away, destroy, throw out, clear out, wipe out, deleting, removing, del, rm, \
         empty, flush, dump, toss, chuck, zap, clean up, clean out, obliterate, shred",
    ),
    (
        DONE_AWAY,
        "cancelled, canceled, aborted, killed, terminated, stopped, dropped, deleted, removed, \
         erased, wiped, gone, scrapped, trashed, binned, cleared, ended, called off, halted",
    ),
    (
        CREATE,
        "create, make, add, submit, enqueue, schedule, file, post, register, spawn, \
         set up, assign, delegate, hand in, put in, put, kick off, fire off, queue up, line up, \
         lodge, set, dispatch, issue, generate, log, raise, creating, adding, submitting, place, \
         give, build, initiate, throw, hand, hand over, pop, stick, slot in",
    ),
    (
        START,
        "start, begin, launch, run, open, kick off, play, fire up, execute, trigger, spin up, \
         start up, starting, initiate, commence, do, go through, take me through, walk me through, \
         guide me through, run through, step through, walk us through, try, try out, put on, \
         perform, lead me through, run me through, talk me through, boot up, give, enter, join",
    ),
    (NEW, "new, fresh, another, brand new, blank, clean, separate, different, second"),
    (
        MORE,
        "add, increase, raise, grow, expand, bump, boost, scale up, spin up, more, extra, \
         additional, up, bump up, ramp up, beef up, another, scale out, provision, hire, bring in, \
         upscale, deploy, launch, start, attach, allocate, increment, crank up, turn up, step up, \
         expanding, increasing, adding, further, bring on, upsize, plus, put on, fire up, higher",
    ),
    (
        LESS,
        "reduce, decrease, lower, shrink, cut, trim, drop, remove, fewer, less, scale down, down, \
         take away, take, downscale, cut back, cut down, bring down, ramp down, decrement, \
         turn down, lose, kill, retire, reducing, scale back, scale in, downsize, dial down, \
         dial back, take off, minus, shed, fire, stop, shut down, release, free, lay off, subtract, \
         spin down, deprovision, detach, knock off, get rid of, delete, pare, pare down, slim",
    ),
    (
        SET,
        "set, make, change, put, adjust, turn, give, mark, update, bring, modify, alter, move, \
         configure, assign, treat, flag, let, edit, have, push, fix, want, keep, pin, need, leave, \
         get, run, limit, cap, allocate, raise, lower, switch, increase, decrease, reclassify, reset, drop, knock",
    ),
    (
        SCALE,
        "scale, resize, rescale, scaling, autoscale, scale up, scale down, upscale, downscale, scale back, scale out, scale in, upsize, downsize",
    ),
    (
        SWITCH,
        "switch, move, transfer, route, connect, hand over, hand, put me through, put me on, \
         send, redirect, forward, pin, assign, go, take me, continue, hand me over, hand this over, \
         switch over, change, swap, change over, pass, direct, reroute, bring me, shift, jump, hop, \
         set, give me, put, switching, reassign, escalate, migrate, flip, get me, take, link me, \
         relay, pass me, bring, carry on, patch me through, hook me up, stick, point, make, go over",
    ),
    (
        START_OVER,
        "start over, start afresh, start fresh, fresh start, begin again, start again, start anew, begin anew, start from scratch, clean slate, reset the conversation, reset this conversation, reset conversation, reset the chat, reset this chat, new topic",
    ),
    (WELCOME, "welcome"),
    (BACKGROUND, "background, in the background, in background"),
    (
        CALLED.or(GLUE),
        "called, named, titled, saying, that says, which says, with the text, with the description, described as, namely",
    ),
    (
        PLEASE.or(GLUE),
        "please, pls, plz, plse, thanks, thank you, thx, ty, cheers, for me, now, asap, right now, quickly, again, thank you very much, many thanks, thanks a lot",
    ),
    (
        SEARCH.or(SEARCHING),
        "search, find, look up, look for, grep, dig up, locate, searching, search through, \
         look through, dig out, hunt, hunt down, seek, retrieve, search in, scan, find me, \
         query, lookup, comb through, dig through, trawl, look in, search within, hunt for, check, go through, search over, look back through, look back in, search across, dig into",
    ),
    (
        TALK,
        "talk, speak, chat, talking, speaking, chatting, converse, discuss, deal, consult, work, discussing",
    ),
    (USE, "use, using, try, have, choose, pick, select, want, prefer, need, get, stay"),
    (
        HANDLE,
        "answer, handle, take over, take this, take it, reply, respond, answering, handling, \
         take care of, serve, serving, responding, replying, process, take it from here, work on, \
         answers, handles, responds, replies, serves, talking, behind, processing, dealing, deal, take on",
    ),
    (SEARCH, "look, show, show me, pull up, get, get me, bring up, list, filter, fetch, give me"),
    (
        SUMMARY,
        "summarise, summarize, recap, tldr, tl dr, tl;dr, sum up, summary, gist, digest, synopsis, \
         condense, catch me up, catch me up on, bring me up to speed, bring me up to speed on, \
         summarising, summarizing, summaries, recapitulate, wrap up, summation, abstract, \
         key points, main points, highlights, takeaways, short version, boil down, outline, \
         brief me, brief me on, fill me in, fill me in on, where were we, recapping, run down, \
         rundown, where did we leave off, bullet points, brief summary, cliff notes, \
         summarised, summarized, recapped, overview, summing up, nutshell, key takeaways, brief",
    ),
    (
        SUBSCRIBE,
        "subscribe, keep me posted, keep me updated, keep me informed, notify, alert, watch, \
         monitor, follow, track, sign me up, opt in, opt me in, keep an eye on, turn on, \
         start sending, update me, keep me in the loop, subscribing, keep us posted, \
         keep us informed, keep us updated, enable, switch on, keep sending, keep telling, \
         keep showing, keep updating, keep me up to date, keep me abreast, tail, start pushing, \
         start streaming, start the, live, enroll me, register me, add me, activate, \
         keep me apprised, keep me notified, keep reporting, sub, ping me, keep pinging, \
         receive, start giving, keep watching, subscription, push me, feed me, stream, streaming, \
         start telling, start posting, start showing, set up, realtime, real time, continuous, continuously, \
         periodic, periodically, regular, regularly, constant, constantly, ongoing, i want to get, i want to receive, signed up, be notified, be updated, be informed, be kept",
    ),
    (
        UNSUBSCRIBE,
        "unsubscribe, opt out, opt me out, mute, silence, unfollow, sign me off, sign me out, \
         stop sending, stop telling, stop showing, shut up, unsub, stop updating, stop notifying, \
         stop pushing, stop streaming, stop posting, unsubscribing, stop giving, stop watching, \
         stop monitoring, stop tracking, stop reporting, quit sending, stop following, take me off, \
         desubscribe, stop bugging me, stop bothering me, stop spamming, deactivate, stop alerting, \
         stop pinging, leave me alone, quit telling, quit pushing, knock off, knock it off, \
         cut out, lay off, spare me, remove me, get me off, drop me, stop informing, cut it out, be quiet, hush, stop subscribing, no longer want, no longer need, no longer wish, stop getting, stop receiving, stop keeping me",
    ),
    (
        WHY,
        "why, how come, explain, reason, reasoning, what made you, what makes you, wherefore, rationale, justify, reasons, why on earth, what led you, for what reason, explanation, explain why",
    ),
    (
        PICK,
        "pick, picked, choose, chose, chosen, select, selected, choosing, choice, decide, decided, \
         picking, selecting, send, sent, end up, ended up, assign, assigned, go, went, land, landed, \
         put, pass, passed, get, got, hand, handed, forward, forwarded, switch, switched, decision, come, came, involve, involved, redirected, redirect, moved, move, transferred, transfer, directed, given, taken, take, took, use, used, using, handled, answered, handling, answering, answer, handle, here, replying, responding",
    ),
    (ROUTING, "route, routed, routing, router, rerouted"),
    (
        NEXT,
        "next, skip, continue, go on, proceed, carry on, next step, move on, keep going, forward, \
         advance, go ahead, next one, skip this, skip ahead, onward, step, next slide, next scene, next please, skip it, skip step, skip this one, skip this step, next part, skip forward",
    ),
    (
        ASKED,
        "ask, asked, say, said, talked, talk, spoke, tell, \
         told, wrote, write, bring up, brought up, chat, chatted, raised, raise, spoken, asking, discussing, talking, covered, cover, gone over, went over, inquire, inquired, speak, chatting",
    ),
    (
        ASKED.or(ABOUT),
        "discuss, discussed, mention, mentioned, cover, covered, discussing, bring up, brought up, go over, went over, touch on, touched on",
    ),
    (
        SPENT,
        "used, spent, spend, burned, burnt, consumed, use, consume, gone through, burn, cost, spending, used up, burned through, burning, consuming, racked up, run up, eaten, chewed through, costing, paying, owe, pay, paid, blown, ran up, went through, using, charged",
    ),
    // ---- objects
    (
        TASK,
        "task, background task, bg task, work item, tsk, background job, background work, assignment",
    ),
    (
        TASK.or(PLURAL),
        "tasks, background tasks, work items, background jobs, bg tasks, task list, task queue, list of tasks, taks list",
    ),
    (JOB, "job"),
    (JOB.or(PLURAL), "jobs, job list, job queue, job's"),
    (
        POOL,
        "pool, agent pool, worker pool, agents pool, pool of agents, specialist pool, pool of workers, pool of specialists",
    ),
    (
        POOL.or(PLURAL),
        "pools, agent pools, worker pools, pool list, list of pools, pools of agents, pools of specialists, specialist pools, pools of workers",
    ),
    (
        CREW,
        "team, agent, specialist, expert, group, department, desk, crew, side, bot, assistant, people, guys, folks, specialist agent, lot, advisor, adviser, squad, persona, channel, section, domain, mode, topic, responder, ai agent",
    ),
    (
        CREW.or(PLURAL),
        "teams, agents, specialists, experts, groups, departments, bots, assistants, crews, specialist agents, ai agents, domains, squads",
    ),
    (
        WORKER,
        "worker, instance, replica, worker slot, concurrency, capacity, worker count, size, slot, thread count, parallelism, number of workers, worker number, headcount, process",
    ),
    (WORKER.or(PLURAL), "workers, instances, replicas, worker slots, slots, processes"),
    (
        CHAT,
        "conversation, chat, thread, discussion, convo, conv, dialogue, dialog, session, exchange, chat session, chat thread, conversation thread, chat log, talk, transcript, conversaton, back and forth, chat window",
    ),
    (
        CHAT.or(PLURAL),
        "conversations, chats, threads, discussions, convos, dialogues, dialogs, sessions, convs, \
         conversation list, chat list, conversation history, chat history, list of conversations, list of chats, chat sessions, history of chats, history of conversations, chat threads, transcripts, talks",
    ),
    (
        HISTORY,
        "history, past, previous, earlier, archive, archives, logs, log, old, records, prior, past messages, transcripts, chat history, conversation history, message history, chat log, chat logs, backlog, before, memory, older, conversations history, record, recent",
    ),
    (MESSAGE.or(PLURAL), "messages, questions, answers, replies, messages of mine, posts"),
    (
        MESSAGE,
        "message, question, answer, request, query, reply, response, what i said, where i said, post, prompt, this message",
    ),
    (
        DEMO,
        "demo, demonstration, tour, walkthrough, walk through, showcase, show me around, guided tour, give me the tour, presentation, demo run, sample run, walkthru, show us around, example run, demo mode, demo session, demo script, demo scenario, tutorial, quick tour, give me a tour, product tour, demo conversation, sample session",
    ),
    (
        DEMO.or(PLURAL),
        "demos, demonstrations, tours, walkthroughs, showcases, demo list, list of demos, presentations, demo scenarios, demo scripts, tutorials, demo runs",
    ),
    (
        PROVIDER,
        "provider, llm, model, backend, vendor, language model, model provider, llm provider, ai provider, ai model, llm backend, upstream, llm vendor, ai vendor, ai, gpt, engine, who answers me, who is answering me, who powers you, ai engine, ai backend, what powers you, who provides the answers, api provider, model backend, large language model, inference provider, brain",
    ),
    (
        PROVIDER.or(PLURAL),
        "providers, llms, models, backends, vendors, language models, model providers, \
         llm providers, ai providers, ai models, upstreams, ai backends, llm backends, ai vendors, llm vendors, ais, engines, ai engines, api providers, provider list, model list, list of models, list of providers, model backends, large language models, inference providers, ai services, ai companies, upstream providers, model vendors",
    ),
    (
        TOKENS,
        "tokens, token, usage, consumption, token usage, token count, token consumption, usage stats, usage statistics, usage report, token usage report, quota, token budget, metering, usage summary, token stats, token bill, usage figures, usage numbers, usage data, api usage",
    ),
    (
        COST,
        "cost, costs, spend, spending, bill, billing, expense, expenses, price, charges, dollars, money, invoice, tab, expenditure, budget, charge, cash, cents, bills, pricing, amount",
    ),
    (
        STATUS,
        "status, overview, dashboard, stats, statistics, status report, situation, metrics, sitrep, status overview, status page, status check, stat, status update, status info, status summary, overall status, current status, status quo, system overview",
    ),
    (
        STATE,
        "state, report, picture, shape, condition, states, progress, standing, doing, stand, looking, look, looks, goes, go, going, holding up, getting on, getting along, coming along, faring, performing, running, hanging, hold up, hanging in, situation, holding, behaving, coping",
    ),
    (UPDATE, "update, report, alert, heads up, ping, change, notification"),
    (
        UPDATE.or(PLURAL),
        "updates, notifications, alerts, reports, pings, status updates, status reports, status messages, changes, notices, bulletins, status notifications, status alerts, feed, status feed, events, status changes, live updates, status pings, news, nagging, spam, subscription, stream, heartbeat, heartbeats, notification stream, messages",
    ),
    (
        HEALTH,
        "health, health check, healthcheck, health report, diagnostics, vitals, ping, self test, selftest, diagnostic, healthz, liveness, readiness, system check, sanity check, health status, health info, vital signs, health overview, self check, self diagnostics, checkup, health checks, self diagnosis, wellbeing, diagnosis, checks, health state",
    ),
    (
        FINE,
        "healthy, alive, ok, okay, well, working, up, up and running, running, online, responsive, down, operational, fine, available, live, awake, reachable, functional, alright, good, all right, broken, in order, stable, overloaded, sick, healthy enough, responding, in good shape, in good health, functioning, normal, there, operating, dead, happy, kicking, green, breathing, intact, crashed, connected, accessible, unhealthy, stuck, wrong, degraded, offline, problems, problem, issues, issue, errors, trouble, writable, going, right, smoothly, under control, here",
    ),
    (
        BUSY,
        "full, free, left, used, available, high, low, load, space, usage, busy, enough, big, much, consumed, consumption, utilization, utilisation, in use, remaining, stats, level, levels, using, use, eating, taking, footprint, room, pressure, hot, loaded, consuming, percentage, percent, figures, stands, running low, running out, out, occupied, filled, filling, eaten, size, large, tight, taken, long, hitting, maxed, idle, overloaded, latency, speed, slow, fast, maxed out, reading, readings, numbers, stat, metrics, info, been, usable",
    ),
    (
        SYSTEM,
        "system, gateway, server, service, operatoros, operator os, platform, box, machine, host, cluster, node, backend, everything, things, all systems, app, application, process, daemon, everything there, whole system, it all, whole thing, software, instance, services, systems, engine, os, overall, stuff, all, deployment, environment, infrastructure, stack, setup, operator, we, whole setup, installation, bot, us, api, program, all good, the whole, system status, infra",
    ),
    (
        COMMANDS,
        "commands, command list, capabilities, what can you do, what can i do, what can i say, what can i ask, what can i type, how does this work, how do i use this, how do i use you, how does it work, how do you work, list of commands, features, command, functions, instructions, manual, operator commands, available commands, what can i ask you, what can i tell you, slash commands, what do you understand, how to use this, what are you able to do, what you can do, what can you help me with, what do you do, how can i use this, usage instructions, functionality, how do i work this, how do i operate this, what can this do, what can this thing do, things you can do, what can we do, what you can do for me, abilities, what you understand, what are you capable of, what can i use, cheat sheet, cheatsheet, how this works, how it works, how can you help, how can you help me, command reference, what can you help with, how do i use it, supported commands, how to use you, things i can say, things i can do, things i can ask, what i can do, what i can say, what i can ask, what i can type, what am i able to do, what am i able to say, guide",
    ),
    (
        HELP,
        "help, assistance, assist, lost, man, help page, help menu, help text, help screen, help section, helpme, halp, hilfe, help message",
    ),
    (HELP.or(GLUE), "help me, help me out, help us, give me a hand, help me to"),
    (
        PRIORITY,
        "priority, prio, urgency, importance, priorities, priority level, prioritise, prioritize, pri, importance level, reprioritise, reprioritize, rank, prioritised, prioritized, precedence, class",
    ),
    (
        DETAILS,
        "details, detail, info, information, progress, result, results, output, specifics, eta, state, outcome, log, logs, summary, stats, statistics, more about, particulars, data, description, full details, breakdown, condition, report, metrics, parameters, config, configuration, settings, route, routes, load, size, capacity, numbers, properties, workload, utilization, utilisation, backlog, usage, health, throughput",
    ),
    (
        FATE,
        "finish, fail, failed, finished, happened, become, became, done, complete, completed, ready, going, doing, start, started, run, ran, end, over, succeed, still, coming, come, stand, progress, far, getting, along, on, go, gone, work, worked, stuck, working, started yet, happening, take, taking, long, through, successful, succeeded, ended, waiting, running, crash, crashed, alive, active",
    ),
    (QUEUE, "queue, backlog, line, pipeline, work queue, waiting line"),
    // ---- slots
    (
        LAST,
        "last, previous, preceding, prior, most recent, latest, before this, before, one before, earlier, past, recent, other",
    ),
    (
        THIS,
        "this, current, present, here, so far, ongoing, ours, our, up to now, until now, till now, active, that, today's, just now, this one, above",
    ),
    (
        ALL,
        "all, every, everything, all of, each, any, whole, entire, all the, every single, everyone, both, each and every",
    ),
    (
        EVERY,
        "every, each, per, once per, once a, once every, at intervals of, in intervals of, in steps of, interval, intervals, once each, after every, a, with an interval of, at an interval of",
    ),
    (
        AUTO,
        "auto, automatic, automatically, automatic routing, auto routing, auto mode, unpin, autopilot, normal routing, default routing, by yourself, yourself, router, the router, auto route, whichever, whatever, whoever, auto pick, auto select, auto selection, automatic mode, any pool, freely, unpinned",
    ),
    // ---- what binds
    (
        WHAT,
        "what, which, whats, wat, wot, what sort of, what kind of, what kinds of, whatre, whose, what all, what other, who, whos, wut, wht, wich, what exactly",
    ),
    (HOW, "how, hows, how about, howre"),
    (
        MANY,
        "many, how many, how much, number of, how big, how large, amount of, total number of, how long, how full, how busy, much, how high",
    ),
    (WHERE, "where, when, wheres, whens, whether"),
    (I.or(GLUE), "i, me, my, mine, we, us, our, im, ive, id, myself, weve, ours, ill"),
    (YOU.or(GLUE), "you, your, yours, u, ur, youre, youve"),
    (IT.or(GLUE), "it, that, this, them, those, these, its, thing, one, ones"),
    (
        NOT,
        "not, no, dont, never, without, cant, wont, no more, no longer, isnt, didnt, wouldnt, shouldnt, neither, nor, doesnt, cannot, arent, stop not, do not, nothing, couldnt, none, instead, except",
    ),
    (A.or(GLUE), "a, an"),
    (THE.or(GLUE), "the, teh, da"),
    (TO.or(GLUE), "to, into, onto, at, until, towards, exactly, through, thru, in total"),
    (BY, "by"),
    (
        ABOUT,
        "about, regarding, concerning, mentioning, containing, re, related to, referring to, where, that mention, that mentions, that contain, matching, mention, mentions, contains, contain, relating to, involving, that contains, on the topic of, on the subject of, to do with, in regard to, in which, featuring, with the word, with the words, discussing, covering, concerning, wrt",
    ),
    (WITH.or(GLUE), "with"),
    (FOR.or(GLUE), "for, on, in, as, within, inside, under, over, from, across"),
    (
        OF.or(GLUE),
        "of, and, then, plus, also, as well as, named, called, labelled, number, no, nr, id, num, numbers, ids, with number, with id, with the id, with the number, numbered, n, amp, respectively",
    ),
    (BE.or(GLUE), "is, are, was, were, be, been, being, am, r, s, isn, aint"),
    (DO.or(GLUE), "do, does, did, have, has, had, got, having, ve, exist, exists"),
    (CAN.or(GLUE), "can, could, may, might, would, will, shall, able"),
    (
        WISH.or(GLUE),
        "want, like, need, should, must, wanna, wish, needs, wants, ought, gotta, require, prefer, get, requires, love, is to be, has to be, has to, have to, needs to be, supposed, deserves, can be, required, can wait, go ahead and",
    ),
    (ANY.or(GLUE), "any, some, anything, something, anyone, anybody, somebody"),
    (
        GLUE,
        "please, pls, plz, plse, thanks, thank, thx, ty, tnx, cheers, hey, hi, hello, operator, ok, okay, \
         yo, so, now, right now, just, can you, could you, would you, will you, kindly, let, lets, \
         go ahead, quickly, real, quick, actually, again, available, there, out, up, back, at, \
         currently, at the moment, at present, for now, from now on, going forward, immediately, \
         straight away, once, only, too, still, yet, already, really, dear, sir, mate, bro, dude, \
         friend, buddy, simply, instantly, at once, gonna, would like, i want you to, do you, \
         are there, is there, do we have, do i have, if you could, if you can, if possible, \
         would you mind, do me a favour and, do me a favor and, i would like, if you would, \
         be so kind as to, when you can, when you get a chance, for a moment, for a sec, overall, \
         in general, altogether, in total, total, alltogether, overall, around, ready, configured, \
         connected, supported, enabled, set, offered, defined, installed, existing, possible, \
         both, well, oh, ah, uh, um, umm, hmm, eh, alright, right, good, great, nice, cool, awesome, perfect, \
         appreciated, much appreciated, many, very, much, im, lol, haha, basically, maybe, perhaps, mind, doing, \
         to me, currently in, at this point, this instant, sure, yes, yeah, yep, today please, asap please, first, \
         moment, minute please, second please, sec, time, times, work, available to me, \
         here, in here, please and thank you, anymore, any more, any longer, altogether, together, directly, via, \
         full, complete, short, quick, brief, detailed, little, latest, single, exact, specific, particular, own, new please, \
         different, various, entire, whole, good morning, good evening, good afternoon, morning, evening, greetings, gimme, lemme, \
         tho, though, hereby, henceforth, on my behalf, for me, for us, bit, per favor, pretty please, \
         operatoros, operator os, quickly please, rn, atm, btw, by the way, if you dont mind, listen, look, fyi, kind, kindest, regards, urgently please, \
         said, made, sort, kind of, sort of, thats, that is, there are, active, actual, as, always, instead of that, and then, after that, everyone, folks, team, \
         think, believe, guess, would be, hope, curious, wonder, wondering, interested, know, love, happy, glad, time to, it is time to, its time to, set of",
    ),
];

/// Numbers in words.
pub(super) const NUMBERS: &[(u32, &str)] = &[
    (0, "zero"),
    (1, "one, a single, single"),
    (2, "two, a couple, a couple of, couple, couple of, a pair of, twice"),
    (3, "three"),
    (4, "four"),
    (5, "five"),
    (6, "six, half a dozen"),
    (7, "seven"),
    (8, "eight"),
    (9, "nine"),
    (10, "ten"),
    (11, "eleven"),
    (12, "twelve, a dozen, dozen"),
    (13, "thirteen"),
    (14, "fourteen"),
    (15, "fifteen"),
    (16, "sixteen"),
    (17, "seventeen"),
    (18, "eighteen"),
    (19, "nineteen"),
    (20, "twenty"),
    (30, "thirty"),
    (40, "forty"),
    (50, "fifty"),
    (60, "sixty"),
    (70, "seventy"),
    (80, "eighty"),
    (90, "ninety"),
    (100, "hundred, a hundred, one hundred"),
];

/// Units of time, in seconds.
pub(super) const UNITS: &[(u32, &str)] = &[
    (1, "second, seconds, sec, secs, s"),
    (30, "half a minute, half minute, half-minute"),
    (60, "minute, minutes, min, mins, m, minutely"),
    (90, "minute and a half, a minute and a half"),
    (120, "other minute, couple of minutes"),
    (900, "quarter of an hour, quarter hour, quarter of hour"),
    (1_800, "half an hour, half hour, half-hour, half a hour"),
    (HOUR, "hour, hours, hr, hrs, h, hourly"),
    (DAY, "day, days, daily"),
    (WEEK, "week, weeks, weekly"),
    (MONTH, "month, months, monthly"),
    (YEAR, "year, years, yearly"),
];

const HOUR: u32 = 3_600;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;
const MONTH: u32 = 30 * DAY;
const YEAR: u32 = 365 * DAY;

/// The unit that periods are counted in, of so many seconds.
pub(super) fn unit(seconds: u32) -> Option<Unit> {
    match seconds {
        HOUR => Some(Unit::Hour),
        DAY => Some(Unit::Day),
        WEEK => Some(Unit::Week),
        MONTH => Some(Unit::Month),
        YEAR => Some(Unit::Year),
        _ => None,
    }
}

/// Stretches of the past that have a name.
pub(super) const PERIODS: &[(Period, &str)] = &[
    (Period::Today, "today, tonight, this morning, this afternoon, this evening, todays"),
    (Period::Yesterday, "yesterday, last night, yesterdays"),
];

/// How tasks stand.
pub(super) const STATUSES: &[(TaskStatus, &str)] = &[
    (
        TaskStatus::Queued,
        "queued, pending, waiting, in the queue, in queue, scheduled, outstanding, queued up, \
         not started, unstarted, in line, enqueued, lined up, backlogged, on hold, on the queue, to do, still to do, yet to start, not started yet, next in line",
    ),
    (
        TaskStatus::Running,
        "running, active, in progress, ongoing, executing, being processed, under way, underway, \
         in flight, being worked on, in process, in execution, processing, at work, being executed, being run, working, started, in the works",
    ),
    (
        TaskStatus::Completed,
        "completed, done, finished, succeeded, successful, complete, through, closed, ready, over, solved",
    ),
    (
        TaskStatus::Failed,
        "failed, failing, broken, errored, crashed, unsuccessful, in error, fail, error, errors, failures, failure, errored out, went wrong, gone wrong, in a failed state, broke, blew up, died, not successful, with errors, faulty",
    ),
    (
        TaskStatus::Cancelled,
        "cancelled, canceled, aborted, killed, terminated, called off, dropped, stopped",
    ),
];

/// How soon a task is wanted.
pub(super) const PRIORITIES: &[(Priority, &str)] = &[
    (
        Priority::Low,
        "low, lowest, minor, can wait, low priority, lowest priority, unimportant, not urgent, not important, low prio, whenever, no rush, no hurry, back burner, bottom, the back of the queue, background, deprioritise, deprioritize, lesser, not so urgent, less urgent, less important, non urgent",
    ),
    (
        Priority::Normal,
        "normal, medium, default, regular, standard, ordinary, usual, average, normal priority, mid, moderate, middle",
    ),
    (
        Priority::High,
        "high, important, higher, high priority, elevated, high prio, more important, prioritise, prioritize, expedite, hurry, hurry up, fast track, fast-track, more urgent, escalate, speed up",
    ),
    (
        Priority::Urgent,
        "urgent, critical, asap, top, highest, immediate, emergency, top priority, \
         highest priority, as soon as possible, immediately, right away, urgently, maximum, max, \
         very urgent, most urgent, super urgent, the front of the queue, front of the queue, most important, very important, top prio, crucial, at once, the top of the queue, the front, the top, top of the queue, front of the line, the front of the line, vital, utmost, number one, super important, extremely urgent, first, straight away, p0, rush",
    ),
];

/// Parts of the gateway whose health can be asked for.
pub(super) const COMPONENTS: &[(Component, &str)] = &[
    (
        Component::Memory,
        "memory, ram, mem, rss, heap, memory usage, ram usage, memory footprint, memory consumption, memory pressure, memory use",
    ),
    (
        Component::Cpu,
        "cpu, processor, cpus, processors, cpu usage, cpu load, load average, cores, cpu use, system load, load, processor usage, processor load, server load, compute, cpu utilization, cpu utilisation, core, machine load, gateway load",
    ),
    (
        Component::Disk,
        "disk, storage, disk space, drive, disks, hard disk, hard drive, disk usage, storage space, filesystem, ssd, free space, volume, disk use, file system, free disk space, hdd, disk room",
    ),
    (
        Component::Database,
        "database, db, sled, data store, datastore, postgres, postgresql, databases, data base, database connection, db connection, store, sql, persistence, persistence layer, storage layer, storage engine, storage backend, sql database",
    ),
    (
        Component::Uptime,
        "uptime, up time, how long have you been up, how long have you been running, \
         how long has the system been up, how long has the system been running, \
         how long has it been up, how long has it been running, how long has this been running, \
         how long has the server been up, how long has the server been running, \
         how long has the gateway been up, how long has the gateway been running, time since restart, \
         when did you start, when were you started, when did you last restart, last restart, \
         how long have you been online, how long have you been alive, how long have you been on, how long since the last restart, how long are you up, how long is it up, how long you been up, last reboot, time since start, since when are you up, since when are you running, how long have we been up, how long have we been running, how long has this thing been up, how long has this thing been running, how long have you been live, how long was the system up",
    ),
    (
        Component::Network,
        "network, connectivity, network connection, internet connection, connections, bandwidth, networking, latency, sockets, websocket, websockets",
    ),
];

/// What the built-in pools, and the demonstrations named like them, are also called. What stands
/// behind is only meant beside a word such as `pool`: one may want to talk to a real doctor.
pub(super) const NAMES: &[(&str, &str, &str)] = &[
    (
        "healthcare",
        "health care, health",
        "medical, medicine, doctor, doctors, clinical, med, wellness, hospital, nurse, medic, health and medicine",
    ),
    (
        "financial",
        "finance, finances, fin",
        "money, finance and money, economics, banking, investment, investments, investing, economic, bank, trading, accounting",
    ),
    ("sports", "sport", "athletics, sporting, sportive, football, soccer, games, athletic"),
    (
        "business",
        "biz, businesses",
        "corporate, commercial, company, entrepreneur, startup, commerce, startups, enterprise, management",
    ),
    (
        "general",
        "generic, generalist, general purpose",
        "everyday, catch all, miscellaneous, misc, default, standard, all purpose, everything else, common, normal, other",
    ),
];
