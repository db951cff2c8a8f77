"""Counts tokens: by the model's vocabulary when it is on this machine, else by estimate."""

import asyncio
import collections
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

_OLD = re.compile(
    r"(ft:)?gpt-(4(?![.o\d])|3\.?5)|text-embedding-|(ft:)?(davinci|babbage)-002"
)  # count as cl100k_base

# One token each, in the languages whose other words are cheap as well.
_COMMON = """
a about all an and any are as at be been but by can did do does for from get go good had has have he
her here him his how i if in into is it its just know like make me more my need new no not now of on
one only or our out over please see she should so some take than that the their them then there they
think this time to too up us use very want was we well were what when where which who will with work
would yes you your de la que el en los las un una por con para es se le les des et du dans est pas
pour qui sur une der die das und ist nicht ein den mit von zu auf eine o os da em um uma não di il
che per non của không là các và được một cho có trong người những khi với này để đã tôi thể bạn и в
не на что с по как это для है में के की से का को और पर हैं नहीं यह कि मैं ने तो भी एक हो आप क्या था लिए"""


def _everyday(codec: str, first: int, last: int) -> str:
    """The characters an encoding lists first, as a class: those in frequent use."""
    pairs = ((lead, trail) for lead in range(first, last) for trail in range(0xA1, 0xFF))
    return f"[{bytes(byte for pair in pairs for byte in pair).decode(codec, 'ignore')}]"


# Tokens for each character, in o200k_base and in cl100k_base; what matches nothing costs its bytes.
# Bounds for the dearest language of a script, so that none of them is undercounted.
_RATES = {
    r"[cdeflmprstv]": (0.19, 0.19),
    r"[abhinouq]": (0.28, 0.28),
    r"[gkx]": (0.45, 0.45),
    r"[jwyz]": (0.66, 0.66),
    r"[A-Z]": (0.58, 0.58),
    r"[ 0-9]": (0, 0),  # counted by run
    r"[\n\r\t]": (0.8, 0.8),
    r"[!-/:-@\[-`{-~]": (0.67, 0.67),
    r"[áéíóúñüöäàèçãß]": (1.13, 1.13),
    r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017f]": (1.35, 2),  # other accents
    r"[ƠơƯư\u1ea0-\u1ef9]": (0.1, 1.05),  # Vietnamese
    r"[бдеёжйклмпрстфщыьэюя]": (0.32, 0.63),
    r"[авгзиноушчіїє]": (0.3, 0.6),
    r"[хцъА-Я]": (0.75, 1.5),
    r"[\u0400-\u045f]|[өүқғңәұһ]": (1.5, 2),  # Serbian, Macedonian, Kazakh
    r"[Α-Ω\u0531-\u0556]": (0.9, 2),  # Greek, Armenian capitals
    r"[Ά-ώ]": (0.42, 1.05),
    r"[\u0621-\u063a\u0641-\u064aپچکگی]": (0.18, 0.6),  # Arabic, Persian
    r"[ہےںٹڈھڑ]": (1, 1.5),  # Urdu
    r"[ۇۆېەۋێ]": (2, 2),  # Kurdish, Uyghur
    r"[א-ת]": (0.33, 1.1),
    r"[\u0901-\u094d\u0964]": (0.33, 1.25),  # Devanagari
    r"[\u0981-\u09cd]": (0.27, 1.25),  # Bengali
    r"[\u0a02-\u0a4d\u0a70\u0a71]": (0.55, 1.75),  # Gurmukhi
    r"[\u0a82-\u0acd\u0c02-\u0c4d]": (0.38, 1.85),  # Gujarati, Telugu
    r"[\u0b83-\u0bcd]": (0.37, 1.5),  # Tamil
    r"[\u0b01-\u0b71]": (1.05, 2.85),  # Oriya
    r"[\u0c82-\u0ccd\u0d82-\u0ddd]": (0.47, 1.95),  # Kannada, Sinhala
    r"[\u0531-\u0587\u0d02-\u0d4d\u10d0-\u10f0]": (0.3, 2),  # Armenian, Malayalam, Georgian
    r"[\u1000-\u103e\u1780-\u17d2]": (0.6, 2),  # Burmese, Khmer
    r"[\u0e01-\u0e4c]": (0.52, 0.97),  # Thai
    r"[\u0f00-\u0fff]": (1.65, 2.15),  # Tibetan
    _everyday("euc_kr", 0xB0, 0xC9): (0.52, 0.97),
    r"[\u3041-\u30fc]": (0.66, 0.85),  # Kana
    _everyday("gb2312", 0xB0, 0xD8): (0.72, 1.2),
    r"[\u4e00-\u9fff]": (1.9, 2.5),
    r"[\u3001-\u3011\uff01-\uff5e]": (0.8, 0.8),  # East Asian punctuation
    r"[\u200b-\u200c]": (1, 1),  # invisible, within words
    r"[\u00a1-\u00bf\u2010-\u203a]": (0.52, 0.6),  # typographic marks
    r"[\u200d\ufe0f\u2600-\u27bf\U0001f300-\U0001f6ff\U0001f900-\U0001f9ff]": (1.7, 2.3),  # emoji
}
# Further tokens for each match.
_RUNS = {
    r"[A-Za-z\u00c0-\u052f\u1e00-\u1eff]+": (0.6, 0.9),  # a word
    r"[\u0530-\u1dff\u1f00-\u1fff\u2c00-\ud7ff]+": (1.15, 1.8),  # one of another script
    r"[0-9]{1,3}| (?=[0-9])": (1, 1),  # tokens of their own
    r"[!-/:-@\[-`{-~]+": (0.24, 0.24),
    r"\s\s+|[\t-\r]": (0.65, 0.65),
    r"(?=[bcdfghjklmnpqrstvwxz]{4})": (0.47, 0.47),  # no word of a language
    r"[a-z](?=[A-Z])": (0.76, 0.76),
    r"[A-Za-z](?=[0-9])": (0.2, 0.2),
    r"(?<=[a-z]{9})[a-z]": (0.24, 0.24),  # a long word
}
_PIECE = re.compile(r"\S+ ?|\s")
_FLOOR, _COMMON_RATE = 2.2, 0.8
_NEW = 0.08  # more for a letter not seen before, beyond ASCII: short texts stray further


