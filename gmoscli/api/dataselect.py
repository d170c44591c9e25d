"""Select files by tags and descriptors."""

import os
from collections.abc import Collection, Iterable

from ..arguments import a_path, a_text, listed
from ..errors import UsageError, check_known
from ..fits import Headers
from ..gmos.tags import KNOWN_TAGS, tags_of
from ..select import Expression, parse


def expr_parser(expression: str, strict: bool = False) -> Expression:
    """Return the expression that a text stands for, ready for ``select_data``.

    ``strict`` compares full names, and numbers exactly. Raises UsageError, which shows the place,
    for what is no expression.
    """
    return parse(a_text("expression", expression), strict=strict)


def select_data(
    inputs: Iterable[str | os.PathLike[str]],
    tags: Collection[str] = (),
    xtags: Collection[str] = (),
    expression: str | Expression = "True",
) -> list[str]:
    """Return the inputs, in their order, that have all of the tags, none of the others, and fit.

    Raises BadFile for an input that cannot be read, UsageError for an unknown tag, and for what is
    no list of paths or texts, nor an expression.
    """
    paths = listed("inputs", inputs)
    wanted, unwanted = listed("tags", tags), listed("xtags", xtags)
    for argument, words in (("tags", wanted), ("xtags", unwanted)):
        for word in words:
            a_text(argument, word)
    check_known("tag", (*wanted, *unwanted), KNOWN_TAGS)
    holds = parse(expression) if isinstance(expression, str) else expression
    if not callable(holds):
        raise UsageError(f"expression: {expression!r} is not an expression")
    chosen = []
    for path in paths:
        a_path("inputs", path)
        name = os.fspath(path)
        headers = Headers.open(name)
        own = tags_of(headers)
        if own.issuperset(wanted) and own.isdisjoint(unwanted) and holds(headers):
            chosen.append(name)
    return chosen
