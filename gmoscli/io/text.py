"""Text as FITS can hold it: printable ASCII alone (FITS Standard 4.0, sections 3.2 and 4.2.1)."""

import re

_OTHER = re.compile(r"[^ -~]")


def legible(text: str) -> str:
    """Return the text with a question mark for each letter that no header or table can hold.

    Names of observers and of files have such letters; what is left tells them still.
    """
    return _OTHER.sub("?", text)
