"""The linter, the formatter and the types: so that one command runs all checks."""

import subprocess
import sys

import pytest

from tests.commands import ROOT

TOOLS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"])


@pytest.mark.parametrize("words", TOOLS, ids=" ".join)
def test_tools_find_nothing(words):
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
