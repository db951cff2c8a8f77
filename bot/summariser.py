"""What memory asks of a model: to summarise, and to tell facts."""

from contextlib import aclosing

from bot.ports import Model, Prompt, Request, Role
from memory.summary import Summarise, Task


def summariser(model: Model) -> Summarise:
    """What memory asks of a model, asked of this one."""

    async def summarise(task: Task) -> str:
        prompts = (
            Prompt(role=Role.SYSTEM, text=task.instruction),
            Prompt(role=Role.USER, text=task.text),
        )
        request = Request(prompts=prompts, reply_tokens=task.tokens, summary=True, facts=task.facts)
        async with aclosing(model(request)) as pieces:
            return "".join([piece async for piece in pieces])

    return summarise
