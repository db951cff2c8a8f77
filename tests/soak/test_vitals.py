"""What counts as grown."""

from collections.abc import Iterable

from tests.soak.vitals import Vitals, grown


def looks(*, rss: Iterable[float] = (), files: Iterable[int] = ()) -> list[Vitals]:
    rows = [(each, 30) for each in rss] or [(120.0, each) for each in files]
    return [Vitals(rss=mb, tasks=17, files=fds, threads=5, objects=1) for mb, fds in rows]


def test_what_keeps_growing_is_told() -> None:
    assert grown(looks(rss=(120 + minute / 2 for minute in range(30)))) == ["rss"]
    assert grown(looks(files=(30 + minute for minute in range(30)))) == ["files"]


def test_a_cache_that_is_full_after_a_third_is_not() -> None:
    assert grown(looks(rss=(120 + 2 * min(minute, 9) for minute in range(30)))) == []


def test_what_a_burst_took_is_not() -> None:
    assert grown(looks(files=[30] * 25 + [125, 89, 74, 62, 62])) == []
    assert grown(looks(rss=[143] * 20 + [157] * 10)) == []
    assert grown(looks(files=[30, 60, 90] * 10)) == []


def test_of_few_looks_the_last_counts() -> None:
    assert grown(looks(rss=(115, 120, 125, 140))) == ["rss"]
    assert grown(looks(rss=(115, 140, 125, 120))) == []
