"""Selection expressions: text becomes a predicate on headers. Parsed, never run as code.

The grammar: ``or``, ``and``, ``not``, parentheses; comparisons with ``== != < <= > >= in`` and
``not in``, which may be chained; text, numbers, True, False, None and lists of these; the names of
descriptors, and ``tags``. Dates and times are written as text. ``ad.object()`` is ``object``.
"""

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from .compare import Mismatch, Operand, Predicate, compare
from .errors import UsageError, unknown
from .fits import Headers
from .gmos.descriptors import DESCRIPTORS, describe
from .gmos.tags import KNOWN_TAGS, tags_of

_ASSIGNMENT = re.compile(r"(?<![=!<>])=(?!=)")
_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|(\d{4}-\d\d?-\d\d?|\d\d?:\d\d(?::\d\d)?)""")
"""Text in quotes, or else a date or a time: a group that tells them apart."""
_DEEPEST = 50  # levels of nesting; more would be no one's intention
_PRETTY = frozenset(("filter_name", "detector_name", "disperser"))
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A question that the headers of a file answer with yes or no."""

    text: str
    holds: Predicate

    def __call__(self, headers: Headers) -> bool:
        """Say whether the expression holds for a file."""
        return self.holds(headers)


def parse(text: str, *, strict: bool = False) -> Expression:
    """Return the expression that a text stands for.

    Unless ``strict``, filters, gratings and detectors go by their short names; exposure times are
    equal within 1 %, central wavelengths within 0.001 %. A value that a file lacks equals None
    alone, and is neither less nor more than anything.

    Raises UsageError, which shows the place, for whatever is not in the grammar.
    """
    line = text.replace("\n", " ").strip()
    if not line:
        raise UsageError("empty expression")
    for found in _QUOTED.finditer(line):
        if found[1]:
            raise _refusal(line, *found.span(), "dates and times stand in quotes")
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(line, mode="eval")
        return Expression(text, _Grammar(line, strict=strict).question(tree.body))
    except SyntaxError as error:
        raise _syntax(line, error) from None
    except Mismatch as error:
        raise _refusal(line, error.operand.start, error.operand.end, error.message) from None
    except (ValueError, MemoryError, RecursionError):
        raise UsageError(f"not an expression: {line[:40]!r}") from None


def _syntax(line: str, error: SyntaxError) -> UsageError:
    if found := _ASSIGNMENT.search(line):
        return _refusal(line, found.start(), found.end(), "write == to compare")
    start = error.offset - 1 if error.offset else len(line)
    return _refusal(line, start, start + 1, error.msg)


def _refusal(line: str, start: int, end: int, message: str, hint: str | None = None) -> UsageError:
    """Return the error that points at a place in the line."""
    pointer = " " * start + "^" * max(1, end - start)
    return UsageError(f"{message}\n  {line}\n  {pointer}", hint=hint)


class _Grammar:
    """From the nodes of a syntax tree to predicates. Nodes that are not named here are refused."""

    def __init__(self, line: str, *, strict: bool):
        self.line = line
        self.strict = strict

    def question(self, node: ast.expr, depth: int = 1) -> Predicate:
        """Return what a node asks of headers."""
        if depth > _DEEPEST:
            raise self.refusal(node, "nested too deeply")
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return partial(_all, [self.question(value, depth + 1) for value in values])
            case ast.BoolOp(values=values):
                return partial(_any, [self.question(value, depth + 1) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return partial(_none, [self.question(inner, depth + 1)])
            case ast.Constant(value=bool(truth)):
                return lambda _: truth
            case ast.Compare(left=first, ops=ops, comparators=others):
                operands = [self.operand(first), *map(self.other, others)]
                links = zip(pairwise(operands), ops, strict=True)
                return partial(_all, [self.link(*sides, op) for sides, op in links])
        operand = self.operand(node)
        if operand.kind is not bool:
            raise self.refusal(node, "not a question: compare this with something")
        return lambda h: operand.read(h) is True

    def link(self, left: Operand, right: Operand, op: ast.cmpop) -> Predicate:
        """Return one comparison of a chain."""
        sign = _SIGNS.get(type(op))
        if sign is None:
            raise Mismatch("use == or != here", right)
        if "tags" in (left.name, right.name) and "in" not in sign:
            raise Mismatch("write 'BIAS' in tags", left)
        if right.name == "tags" and isinstance(left.value, str) and left.value not in KNOWN_TAGS:
            error = unknown("tag", left.value, KNOWN_TAGS)
            raise _refusal(self.line, left.start, left.end, error.message, error.hint)
        return compare(left, sign, right, strict=self.strict)

    def operand(self, node: ast.expr) -> Operand:
        """Return what stands on one side of a comparison."""
        match node:
            case ast.Call(func=ast.Attribute() | ast.Name() as func, args=[], keywords=[]):
                return self.operand(func)
            case ast.Attribute(value=ast.Name(id="ad"), attr=name) | ast.Name(id=name):
                return self.named(node, name)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return Operand(*self.place(node), value=[self.constant(item) for item in items])
        return Operand(*self.place(node), value=self.constant(node))

    def other(self, node: ast.expr) -> Operand:
        """Return what something is compared with. A word that is no descriptor lacks its quotes."""
        match node:
            case ast.Name(id=name) if name != "tags" and name not in DESCRIPTORS:
                error = f"unknown descriptor {name!r}"
                raise self.refusal(node, error, f'text stands in quotes: "{name}"')
        return self.operand(node)

    def constant(self, node: ast.expr) -> Any:
        """Return the value of a literal."""
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
                return -value
        raise self.refusal(node, "not allowed in an expression")

    def named(self, node: ast.expr, name: str) -> Operand:
        """Return a descriptor, or the tags."""
        start, end = self.place(node)
        if name == "tags":
            return Operand(start, end, name, str, listed=True, read_from=tags_of)
        if name not in DESCRIPTORS:
            error = unknown("descriptor", name, [*DESCRIPTORS, "tags"])
            raise self.refusal(node, error.message, error.hint)
        chosen = DESCRIPTORS[name]
        kind = float if chosen.kind is int else chosen.kind
        read = partial(_value, name=name, pretty=name in _PRETTY and not self.strict)
        return Operand(start, end, name, kind, listed=chosen.listed, read_from=read)

    def place(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node is written; the tree counts bytes."""
        line = self.line.encode()
        start, end = node.col_offset, node.end_col_offset or node.col_offset
        return len(line[:start].decode()), len(line[:end].decode())

    def refusal(self, node: ast.expr, message: str, hint: str | None = None) -> UsageError:
        """Return the error that points at a node."""
        return _refusal(self.line, *self.place(node), message, hint)


def _value(headers: Headers, *, name: str, pretty: bool) -> object:
    return describe(headers, name, pretty=pretty)


def _all(parts: Sequence[Predicate], headers: Headers) -> bool:
    return all(part(headers) for part in parts)


def _any(parts: Sequence[Predicate], headers: Headers) -> bool:
    return any(part(headers) for part in parts)


def _none(parts: Sequence[Predicate], headers: Headers) -> bool:
    return not _any(parts, headers)
