"""What the configuration asks for, in the figures that each part takes, and what is counted."""

from adapters.draft import Pace
from bot import budget as budgets
from bot import settings
from bot.config import Config
from bot.prompt import Budget
from bot.telemetry import Metrics
from bot.web import Address
from memory.dependencies import Terms
from memory.engine import Settings
from memory.folding import Sizes
from memory.tokens import Counter
from memory.watching import Watch
from memory.window import Marks


def memory(config: Config) -> Settings:
    turns = config.turns
    return Settings(
        sizes=sizes(config),
        terms=Terms(lease=turns.lease_seconds, call=turns.call_timeout_seconds),
        follow=config.follow,
        recall=config.memory.recall_tokens > 0,
        silence=60.0 * config.memory.quiet_minutes,
        kept=config.memory.retention.messages_days * 86_400,
        patience=config.catch_up.wait_seconds,
    )


def sizes(config: Config) -> Sizes:
    kept = config.memory
    return Sizes(
        marks=Marks(**kept.window.model_dump()),
        segment=kept.segment_tokens,
        segments=kept.segments,
        batch=min(8_000, config.model.context_tokens // 4),
    )


def budget(config: Config, tokens: Counter) -> Budget:
    """An estimate may be a third too low on unusual text: then that much stays free."""
    kept, model = config.memory, config.model
    return Budget(
        context=model.context_tokens * (7 if tokens.estimates else 10) // 10,
        reply=model.reply_tokens,
        window=2 * kept.window.high,
        summary=kept.segments * (kept.segment_tokens + 16),
        recall=kept.recall_tokens,
    )


def limits(config: Config) -> budgets.Limits:
    def of(limit: settings.Limit) -> budgets.Limit:
        return budgets.Limit(tokens=limit.tokens, turns=limit.answers)

    day = config.budgets
    return budgets.Limits(
        person=of(day.person), channel=of(day.channel), space=of(day.space), soft=day.soft
    )


def pace(config: Config) -> Pace:
    return Pace(late=config.turns.late_seconds, listed=config.turns.listed_seconds)


def address(config: Config) -> Address:
    return Address(host=config.host, port=config.port, fixed=config.port_was_asked_for)


def watched(config: Config, metrics: Metrics, watch: Watch) -> None:
    """How the private server fares, where there is one, as an operator follows it."""
    if config.redis_url:
        return
    metrics.follow("private_server_up", "The private server serves", lambda: not watch.trouble)
    text = "Times the private server was started again"
    metrics.follow("private_server_restarts", text, lambda: watch.restarts)
