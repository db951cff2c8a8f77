"""Rare tokens: what nobody says twice by chance."""

import string
from collections.abc import Callable, Mapping
from random import Random

from tests.memory.quotes.pair import Language

WORDS = (
    "db",
    "main",
    "rw",
    "user",
    "token",
    "billing",
    "queue",
    "shard",
    "night",
    "audit",
    "ledger",
)
VERBS = ("get", "set", "load", "drop", "fetch", "merge", "purge")
DOMAINS = ("corvex.example", "nordlicht.example", "harbor-lab.example", "tallow.example")
SIGNS = "!#%$?@&+=~"
YEARS = range(1900, 2101)  # a number like these may be said as a year

Make = Callable[[Random, Language], str]


def number(chance: Random, _: Language) -> str:
    """Four digits and more, no year."""
    while (found := chance.randrange(1_000, 10 ** chance.randint(4, 9))) in YEARS:
        pass
    return str(found)


def phone(chance: Random, _: Language) -> str:
    parts = (chance.randrange(20, 99), chance.randrange(100, 999), chance.randrange(10**6, 10**7))
    return "+{} {} {}".format(*parts)


def email(chance: Random, _: Language) -> str:
    return f"{chance.choice(WORDS)}.{chance.choice(WORDS)}{chance.randrange(99)}@{_domain(chance)}"


def street(chance: Random, language: Language) -> str:
    return chance.choice(language.streets)


def ip(chance: Random, _: Language) -> str:
    if chance.random() < 0.3:
        return "2001:db8::" + ":".join(f"{chance.randrange(4096, 65536):x}" for _ in range(3))
    return ".".join(str(chance.randrange(11, 250)) for _ in range(4))


def web(chance: Random, _: Language) -> str:
    path = f"{chance.choice(WORDS)}/{chance.choice(VERBS)}-{chance.randrange(10, 99)}"
    return f"https://{chance.choice(WORDS)}.{_domain(chance)}/{path}"


def snake(chance: Random, _: Language) -> str:
    joint = chance.choice("__-.")
    return joint.join(chance.sample(WORDS, 3))


def camel(chance: Random, _: Language) -> str:
    first, *rest = chance.sample(WORDS, 2)
    return chance.choice(VERBS) + first.title() + "".join(map(str.title, rest))


def ticket(chance: Random, _: Language) -> str:
    """As trackers and registration offices number things."""
    return f"{_some(chance, string.ascii_uppercase, 3)}-{chance.randrange(100, 99_999)}"


def digest(chance: Random, _: Language) -> str:
    """Hexadecimal: with digits and letters."""
    return f"{chance.randrange(10)}{_some(chance, '0123456789abcdef', 10)}{chance.choice('abcdef')}"


def path(chance: Random, _: Language) -> str:
    return "/" + "/".join(("srv", *chance.sample(WORDS, 2), f"{chance.choice(WORDS)}.conf"))


def password(chance: Random, _: Language) -> str:
    """Letters of both cases, digits and signs; or words and a number."""
    if chance.random() < 0.3:
        words = chance.sample(("heron", "quilt", "zebra", "anvil", "maple", "onyx"), 2)
        return f"{''.join(map(str.title, words))}{chance.randrange(10, 99)}{chance.choice('!?#')}"
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, SIGNS)
    drawn = [chance.choice(kind) for kind in kinds * 2 + kinds[:3]]
    chance.shuffle(drawn)
    letter = drawn.index(next(each for each in drawn if each.isalpha()))
    drawn[0], drawn[letter] = drawn[letter], drawn[0]  # a sign in front or behind is punctuation
    return "".join(drawn) + _some(chance, string.digits, 1)


MAKERS: Mapping[str, Make] = {
    "number": number,
    "phone": phone,
    "e-mail": email,
    "street": street,
    "ip": ip,
    "web": web,
    "snake": snake,
    "camel": camel,
    "ticket": ticket,
    "digest": digest,
    "path": path,
    "password": password,
}
RECASED = ("e-mail", "snake", "ticket", "digest")  # somebody may write them in capitals


def _domain(chance: Random) -> str:
    return chance.choice(DOMAINS)


def _some(chance: Random, of: str, length: int) -> str:
    return "".join(chance.choice(of) for _ in range(length))
