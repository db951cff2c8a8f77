"""A plugin of pytest: notes which test files call which functions and scripts of the product.

`TOUCHING` names the folder where each process writes what it saw, and how long each file took.
"""

import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

PRODUCT = ("bot", "adapters", "memory")
SCRIPT = "RedisStore._together"  # whoever calls a script is here, with its name


class Touching:
    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._folder = root, folder
        self._names: dict[int, str] = {}  # of a code object; empty where it is not the product's
        self._codes: list[CodeType] = []  # so that no other gets the number of one that is gone
        self._touched: dict[str, set[str]] = defaultdict(set)
        self._seconds: dict[str, float] = defaultdict(float)
        self._here = set[str]()  # of the test that runs

    def trace(self, frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        name = self._names.get(id(code))
        if name is None:
            name = self._names[id(code)] = self._named(code)
            self._codes.append(code)
        if name:
            self._here.add(name)
            if name.endswith(SCRIPT):
                script = frame.f_locals["name"]
                self._here.add(f"memory/scripts/{script}.lua::{script}")
                self._here.add("memory/scripts/record.lua::record")

    def _named(self, code: CodeType) -> str:
        try:
            path = Path(code.co_filename).relative_to(self._root)
        except ValueError:
            return ""
        function = code.co_qualname.replace(".<locals>", "")
        return f"{path.as_posix()}::{function}" if path.parts[0] in PRODUCT else ""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        file = item.nodeid.partition("::")[0]
        self._here, began = self._touched[file], time.monotonic()
        threading.settrace(self.trace)
        sys.settrace(self.trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self._seconds[file] += time.monotonic() - began

    def pytest_sessionfinish(self) -> None:
        touched = {file: sorted(names) for file, names in self._touched.items()}
        seen = json.dumps({"touched": touched, "seconds": self._seconds})
        (self._folder / f"{os.getpid()}.json").write_text(seen)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Touching(config.rootpath, Path(os.environ["TOUCHING"])))
