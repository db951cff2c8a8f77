"""What each author is called where they speak: a name of their own, whatever it says it is."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar, cast
from unicodedata import combining, normalize

from memory.facts import plain


class Spoken(Protocol):
    """As an Entry."""

    @property
    def author(self) -> str: ...  # an id; empty: the bot's own
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...


Said = TypeVar("Said", bound=Spoken)
Pairs = tuple[tuple[str, str], ...]  # author's id, what they are called

_MARK = 4  # characters of an author's id, hashed, that tell them from others of their name
# What looks like a Latin letter, most of it from Unicode's table, beside accents and styles:
# https://www.unicode.org/Public/security/latest/confusables.txt
_LOOKALIKES = """
аa вb гr еe зz иu кk мm нh оo рp сc тt уy хx ьb іi јj ѕs һh ԁd ԛq ԝw үy ѵv αa βb γy εe ηn
ιi κk νv οo ρp τt υu χx ωw ıi łi øo đd ħh ɑa ɡg ɪi ʀr ʏy ʟi ɴn ʜh ᴀa ʙb ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt
ᴜu ᴠv ᴡw ᴢz օo սu ոn ցg հh Ꭺa Ᏼb Ꮯc Ꭰd Ꭼe Ꮋh Ꭻj Ꮶk Ꮮi Ꮇm Ꮲp Ꮪs Ꭲt Ꮩv Ꮃw Ꮓz Ꮐg
li 1i |i !i 0o 5s $s @a"""
_CAPITALS = str.maketrans({"Η": "h", "Ν": "n", "Υ": "y"})  # the small ones look like others
_LATIN = str.maketrans({each[0]: each[1] for each in _LOOKALIKES.split()})


class Labels:
    """Who speaks first under a name has it; a later one has it with a mark: `Alex <1f0c>`.

    The mark comes from the author's id alone, so it is the same after every restart and whoever
    else is forgotten; no name holds its brackets. A name that somebody takes later changes nothing.
    """

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._taken = set(_RESERVED)

    def add(self, known: Pairs) -> None:
        """What they are called in a text that was made before."""
        for author, name in known:
            if author not in self._names:
                self._names[author] = name
                self._taken.add(_look(name))

    def pairs(self, authors: Iterable[str]) -> Pairs:
        """Of these, for a text that names them."""
        return tuple((each, self._names[each]) for each in authors if each in self._names)

    def named(self, entries: Sequence[Said]) -> tuple[Said, ...]:
        """The same, each under its author's label; those who have none yet get one, in order."""
        return tuple(self._named(each) for each in entries)

    def _named(self, entry: Said) -> Said:
        if not entry.author:
            return entry
        name = self._names.get(entry.author) or self._give(entry)
        return entry if name == entry.name else replace(cast("Any", entry), name=name)

    def _give(self, entry: Spoken) -> str:
        kind = "" if entry.kind == "person" else f" ({entry.kind})"
        digest = hashlib.sha256(entry.author.encode("utf-8", "replace")).hexdigest()
        name, size = entry.name, _MARK
        while (look := _look(name) + kind) in self._taken:
            name, size = f"{entry.name} <{digest[:size]}>", size + 1
        self._names[entry.author] = name
        self._taken.add(look)
        return name


def _look(name: str) -> str:
    """The same for names that a reader may take for one another; what tells a mark apart stays."""
    shown, bracket, mark = name.partition(" <")
    folded = normalize("NFKD", plain(shown.translate(_CAPITALS)))
    latin = "".join(each for each in folded if not combining(each)).translate(_LATIN)
    signs = "".join(each for each in latin if each.isalnum()).replace("rn", "m")
    return (signs or folded) + bracket + mark


# Who is called so would seem to speak for the bot, or for whoever runs it.
_BEARERS = ("assistant", "bot", "developer", "system", "threadkeeper", "user")
_RESERVED = frozenset(map(_look, _BEARERS))
