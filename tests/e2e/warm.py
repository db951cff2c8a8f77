"""A process that has imported all of the bot, and becomes one for each call: a start in no time.

Whatever else makes a start goes as with `python -m bot`: folder, environment, input and output,
a session of its own, an interpreter that ends. Only the seed of `hash` is common to all of them.
"""

import asyncio
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORTED = (
    *("bot.__main__", "bot.model", "bot.rewrap", "memory.archive", "aiosqlite"),
    *("adapters.slack.platform", "adapters.discord.platform"),
)


@dataclass(slots=True)
class Started:
    """A bot of its own, as asyncio shows a process that it started."""

    pid: int
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    _call: asyncio.StreamWriter  # open until it has ended
    _ended: "asyncio.Task[bytes]"  # with its exit code

    async def wait(self) -> int:
        code = int(await asyncio.shield(self._ended))
        self._call.close()
        return code

    def send_signal(self, number: int) -> None:
        if not self._ended.done():
            os.kill(self.pid, number)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self.send_signal(signal.SIGKILL)


@contextmanager
def warmed() -> Iterator[Path]:
    """Where it listens; it ends with the block, or with whoever began it."""
    with tempfile.TemporaryDirectory(prefix="tk-warm-") as folder:
        path = Path(folder) / "s"
        command = [sys.executable, "-m", "tests.e2e.warm", str(path)]
        environ = {"PATH": os.environ["PATH"]}
        with subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            yield path
            assert process.stdin
            process.stdin.close()


async def start(
    warm: Path, arguments: Sequence[str], environ: Mapping[str, str], err: int
) -> Started:
    """`python -m bot` with these arguments; `err` is the file it writes its errors to."""
    (its_in, our_in), (our_out, its_out) = os.pipe(), os.pipe()
    call = socket.socket(socket.AF_UNIX)
    call.connect(str(warm))
    request = json.dumps({"arguments": arguments, "environ": environ}).encode()
    socket.send_fds(call, [request], [its_in, its_out, err])
    os.close(its_in)
    os.close(its_out)
    answers, writer = await asyncio.open_unix_connection(sock=call)
    loop = asyncio.get_running_loop()
    stdout = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(our_out, "rb")
    )
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(our_in, "wb")
    )
    stdin = asyncio.StreamWriter(transport, protocol, None, loop)
    pid = int(await answers.readline())
    return Started(pid, stdin, stdout, writer, asyncio.create_task(answers.readline()))


def main() -> None:
    for name in IMPORTED:
        import_module(name)
    gc.freeze()  # else a fork, as it ends, looks through all of it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    with socket.socket(socket.AF_UNIX) as calls:
        calls.bind(sys.argv[1])
        calls.listen()
        print("ready", flush=True)
        while calls in select.select([calls, sys.stdin], [], [])[0]:
            call, _ = calls.accept()
            if not os.fork():
                calls.close()
                return _keep(call)
            call.close()
    return None


def _keep(call: socket.socket) -> None:
    """Start a bot, tell its id, wait for its end, and tell its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, files, _, _ = socket.recv_fds(call, 1 << 16, 3)
    pid = os.fork()
    if not pid:
        call.close()
        return _become(files, **json.loads(request))
    for file in files:
        os.close(file)
    with suppress(BrokenPipeError):
        call.sendall(b"%d\n" % pid)
        call.sendall(b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def _become(files: Sequence[int], arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout = open(0), open(1, "w")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environ)
    sys.exit(import_module("bot.__main__").main(arguments))


if __name__ == "__main__":
    main()
