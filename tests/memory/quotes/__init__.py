"""What counts as words taken from a message, and what does not: pairs to judge a matcher on."""

from tests.memory.quotes.harmless import harmless
from tests.memory.quotes.pair import Pair
from tests.memory.quotes.planted import planted

__all__ = ["Pair", "harmless", "planted"]
