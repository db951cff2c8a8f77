"""`python -m bench [NAME …]`: measures what the README claims; all of it without a name."""

import sys
from collections.abc import Callable, Mapping

from bench import ledger, start, turn

BENCHES: Mapping[str, Callable[[], int]] = {
    "ledger": ledger.main,
    "start": start.main,
    "turn": turn.main,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"no bench called {unknown[0]}: there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    return max(BENCHES[name]() for name in names or BENCHES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
