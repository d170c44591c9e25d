"""The parameters that every step has: ``skip_primitive`` and ``write_outputs``."""

from collections.abc import Mapping

from ..errors import UsageError

SKIP, WRITE = "skip_primitive", "write_outputs"


def is_true(name: str, text: str) -> bool:
    """Return what a text says: True or False, in any case. Raises UsageError for another one."""
    word = text.strip().lower()
    if word not in ("true", "false"):
        raise UsageError(f"{name}={text}: not True or False")
    return word == "true"


def without_stages(params: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the parameters that steps have, and the steps whose frames are to be written.

    Raises UsageError where no step is named, or for a value that is not True or False.
    """
    asked = {key: text for key, text in params.items() if key.rpartition(":")[2] == WRITE}
    if WRITE in asked:
        raise UsageError(f"{WRITE}: of which step?", hint=f"-p STEP:{WRITE}=True")
    stages = (key.rpartition(":")[0] for key, text in asked.items() if is_true(key, text))
    return {key: text for key, text in params.items() if key not in asked}, tuple(stages)
