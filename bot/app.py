"""The composition root: the only file that picks platforms, store and model."""

import asyncio
import getpass
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from adapters.console import Console, stdio
from adapters.ports import Platform, Refused
from bot import budget, figures
from bot.about import about, status
from bot.breaker import Breaker
from bot.catchup import CatchUp
from bot.commands import Commands, offers
from bot.config import Config
from bot.desk import Desk
from bot.intake import Intake
from bot.offline import offline
from bot.ports import Model
from bot.prompt import Prompter
from bot.reply import Replies
from bot.settings import OwnPosts
from bot.summariser import summariser
from bot.telemetry import Metrics
from bot.turns import Limits, Turns
from bot.web import Web
from memory.cold import ColdStore
from memory.embedded import memory_key, private_server
from memory.engine import Memory
from memory.redis import RedisStore, Retention
from memory.seal import Keyring
from memory.store import StoreDown
from memory.tokens import counter
from memory.watching import Watch


class Misfit(Exception):
    """The bot cannot start; the text is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """Everything wired together, connected to nothing yet but the store."""

    platforms: Mapping[str, Platform]
    memory: Memory
    turns: Turns
    intake: Intake
    catchup: CatchUp
    status: Sequence[str]
    web: Web | None
    patience: float  # seconds

    async def run(self) -> None:
        """Serve until a signal comes, or until the terminal's input ends."""
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopping.set)
        async with asyncio.TaskGroup() as tasks:
            serving = [
                tasks.create_task(self._serve(each, stopping)) for each in self.platforms.values()
            ]
            if self.web:
                serving.append(tasks.create_task(self.web.serve()))
            background = [
                self.turns.sweep(self.catchup.awaits),
                self.catchup.run(self.intake),
                self.catchup.listened(self.patience),
            ]
            running = [tasks.create_task(each) for each in background]
            await stopping.wait()
            for task in running:
                task.cancel()
            await self.turns.drain()  # platforms stay connected: running replies need them
            for task in serving:
                task.cancel()

    async def _serve(self, platform: Platform, stopping: asyncio.Event) -> None:
        try:
            await platform.run(self.intake)
        except Refused as refused:
            raise Misfit(f"{platform.name}: {refused}") from None
        stopping.set()


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def assembled(config: Config, *, console: bool) -> AsyncIterator[Bot]:
    """The bot on its store; `console`: the terminal is its only platform. Raises Misfit."""
    async with AsyncExitStack() as stack:
        watch = Watch()
        store, keyring = await storage(config, stack, watch)
        tokens = counter(config.model.reply)
        model = _model(config, stack)
        metrics, at = Metrics(), config.turns
        figures.watched(config, metrics, watch)
        budgets = budget.Budgets(store, figures.limits(config), now)
        memory = Memory(
            store,
            keyring,
            settings=figures.memory(config),
            measure=tokens.measure,
            summarise=budgets.within(summariser(model), tokens.measure),
            randbytes=os.urandom,
            archive=archive(config),
        )
        await memory.open()
        platforms = _platforms(config, console=console)
        prompter = Prompter(config.persona, figures.budget(config, tokens), tokens.count, now)
        late, images = at.late_seconds, config.model.images
        replies = Replies(model, prompter, budgets, attempts=at.attempts, late=late, images=images)
        limits = Limits(sweep=at.sweep_seconds, stop=at.stop_seconds, turns=at.at_once)
        turns = Turns(memory, replies, platforms, limits=limits, metrics=metrics)
        await stack.enter_async_context(turns)
        reach, look = config.catch_up, at.sweep_seconds
        catchup = CatchUp(memory, turns, platforms, reach, look=look, metrics=metrics, now=now)
        desk = Desk(
            memory=memory,
            platforms=platforms,
            offers=offers(config.commands),
            about=about(config),
            budgets=budgets,
            metrics=metrics,
        )
        commands = Commands(desk, config.commands)
        intake = Intake(memory, turns, commands, catchup, platforms, metrics=metrics, now=now)
        yield Bot(
            platforms=platforms,
            memory=memory,
            turns=turns,
            intake=intake,
            catchup=catchup,
            status=status(config, platforms, tokens),
            patience=reach.wait_seconds,
            web=None if console else Web(figures.address(config), platforms, store.ping, metrics),
        )


