"""Looks for a text in all that the private server holds, as somebody with MEMORY_KEY could.

`python -m tests.e2e.scan FOLDER TEXT`, the key in the environment or in the folder. It opens
more than the bot can: what a value belongs to is not asked, so a value that was moved, or whose
place is no longer known, is opened all the same.
"""

import asyncio
import base64
import os
import re
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis
import redis.asyncio
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from memory.seal import Keyring

ID, NONCE, TAG, KEY = 4, 12, 16, 32  # bytes; see memory/seal.py
WRAPPED, PLAIN, DEFLATED = 0x03, 0x01, 0x02
_SEALED = re.compile(rb"[\x01\x02]")
_BULK = re.compile(rb"\$(\d+)\r\n")


def found(data: Path, text: str) -> bool:
    """With the folder's key: in its files, and in its server while one runs."""
    running = live(data) if (data / "server.sock").exists() else ()
    return bool(scan(data, (data / "memory.key").read_text(), text, *running))


def server(data: Path) -> redis.asyncio.Redis:
    """Patient: on a busy machine everything takes longer."""
    return redis.asyncio.Redis(unix_socket_path=str(data / "server.sock"), socket_timeout=60)


async def rewritten(data: Path) -> None:
    """Until the server has written its append-only file anew."""
    async with asyncio.timeout(10), server(data) as asked:
        while (await asked.info("persistence"))["aof_rewrite_in_progress"]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def scan(folder: Path, key: str, text: str, *extra: bytes) -> Sequence[str]:
    """Where the text was found: in files as they are, in values once opened."""
    read = opened(folder, key, *extra)
    return [name for name, plains in read.items() if any(text.encode() in each for each in plains)]


def opened(folder: Path, key: str, *extra: bytes) -> Mapping[str, Sequence[bytes]]:
    """Every file and value as it is, then all that it holds once opened."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    raw = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    for number, value in enumerate(extra):
        raw[f"key {number}"] = value
    keys = {each for content in raw.values() for each in _data_keys(content, key)}
    return {
        name: [
            content,
            *(plain for value in _values(content) for plain in _opened(value, keys)),
        ]
        for name, content in raw.items()
    }


def live(folder: Path) -> Sequence[bytes]:
    """Every value of the running server, one after the other."""
    with redis.Redis(unix_socket_path=str(folder / "server.sock")) as asked:
        return [part for name in asked.scan_iter() for part in _parts(asked, name)]


def _parts(asked: Any, name: bytes) -> Iterator[bytes]:
    """redis-py says of no answer which type it has."""
    yield name
    match asked.type(name):
        case b"hash":
            yield from (part for pair in asked.hgetall(name).items() for part in pair)
        case b"string":
            yield asked.get(name) or b""
        case b"set":
            yield from asked.smembers(name)
        case b"zset":
            yield from asked.zrange(name, 0, -1)
        case b"list":
            yield from asked.lrange(name, 0, -1)
        case b"none":
            return  # gone meanwhile
        case kind:
            raise AssertionError(f"the scan does not read a {kind.decode()}")


def _values(content: bytes) -> Iterator[bytes]:
    """The bulk strings of commands in an append-only file; the whole of anything else."""
    if not content.startswith((b"*", b"#TS")):
        yield content
        return
    at = 0
    while head := _BULK.search(content, at):
        at = head.end() + int(head[1])
        yield content[head.end() : at]


def _data_keys(content: bytes, key: str) -> Iterator[bytes]:
    """Every wrapped data key anywhere in these bytes, unwrapped."""
    for one, key_id in zip(re.findall(r"[^\s,]+", key), Keyring.parse(key).ids, strict=True):
        head = bytes([WRAPPED]) + bytes.fromhex(key_id)
        for each in re.finditer(re.escape(head), content):
            start = each.end()
            nonce, sealed = content[start : start + NONCE], content[start + NONCE :][:KEY]
            if len(sealed) == KEY:
                yield _decrypt(_decoded(one), nonce, sealed)


def _opened(value: bytes, keys: set[bytes]) -> Iterator[bytes]:
    """Under every key, from every byte that a sealed text may begin with."""
    for first in re.finditer(_SEALED, value):
        start, head = first.start(), value[first.start()]
        if len(value) - start < 1 + NONCE + TAG:
            continue
        nonce, sealed = value[start + 1 : start + 1 + NONCE], value[start + 1 + NONCE : -TAG]
        for key in keys:
            plain = _decrypt(key, nonce, sealed)
            yield plain if head == PLAIN else _inflated(plain)


def _inflated(deflated: bytes) -> bytes:
    inflate, plain = zlib.decompressobj(-zlib.MAX_WBITS), b""
    try:
        for start in range(0, len(deflated), 64):  # what was right before an error counts
            plain += inflate.decompress(deflated[start : start + 64])
    except zlib.error:
        pass
    return plain


def _decrypt(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """AES-GCM without asking whether it is authentic: its counter begins at two."""
    mode = modes.CTR(nonce + (2).to_bytes(4, "big"))
    return Cipher(algorithms.AES(key), mode).decryptor().update(sealed)


def _decoded(key: str) -> bytes:
    return base64.urlsafe_b64decode(key[:43].replace("+", "-").replace("/", "_") + "=")


def main() -> int:
    folder, text = Path(sys.argv[1]), sys.argv[2]
    key = os.environ.get("MEMORY_KEY") or (folder / "memory.key").read_text()
    running = live(folder) if (folder / "server.sock").exists() else ()
    places = scan(folder, key, text, *running)
    print(*places or ["not found"], sep="\n")
    return int(bool(places))


if __name__ == "__main__":
    sys.exit(main())
