"""`python -m bench [NAME …] [--json]`: measures what the README claims; all of it without a name.

`python -m bench NAME OPTION …` for those that need to be told more. With --json the last line of
each is one JSON object.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

from bench import cache, chaos, citations, evidence, ledger, memory, slack, start


def _simulate(words: Sequence[str]) -> int:
    """Stands on the tests' foundation: what it needs is imported only here."""
    from bench import simulate

    return simulate.main(words)


def _durability(words: Sequence[str]) -> int:
    from bench import durability

    return durability.main(words)


def _failover(words: Sequence[str]) -> int:
    from bench import failover

    return failover.main(words)


def _flood(words: Sequence[str]) -> int:
    from bench import flood

    return flood.main(words)


def _mutate(words: Sequence[str]) -> int:
    from bench import mutate

    return mutate.main(words)


def _scripts(words: Sequence[str]) -> int:
    from bench import scripts

    return scripts.main(words)


def _scale(words: Sequence[str]) -> int:
    from bench import scale

    return scale.main(words)


def _soak(words: Sequence[str]) -> int:
    from bench import soak

    return soak.main(words)


def _text(words: Sequence[str]) -> int:
    from bench import text

    return text.main(words)


BENCHES: Mapping[str, Callable[[Sequence[str]], int]] = {
    "citations": citations.main,
    "ledger": ledger.main,
    "memory": memory.main,
    "slack": slack.main,
    "start": start.main,
}
OPTIONED: Mapping[str, Callable[[Sequence[str]], int]] = {
    "cache": cache.main,
    "chaos": chaos.main,
    "durability": _durability,
    "evidence": evidence.main,
    "failover": _failover,
    "flood": _flood,
    "mutate": _mutate,
    "scale": _scale,
    "scripts": _scripts,
    "simulate": _simulate,
    "soak": _soak,
    "text": _text,
}


def main(words: Sequence[str]) -> int:
    if words and words[0] in OPTIONED:
        return OPTIONED[words[0]](words[1:])
    options = [word for word in words if word == "--json"]
    names = [word for word in words if word != "--json"]
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(
            f"no bench called {unknown[0]}: there are {', '.join((*BENCHES, *OPTIONED))}",
            file=sys.stderr,
        )
        return 2
    return max(BENCHES[name](options) for name in names or BENCHES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