class Counter:
    """Counts tokens. `name` says with what: o200k_base, cl100k_base or estimate.

    An estimate is for o200k_base, or if `old` for cl100k_base.
    """

    def __init__(
        self, name: str, encode: Callable[[str], list[int]] | None = None, *, old: bool = False
    ) -> None:
        self.name, self._encode, old = name, encode, old or name == "cl100k_base"
        self._common = frozenset(_COMMON.split())
        self._classes = re.compile("|".join(f"({each})" for each in _RATES))
        self._rates = [rates[old] for rates in _RATES.values()]
        self._runs = [(re.compile(run), rates[old]) for run, rates in _RUNS.items()]

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
        pieces = _PIECE.findall(text)
        rare = [each for each in pieces if each.rstrip(" ").lower() not in self._common]
        rest, total = "".join(rare), _FLOOR + (len(pieces) - len(rare)) * _COMMON_RATE
        total += sum(rate * len(run.findall(rest)) for run, rate in self._runs)
        total += sum(self._weight(char, n) for char, n in collections.Counter(rest).items())
        return min(int(total), len(text.encode(errors="surrogatepass")))

    def _weight(self, char: str, times: int) -> float:
        found = self._classes.match(char)
        if found is None:
            return times * len(char.encode(errors="surrogatepass"))
        return times * self._rates[(found.lastindex or 1) - 1] + _NEW * (char > "\x7f")


def counter(model: str) -> Counter:
    """The counter for a model; models tiktoken does not know count as o200k_base.

    Reads only files that tiktoken's cache already holds (TIKTOKEN_CACHE_DIR), never the network,
    and takes about 0.3 s and 100 MB when it finds one.
    """
    name = "cl100k_base" if _OLD.match(model) else "o200k_base"
    if not _intact(*_VOCABULARIES[name]):
        return Counter("estimate", old=name == "cl100k_base")
    import tiktoken  # noqa: PLC0415  costs memory that the estimate does not need

    return Counter(name, tiktoken.get_encoding(name).encode_ordinary)


def _intact(file: str, digest: str) -> bool:
    """tiktoken downloads again, without a timeout, what is missing or damaged."""
    default = Path(tempfile.gettempdir(), "data-gym-cache")
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", default))
    try:
        return hashlib.sha256(Path(folder, file).read_bytes()).hexdigest() == digest
    except OSError:
        return False
