"""Counting tokens: exact with the vocabulary, never too few without."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.tokens import CAP, LARGE, Counter, counter
from tests.memory.texts import ORDINARY

pytestmark = pytest.mark.anyio

SHARED = Path(__file__).parents[3] / "shared" / "data" / "tiktoken"
FOLDER = Path(os.environ.get("TIKTOKEN_CACHE_DIR") or SHARED)
needs_vocabulary = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no vocabulary in {FOLDER}: the estimate has nothing to compare to"
)
ESTIMATE = Counter("estimate")


@pytest.fixture(scope="module")
def exact() -> Counter:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
        return counter("gpt-5")


@needs_vocabulary
@pytest.mark.parametrize("script", ORDINARY)
def test_the_estimate_is_never_too_low_on_ordinary_text(exact: Counter, script: str) -> None:
    ratios = [ESTIMATE.count(text) / exact.count(text) for text in ORDINARY[script]]
    assert min(ratios) >= 1


@needs_vocabulary
@pytest.mark.parametrize("script", ORDINARY)
def test_the_estimate_is_not_far_too_high_either(exact: Counter, script: str) -> None:
    assert median(ESTIMATE.count(text) / exact.count(text) for text in ORDINARY[script]) <= 1.6


@needs_vocabulary
@pytest.mark.parametrize("script", ORDINARY)
def test_the_estimate_for_an_older_model_is_never_too_low(script: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
        exact = counter("gpt-4")
        patch.setenv("TIKTOKEN_CACHE_DIR", "nowhere")
        estimate = counter("gpt-4")
    assert estimate.estimates
    assert min(estimate.count(text) / exact.count(text) for text in ORDINARY[script]) >= 1


@needs_vocabulary
@given(st.text(st.sampled_from("𓀀𓂀ꙮᎠᏗ㐀㒨𠀀𠮷뷁쀍ꦀᠠⰀߊ🜁"), min_size=1))
def test_the_estimate_is_never_too_low_on_rare_glyphs(exact: Counter, text: str) -> None:
    assert ESTIMATE.count(text) >= exact.count(text)


@needs_vocabulary
def test_the_vocabulary_counts_exactly(exact: Counter) -> None:
    assert exact.name == "o200k_base"
    assert exact.count("Hello, world!") == 4
    assert exact.count("") == 0


@needs_vocabulary
@pytest.mark.parametrize(
    ("model", "name"),
    [("gpt-4", "cl100k_base"), ("gpt-4o-mini", "o200k_base"), ("llama-3.1:8b", "o200k_base")],
)
def test_every_model_has_a_counter(model: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
    assert counter(model).name == name


@needs_vocabulary
@pytest.mark.parametrize(
    "text", ["<|endoftext|>" * 3, "\ud83d lone \udc00", " " * 1_000_000, "word" * 250_000]
)
def test_odd_text_is_counted(exact: Counter, text: str) -> None:
    assert exact.count(text) > 0


def test_without_a_vocabulary_it_estimates_and_reaches_for_no_network(tmp_path: Path) -> None:
    probe = (
        "import socket, sys\n"
        "def refuse(*_): raise SystemExit('the network was reached for')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from memory.tokens import counter\n"
        "print(counter('gpt-5').name, 'tiktoken' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        env={"TIKTOKEN_CACHE_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "estimate False\n", done.stderr


@needs_vocabulary
def test_a_damaged_vocabulary_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in FOLDER.iterdir():
        shutil.copy(file, tmp_path)
        with (tmp_path / file.name).open("ab") as copy:
            copy.write(b"x")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert counter("gpt-5").name == "estimate"
    assert len(list(tmp_path.iterdir())) == 2


class Panic(BaseException):
    """As tiktoken's PanicException, no Exception."""


def panics(text: str) -> list[int]:
    raise Panic


def test_a_panic_in_the_tokenizer_falls_back_to_the_estimate() -> None:
    assert Counter("o200k_base", panics).count("hello") == ESTIMATE.count("hello")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_a_stop_is_no_panic(stop: type[BaseException]) -> None:
    def stops(text: str) -> list[int]:
        raise stop

    with pytest.raises(stop):
        Counter("o200k_base", stops).count("hello")


async def test_measuring_counts_the_same() -> None:
    for text in ("hello", "hello " * LARGE):
        assert await ESTIMATE.measure(text) == ESTIMATE.count(text)


async def test_large_texts_are_measured_off_the_loop() -> None:
    async def elsewhere(text: str) -> bool:
        on_loop: list[bool] = []

        def encode(piece: str) -> list[int]:
            on_loop.append(asyncio._get_running_loop() is not None)
            return [0]

        await Counter("o200k_base", encode).measure(text)
        return not any(on_loop)

    assert not await elsewhere("x" * LARGE)
    assert await elsewhere("x" * (LARGE + 1))


def test_beyond_the_cap_no_text_counts_too_little() -> None:
    assert ESTIMATE.count("a" * CAP + "💡" * 10) >= ESTIMATE.count("a" * CAP) + 40


@given(st.text())
def test_no_text_has_more_tokens_than_bytes(text: str) -> None:
    assert 0 <= ESTIMATE.count(text) <= len(text.encode(errors="surrogatepass"))


@given(st.text(), st.text())
def test_more_text_never_has_fewer_tokens(text: str, more: str) -> None:
    assert ESTIMATE.count(f"{text}\n{more}") >= ESTIMATE.count(text)


@needs_vocabulary
@settings(max_examples=30)
@given(st.text(min_size=1))
def test_the_vocabulary_keeps_the_laws_of_counting(exact: Counter, text: str) -> None:
    assert 1 <= exact.count(text) <= len(text.encode(errors="surrogatepass"))
    assert exact.count(text) == exact.count(text)
