"""What is planted: each kind yields what it says, and nothing where it could not matter."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from bench.mutants import compiles, python
from bench.mutants_lua import lua
from bench.mutate import TREE, draw, sources

pytestmark = pytest.mark.anyio


def planted(code: str) -> set[tuple[str, str]]:
    """Kind and outcome of all that can be planted in the body of a function."""
    source = f"def f(a, b):\n    {code}\n".encode()
    found = python("bot/x.py", source)
    assert {each.function for each in found} <= {"f"}
    assert {each.line for each in found} <= {2}
    outcomes = [(each.kind, each.apply(source).decode().splitlines()[1].strip()) for each in found]
    return set(outcomes)


@pytest.mark.parametrize(
    ("code", "kind", "outcome"),
    [
        ("return a < b", "operator", "return a <= b"),
        ("return a == b", "operator", "return a != b"),
        ("return a in b", "operator", "return a not in b"),
        ("return a is  not b", "operator", "return a is b"),
        ("return a.sent <= self._now", "operator", "return a.sent > self._now"),
        ("return (a) and b", "operator", "return (a) or b"),
        ("return a - b", "operator", "return a + b"),
        ("if a: return b", "condition", "if not (a): return b"),
        ("if a: return b", "condition", "if False: return b"),
        ("return a if b else 'x'", "condition", "return a if not (b) else 'x'"),
        ("return [x for x in a if x]", "condition", "return [x for x in a if not (x)]"),
        ("a.clear()", "statement", "pass"),
        ("a.b = b", "statement", "pass"),
        ("raise ValueError", "statement", "pass"),
        ("return 2", "constant", "return 3"),
        ("return 5_000", "constant", "return 0"),
        ("return 0.0", "constant", "return 1"),
        ("return True", "constant", "return False"),
        ("return a == 'yes'", "constant", 'return a == ""'),
        ("return g(a, b, x)", "argument", "return g(b, a, x)"),
        ("return g(a, done=b)", "argument", "return g(a, )"),
    ],
)
def test_each_kind_of_python_yields_what_it_says(code: str, kind: str, outcome: str) -> None:
    assert (kind, outcome) in planted(code)


def test_an_await_is_dropped_alone_or_with_what_it_awaits() -> None:
    source = b"async def f(a):\n    await a.b()\n"
    found = {each.apply(source) for each in python("bot/x.py", source) if each.kind == "await"}
    assert found == {b"async def f(a):\n    a.b()\n", b"async def f(a):\n    pass\n"}


@pytest.mark.parametrize(
    "code",
    [
        '"""Words, 3 of them."""',
        'log.warning("late", seconds=3, why=a < b)',
        'structlog.get_logger().error("x", n=3)',
        'return f"{a + 3} of them"',
        "assert a < 3",
        'return "a" + b',
        "c: Literal[3]",
        "return max(a, b)",
    ],
)
def test_nothing_is_planted_where_it_could_not_matter(code: str) -> None:
    assert planted(code) == set()


@pytest.mark.parametrize(
    "source",
    [
        b"@cache(3)\ndef f(a: int | 3 = b) -> 3:\n    return a\n",
        b"class A:\n    __slots__ = (3, 4)\n",
        b"class A(Protocol):\n    def f(self, a=3): ...\n",
        b"PAUSES = (1.0, 2.0)\n",
        b"if TYPE_CHECKING:\n    x = 3\n",
    ],
)
def test_nor_in_decorators_annotations_slots_protocols_and_tables(source: bytes) -> None:
    assert python("bot/x.py", source) == []


@pytest.mark.parametrize(
    ("line", "kind", "outcome"),
    [
        ("if a == b then c() end", "operator", "if a ~= b then c() end"),
        ("return a and b", "operator", "return a or b"),
        ("return a - b", "operator", "return a + b"),
        ("return a < seconds", "operator", "return a >= seconds"),
        ("if a(b) then return c end", "condition", "if not (a(b)) then return c end"),
        ("if a(b) then return c end", "condition", "if false then return c end"),
        ("redis.call('DEL', a) -- it goes", "statement", " -- it goes"),
        ("local a = ARGV[2]", "argument", "local a = ARGV[3]"),
        ("local a = { 0 }", "constant", "local a = { 1 }"),
    ],
)
def test_each_kind_of_script_yields_what_it_says(line: str, kind: str, outcome: str) -> None:
    source = f"-- about 3 of them\n{line}\n".encode()
    found = lua("memory/scripts/x.lua", source)
    outcomes = [(each.kind, each.apply(source).decode().splitlines()[1]) for each in found]
    assert (kind, outcome) in outcomes
    assert {each.line for each in found} == {2}


@pytest.mark.parametrize(
    "line", ["-- a < b and 3", "return 'a < 3'", "redis.call('EXPIRE', key, 90 * DAY)", "f(-1)"]
)
def test_nothing_is_planted_in_words_of_scripts_or_in_how_long_things_last(line: str) -> None:
    found = lua("memory/scripts/x.lua", f"{line}\n".encode())
    assert [each for each in found if each.kind in ("operator", "condition")] == []
    assert "DAY" not in line or [each.kind for each in found] == ["statement"]


def test_the_same_seed_draws_the_same_and_fewer_are_the_first_of_more() -> None:
    files = sources(TREE)
    drawn = draw("4ce9529", 24, files)
    assert draw("4ce9529", 24, files) == drawn
    assert draw("4ce9529", 8, files) == drawn[:8]
    assert draw("another", 24, files) != drawn


def test_all_rooms_and_kinds_are_drawn_from_and_no_line_twice() -> None:
    drawn = draw("4ce9529", 60, sources(TREE))
    assert len({(each.path, each.line) for each in drawn}) == 60
    rooms = [Path(each.path).parent.parts[0] for each in drawn]
    assert (rooms.count("bot"), rooms.count("adapters"), rooms.count("memory")) == (15, 15, 30)
    assert sum(each.path.endswith(".lua") for each in drawn) == 15
    kinds = {each.kind for each in drawn}
    assert kinds == {"operator", "condition", "statement", "await", "constant", "argument"}


def test_what_is_drawn_compiles_and_changes_one_place() -> None:
    files = sources(TREE)
    for mutant in draw("some seed", 60, files):
        source = files[mutant.path]
        changed = mutant.apply(source)
        assert changed != source
        assert mutant.old.encode() == source[mutant.start : mutant.end]
        assert mutant.path.endswith(".lua") or compiles(changed)


async def test_all_that_is_planted_in_scripts_compiles(any_redis_url: str) -> None:
    files = {path: text for path, text in sources(TREE).items() if path.endswith(".lua")}
    changed = [each.apply(text) for path, text in files.items() for each in lua(path, text)]
    assert len(changed) > 500
    async with Redis.from_url(any_redis_url) as redis:
        for text in changed:
            assert await redis.eval("return loadstring(ARGV[1]) and 1 or 0", 0, text) == 1, text
