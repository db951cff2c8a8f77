"""Counts tokens: by the model's vocabulary when it is on this machine, else by estimate."""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

CAP = 200_000  # characters counted in full
SLICE = 32_000  # characters per call: a run of a million spaces makes tiktoken panic
LARGE = 20_000  # characters from which counting would hold up the event loop

# The name tiktoken's cache gives the file (the SHA-1 of its address), and the file's SHA-256.
_VOCABULARIES = {
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
}

# Per run of one script: tokens for the run, for each character, and more beyond the sixth.
# Fitted against o200k_base so that chat text is not undercounted; first match wins.
_RATES = {
    r" (?=[^\s0-9])": (0, 0, 0),  # one space belongs to the word after it
    r"  +": (0.7, 0.03, 0),  # indentation
    r"[\r\n]+|\s+": (0.9, 0.1, 0),
    r"[A-Z]+(?![a-z])": (0.5, 0.5, 0),
    r"[A-Z]?[a-z]+": (0.55, 0.2, 0.25),
    r"[0-9]+": (0.67, 0.34, 0),
    r"[!-/:-@\[-`{-~]+": (0.72, 0.3, 0),
    r"[\u00c0-\u024f\u0300-\u036f]+": (0.38, 0.53, 0),  # letters with accents
    r"[\u1e00-\u1eff]+": (0.1, 0.1, 0),  # Vietnamese, inside words counted above
    r"[\u0400-\u052f]+": (0.85, 0.3, 0),  # Cyrillic
    r"[\u0370-\u03ff\u1f00-\u1fff]+": (0.84, 0.4, 0),  # Greek
    r"[\u0600-\u06ff]+": (0.55, 0.36, 0),  # Arabic
    r"[\u0590-\u05ff]+": (0.9, 0.48, 0),  # Hebrew
    r"[\u0900-\u0dff]+": (0.67, 0.4, 0),  # Devanagari and its neighbours
    r"[\u0e00-\u0eff]+": (1.32, 0.5, 0),  # Thai, Lao
    r"[\u1100-\u11ff\uac00-\ud7af]+": (0.69, 0.72, 0),  # Hangul
    r"[\u3040-\u30ff]+": (0, 0.63, 0),  # Kana
    r"[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]+": (0.74, 1.07, 0),  # Han
    r"[\u00a1-\u00bf\u2010-\u203e]": (0, 1.5, 0),  # typographic marks
    r"[\u200d\ufe0f]": (0, 1.1, 0),  # joins inside an emoji
    r"[\u2600-\u27bf\U0001f000-\U0001faff]": (0, 2.2, 0),  # emoji
    r".": (0, 3, 0),  # rare scripts
}


class Counter:
    """Counts tokens. `name` says with what: o200k_base, cl100k_base or estimate."""

    def __init__(self, name: str, encode: Callable[[str], list[int]] | None = None) -> None:
        self.name, self._encode = name, encode
        self._runs = re.compile("|".join(f"({run})" for run in _RATES), re.DOTALL)
        self._rates = tuple(_RATES.values())

    @property
    def estimates(self) -> bool:
        return self._encode is None

    def count(self, text: str) -> int:
        """Beyond 200,000 characters: one token for each UTF-8 byte, which no tokenizer exceeds."""
        slices = (text[start : start + SLICE] for start in range(0, min(len(text), CAP), SLICE))
        rest = len(text[CAP:].encode(errors="surrogatepass"))
        return sum(map(self._count, slices)) + rest

    async def measure(self, text: str) -> int:
        """`count`, in a thread when the text is large."""
        return self.count(text) if len(text) <= LARGE else await asyncio.to_thread(self.count, text)

    def _count(self, text: str) -> int:
        if self._encode is None:
            return self._estimate(text)
        try:
            return len(self._encode(text))
        except (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError):
            raise
        except BaseException:  # noqa: BLE001  tiktoken's PanicException is no Exception
            return self._estimate(text)

    def _estimate(self, text: str) -> int:
        total = 2.0
        for run in self._runs.finditer(text):
            per_run, per_character, beyond = self._rates[(run.lastindex or 1) - 1]
            length = run.end() - run.start()
            total += per_run + per_character * length + beyond * max(0, length - 6)
        return min(int(total), len(text.encode(errors="surrogatepass")))


def counter(model: str) -> Counter:
    """The counter for a model; models tiktoken does not know count as o200k_base.

    Reads only files that tiktoken's cache already holds (TIKTOKEN_CACHE_DIR), never the network,
    and takes about 0.3 s and 100 MB when it finds one.
    """
    found = {name for name, (file, digest) in _VOCABULARIES.items() if _intact(file, digest)}
    if not found:
        return Counter("estimate")
    import tiktoken  # noqa: PLC0415  costs memory that the estimate does not need

    try:
        known = tiktoken.encoding_name_for_model(model)
    except KeyError:
        known = "o200k_base"
    name = known if known in _VOCABULARIES else "o200k_base"
    if name not in found:
        return Counter("estimate")
    return Counter(name, tiktoken.get_encoding(name).encode_ordinary)


def _intact(file: str, digest: str) -> bool:
    """tiktoken downloads again, without a timeout, what is missing or damaged."""
    default = Path(tempfile.gettempdir(), "data-gym-cache")
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", default))
    try:
        return hashlib.sha256(Path(folder, file).read_bytes()).hexdigest() == digest
    except OSError:
        return False
