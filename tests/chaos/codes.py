"""Codes that people tell now and then: what nobody may meet any more once it is gone."""

import json
import re
from collections.abc import Sequence
from random import Random

EVERY = 4  # messages: one tells a code
KEYS = 8  # names that codes have: a newer one of a name replaces what is known of its teller
CARRIED = 6  # codes that one summary repeats
_WORDS = (
    *("amber", "anvil", "aspen", "badger", "basil", "beacon", "birch", "bramble", "candle"),
    *("canyon", "cedar", "cinder", "cobalt", "copper", "coral", "cricket", "dahlia", "dune"),
    *("ember", "fable", "falcon", "fennel", "ferry", "flint", "gable", "garnet", "ginger"),
    *("harbor", "hazel", "heron", "indigo", "ivory", "jasper", "juniper", "kettle", "lagoon"),
    *("lantern", "larch", "lemon", "magnet", "maple", "marble", "meadow", "nectar", "nutmeg"),
    *("ochre", "olive", "onyx", "orchid", "pebble", "pepper", "plover", "quartz", "raven"),
    *("saffron", "sparrow", "tallow", "thistle", "timber", "umber", "velvet", "walnut", "willow"),
    *("zephyr",),
)
_WORD = f"(?:{'|'.join(_WORDS)})"
_CODE = re.compile(
    rf"(?<!\d)9\d{{8}}(?!\d)|db_\d+_v\d+_rw|p\d+\.v\d+@corvex\.example|Hx\d+kQ\d+zW7"
    rf"|\b{_WORD}(?:\s{_WORD}){{4}}\b"
)
_FACT = re.compile(rf"^([^:\n]{{1,40}}): [^\n]*(My (code \d) is ({_CODE.pattern}))$", re.MULTILINE)


def code(number: int, version: int) -> str:
    """What this version of this message tells; empty: nothing.

    In turn a number, an identifier, an address, a password and five words in a row.
    """
    if number % EVERY:
        return ""
    chance = Random(f"{number}.{version}")  # noqa: S311
    shapes = (
        str(900_000_000 + 100 * number + version),
        f"db_{number}_v{version}_rw",
        f"p{number}.v{version}@corvex.example",
        f"Hx{number}kQ{version}zW7",
        " ".join(chance.choices(_WORDS, k=5)),
    )
    return shapes[number // EVERY % len(shapes)]


def telling(number: int, version: int) -> str:
    """A sentence that tells it of the one who speaks; empty: there is none."""
    told = code(number, version)
    return f". My code {number % KEYS} is {told}" if told else ""


def codes(text: str) -> Sequence[str]:
    """Those that stand in a text, in order; a line's end between words is a space."""
    return [" ".join(found.split()) for found in _CODE.findall(text)]


def summary(text: str, *, facts: bool) -> str:
    """What a model makes of a part of a chat, or of two summaries: it keeps some of the codes.

    `facts`: the answer is JSON, with what people said of themselves.
    """
    kept = list(dict.fromkeys(codes(text)))[-CARRIED:]
    told = "\n".join(["- They counted.", *(f"- There is {each}." for each in kept)])
    if not facts:
        return told
    rows = [
        {"person": person, "key": key, "value": value, "quote": quote}
        for person, quote, key, value in _FACT.findall(text)
    ]
    return json.dumps({"summary": told, "facts": rows})
