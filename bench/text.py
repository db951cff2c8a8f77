"""No text stops the loop: every function that is given one, on texts made to be slow for it."""

import argparse
import gc
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.hostile import Pattern, few, patterns
from bench.surfaces import Surface, surfaces

SIZES = (10_000, 20_000, 40_000)  # characters
GROWTH, LONGEST = 2.5, 30.0  # of the time per doubling; milliseconds for the longest text
COUNTS = 5.0  # milliseconds from which on a time is judged
BEST, TRIES = 5, 3  # times each is measured, and times that is done if it fails
HOPELESS = 300.0  # milliseconds after which nothing longer is tried


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Milliseconds of processor time at each size, as far as it got."""

    surface: str
    pattern: str
    times: Sequence[float]

    @property
    def growth(self) -> float:
        """The most per doubling, of times that count."""
        pairs = zip(self.times, self.times[1:], strict=False)
        return max((later / before for before, later in pairs if later >= COUNTS), default=0.0)

    @property
    def fails(self) -> bool:
        return max(self.times) > LONGEST or self.growth > GROWTH

    def __str__(self) -> str:
        times = " ".join(f"{each:8.2f}" for each in self.times).ljust(26)
        verdict = "  TOO SLOW" if self.fails else ""
        return f"{self.surface:50}{times}  x{self.growth:4.2f}  {self.pattern}{verdict}"


def main(words: Sequence[str] = ()) -> int:
    """Print the worst pattern of each function, with --json one object too; 1 if a bound fails."""
    parser = argparse.ArgumentParser(prog="python -m bench text")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default="", metavar="WORDS", help="functions whose names say so")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="one pattern of so many")
    options = parser.parse_args(words)
    made = few(patterns(), options.every)
    chosen = {name: each for name, each in surfaces().items() if options.only in name}
    print(f"{len(made)} patterns, {len(chosen)} functions; milliseconds of processor time at")
    print(f"{', '.join(f'{size:,}' for size in SIZES)} characters, and the growth per doubling")
    worst = list[Measured]()
    for name, surface in chosen.items():
        worst += judged(name, surface, made)
        print(worst[-1], flush=True)
    failed = [each for each in worst if each.fails]
    print(f"bounds: x{GROWTH} per doubling from {COUNTS:g} ms on, {LONGEST:g} ms in all")
    print(*(f"too slow: {each}" for each in failed), sep="\n", end="\n" if failed else "")
    if options.json:
        print(json.dumps([asdict(each) | {"fails": each.fails} for each in worst]))
    return int(bool(failed))


def judged(name: str, surface: Surface, made: Mapping[str, Pattern]) -> Sequence[Measured]:
    """Those that fail, worst last; if none does, the slowest."""
    seen = [
        Measured(surface=name, pattern=each, times=_timed(surface, made[each], 1)) for each in made
    ]
    suspects = {each.pattern for each in seen if each.fails}
    suspects |= {max(seen, key=_slowness).pattern, max(seen, key=lambda each: each.growth).pattern}
    ranked = sorted(
        (_again(name, surface, each, made[each]) for each in suspects),
        key=lambda each: (each.fails, _slowness(each)),
    )
    return [each for each in ranked if each.fails] or ranked[-1:]


def _again(name: str, surface: Surface, pattern: str, text: Pattern) -> Measured:
    """The best of five; what fails is tried twice more, as a busy machine is slow for a while."""
    for _ in range(TRIES):
        found = Measured(surface=name, pattern=pattern, times=_timed(surface, text, BEST))
        if not found.fails:
            break
    return found


def _slowness(measured: Measured) -> tuple[float, float]:
    return -len(measured.times), max(measured.times)


def _timed(surface: Surface, pattern: Pattern, rounds: int) -> Sequence[float]:
    """Of several rounds over all sizes the best, so that no disturbance hits one size alone."""
    texts, times = list[str](), list[float]()
    for size in SIZES:
        texts.append(pattern(size))
        times.append(_once(surface, texts[-1]))
        if times[-1] > HOPELESS:
            return times
    for _ in range(rounds - 1):
        for at, text in enumerate(texts):
            times[at] = min(times[at], _once(surface, text))
    return times


def _once(surface: Surface, text: str) -> float:
    """Without collecting what others left behind."""
    gc.disable()
    began = time.process_time()
    surface(text)
    took = (time.process_time() - began) * 1_000
    gc.enable()
    return took
