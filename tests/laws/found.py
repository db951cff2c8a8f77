"""Plays that once broke a law, reduced to what it takes."""

from tests.laws.events import Move

SAY, ANSWER = Move("say", 0, 0, "now"), Move("answer", 0, 0, "now")
CHAT, SETTLE, AGE = Move("chat", 0, 0, "now"), Move("settle", 0, 0, "now"), Move("age", 0, 0, "now")

FOUND = {
    "what got lost while something was forgotten stays lost": [
        Move("say", 0, 0, "now"),
        Move("say", 0, 0, "now"),
        Move("forget", 1, 1, "begun"),
        Move("lose", 0, 0, "begun"),
    ],
    "the log's numbers begin again while an index goes on": [
        SAY,
        Move("delete", 1, 0, "now"),
        AGE,
        AGE,
        SAY,
    ],
    "an edit that comes again after a crash leaves the index": [
        SAY,
        Move("edit", 0, 0, "begun"),
        Move("step", 0, 0, "begun"),
        Move("step", 0, 0, "begun"),
        Move("crash", 0, 0, "now"),
        Move("answer", 1, 1, "now"),
    ],
    "a summary keeps what was edited after it expired": [
        SAY,
        ANSWER,
        CHAT,
        SETTLE,
        AGE,
        AGE,
        Move("edit", 1, 3, "now"),
    ],
    "a begin that is asked again brings an ended turn back": [
        Move("answer", 1, 10, "later"),
        Move("say", 0, 9, "now"),
        Move("step", 0, 0, "later"),
        Move("say", 1, 11, "now"),
        Move("answer", 0, 9, "later"),
        Move("finish", 0, 1, "begun"),
    ],
    "a conversation that wakes up brings back what expired": [
        SAY,
        AGE,
        Move("say", 0, 9, "later"),
        AGE,
    ],
    "an index keeps what was forgotten after it expired": [
        SAY,
        Move("say", 1, 9, "now"),
        Move("answer", 1, 9, "now"),
        AGE,
        SAY,
        Move("answer", 0, 0, "now"),
        AGE,
        Move("forget", 0, 6, "now"),
    ],
}
