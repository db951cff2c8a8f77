"""Every rule of the turn protocol, switched off."""

from tests.simulation.mutants.mutant import NONE, Mutant
from tests.simulation.mutants.posts import POSTS
from tests.simulation.mutants.record import RECORD

MUTANTS = (*RECORD, *POSTS)
# What makes no difference here, as the last edit takes the button away and says the text again.
ELSEWHERE = {
    "14  what a nonce brings back is left as it is": (
        "tests/adapters/test_discord_posts.py::test_words_that_a_nonce_brings_back_are_replaced"
    ),
}

__all__ = ["ELSEWHERE", "MUTANTS", "NONE", "Mutant"]
