"""What the bot says of itself: at its start, and in /help."""

from collections.abc import Mapping, Sequence

from adapters.ports import Platform
from bot.config import Config
from memory.tokens import Counter

# by discord.message_content
HEARD = {
    False: "only what mentions me, replies to me with a ping, or is written to me directly",
    True: "every message of the channels I am in",
}
ARCHIVED = ("An archive keeps messages and summaries until they are forgotten.",)


def status(config: Config, platforms: Mapping[str, Platform], tokens: Counter) -> Sequence[str]:
    """What is on, what is not, and which variable would turn it on."""
    off = {
        "slack": "set SLACK_BOT_TOKEN, and SLACK_APP_TOKEN or SLACK_SIGNING_SECRET",
        "discord": "set DISCORD_TOKEN",
    }
    endpoint = config.openai.base_url or "OpenAI"
    real = config.openai.api_key or config.openai.base_url
    return [
        f"platforms: {', '.join(platforms)}",
        *(f"{name}: off ({how})" for name, how in off.items() if name not in platforms),
        *(f"discord: {line}" for line in _modes(config) if "discord" in platforms),
        f"model: {config.model.reply} at {endpoint}"
        if real
        else "model: offline, it quotes memory (set OPENAI_API_KEY or OPENAI_BASE_URL)",
        "memory: the server at REDIS_URL"
        if config.redis_url
        else f"memory: a private server under {config.data} (set REDIS_URL for your own)",
        f"archive: {'the database at DATABASE_URL' if config.database_url else 'off'}",
        "tokens: estimated (set TIKTOKEN_CACHE_DIR to count them)"
        if tokens.estimates
        else f"tokens: counted with {tokens.name}",
    ]


def _modes(config: Config) -> Sequence[str]:
    """Which of the two Discord is on in."""
    content = config.discord.message_content
    return (f"On Discord I see {HEARD[content]}.",) if config.discord.token else ()


def about(config: Config) -> Sequence[str]:
    """What /help says of storage."""
    kept = config.memory.retention
    return (
        "I answer when I am mentioned or written to directly, and remember the conversation.",
        *_modes(config),
        "All I store is encrypted, and expires when a conversation stays silent:",
        f"messages after {kept.messages_days} days, summaries after {kept.summaries_days},",
        f"what you said about yourself {kept.facts_days} after its last use: see /memory.",
        *(ARCHIVED if config.database_url else ()),
        "What you edit or delete changes in my memory too.",
    )
