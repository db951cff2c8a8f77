"""The console's input, whatever it is: pipes, files and terminals; and programs that leave."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from adapters.console import Descriptor

pytestmark = pytest.mark.anyio


async def test_a_pipe_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"hi\n")
    source = Descriptor(reading)
    assert await source.read(100) == b"hi\n"
    os.close(writing)
    assert await source.read(100) == b""
    os.close(reading)
    assert await source.read(100) == b""


async def test_files_and_dev_null_are_read_too(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_bytes(b"hi\n")
    for path, content in ((str(script), b"hi\n"), (os.devnull, b"")):
        number = os.open(path, os.O_RDONLY)
        assert await Descriptor(number).read(100) == content
        os.close(number)


async def test_a_terminal_is_read_line_by_line() -> None:
    outside, inside = os.openpty()
    os.write(outside, b"hi\n")
    assert await Descriptor(inside).read(100) == b"hi\n"
    os.close(outside)
    os.close(inside)


PROGRAM = """
import asyncio, datetime
from adapters.console import stdio
async def main():
    print("ready", flush=True)
    await stdio(person="ann", now=lambda: datetime.datetime.now(datetime.UTC)).run(None)
asyncio.run(main())
"""


async def started(stdin: int) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM),
        stdin=stdin,
        stdout=pipe,
        stderr=pipe,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in background
    )
    assert program.stdout
    assert await program.stdout.readline() == b"ready\n"
    return program


async def test_ctrl_c_ends_a_program_that_waits_for_input() -> None:
    program = await started(asyncio.subprocess.PIPE)
    program.send_signal(signal.SIGINT)
    async with asyncio.timeout(5):
        await program.communicate()
    assert program.returncode == -signal.SIGINT


async def test_a_program_without_input_ends_by_itself() -> None:
    program = await started(asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(5):
        assert await program.communicate() == (b"", b"")
    assert program.returncode == 0
