"""Counts the product's lines and holds it to its limits: fewer lines that do more."""

import ast
import io
import json
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

PACKAGES = ("bot", "adapters", "memory")
LINES = 14_900  # of code in the product; raising it is a commit of its own, with a reason
FILE = 300
FUNCTION = 50


QUIET = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def main(options: Sequence[str] = ()) -> int:
    """Print the ledger, or with --json one object; 1 if a limit is passed.

    Lines of code are those left without blank lines, comments and docstrings, which cost a reader
    nothing to skip; the limits of files and functions count every line.
    """
    files = {path: path.read_text() for package in PACKAGES for path in Path(package).rglob("*.py")}
    code = {path: _code(text) for path, text in files.items()}
    lengths = {path: len(text.splitlines()) for path, text in files.items() if text}
    each = dict.fromkeys(PACKAGES, 0)
    for package in PACKAGES:
        mine = [path for path in lengths if path.parts[0] == package]
        rows = sum(lengths[path] for path in mine)
        each[package] = sum(code[path] for path in mine)
        print(f"{package:10}{each[package]:6} of code, {rows} in all")
    total, rows = sum(code.values()), sum(lengths.values())
    print(f"{'product':10}{total:6} of code (at most {LINES}), {rows} in all")
    print(f"file median {median(lengths.values()):g} lines")
    functions = [found for path, text in files.items() for found in _functions(path, text)]
    wrong = [f"{path}: {n} lines, at most {FILE}" for path, n in lengths.items() if n > FILE]
    wrong += [f"{name}: {n} lines, at most {FUNCTION}" for name, n in functions if n > FUNCTION]
    if total > LINES:
        wrong.append(f"the product has {total} lines of code, at most {LINES}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    if "--json" in options:
        print(json.dumps({"code": {**each, "product": total}, "at_most": LINES, "wrong": wrong}))
    return 1 if wrong else 0


def _code(text: str) -> int:
    """Lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in QUIET:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(lines)


def _functions(path: Path, text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1
