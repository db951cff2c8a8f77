"""Run the fake alone: `python -m tests.servers.openai [port]`; prints its address."""

import asyncio
import sys

from tests.servers.openai.server import FakeOpenAI


async def main() -> None:
    async with FakeOpenAI(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
