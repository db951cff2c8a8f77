"""Encryption at rest: the store sees only sealed bytes, each bound to the place it belongs to."""

import base64
import hashlib
import hmac
import os
import re
import zlib
from collections.abc import Callable, Sequence
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Randbytes = Callable[[int], bytes]  # n -> n unpredictable bytes

_KEY, _NONCE, _TAG, _ID = 32, 12, 16, 4  # bytes
_PLAIN, _DEFLATED, _WRAPPED = b"\x01", b"\x02", b"\x03"  # the format, in front
_WINDOW, _MEMORY = 13, 6  # of zlib: its defaults take 50 µs to make room for more text than comes
_ADVICE = "make one with `python -m bot key`"


class KeyProblem(ValueError):
    """MEMORY_KEY cannot be used; the text says what to do and never holds a key."""


class Unreadable(Exception):
    """Something stored does not open; the text, fit for a log, says why."""


class UnknownKey(Unreadable):
    """A data key is wrapped under a key that is not in MEMORY_KEY; the text names its id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"stored memory needs key {key_id}, which MEMORY_KEY does not list: "
            "add that key behind the others, separated by a comma"
        )
        self.key_id = key_id


class SealBroken(Unreadable):
    """Sealed bytes were changed, moved to another place, or sealed under another key."""


def fresh_key(randbytes: Randbytes = os.urandom) -> str:
    """A new key for MEMORY_KEY: 32 bytes as base64url."""
    return base64.urlsafe_b64encode(randbytes(_KEY)).decode()


class Keyring:
    """The keys of MEMORY_KEY: the first wraps, all unwrap. Every key is 32 bytes as base64url."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise KeyProblem(f"MEMORY_KEY holds no key: {_ADVICE}")
        raw = [_decode(key, number) for number, key in enumerate(keys, start=1)]
        self._first = _key_id(raw[0])
        self._ciphers = {_key_id(key): AESGCM(key) for key in raw}

    @classmethod
    def parse(cls, text: str) -> Self:
        """From MEMORY_KEY as it is written: keys separated by commas or white space."""
        return cls(re.findall(r"[^\s,]+", text))

    @property
    def ids(self) -> tuple[str, ...]:
        """The keys' ids, 8 hex digits each, the wrapping one first; safe to show."""
        return tuple(each.hex() for each in self._ciphers)

    def wrap(self, data_key: bytes, context: str) -> bytes:
        """Seal a data key under the first key; 33 bytes more than the key itself.

        The nonce is a fingerprint of the data key: bytes 5 to 17 name it, whichever key wraps it,
        and no key ever seals two data keys with one nonce, whoever made up what is wrapped anew.
        """
        head, nonce = _WRAPPED + self._first, fingerprint(data_key, context)
        cipher = self._ciphers[self._first]
        return head + nonce + cipher.encrypt(nonce, data_key, head + _framed(context))

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The data key. Raises UnknownKey, or SealBroken if it was changed or moved."""
        head, nonce, sealed = _cut(wrapped, 1 + _ID)
        if head[:1] != _WRAPPED:
            raise SealBroken("not a wrapped data key")
        cipher = self._ciphers.get(head[1:])
        if cipher is None:
            raise UnknownKey(key_id(wrapped))
        data_key = _decrypt(cipher, nonce, sealed, head + _framed(context))
        if nonce != fingerprint(data_key, context):
            raise SealBroken("a data key under another's name")
        return data_key

    def rewrap(self, wrapped: bytes, context: str) -> bytes:
        """The same data key under the first key; what is there already stays as it is."""
        return self.wrap(self.unwrap(wrapped, context), context) if self.stale(wrapped) else wrapped

    def stale(self, wrapped: bytes) -> bool:
        """Whether a data key is wrapped under another key than the first."""
        return key_id(wrapped) != self._first.hex()


class DataKey:
    """The key of one conversation or one person. Destroying it destroys what it sealed."""

    __slots__ = ("_cipher", "_randbytes", "raw")

    def __init__(self, raw: bytes, randbytes: Randbytes = os.urandom) -> None:
        self.raw = raw  # for Keyring.wrap; 32 bytes
        self._cipher = AESGCM(raw)
        self._randbytes = randbytes

    @classmethod
    def fresh(cls, randbytes: Randbytes = os.urandom) -> Self:
        return cls(randbytes(_KEY), randbytes)

    def seal(self, text: bytes, *context: str) -> bytes:
        """Seal for one place, named by `context` (conversation, kind, id, version).

        29 bytes longer than the text, or than its compressed form where that is shorter.
        """
        raw = zlib.compressobj(9, zlib.DEFLATED, -_WINDOW, _MEMORY)  # the seal is the checksum
        deflated = raw.compress(text) + raw.flush()
        head, body = (_DEFLATED, deflated) if len(deflated) < len(text) else (_PLAIN, text)
        nonce = self._randbytes(_NONCE)
        return head + nonce + self._cipher.encrypt(nonce, body, head + _framed(*context))

    def open(self, sealed: bytes, *context: str) -> bytes:
        """What was sealed for this very place; SealBroken otherwise."""
        head, nonce, rest = _cut(sealed, 1)
        body = _decrypt(self._cipher, nonce, rest, head + _framed(*context))
        return zlib.decompress(body, wbits=-zlib.MAX_WBITS) if head == _DEFLATED else body


def key_id(wrapped: bytes) -> str:
    """The id of the key that wraps a data key."""
    return wrapped[1 : 1 + _ID].hex()


def fingerprint(pepper: bytes, *parts: str) -> bytes:
    """A keyed hash of 12 bytes: recognises what was seen without keeping it."""
    return hmac.digest(pepper, _framed(*parts), "sha256")[:12]


def _framed(*parts: str) -> bytes:
    """Join without ambiguity: every part behind its length."""
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _cut(sealed: bytes, head: int) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < head + _NONCE + _TAG:
        raise SealBroken("too short to be sealed")
    return sealed[:head], sealed[head : head + _NONCE], sealed[head + _NONCE :]


def _decrypt(cipher: AESGCM, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
    try:
        return cipher.decrypt(nonce, sealed, bound)
    except InvalidTag:
        raise SealBroken("changed, moved, or sealed under another key") from None


def _decode(key: str, number: int) -> bytes:
    if not re.fullmatch(r"[\w+/-]{43}=?", key, re.ASCII):
        raise KeyProblem(f"MEMORY_KEY: key {number} is not 32 bytes as base64url: {_ADVICE}")
    return base64.urlsafe_b64decode(key[:43].replace("+", "-").replace("/", "_") + "=")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"threadkeeper key id\0" + key).digest()[:_ID]
