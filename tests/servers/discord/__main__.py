"""The fake Discord by itself: every line typed is a direct message from Ada."""

import asyncio
import contextlib
import sys
import threading

from tests.servers.discord import FakeDiscord


async def main(port: int) -> None:
    async with FakeDiscord(port=port) as discord:
        print(f"DISCORD_API_URL={discord.api_url} DISCORD_TOKEN={discord.token}", flush=True)
        ada, loop = discord.person("Ada"), asyncio.get_running_loop()

        def listen() -> None:
            for line in sys.stdin:
                if line.strip():
                    loop.call_soon_threadsafe(discord.dm, ada, line.strip())

        threading.Thread(target=listen, daemon=True).start()
        direct, shown = discord.direct(ada), list[str]()

        def news() -> bool:
            return discord.texts(direct) != shown

        while True:
            await discord.until(news, within=1e9)
            shown[:] = discord.texts(direct)
            print(*shown[-1:], flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
