"""`python -m bench [NAME …]`: measures what the README claims; all of it without a name.

`python -m bench NAME OPTION …` for those that need to be told more.
"""

import sys
from collections.abc import Callable, Mapping, Sequence

from bench import cache, evidence, ledger, start, turn

BENCHES: Mapping[str, Callable[[], int]] = {
    "ledger": ledger.main,
    "start": start.main,
    "turn": turn.main,
}
OPTIONED: Mapping[str, Callable[[Sequence[str]], int]] = {
    "cache": cache.main,
    "evidence": evidence.main,
}


def main(names: list[str]) -> int:
    if names and names[0] in OPTIONED:
        return OPTIONED[names[0]](names[1:])
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(
            f"no bench called {unknown[0]}: there are {', '.join((*BENCHES, *OPTIONED))}",
            file=sys.stderr,
        )
        return 2
    return max(BENCHES[name]() for name in names or BENCHES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
