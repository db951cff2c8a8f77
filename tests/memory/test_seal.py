"""Sealing: what comes back, what must not, and how much room it takes."""

import base64
import string

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given
from hypothesis import strategies as st

from memory.seal import (
    DataKey,
    KeyProblem,
    Keyring,
    SealBroken,
    UnknownKey,
    Unreadable,
    fingerprint,
    fresh_key,
)

OLD, NEW = fresh_key(), fresh_key()

PLACE = ("slack:T1:C1:17.5", "message", "17.6", "1")
MESSAGE = (
    "Hi all, quick update: the staging deploy for the billing service went through at 14:30, "
    "but the nightly export still fails with error 503. Ada will look at it on Friday; until "
    "then please keep using the old dashboard."
)
contexts = st.lists(st.text(max_size=12), max_size=5)


def key_of(byte: int) -> DataKey:
    return DataKey(bytes([byte]) * 32)


@given(text=st.binary(max_size=2000), context=contexts)
@example(text=b"", context=[])
@example(text=b"a" * 5000, context=["\ud800", ""])
def test_what_is_sealed_opens_in_its_place(text: bytes, context: list[str]) -> None:
    key = key_of(1)
    assert key.open(key.seal(text, *context), *context) == text


@given(text=st.binary(max_size=100), here=contexts, there=contexts)
@example(text=b"x", here=["ab", "c"], there=["a", "bc"])
@example(text=b"x", here=["a"], there=["a", ""])
@example(text=b"x", here=["a", "b"], there=["b", "a"])
def test_what_is_moved_does_not_open(text: bytes, here: list[str], there: list[str]) -> None:
    if here == there:
        return
    key = key_of(1)
    with pytest.raises(SealBroken):
        key.open(key.seal(text, *here), *there)


@pytest.mark.parametrize("part", range(len(PLACE)))
def test_another_conversation_kind_id_or_version_does_not_open(part: int) -> None:
    elsewhere = [*PLACE]
    elsewhere[part] += "0"
    with pytest.raises(SealBroken):
        key_of(1).open(key_of(1).seal(MESSAGE.encode(), *PLACE), *elsewhere)


@given(data=st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(key_of(1).seal(MESSAGE.encode(), *PLACE))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken) as broken:
        key_of(1).open(bytes(sealed), *PLACE)
    assert "billing" not in str(broken.value)


@given(cut=st.integers(0, 28))
def test_a_cut_off_seal_is_noticed(cut: int) -> None:
    with pytest.raises(SealBroken):
        key_of(1).open(key_of(1).seal(b"", *PLACE)[:cut], *PLACE)


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealBroken):
        key_of(2).open(key_of(1).seal(b"secret", *PLACE), *PLACE)


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    key = DataKey.fresh()
    assert key.seal(b"secret", *PLACE) != key.seal(b"secret", *PLACE)


def test_sealing_costs_29_bytes_and_compression_pays_for_them() -> None:
    key = key_of(1)
    assert len(key.seal(b"random: \x93\x17", *PLACE)) == 10 + 29
    assert len(key.seal(MESSAGE.encode(), *PLACE)) < len(MESSAGE)
    assert len(key.seal((MESSAGE * 20).encode(), *PLACE)) < 300


def test_injected_randomness_makes_sealing_repeatable() -> None:
    def zeros(count: int) -> bytes:
        return bytes(count)

    assert DataKey.fresh(zeros).seal(b"a", "b") == DataKey(bytes(32), zeros).seal(b"a", "b")
    assert fresh_key(zeros) == "A" * 43 + "="


def test_a_wrapped_data_key_unwraps_in_its_context_only() -> None:
    ring = Keyring([fresh_key()])
    wrapped = ring.wrap(bytes(32), "slack:T1:C1:")
    assert ring.unwrap(wrapped, "slack:T1:C1:") == bytes(32)
    with pytest.raises(SealBroken):
        ring.unwrap(wrapped, "slack:T1:C2:")
    with pytest.raises(SealBroken):
        ring.unwrap(b"\x02" + wrapped[1:], "slack:T1:C1:")
    with pytest.raises(SealBroken):
        ring.unwrap(b"", "slack:T1:C1:")


def test_the_first_key_wraps_and_all_keys_unwrap() -> None:
    old, new = fresh_key(), fresh_key()
    before, after = Keyring([old]), Keyring.parse(f" {new},\n{old} ")
    wrapped = before.wrap(b"k" * 32, "c")
    assert after.unwrap(wrapped, "c") == b"k" * 32
    assert after.stale(wrapped)
    assert not after.stale(after.wrap(b"k" * 32, "c"))
    assert after.ids == (*Keyring([new]).ids, *before.ids)


