"""A message that goes, and a reply of the bot's that took words from it, or did not."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """`names`: of those who take part; `at`: when the reply was made, which its prompt says.

    `kind` says what is shared, `dress` how the reply shows it, so that misses can be counted.
    """

    gone: str
    reply: str
    names: tuple[str, ...]
    at: datetime
    language: str
    kind: str
    dress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What people and bots say in it. In brackets stand the words that a reply quotes.

    Any five words in a row within brackets say something of their own, where words are `spaced`;
    elsewhere only all of them do. `{}` is where a token or a name goes.
    """

    name: str
    spaced: bool = True
    told: tuple[str, ...]
    short: tuple[str, ...]  # whole messages of few words
    carried: tuple[str, ...]  # messages around a token
    openings: tuple[str, ...]  # of replies
    closings: tuple[str, ...]
    returned: tuple[str, ...]  # replies around a token
    streets: tuple[str, ...]
    greetings: tuple[str, ...]  # `{}`: the name of who is greeted
    thanks: tuple[str, ...]
    boilerplate: tuple[str, ...]  # of chat and of assistants
    small: tuple[str, ...]  # less than five words that anybody says
    today: str  # a strftime format
