"""Small defects that can be planted in the scripts; see `bench.mutants`."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bench.mutants import SHIFTED, TURNED, Mutant

OTHER = {"==": "~=", "~=": "==", "and": "or", "or": "and", "+": "-", "-": "+"}
_CLOCK = re.compile(rb"\b(milliseconds|microseconds|seconds|clock)\b")
_LASTING = re.compile(rb"\b(DAY|HOUR|EXPIRE|1000|1000000)\b")  # nobody waits for these to pass
_TOKEN = re.compile(
    rb"(?P<comment>--[^\n]*)|(?P<text>'[^'\n]*'|\"[^\"\n]*\")|(?P<number>\d+)"
    rb"|(?P<name>[A-Za-z_]\w*)|(?P<operator>[=~<>]=|\.+|[^\w\s])|\s+"
)
_CALL = re.compile(
    rb"[ \t]*(?!local\b|return\b|if\b|for\b|while\b|function\b|elseif\b)[A-Za-z_][\w.]*\("
)
_VALUE = (b")", b"]")

Token = re.Match[bytes]


def lua(path: str, source: bytes) -> Sequence[Mutant]:
    """All that can be planted in this script, in its order."""
    tokens = [each for each in _TOKEN.finditer(source) if each.lastgroup not in (None, "comment")]
    found = [*_operators(source, tokens), *_conditions(source, tokens), *_statements(source)]
    script = path.rpartition("/")[2].removesuffix(".lua")
    mutants = [
        Mutant(
            path=path,
            line=source.count(b"\n", 0, start) + 1,
            kind=kind,
            function=script,
            start=start,
            end=end,
            old=source[start:end].decode(),
            new=new,
        )
        for kind, start, end, new in found
    ]
    return sorted(mutants, key=lambda each: (each.start, each.kind, each.new))


Found = tuple[str, int, int, str]


def _operators(source: bytes, tokens: Sequence[Token]) -> Iterator[Found]:
    for before, token in pairwise(tokens):
        line = _line(source, token.start())
        word = token[0].decode()
        if token.lastgroup == "number":
            if not _LASTING.search(line):
                kind = "argument" if b"ARGV" in line else "constant"
                yield kind, *token.span(), str(int(word) + 1)
            continue
        table = (TURNED if _CLOCK.search(line) else SHIFTED) | OTHER
        follows_value = before.lastgroup in ("name", "number") or before[0] in _VALUE
        if word in table and token.lastgroup in ("operator", "name") and follows_value:
            yield "operator", *token.span(), table[word]


def _conditions(source: bytes, tokens: Sequence[Token]) -> Iterator[Found]:
    begins: list[Token] = []
    for token in tokens:
        if token[0] in (b"if", b"elseif"):
            begins.append(token)
        elif token[0] == b"then" and begins:
            start, end = begins.pop().end() + 1, token.start() - 1
            yield "condition", start, end, f"not ({source[start:end].decode()})"
            yield "condition", start, end, "false"


def _statements(source: bytes) -> Iterator[Found]:
    """A line that is one call, and goes."""
    start, before = 0, b""
    for line in source.splitlines(keepends=True):
        code = line.split(b" --")[0].rstrip()
        whole = code.endswith(b")") and code.count(b"(") == code.count(b")")
        if _CALL.match(code) and whole and not before.endswith((b",", b"(", b"and", b"or", b"=")):
            at = start + len(code) - len(code.lstrip())
            yield "statement", at, start + len(code), ""
        start, before = start + len(line), code


def _line(source: bytes, at: int) -> bytes:
    start = source.rfind(b"\n", 0, at) + 1
    return source[start : source.find(b"\n", at)]
