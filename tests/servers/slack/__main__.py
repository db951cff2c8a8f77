"""`python -m tests.servers.slack [port]`: the fake Slack alone, for a bot started by hand.

POST /people/say, dm, edit or delete with the method's arguments as JSON to act as a person;
GET /channels/C1?thread=… shows what is visible.
"""

import asyncio
import sys

from tests.servers.slack import Slack


async def serve(port: int) -> None:
    async with Slack(port=port) as slack:
        print(f"SLACK_API_URL={slack.api_url}")
        print(f"SLACK_BOT_TOKEN={slack.bot_token}")
        print(f"SLACK_APP_TOKEN={slack.app_token}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    try:
        asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    except KeyboardInterrupt:
        sys.exit(0)
