//! Words and phrases that tell one thing from another, and those that bind the others.

use super::Row;
use crate::intent::concepts::*;

/// What binds the others.
pub(super) const BINDERS: &[Row] = &[
    // ---- what tells one from another ----------------------------------------------------------
    (LAST, "recent, last, previous, preceding, prior, most recent, latest, before, earlier, past"),
    (LAST.or(WHERE), "last time, the last time"),
    (THIS, "this, current, present, here, so far, up to now, until now"),
    (
        ALL,
        "whatever, unfinished, incomplete, all, every, everything, all of, each, whole, entire, \
         both, every single",
    ),
    (
        PART,
        "half, most, rest, remainder, few, a few, several, others, not urgent, not important, \
         non urgent, less urgent, less important",
    ),
    (PART.or(GLUE), "other"),
    (EVERY, "every, whenever, each, per, once per, once a, once every, interval, intervals"),
    (EVERY, "hourly, daily, weekly, minutely"),
    (
        NEXT,
        "next, skip, continue, go on, proceed, carry on, next step, move on, keep going, next \
         one",
    ),
    // ---- what binds ---------------------------------------------------------------------------
    (WHAT, "what, which, wat, wich, what sort of, what kind of, what kinds of, what other"),
    (WHAT.or(WHO), "who"),
    (HOW, "how"),
    (
        MANY,
        "many, how many, how much, number of, how big, how full, how busy, total number of, how \
         large, how small",
    ),
    (LASTING.or(MANY), "how long, since when, for how long"),
    (WHERE, "where, when"),
    (I.or(GLUE), "i, me, mine, we, us, im, ive"),
    (I.or(MY).or(GLUE), "my"),
    (I.or(MY).or(OUR).or(GLUE), "our"),
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
    (TO.or(IN).or(GLUE), "into, onto"),
    (BY.or(GLUE), "by"),
    (
        ABOUT,
        "abt, about, regarding, concerning, mentioning, containing, related to, matching, where, \
         that mention, that mentions, that contain, mention, relating to, involving, in which, \
         mentions, with the word, with the words, on the topic of, on the subject of, that \
         contains, contain",
    ),
    (WITH.or(GLUE), "w, with"),
    (FOR.or(GLUE), "for, on"),
    (IN.or(GLUE), "in, at, as, within, inside, under, from, since, during, over"),
    (OF.or(GLUE), "of, and, then, plus, also, number, no, nr, id, num, numbers, ids"),
    (BE.or(ANY).or(GLUE), "is there, are there"),
    (BE.or(GLUE), "r, is, are, was, were, be, been, being, am, s"),
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
        "asap, immediately, right away, straight away, as soon as possible, rn, please, pls, \
         plz, plse, thanks, thank you, thx, ty, cheers, for me, now, right now, quickly, \
         before, earlier, already, previously, thank you very much, many thanks, if you please, \
         if you would, if you dont mind, when you can, when you get a chance, when you have a \
         moment, do me a favor, do me a favour, be so kind as to, so kind as to, be so kind and, \
         thanks a lot",
    ),
    (RETRY.or(PLEASE).or(GLUE), "again"),
    (
        HAIL.or(GLUE),
        "can you, could you, would you, will you, would you mind, i want you to, i need you to, \
         i would like you to, i like you to, id like you to, we need you to, would it be \
         possible to, would it be possible for you to, lets, go ahead, go ahead and, thanks, \
         thank you, thx, ty, cheers, many thanks, thanks a lot, hey, hi, hello, yo, hi there, \
         hello there, hey there, greetings, good morning, good afternoon, good evening, \
         operator, operatoros, operator os, okay, ok, so, well, please, pls, plz, plse, kindly",
    ),
    (
        GLUE,
        "i think, i guess, i believe, maybe, perhaps, instead, smoothly, thank, just, let, \
         quick, actually, available, there, out, up, back, away, currently, at the moment, from \
         now on, going forward, once, only, too, else, rather, following, for good, never \
         mind, in a few lines, in a few words, in short, in a nutshell, later, wonder, \
         wondering, curious, somehow, i changed my mind, changed my mind, on second thought, on \
         second thoughts, properly, still, yet, ever, already, really, mate, simply, if you \
         could, if you can, if possible, to me, in total, total, overall, around, configured, \
         connected, supported, installed, possible, both, oh, um, hmm, existing, anymore, any \
         more, any longer, together, via, full, short, brief, general, detailed, latest, single, \
         gimme, lemme, yes, mode, by the way, whole, over there, sort, kind, more about, active, \
         able",
    ),
];
