"""How the fake answers one request: a reply, or one of the ways endpoints fail."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One answer. Waits are in seconds; `None` waits until the client hangs up."""

    text: str = ""
    size: int = 8  # characters in a piece
    every: float = 0  # between two pieces
    finish: str | None = "stop"  # None: the stream ends without saying why
    done: bool = True  # the last `data: [DONE]`
    before_headers: float | None = 0
    before_text: float | None = 0
    after_pieces: int = 0  # where `then` happens; 0: after the last piece
    then: str = (
        ""  # "stall", "cut" (the connection breaks), "eof" (it ends cleanly) or raw SSE text
    )
    keepalive: bool = False  # comments while it waits
    thinking: int = 0  # pieces of reasoning before the text
    status: int = 200
    body: str | None = None  # instead of a stream
    content_type: str = "application/json"
    retry_after: str = ""


def reply(text: str, **how: object) -> Act:
    return Act(text=text, **how)  # type: ignore[arg-type]


def error(status: int, code: str = "", message: str = "made up", **how: object) -> Act:
    """An error in OpenAI's shape."""
    body = f'{{"error": {{"message": "{message}", "type": "{code}", "code": "{code}"}}}}'
    return Act(status=status, body=body, **how)  # type: ignore[arg-type]


def html(status: int = 200) -> Act:
    return Act(status=status, body="<html><body>Sign in</body></html>", content_type="text/html")


HANG = Act(before_headers=None)
SILENT = Act(before_text=None, keepalive=True)
"""Headers at once, then keep-alive comments for ever."""
