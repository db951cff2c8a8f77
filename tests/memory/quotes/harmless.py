"""Replies that share with a message only what anybody says: names, greetings, boilerplate, …"""

from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random

from tests.memory.quotes.pair import Language, Pair
from tests.memory.quotes.people import people
from tests.memory.quotes.planted import BRACKETED, LANGUAGES, moment

PRODUCTS = (
    *("GitHub", "Slack", "JavaScript", "iPhone", "YouTube", "PostgreSQL", "TypeScript", "macOS"),
    *("LinkedIn", "OpenAI", "eBay", "WhatsApp", "PowerPoint", "iOS", "Wi-Fi", "COVID-19", "MP3"),
    *(
        "Node.js",
        "USB-C",
        "Windows 11",
        "C++",
        "Discord",
        "Google Docs",
        "Docker",
        "ChatGPT",
        "VS Code",
    ),
)
SMALL = (
    "12",
    "350",
    "7",
    "99 %",
    "3.5",
    "24/7",
    "1/2",
    "10:30",
    "40 km",
    "€15",
    "100%",
    "#3",
    "2,5",
)
EMOJI = (
    "👍",
    "🎉🎉",
    "😅",
    ":white_check_mark:",
    ":+1:",
    ":-)",
    "❤️",
    ":party_parrot:",
    "👩‍💻",
    "<3",
)
MARKDOWN = (
    *("**{}**\n\n---\n\n{}", "> {}\n\n{}", "- [ ] {}\n- [ ] {}", "1. {}\n2. {}", "## {}\n\n{}"),
    *("```\n{}\n```\n{}", "*{}*\n\n* {}", "| {} |\n| --- |\n| {} |", "{}\n***\n{}", "||{}|| {}"),
)
Shared = Callable[[Random, Language, str, datetime], tuple[str, str]]


def harmless(seed: int, count: int = 500) -> list[Pair]:
    """None a quote: what each half says of its own, the other does not say."""
    chance = Random(f"harmless {seed}")  # noqa: S311
    kinds = sorted(KINDS)
    made = []
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        made.append(_pair(chance, language, kinds[number // len(LANGUAGES) % len(kinds)]))
    return made


def _pair(chance: Random, language: Language, kind: str) -> Pair:
    names, at = people(chance, odd=kind == "odd name"), moment(chance)
    own, other = chance.sample([BRACKETED.sub(r"\1", each) for each in language.told], 2)
    ours, theirs = KINDS[kind](chance, language, names[0], at)
    form = chance.choice(MARKDOWN) if kind == "Markdown" else chance.choice(("{} {}", "{}\n\n{}"))
    return Pair(
        gone=form.format(ours, own) if chance.random() < 0.8 else ours,
        reply=form.format(theirs, other),
        names=names,
        at=at,
        language=language.name,
        kind=kind,
        dress="",
    )


def _greeting(chance: Random, language: Language, name: str, _: datetime) -> tuple[str, str]:
    said = chance.choice(language.greetings).format(name)
    return said, said


def _thanks(chance: Random, language: Language, name: str, _: datetime) -> tuple[str, str]:
    said = chance.choice(language.thanks).format(name)
    return said, said


def _boilerplate(chance: Random, language: Language, _: str, __: datetime) -> tuple[str, str]:
    """Two phrases of it, one after the other, as assistants end."""
    said = " ".join(chance.sample(language.boilerplate, 2))
    return said, said if chance.random() < 0.7 else said.upper()


def _name(chance: Random, language: Language, name: str, _: datetime) -> tuple[str, str]:
    first, second = chance.sample((f"@{name}", f"{name}:", f"{name},", f"**{name}**", name), 2)
    return f"{first} {chance.choice(language.openings)}", f"{second} {name}"


def _clock(_: Random, language: Language, __: str, at: datetime) -> tuple[str, str]:
    said = at.strftime(language.today)
    return said, said


def _product(chance: Random, language: Language, *_: object) -> tuple[str, str]:
    """One, in sentences that have nothing else in common."""
    word = chance.choice(PRODUCTS)
    first, second = chance.sample(language.closings, 2)
    return f"{word}: {first}", f"{second} ({word})"


def _small_number(chance: Random, language: Language, *_: object) -> tuple[str, str]:
    small = chance.choice(SMALL)
    first, second = chance.sample(language.closings, 2)
    return f"{first} {small}", f"{small}! {second}"


def _small_words(chance: Random, language: Language, *_: object) -> tuple[str, str]:
    small = chance.choice(language.small)
    first, second = chance.sample(language.closings, 2)
    return f"{small}. {first}", f"{second} {small}!"


def _emoji(chance: Random, *_: object) -> tuple[str, str]:
    shared = " ".join(chance.choices(EMOJI, k=chance.randint(1, 6)))
    return shared, shared


def _markdown(chance: Random, language: Language, *_: object) -> tuple[str, str]:
    """The same form around different words."""
    first, second = chance.sample(language.openings, 2)
    return first, second


def _all(chance: Random, language: Language, name: str, at: datetime) -> tuple[str, str]:
    """Most of it together, in another order."""
    parts = [
        chance.choice(language.greetings).format(name),
        chance.choice(language.boilerplate),
        chance.choice(language.thanks).format(name),
        chance.choice(EMOJI),
        at.strftime(language.today),
    ]
    ours = " ".join(parts)
    chance.shuffle(parts)
    return ours, "\n".join(parts)


KINDS: Mapping[str, Shared] = {
    "all": _all,
    "boilerplate": _boilerplate,
    "clock": _clock,
    "emoji": _emoji,
    "greeting": _greeting,
    "Markdown": _markdown,
    "name": _name,
    "odd name": _name,
    "product": _product,
    "small number": _small_number,
    "small words": _small_words,
    "thanks": _thanks,
}
