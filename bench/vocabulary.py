"""What benches count tokens with: a vocabulary that is at hand, else the estimate."""

import os
from pathlib import Path

from memory.tokens import Counter, counter

SHARED = Path("../shared/data/tiktoken")  # beside a developer's checkout


def at_hand() -> Counter:
    """TIKTOKEN_CACHE_DIR decides if it is set."""
    if SHARED.is_dir():
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(SHARED))
    return counter("")
