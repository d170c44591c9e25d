"""Select files by tags and descriptors."""

import os
from collections.abc import Collection, Iterable

from ..cards import Headers
from ..errors import UsageError, check_known
from ..gmos.tags import KNOWN_TAGS, tags_of
from ..select import Expression, parse


def expr_parser(expression: str, strict: bool = False) -> Expression:
    """Return the expression that a text stands for, ready for ``select_data``.

    ``strict`` compares full names, and numbers exactly. Raises UsageError, which shows the place,
    for what is no expression.
    """
    return parse(expression, strict=strict)


def select_data(
    inputs: Iterable[str | os.PathLike[str]],
    tags: Collection[str] = (),
    xtags: Collection[str] = (),
    expression: str | Expression = "True",
) -> list[str]:
    """Return the inputs, in their order, that have all of the tags, none of the others, and fit.

    Raises BadFile for an input that cannot be read, UsageError for an unknown tag, and for a text
    where a list of texts belongs.
    """
    for what, words in (("inputs", inputs), ("tags", tags), ("xtags", xtags)):
        if isinstance(words, str):
            raise UsageError(f"{what} is a text, not a list", hint=f"{what}=[{words!r}]")
    check_known("tag", (*tags, *xtags), KNOWN_TAGS)
    holds = parse(expression) if isinstance(expression, str) else expression
    chosen = []
    for path in inputs:
        name = os.fspath(path)
        headers = Headers.open(name)
        own = tags_of(headers)
        if own.issuperset(tags) and own.isdisjoint(xtags) and holds(headers):
            chosen.append(name)
    return chosen
