"""The bot as an operator runs it: a process with a folder, an environment and nothing else."""

import asyncio
import fcntl
import os
import signal
import sys
import termios
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.warm import Started, start

ROOT = Path(__file__).parents[2]
PATIENCE = 20.0  # seconds; on a busy machine everything takes longer
WINDOW = 16  # characters of somebody's text that must not show up in a log

# Crashes are found soon. The fakes take effect at once or never, so little has to be waited out.
BRISK = {
    "THREADKEEPER_TURNS__LEASE_SECONDS": "1.5",
    "THREADKEEPER_TURNS__GRACE_SECONDS": "0.5",
    "THREADKEEPER_TURNS__SWEEP_SECONDS": "0.2",
    "THREADKEEPER_TURNS__CALL_TIMEOUT_SECONDS": "1",
    "THREADKEEPER_TURNS__LATE_SECONDS": "1.2",
    "THREADKEEPER_TURNS__LISTED_SECONDS": "0.3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    code: int
    out: str
    err: str


class Bot:
    """One running process; `out` is what it printed so far."""

    def __init__(
        self, process: asyncio.subprocess.Process | Started, terminal: int | None = None
    ) -> None:
        self.process = process
        self._process, self._terminal = process, terminal
        self.out = ""

    def type(self, text: str | bytes) -> None:
        """Without a line's end of its own: `\\n`, or `\\x03` for Ctrl-C in a terminal."""
        typed = text.encode() if isinstance(text, str) else text
        if self._terminal is not None:
            os.write(self._terminal, typed)
        elif self._process.stdin:
            self._process.stdin.write(typed)

    async def until(self, text: str) -> str:
        """What it printed from now on up to this text; AssertionError says what came instead."""
        start = len(self.out)
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.out[start:]:
                    piece = await self._read()
                    assert piece, f"it ended after {self.out[start:]!r}"
                    self.out += piece.decode(errors="replace")
        except TimeoutError:
            raise AssertionError(f"no {text!r} in {self.out[start:]!r}") from None
        return self.out[start:]

    def kill(self) -> None:
        """As if the power went: no handler runs."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> int:
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return await self.wait()

    async def end(self) -> int:
        """The end of its input; its exit code."""
        if self._process.stdin:
            self._process.stdin.close()
        while piece := await self._read():
            self.out += piece.decode(errors="replace")
        return await self.wait()

    async def _read(self) -> bytes:
        if self._terminal is None:
            assert self._process.stdout is not None
            return await self._process.stdout.read(65536)
        return await asyncio.to_thread(_read_terminal, self._terminal)


@dataclass(slots=True, kw_only=True)
class Home:
    """A folder of the bot's and its environment; `heard` is what people said to it.

    `warm`: where bots that need no terminal are had without waiting for their imports.
    """

    folder: Path
    warm: Path | None = None
    environ: dict[str, str] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def err(self) -> str:
        """All that its processes wrote to standard error."""
        log = self.folder / "stderr"
        return log.read_text(errors="replace") if log.exists() else ""

    async def run(
        self, verb: str, typed: str | bytes = "", *, flags: Sequence[str] = (), **environ: str
    ) -> Ended:
        """To its end, with this input."""
        before = len(self.err)
        async with self.bot(verb, terminal=False, flags=flags, **environ) as bot:
            bot.type(typed)
            code = await bot.end()
        return Ended(code=code, out=bot.out, err=self.err[before:])

    @asynccontextmanager
    async def bot(
        self,
        verb: str = "run",
        *,
        terminal: bool = False,
        flags: Sequence[str] = (),
        **environ: str,
    ) -> AsyncIterator[Bot]:
        """A process, killed at the end of the block if it still runs."""
        ours, its = os.openpty() if terminal else (None, asyncio.subprocess.PIPE)
        arguments, env = (verb, "--config", str(self.config), *flags), self._all(environ)
        process: asyncio.subprocess.Process | Started
        with (self.folder / "stderr").open("ab") as err:
            if self.warm and not terminal:
                process = await start(self.warm, arguments, env, err.fileno())
            else:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "bot", *arguments),
                    cwd=ROOT,
                    env=env,
                    stdin=its,
                    stdout=its,
                    stderr=err,
                    start_new_session=True,
                    preexec_fn=_own_terminal if terminal else None,
                )
        if ours is not None:
            os.close(its)
        bot = Bot(process, ours)
        try:
            yield bot
        finally:
            bot.kill()
            await process.wait()
            if ours is not None:
                os.close(ours)

    def leaks(self, *more: str) -> Sequence[str]:
        """Secrets and pieces of people's texts that stand in the log."""
        err, key = self.err, self.data / "memory.key"
        secrets = [text for name, text in self.environ.items() if name.endswith(("TOKEN", "KEY"))]
        secrets += [key.read_text().strip()] if key.is_file() else []
        pieces = (
            text[start : start + WINDOW]
            for text in (*self.heard, *more)
            for start in range(0, max(1, len(text) - WINDOW + 1), WINDOW // 2)
            if len(text) >= WINDOW
        )
        return [piece for piece in (*filter(None, secrets), *pieces) if piece in err]

    def close(self) -> None:
        """End the private server that a killed bot left behind."""
        with suppress(OSError, ValueError):
            os.kill(int((self.data / "server.pid").read_text()), signal.SIGKILL)

    def _all(self, more: dict[str, str]) -> dict[str, str]:
        fixed = {"PATH": os.environ["PATH"], "THREADKEEPER_DATA": str(self.data), "USER": "ada"}
        return fixed | self.environ | more


def _own_terminal() -> None:
    """In the child: so that Ctrl-C typed there reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_terminal(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other side has gone
        return b""
