"""A fake of OpenAI's Chat Completions, streamed, with the faults that endpoints have."""

from tests.servers.openai.act import HANG, SILENT, Act, error, html, reply
from tests.servers.openai.server import FakeOpenAI, Seen

__all__ = ["HANG", "SILENT", "Act", "FakeOpenAI", "Seen", "error", "html", "reply"]