@given(raw=st.binary(min_size=32, max_size=32), context=st.text(max_size=12))
def test_a_data_key_wrapped_anew_keeps_its_name_and_its_place(raw: bytes, context: str) -> None:
    before, both, after = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])
    wrapped = before.wrap(raw, context)
    again = both.rewrap(wrapped, context)
    assert after.unwrap(again, context) == raw
    assert again[5:17] == wrapped[5:17]
    assert again == both.rewrap(wrapped, context) == both.rewrap(again, context)
    with pytest.raises(SealBroken):
        both.rewrap(wrapped, context + "x")


@given(raw=st.binary(min_size=32, max_size=32), other=st.binary(min_size=32, max_size=32))
def test_data_keys_have_names_of_their_own(raw: bytes, other: bytes) -> None:
    ring = Keyring([OLD])
    assert (ring.wrap(raw, "c")[5:17] == ring.wrap(other, "c")[5:17]) == (raw == other)
    assert ring.wrap(raw, "c")[5:17] != ring.wrap(raw, "d")[5:17]


@given(data=st.data())
def test_a_wrapped_key_that_was_changed_or_cut_does_not_open(data: st.DataObject) -> None:
    ring = Keyring([OLD])
    wrapped = bytearray(ring.wrap(bytes(32), "c"))
    place = data.draw(st.integers(0, len(wrapped) - 1))
    with pytest.raises(SealBroken):
        ring.unwrap(bytes(wrapped[:place]), "c")
    wrapped[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unreadable):
        ring.unwrap(bytes(wrapped), "c")


@given(name=st.binary(min_size=12, max_size=12))
def test_who_holds_an_old_key_cannot_choose_what_another_key_is_used_with(name: bytes) -> None:
    head = b"\x03" + bytes.fromhex(Keyring([OLD]).ids[0])
    bound = head + len(b"c").to_bytes(4, "big") + b"c"
    forged = AESGCM(base64.urlsafe_b64decode(OLD)).encrypt(name, bytes(32), bound)
    with pytest.raises(SealBroken, match="name"):
        Keyring([NEW, OLD]).rewrap(head + name + forged, "c")


def test_a_missing_key_is_named_by_its_id() -> None:
    gone, kept = Keyring([fresh_key()]), Keyring([fresh_key()])
    wrapped = gone.wrap(bytes(32), "c")
    with pytest.raises(UnknownKey, match=gone.ids[0]) as unknown:
        kept.unwrap(wrapped, "c")
    assert unknown.value.key_id == gone.ids[0]
    assert len(gone.ids[0]) == 8
    assert set(gone.ids[0]) <= set(string.hexdigits)


@pytest.mark.parametrize(
    "text", ["", " , ", "hunter2", "A" * 42, "A" * 44, "é" * 43, "A" * 43 + "=="]
)
def test_a_bad_key_is_refused_in_one_line_without_showing_it(text: str) -> None:
    with pytest.raises(KeyProblem, match="python -m bot key") as problem:
        Keyring.parse(text)
    assert "\n" not in str(problem.value)
    assert not text.strip(" ,") or text not in str(problem.value)


@given(raw=st.binary(min_size=32, max_size=32))
@example(raw=b"\xff" * 32)
def test_every_spelling_of_base64_is_the_same_key(raw: bytes) -> None:
    url, standard = base64.urlsafe_b64encode(raw).decode(), base64.b64encode(raw).decode()
    assert Keyring([url]).ids == Keyring([standard]).ids == Keyring([url.rstrip("=")]).ids


def test_nothing_that_prints_a_ring_or_a_data_key_shows_a_key() -> None:
    key = fresh_key()
    ring, data_key = Keyring([key]), DataKey(b"K" * 32)
    assert key not in f"{ring!r}{ring}"
    assert "KKKK" not in f"{data_key!r}{data_key}"


@given(parts=contexts, others=contexts)
def test_fingerprints_tell_parts_apart_and_need_the_pepper(
    parts: list[str], others: list[str]
) -> None:
    mine = fingerprint(b"pepper", *parts)
    assert len(mine) == 12
    assert (mine == fingerprint(b"pepper", *others)) == (parts == others)
    assert mine != fingerprint(b"salt", *parts)
