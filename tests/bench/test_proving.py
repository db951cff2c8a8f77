"""Whether something planted is noticed: by which test, in time, not by one that fails anyway."""

import json
import subprocess
from pathlib import Path

import pytest

from bench import mutate, proving
from bench.mutants import Mutant, python
from bench.mutate import recorded, report
from bench.proving import Copy, Record, Step, Told, copied, steps

CODE = """def half(number):
    if number < 0:
        raise ValueError
    while number > 10:
        number -= 10
    return number - 1


def idle(number):
    return number + 3
"""
TESTS = """from pathlib import Path
import pytest
from bot.sums import half

def test_halves():
    assert half(4) == 3
    assert half(25) == 4

def test_of_nothing():
    with pytest.raises(ValueError):
        half(-1)
"""
pytestmark = pytest.mark.wire  # it starts processes

EVERY = Step(name="all", arguments=("tests",), seconds=0.0)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    for name, text in (("bot/sums.py", CODE), ("tests/test_sums.py", TESTS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "bot" / "__init__.py").touch()
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\nmarkers =\n  long\n  alone\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a start takes half the time
    return Copy(root=tmp_path)


def mutant(copy: Copy, line: int, new: str) -> Mutant:
    found = python("bot/sums.py", (copy.root / "bot" / "sums.py").read_bytes())
    return next(each for each in found if (each.line, each.new) == (line, new))


def test_the_first_test_that_fails_is_named_and_the_tree_is_as_before(copy: Copy) -> None:
    told = copy.prove(mutant(copy, 3, "pass"), [EVERY])
    assert told.by == "tests/test_sums.py::test_of_nothing"
    assert (copy.root / "bot" / "sums.py").read_text() == CODE
    assert copy.prove(mutant(copy, 6, "+"), [EVERY]).by == "tests/test_sums.py::test_halves"


def test_what_no_test_notices_is_told_by_nobody(copy: Copy) -> None:
    assert copy.prove(mutant(copy, 10, "-"), [EVERY, EVERY]).by == ""


def test_what_takes_too_long_is_noticed(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "LEAST", 5.0)
    assert copy.prove(mutant(copy, 5, "pass"), [EVERY]).by == "(time-out)"


def test_a_test_that_fails_anyway_or_now_and_then_notices_nothing(copy: Copy) -> None:
    (copy.root / "tests" / "test_more.py").write_text(
        "from pathlib import Path\n"
        "def test_anyway():\n    assert False\n"
        "def test_now_and_then():\n"
        "    mark = Path(__file__).with_name('mark')\n"
        "    known = mark.exists()\n    mark.touch()\n    assert known\n"
    )
    assert copy.prove(mutant(copy, 10, "-"), [EVERY]).by == ""
    assert copy.sound == {
        "tests/test_more.py::test_anyway": False,
        "tests/test_more.py::test_now_and_then": True,
    }


def test_a_tree_that_does_not_even_begin_is_noticed(copy: Copy) -> None:
    planted = mutant(copy, 10, "-")
    broken = Mutant(
        path=planted.path, line=1, kind="x", function="", start=0, end=0, old="", new="import no\n"
    )
    assert copy.prove(broken, [EVERY]).by.startswith("tests/test_sums.py")


def test_it_is_recorded_which_test_files_run_which_functions(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    (copy.root / "bench").symlink_to(mutate.TREE / "bench")
    record = recorded(copy, ["tests"])
    assert record.touched == {"tests/test_sums.py": ["bot/sums.py::half"]}
    assert record.seconds["tests/test_sums.py"] > 0


def test_the_tests_that_run_the_function_come_first_and_the_quick_ones_before(copy: Copy) -> None:
    names = ["bot/sums.py::half"]
    record = Record(
        touched={"slow.py": names, "quick.py": names, "other.py": ["bot/sums.py::idle"]},
        seconds={"slow.py": 9.0, "quick.py": 1.0, "other.py": 2.0},
    )
    near, unit, short, alone = steps(mutant(copy, 3, "pass"), record, ())
    assert near.arguments[-2:] == ("quick.py", "slow.py")
    assert near.seconds == 10.0
    assert "not wire" in unit.arguments[1]
    assert "not alone" in short.arguments[-1]
    assert alone.arguments == ("-m", "alone and not long")
    unseen = Mutant(path="bot/y.py", line=1, kind="x", function="f", start=0, end=0, old="", new="")
    assert steps(unseen, record, ())[0].arguments[-1] == "tests/e2e"


def test_the_copy_is_what_git_does_not_ignore_as_it_is_now_beside_the_recorded_data(
    copy: Copy,
) -> None:
    tree = copy.root / "work" / "tree"
    tree.mkdir(parents=True)
    (tree.parent / "shared").mkdir()
    (tree / ".gitignore").write_text("*.log\n")
    (tree / "new.py").write_text("x = 1\n")
    (tree / "a.log").touch()
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    with copied(tree) as made:
        assert {each.name for each in made.root.iterdir()} == {".gitignore", "new.py"}
        assert (made.root.parent / "shared").is_dir()
    assert not made.root.exists()


class Called:
    """In the place of pytest, which takes long: what was tried, and whether a test notices."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tried: list[str] = []
        self.by = "a test"
        monkeypatch.setattr(mutate, "recorded", lambda *_: Record(touched={"a": ["b"]}))
        monkeypatch.setattr(Copy, "prove", self.prove)

    def prove(self, mutant: Mutant, _: object) -> Told:
        self.tried.append(mutant.planted)
        return Told(by=self.by, seconds=1.5)


def test_who_is_interrupted_goes_on_where_it_was_and_tries_again_what_nothing_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = Called(monkeypatch)
    words = ["--seed", "s", "--state", str(tmp_path / "state.json"), "--count"]
    assert mutate.main([*words, "4", "--minutes", "0"]) == 3
    assert called.tried == []
    assert mutate.main([*words, "2"]) == 0
    called.by = ""
    assert mutate.main([*words, "4"]) == 1
    assert len({*called.tried}) == len(called.tried) == 4
    assert mutate.main([*words, "4"]) == 1
    assert len(called.tried) == 4
    called.by = "a test that was added"
    assert mutate.main([*words, "4", "--again"]) == 0
    assert called.tried[4:] == called.tried[2:4]


def test_what_was_planted_in_a_file_that_changed_since_is_another(copy: Copy) -> None:
    path, planted = "bot/sums.py", mutant(copy, 3, "pass")
    before, now = {path: CODE.encode()}, {path: CODE.encode() + b"# more"}
    assert mutate.name(planted, before) == mutate.name(planted, before)
    assert mutate.name(planted, before) != mutate.name(planted, now)


@pytest.mark.parametrize(
    ("noticed", "missed", "code"), [(57, 3, 0), (56, 4, 1), (50, 0, 3), (3, 0, 3)]
)
def test_it_fails_where_too_few_were_noticed(
    noticed: int, missed: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    known = {"path": "bot/x.py", "line": 3, "planted": "constant: 1 -> 2", "seconds": 4.0}
    rows = [known | {"by": "a test"}] * noticed + [known | {"by": ""}] * missed
    assert report("seed", 60, rows, as_json=True) == code
    *table, last = capsys.readouterr().out.splitlines()
    assert f"{noticed} of {noticed + missed} noticed" in "\n".join(table)
    assert sum("NOT NOTICED" in line for line in table) == missed
    assert json.loads(last)["noticed"] == noticed
