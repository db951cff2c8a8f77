"""What Slack refuses before it looks further: unknown arguments, too much, too often."""

import inspect
import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

Arguments = Mapping[str, Any]
_FILE = "shared/data/slack/rate_limit_tiers.json"
_FOUND = (path for up in Path(__file__).resolve().parents if (path := up / _FILE).exists())
TIERS = next(_FOUND, Path(_FILE))
_A_MINUTE = {"Tier1": 1, "Tier2": 20, "Tier3": 50, "Tier4": 100}
_KINDS = {"message": {"markdown", "section", "actions", "context", "context_actions", "divider"}}
_KINDS["home"] = {"section", "actions", "context", "divider", "header"}  # no markdown there


class Failure(Exception):
    """`{"ok": false}` with this error; `needed`: the scope that is missing."""

    def __init__(self, error: str, needed: str = "") -> None:
        super().__init__(error)
        self.needed = needed


class Tiers:
    """Calls of a method in the last minute, counted once `load` was asked for."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tiers: Mapping[str, str] = {}
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def load(self) -> None:
        """Refuse more than Slack's tiers allow. Raises FileNotFoundError without the data."""
        self._tiers = json.loads(TIERS.read_text())

    def wait(self, method: str) -> int:
        """0, or the seconds to wait."""
        most = _A_MINUTE.get(self._tiers.get(method, ""))
        if most is None:
            return 0
        calls, now = self._calls[method], self._now()
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= most:
            return max(1, int(calls[0] + 61 - now))
        calls.append(now)
        return 0


def check(method: str, given: Arguments) -> None:
    """Every argument must be one that the SDK's own method of that name takes."""
    parameters = _parameters(method)
    if parameters is None:
        raise Failure("unknown_method")
    missing = [name for name, each in parameters.items() if each.default is inspect.Parameter.empty]
    if set(given) - set(parameters) or set(missing) - set(given):
        raise Failure("invalid_arguments")
    if len(json.dumps(given.get("metadata") or {}).encode()) > 4_000:
        raise Failure("metadata_too_large")
    blocks(given.get("blocks") or (), "message")


@cache
def _parameters(method: str) -> Mapping[str, inspect.Parameter] | None:
    known = getattr(AsyncWebClient, method.replace(".", "_"), None)
    if known is None:
        return None
    parameters = dict(inspect.signature(known).parameters)
    for name in ("self", "kwargs", "app_token"):
        parameters.pop(name, None)
    return parameters


def blocks(given: Any, surface: str) -> None:
    if len(given) > (100 if surface == "home" else 50):
        raise Failure("invalid_blocks")
    if any(block.get("type") not in _KINDS[surface] for block in given):
        raise Failure("invalid_blocks")
    if surface == "message" and sum(len(text) for text in _texts(given)) > 13_200:
        raise Failure("msg_blocks_too_long")
    for block in given:
        _block(block)


def _block(block: Mapping[str, Any]) -> None:
    elements = block.get("elements") or ([block["accessory"]] if "accessory" in block else [])
    wrong = [
        block["type"] == "markdown" and not 0 < len(block["text"]) <= 12_000,
        block["type"] == "section" and not 0 < len(block["text"]["text"]) <= 3_000,
        block["type"] == "actions" and not 0 < len(elements) <= 25,
        block["type"] == "context_actions" and not 0 < len(elements) <= 5,
        len({each.get("action_id", number) for number, each in enumerate(elements)})
        < len(elements),
    ]
    buttons = [each for each in elements if each.get("type") == "button"]
    wrong += [not 0 < len(each["text"]["text"]) <= 75 for each in buttons]
    wrong += [len(each.get("value", "")) > 2_000 for each in buttons]
    wrong += [len(each.get("action_id", "")) > 255 for each in elements]
    if any(wrong):
        raise Failure("invalid_blocks")


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for name, inner in node.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            else:
                yield from _texts(inner)
    elif isinstance(node, list | tuple):
        for inner in node:
            yield from _texts(inner)
