"""Header cards, in the order in which they are written."""

Value = str | int | float | bool
Cards = dict[str, tuple[Value, str]]
"""Each keyword with its value and comment."""
