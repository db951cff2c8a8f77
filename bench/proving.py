"""Runs the tests against a copy of the tree in which something may be planted."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.mutants import Mutant

LEAST, SLOWER = 180.0, 6.0  # seconds a step may take at least; as many times what it takes else
FLAKES = 3  # failures that did not come again, then a step is taken as it is
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?\.py(?:::.*?)?)(?: - .*)?$", re.MULTILINE)
SHORT = "not long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Arguments of one pytest, and how many seconds it takes when nothing is planted."""

    name: str
    arguments: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`by`: the test that noticed; empty when nothing did."""

    by: str
    seconds: float


@dataclass(slots=True, kw_only=True)
class Copy:
    """A tree of its own; `sound`: whether a test passes there when nothing is planted."""

    root: Path
    sound: dict[str, bool] = field(default_factory=dict)
    _stamp: int = 1_700_000_000

    @contextmanager
    def planted(self, mutant: Mutant) -> Iterator[None]:
        path = self.root / mutant.path
        source = path.read_bytes()
        self._write(path, mutant.apply(source))
        try:
            yield
        finally:
            self._write(path, source)

    def _write(self, path: Path, source: bytes) -> None:
        """With a time of its own: by size and time Python knows whether it compiled this."""
        path.write_bytes(source)
        self._stamp += 10
        os.utime(path, (self._stamp, self._stamp))

    def prove(self, mutant: Mutant, steps: Sequence[Step]) -> Told:
        began = time.monotonic()
        for step in steps:
            if by := self._noticed(mutant, step):
                return Told(by=by, seconds=time.monotonic() - began)
        return Told(by="", seconds=time.monotonic() - began)

    def _noticed(self, mutant: Mutant, step: Step) -> str:
        left: list[str] = []  # tests that fail now and then, or anyway
        for _ in range(FLAKES + 1):
            skipped = [f"--deselect={test}" for test in left]
            with self.planted(mutant):
                failed = self._failed([*step.arguments, *skipped], step.seconds)
            if not failed or "::" not in failed or self._again(mutant, failed):
                return failed
            left.append(failed)
        return ""

    def _again(self, mutant: Mutant, test: str) -> bool:
        """Whether it fails once more, and only with the mutant."""
        if test not in self.sound:
            self.sound[test] = not self._failed([test], 0)
        if not self.sound[test]:
            return False
        with self.planted(mutant):
            return bool(self._failed([test], 0))

    def _failed(self, arguments: Sequence[str], seconds: float) -> str:
        """The first test that failed, or what else went wrong; empty if all passed."""
        code, said = self.run(["-x", *arguments], max(LEAST, SLOWER * seconds))
        if code is None:
            return "(time-out)"
        if code in (0, 5):  # 5: there was no test in it
            return ""
        found = FAILED.search(said)
        return found[1] if found else f"(pytest ended with {code})"

    def run(
        self, arguments: Sequence[str], seconds: float, **environ: str
    ) -> tuple[int | None, str]:
        """pytest's exit code, None if it took longer than that; and what it said."""
        command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=no", *arguments]
        with tempfile.TemporaryDirectory(prefix="tk-prove-") as folder:
            env = os.environ | environ | {"TMPDIR": folder, "COLUMNS": "1000"}
            with subprocess.Popen(
                command,
                cwd=self.root,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            ) as process:
                try:
                    said, _ = process.communicate(timeout=seconds)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.communicate()
                    return None, ""
                finally:
                    _end_all_in(folder)
        return process.returncode, said


def _end_all_in(folder: str) -> None:
    """Servers that a broken test left behind live in its temporary folder."""
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if entry.readlink().is_relative_to(folder):
                os.kill(int(entry.parent.name), signal.SIGKILL)


@contextmanager
def copied(tree: Path) -> Iterator[Copy]:
    """All of the tree that Git does not ignore, as it is now."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=tree, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory(prefix="tk-mutate-") as folder:
        root = Path(folder, "tree")
        if (tree.parent / "shared").exists():  # some tests read recorded data there
            (root.parent / "shared").symlink_to(tree.parent / "shared")
        for name in filter(None, names.decode().split("\0")):
            if (tree / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(tree / name, root / name)
        yield Copy(root=root)


@dataclass(slots=True, kw_only=True)
class Record:
    """Which test files run which functions and scripts, and the seconds each file took."""

    touched: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, touched: Mapping[str, Sequence[str]], seconds: Mapping[str, float]) -> None:
        for file, names in touched.items():
            self.touched[file] = sorted({*self.touched.get(file, ()), *names})
        for file, took in seconds.items():
            self.seconds[file] = self.seconds.get(file, 0.0) + took

    def near(self, mutant: Mutant) -> Sequence[str]:
        """The test files that run the very function, the quick ones first."""
        name, file = f"{mutant.path}::{mutant.function}", mutant.path
        within = [each for each, names in self.touched.items() if name in names]
        if not within:  # it runs at the import, or only in processes of its own
            holds = {
                each: any(file in name for name in names) for each, names in self.touched.items()
            }
            within = [each for each, holding in holds.items() if holding]
        return sorted(within, key=lambda each: self.seconds.get(each, 0.0))


def _file(name: str) -> str:
    return name.partition("::")[0]


def lanes(tests: Sequence[str]) -> Sequence[tuple[str, ...]]:
    """What `make test` runs."""
    together = ("-n", "2", "--dist", "loadfile", "-m", f"{SHORT} and not alone", *tests)
    return together, ("-m", f"alone and {SHORT}", *tests)


def steps(mutant: Mutant, record: Record, tests: Sequence[str]) -> Sequence[Step]:
    """The tests that are near, then the unit lane, then the whole short lane."""
    near = record.near(mutant)
    took, every = sum(record.seconds.get(each, 0.0) for each in near), sum(record.seconds.values())
    # What runs in processes of its own is not recorded.
    first = ("-m", SHORT, *(near or tests or ("tests/e2e",)))
    together, alone = lanes(tests)
    return (
        Step(name="near", arguments=first, seconds=took if near else every),
        Step(name="unit", arguments=("-m", f"{SHORT} and not wire", *tests), seconds=every),
        Step(name="short", arguments=together, seconds=every),
        Step(name="alone", arguments=alone, seconds=every),
    )
