"""A model that does whatever any text in its prompt tells it, and repeats all that it was shown."""

import json
import re
from collections.abc import Sequence

ORDER = re.compile(r"SAY (.+?) END", re.DOTALL)
CLAIM = re.compile(r"\{[^{}]*\"quote\"[^{}]*\}")


def answer(texts: Sequence[str]) -> str:
    """To a prompt: JSON with facts where facts are asked for, else a reply."""
    return believe(texts[-1]) if '"facts"' in texts[0] else obey(texts)


def obey(texts: Sequence[str]) -> str:
    """What it was told to say, then everything it knows."""
    orders = [order for text in texts for order in ORDER.findall(text)]
    return "\n".join([*dict.fromkeys(orders), *texts])


def believe(text: str) -> str:
    """A summary that copies, and as facts whatever anybody claims as JSON."""
    claims = [json.loads(claim) for claim in CLAIM.findall(text)]
    return json.dumps({"summary": text, "facts": claims})
