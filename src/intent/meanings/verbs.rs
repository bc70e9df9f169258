//! Words and phrases for what shall be done.

use super::Row;
use crate::intent::concepts::*;

/// What is done.
pub(super) const VERBS: &[Row] = &[
    // ---- verbs: looking -----------------------------------------------------------------------
    (
        SHOW,
        "lst, peek into, chk, tell me whether, tell me if, let me know whether, let me know if, \
         find out whether, find out if, show, refresh, verify, confirm, list, provide, display, \
         see, view, print, get, fetch, check, inspect, describe, name, count, pull up, bring up, \
         look at, take a look at, have a look at, look into, enumerate, ls, test, share, output, \
         reveal, check if, check whether, see if, see whether, check on, check in on, check up \
         on, read out, peek at, listing",
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
         brief, brief me, brief me on, fill me in, fill me in on, where were we, where did we \
         leave off, run down, rundown, overview, summarised, summarized, wrap up, boil down, \
         recapitulate, summarising, summarizing",
    ),
    (
        SUMMARY.or(POINTS),
        "outline, key points, main points, highlights, takeaways, key takeaways, short version, \
         bullet points",
    ),
    (ASKED.or(SEND), "told"),
    (LET, "make, have, let"),
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
        RETRY,
        "retry, rerun, re run, requeue, re queue, redo, re do, restart, retrying, try again, another try, another go, \
         another attempt, another chance, once more, one more time, one more try",
    ),
    (
        LATER,
        "postpone, reschedule, re schedule, defer, delay, put off, push back, hold back, \
         rescheduling, postponing, schedule",
    ),
    (
        REPEAT,
        "repeat, repeating, repeats, repeated, repetition, repetitions, recur, recurs, recurring, \
         recurrence, come again",
    ),
    (
        START_OVER,
        "start over, start afresh, start fresh, fresh start, begin again, start again, start \
         anew, begin anew, start from scratch, clean slate, new topic",
    ),
    (
        NEW,
        "nwe, new, recurring, repeating, fresh, another, brand new, blank, clean, separate, different",
    ),
    (
        MORE,
        "provide, add, increase, raise, grow, expand, bump, bump up, boost, scale up, spin up, \
         more, extra, additional, another, up, ramp up, beef up, scale out, hire, bring in, \
         upscale, provision, launch, start, attach, allocate, crank up, turn up, step up, \
         upsize, plus, higher, upgrade, increment, throw, double, deploy, promote, elevate, \
         further",
    ),
    (
        LESS,
        "reduce, decrease, lower, shrink, cut, cut down, cut back, trim, drop, remove, fewer, \
         less, scale down, scale back, scale in, down, take away, take, bring down, ramp down, \
         turn down, downscale, downsize, dial down, dial back, retire, lose, shed, minus, \
         release, spin down, shut down, stop, kill, fire, lay off, decrement, pare down, take \
         off, downgrade, demote",
    ),
    (
        SET,
        "treated, rank, set, reset, make, change, put, adjust, turn, give, mark, update, bring, \
         modify, alter, move, configure, assign, treat, flag, let, edit, have, get, fix, keep, \
         limit, cap, allocate, raise, lower, switch, increase, decrease, drop, bump, bump up, \
         want, need, run, push, ramp, crank, dial, spin",
    ),
    (
        SCALE,
        "scale, resize, rescale, scaling, scale up, scale down, scale back, scale out, scale in, \
         upscale, downscale, upsize, downsize",
    ),
    (
        RELOAD,
        "reload, reread, re read, read, load, refresh, apply, reapply, re apply, pick up, \
         reloading, reload live",
    ),
    // ---- verbs: ending ------------------------------------------------------------------------
    (
        CANCEL,
        "cancel, abort, kill, terminate, halt, call off, revoke, withdraw, drop, scrap, \
         cancelling, canceling, interrupt, ditch, axe, take back, pull the plug on, shut down, \
         forget about, stop working on, dequeue, kill off, forget, dont run, do not run, not \
         needed",
    ),
    (STOP, "stop, end, quit, turn off, switch off, cease, stopping, discontinue, abandon"),
    // What a demonstration can do, and a task cannot.
    (STOP.or(HOLD), "pause, disable, close, exit, leave, get out of, enough"),
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
        "transferred, moved, switched, redirected, reassigned, belongs, belong, put me in touch, \
         get me in touch, hook me up, switch, move, transfer, route, connect, hand over, hand, \
         hand me over, put me through, put me on, send, redirect, forward, pin, pinning, assign, go, \
         take, take me, continue, switch over, give, get, change, change over, swap, pass, \
         direct, reroute, shift, reassign, escalate, migrate, patch me through, carry on, jump, \
         hop, go over, go back",
    ),
    (TALK, "talk, speak, chat, talking, speaking, chatting, converse, consult, work"),
    (
        USE,
        "use, uses, using, uses up, using up, takes up, taking up, bring in, try, have, choose, \
         pick, select, stay, know, understand, support, offer, accept, based on, built on, powered by, backed by",
    ),
    (
        HANDLE,
        "answer, handle, take over, reply, respond, answering, handling, take care of, serve, \
         serving, responding, replying, process, work on, answers, handles, responds, deal with, \
         behind, takes, take, provides, handled, answered, served, taken over, working on",
    ),
    (
        PICK,
        "pick, picked, choose, chose, chosen, select, selected, choosing, decide, decided, \
         picking, selecting, go, went, land, landed, end up, ended up, sent, send, assign, \
         assigned, get, got, put, pass, passed, hand, handed, forwarded, switch, switched, \
         moved, transferred, answering, answer, answered, handling, replying, use, using",
    ),
    (
        CHOSEN,
        "pick, picked, choose, chose, chosen, select, selected, choosing, decide, decided, picking, \
         selecting, land on, landed on, settle on, settled on, choice, decision",
    ),
    (CHOSEN.or(SWITCH).or(USE), "go with, went with"),
    (ROUTING, "route, routed, routing, router, rerouted, redirected"),
    (
        AUTO,
        "auto, automatic, automatically, automatic routing, auto routing, unpin, autopilot, \
         default routing, normal routing, by yourself",
    ),
    // ---- verbs: telling now and then ----------------------------------------------------------
    (
        WATCH.or(STATUS).or(UPDATE).or(PLURAL),
        "if the status changes, if status changes, if the state changes, if anything changes, \
         when anything changes, whenever anything changes",
    ),
    (
        SUBSCRIBE,
        "subscribe, subscribing, subscription, sub, sign me up, opt in, opt me in, keep me \
         posted, keep me updated, keep me informed, keep me in the loop, keep me up to date, \
         keep us posted, keep us updated, keep us informed, update me",
    ),
    (
        WATCH,
        "regularly, continuously, constantly, periodically, be notified, be informed, be \
         updated, be told, watch, monitor, follow, track, keep an eye on, notify, alert me, alert us, ping \
         me, stream, streaming, turn on, switch on, enable, activate, start sending, keep \
         sending, keep telling, keep showing, keep updating, keep reporting, tail, live, \
         periodic, regular, continuous",
    ),
    (
        CANCEL.or(UNSUBSCRIBE),
        "no need for, no need of, no longer need, no longer needed, no longer want, dont need, \
         do not need, dont want, do not want, can do without",
    ),
    (
        UNSUBSCRIBE.or(SUBSCRIBE),
        "unsubscribe, unsub, opt out, opt me out, sign me off, stop updating, stop notifying, \
         stop subscribing, dont notify me, do not notify me, dont update me, do not update me, \
         dont notify us",
    ),
    (
        UNSUBSCRIBE,
        "mute, silence, unfollow, stop sending, stop telling, stop showing, stop pushing, stop \
         streaming, stop posting, stop giving, stop watching, stop monitoring, stop tracking, \
         stop reporting, quit sending, quit telling, stop following, take me off, deactivate, \
         stop alerting, stop pinging, stop bugging, stop bothering, stop spamming, spare me, cut \
         out, cut it out, shut up, knock off, remove me from, drop me from",
    ),
];