async def storage(
    config: Config, stack: AsyncExitStack, watch: Watch
) -> tuple[RedisStore, Keyring]:
    """The store, which answers, and the keys to it; a private server has a watch. Raises Misfit."""
    url, key = config.redis_url, config.memory.key
    if url and not key:
        raise Misfit(
            "MEMORY_KEY: is missing, and REDIS_URL needs it: make one with `python -m bot key`"
        )
    at = (
        url.get_secret_value()
        if url
        else await stack.enter_async_context(private_server(config.data, watch=watch))
    )
    keys, kept = key.get_secret_value() if key else memory_key(config.data), config.memory.retention
    try:
        store = RedisStore(
            at,
            lease=config.turns.lease_seconds,
            grace=config.turns.grace_seconds,
            retention=Retention(
                messages=kept.messages_days,
                summaries=kept.summaries_days,
                facts=kept.facts_days,
                remove_replies=config.forget.replies is OwnPosts.REMOVE,
            ),
            replicas=config.store.replicas,
            why=watch.why,
        )
    except ValueError:  # its text may quote the password
        raise Misfit(
            "REDIS_URL: names no host and port; in a password, write special characters as %xx"
        ) from None
    stack.push_async_callback(store.close)
    try:
        await store.ping()
    except StoreDown:
        where = urlsplit(at)
        address = where.netloc.rpartition("@")[2] or where.path
        raise Misfit(
            f"REDIS_URL: nothing answers at {address}: start a Redis 7.0 or newer there, "
            "or unset REDIS_URL for a private server"
        ) from None
    return store, Keyring.parse(keys)


def archive(config: Config) -> ColdStore | None:
    """None where no DATABASE_URL is set. Raises ArchiveDown."""
    url, retention = config.database_url, config.memory.retention
    if not url:
        return None
    from memory.archive import Archive

    days = max(retention.messages_days, retention.summaries_days)
    return Archive(url.get_secret_value(), now=time.time, kept=days * 86_400)


def _model(config: Config, stack: AsyncExitStack) -> Model:
    at, model = config.openai, config.model
    if not (at.api_key or at.base_url):
        return offline
    from bot.model import Completions, Endpoint

    endpoint = Endpoint(
        base_url=at.base_url or "https://api.openai.com/v1",
        api_key=at.api_key.get_secret_value() if at.api_key else "",
        model=model.reply,
        summary_model=model.summary,
        limit_parameter=model.limit_parameter,
        first_token=model.first_token_seconds,
        idle=model.idle_seconds,
        total=model.total_seconds,
        tries=model.tries,
    )
    completions = Completions(endpoint, random.random)
    stack.push_async_callback(completions.close)
    return Breaker(completions, rest=model.rest_seconds)


def _platforms(config: Config, *, console: bool) -> Mapping[str, Platform]:
    chosen = [] if console else [_slack(config), _discord(config)]
    platforms = [platform for platform in chosen if platform] or [terminal()]
    return {platform.name: platform for platform in platforms}


def _slack(config: Config) -> Platform | None:
    slack, turns = config.slack, config.turns
    if not slack.bot_token:
        return None
    from adapters.slack.platform import Access, SlackPlatform

    return SlackPlatform(
        Access(
            bot_token=slack.bot_token.get_secret_value(),
            app_token=slack.app_token.get_secret_value() if slack.app_token else "",
            signing_secret=slack.signing_secret.get_secret_value() if slack.signing_secret else "",
            api_url=slack.api_url or "https://slack.com/api/",
        ),
        pace=figures.pace(config),
        timeout=turns.call_timeout_seconds,
        shared=slack.shared,
        agent=slack.agent_view,
        sockets=slack.sockets,
        offers=offers(config.commands),
        now=now,
    )


def slack_manifest(config: Config, address: str) -> Mapping[str, object]:
    """The Slack app to make; `address`: where Slack reaches the bot over HTTP. Raises Misfit."""
    from adapters.slack.manifest import manifest

    if config.slack.signing_secret and not (config.slack.app_token or address):
        raise Misfit(
            "SLACK_SIGNING_SECRET: is set, so Slack must know where it reaches the bot: "
            "say `python -m bot manifest --address https://your.host`"
        )
    return manifest(offers(config.commands), address, agent=config.slack.agent_view)


def _discord(config: Config) -> Platform | None:
    discord, turns = config.discord, config.turns
    if not discord.token:
        return None
    from adapters.discord.options import Options
    from adapters.discord.platform import DiscordPlatform

    return DiscordPlatform(
        token=discord.token.get_secret_value(),
        api_url=discord.api_url or "https://discord.com/api/v10",
        pace=figures.pace(config),
        options=Options(
            message_content=discord.message_content,
            auto_thread=discord.auto_thread,
            shard_ids=discord.shard_ids,
            shard_count=discord.shard_count,
            timeout=turns.call_timeout_seconds,
            offers=offers(config.commands),
        ),
    )


def terminal() -> Console:
    return stdio(person=getpass.getuser(), now=now)
