"""What the bot asks of a language model: a request, a stream of text, one kind of failure."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from enum import StrEnum

from adapters.ports import Image


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One piece of the model's input."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The model's input: prompts in order, the stable prefix first."""

    prompts: tuple[Prompt, ...]
    stable: int = 0  # how many of the first prompts the next turn will repeat; 0: unknown
    reply_tokens: int  # the most the reply may hold
    cache_key: str = ""
    images: tuple[Image, ...] = ()  # they belong to the last message of a person
    tokens: int = 0  # of prompts and images, at most
    summary: bool = False  # asked by the upkeep: the summary model answers
    cheap: bool = False  # the summary model answers people too, to go easy on a budget
    facts: bool = False  # the answer is JSON: a summary, and facts with their quotes


WORDLESS = "The model ended without a word: raise its reply limit, or choose another."


class ModelFailed(Exception):
    """The model gave no complete reply; `str()` is one line for the operator.

    `reason` is one stable word (auth, quota, rate, unavailable, resting, timeout, truncated,
    refused, rejected, invalid, empty). `lasting`: trying again is pointless until the operator
    acts. `after`: seconds the endpoint asks to wait, 0 when it said nothing.
    """

    def __init__(
        self, reason: str, advice: str, *, lasting: bool = False, after: float = 0
    ) -> None:
        super().__init__(advice)
        self.reason, self.lasting, self.after = reason, lasting, after


Model = Callable[[Request], AsyncGenerator[str, None]]
"""Yields the reply's pieces; its end is the end of a complete reply. Raises ModelFailed.

The iterator is an async generator: closing it (`aclose`) ends the call to the vendor at once.
"""
