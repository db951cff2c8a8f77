"""Small defects that can be planted in Python: where they go, and what stands there then."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LOGS = {
    "log",
    "_log",
    "logger",
    "logging",
    "structlog",
    "print",
    "warnings",
}  # nothing there can matter
EITHER_WAY = {"max", "min", "gather", "isinstance", "suppress"}  # calls whose arguments may swap
IDLE = {"repr", "help", "metavar", "description", "key", "slots", "frozen", "kw_only", "eq"}
CLOCK = re.compile(rb"\b_?(now|time|at|deadline|until|since|seconds|\w+_at|\w*seconds|loop)\b")
SHIFTED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
OTHER = {"==": "!=", "!=": "==", "and": "or", "or": "and", "+": "-", "-": "+", "//": "*"}
NEGATED = {"in": "not in", "not in": "in", "is": "is not", "is not": "is"}
_OPERATOR = re.compile(rb"not\s+in\b|is\s+not\b|\b(?:in|is|and|or)\b|//|[<>=!]=|[<>+-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """`new` in the place of bytes `start` to `end` of a file; `function`: its qualified name."""

    path: str
    line: int
    kind: str
    function: str
    start: int
    end: int
    old: str
    new: str

    @property
    def planted(self) -> str:
        old, new = (" ".join(each.split())[:60] for each in (self.old, self.new))
        return f"{self.kind}: {old} -> {new or '(nothing)'}"

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]


def python(path: str, source: bytes) -> Sequence[Mutant]:
    """All that can be planted in this file, in its order; perhaps not all of it compiles."""
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return sorted(finder.found, key=lambda each: (each.start, each.kind, each.new))


def compiles(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Finder(ast.NodeVisitor):
    """Skips what cannot matter: logs, annotations, docstrings, decorators, texts."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path, self._source = path, source
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._inside: list[str] = []  # names of classes and functions
        self._runs = 0  # functions around; none: what runs at the import
        self.found: list[Mutant] = []

    def _at(self, line: int, column: int) -> int:
        return self._lines[line - 1] + column

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        end = self._at(node.end_lineno or 0, node.end_col_offset or 0)
        return self._at(node.lineno, node.col_offset), end

    def _text(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._span(node)
        return self._source[start:end].decode()

    def _plant(self, kind: str, start: int, end: int, new: str) -> None:
        mutant = Mutant(
            path=self._path,
            line=self._source.count(b"\n", 0, start) + 1,
            kind=kind,
            function=".".join(self._inside),
            start=start,
            end=end,
            old=self._source[start:end].decode(),
            new=new,
        )
        self.found.append(mutant)

    # What is gone through, and what is not

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self._inside.append(node.name)
        self._runs += 1
        for each in node.body:
            self.visit(each)
        self._runs -= 1
        self._inside.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(_root(base) == "Protocol" for base in node.bases):
            return
        self._inside.append(node.name)
        for each in node.body:
            self.visit(each)
        self._inside.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """A text; and Python 3.11 does not tell where its parts are."""

    def visit_Assert(self, node: ast.Assert) -> None:
        """It states what holds."""

    def visit_Assign(self, node: ast.Assign) -> None:
        if _root(node.targets[0]) == "__slots__":
            return
        if self._runs and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
            self._drop(node)
        self.visit(node.value)

    # What is planted

    def _drop(self, node: ast.stmt, kind: str = "statement") -> None:
        self._plant(kind, *self._span(node), "pass")

    def visit_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if isinstance(value, ast.Constant) or _root(value) in LOGS or not self._runs:
            return
        if isinstance(value, ast.Await):
            self._drop(node, "await")
            self._plant("await", *self._span(node), self._text(value.value))
        elif isinstance(value, ast.Call):
            self._drop(node)
        self.visit(value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._drop(node)
        self.visit(node.value)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._drop(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._drop(node)

    def visit_If(self, node: ast.If) -> None:
        text = self._text(node.test)
        if "TYPE_CHECKING" in text or "__name__" in text:
            return
        self._turn(node.test)
        if not node.orelse:
            self._plant("condition", *self._span(node.test), "False")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._turn(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._turn(test)
        self.generic_visit(node)

    def _turn(self, test: ast.expr) -> None:
        self._plant("condition", *self._span(test), f"not ({self._text(test)})")

    def visit_Compare(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        timed = bool(CLOCK.search(self._text(node).encode()))
        for left, right in pairwise(sides):
            self._swap(left, right, (TURNED if timed else SHIFTED) | OTHER | NEGATED)
            if isinstance(right, ast.Constant) and isinstance(right.value, str) and right.value:
                self._plant("constant", *self._span(right), '""')
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for left, right in pairwise(node.values):
            self._swap(left, right, OTHER)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        texts = any(_is_text(each) for each in (node.left, node.right))
        if isinstance(node.op, ast.Add | ast.Sub | ast.FloorDiv) and not texts:
            self._swap(node.left, node.right, OTHER)
        self.generic_visit(node)

    def _swap(self, left: ast.expr, right: ast.expr, table: Mapping[str, str]) -> None:
        start, end = self._span(left)[1], self._span(right)[0]
        found = _OPERATOR.search(self._source, start, end)
        if found and (new := table.get(" ".join(found[0].decode().split()))):
            self._plant("operator", *found.span(), new)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._plant("constant", *self._span(node), str(not node.value))
        elif _number(node):
            self._plant("constant", *self._span(node), self._altered(node.value))

    def _altered(self, value: object) -> str:
        """One more is a difference only for small numbers where something runs."""
        if not value:
            return "1"
        small = isinstance(value, int) and value < 10 and self._runs
        return str(int(str(value)) + 1) if small else "0"

    def visit_Tuple(self, node: ast.Tuple) -> None:
        if self._runs:  # else it is a table of pauses, sizes, shapes
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if _root(node) in LOGS:
            return
        plain = not any(isinstance(each, ast.Starred) for each in node.args)
        if len(node.args) > 1 and plain and _last(node.func) not in EITHER_WAY:
            self._exchange(*node.args[:2])
        for keyword in node.keywords:
            if keyword.arg and keyword.arg not in IDLE and not _is_text(keyword.value):
                self._omit(keyword)
        self.generic_visit(node)

    def _exchange(self, one: ast.expr, other: ast.expr) -> None:
        first, second = self._text(one), self._text(other)
        if first != second:
            (start, middle), (again, end) = self._span(one), self._span(other)
            between = self._source[middle:again].decode()
            self._plant("argument", start, end, f"{second}{between}{first}")

    def _omit(self, keyword: ast.keyword) -> None:
        start = self._at(keyword.lineno, keyword.col_offset)
        end = self._at(keyword.end_lineno or 0, keyword.end_col_offset or 0)
        comma = re.compile(rb"\s*,").match(self._source, end)
        self._plant("argument", start, comma.end() if comma else end, "")


def _number(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )


def _root(node: ast.expr) -> str:
    """The name an expression begins with."""
    while not isinstance(node, ast.Name):
        inner: Iterator[ast.expr] = (
            found
            for name in ("func", "value")
            if isinstance(found := getattr(node, name, None), ast.expr)
        )
        if (deeper := next(inner, None)) is None:
            return ""
        node = deeper
    return node.id


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else _root(node)
