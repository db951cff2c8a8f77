"""Structured logs without message text, and the numbers an operator watches."""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECRETS = re.compile(r"(xox[a-z]-|xapp-|sk-)[\w-]+|[\w-]{24,28}\.[\w-]{6,7}\.[\w-]{27,}")


class Metrics:
    """Counters with a registry of their own, so that every bot in a process has its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.received = self._count("received", "Messages taken in", "owed")
        self.turns = self._count("turns", "Turns by how they ended", "end")
        self.folds = self._count("folds", "Upkeep by how it ended", "end")
        self.archiving = self._count("archiving", "Steps of the archive by how they ended", "end")
        self.gaps = self._count("gaps", "Gaps in what was heard by how reading ended", "end")
        self.calls = self._count("missed_calls", "Calls found after an absence", "age")
        self.feedback = self._count("feedback", "What people pressed below replies", "opinion")
        self.seconds = Histogram(
            "threadkeeper_turn_seconds", "From begin to conclude", registry=self.registry
        )

    def follow(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A number that is read when it is asked for."""
        Gauge(f"threadkeeper_{name}", text, registry=self.registry).set_function(read)

    def _count(self, name: str, text: str, label: str) -> Counter:
        return Counter(f"threadkeeper_{name}", text, [label], registry=self.registry)


def set_up_logs(level: str, *, colours: bool) -> None:
    """Send structlog and the standard library's logs to stderr, one line each."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer = structlog.dev.ConsoleRenderer(colors=colours)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    quietest = max(logging.getLogger().level, logging.WARNING)
    for chatty in ("slack_bolt", "slack_sdk", "discord", "openai", "httpx", "httpx2", "aiohttp"):
        logging.getLogger(chatty).setLevel(quietest)  # at DEBUG they print what people wrote


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take whatever looks like a token out of every field."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = SECRETS.sub("<secret>", value)
    return event
