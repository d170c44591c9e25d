"""One line of progress, which makes way for names of products and for messages."""

import re
import sys

import pytest

from tests.commands import at_terminal, environment

WORK = """
from gmoscli.cli.progress import progress
from gmoscli.logs import LOGGER, configure
configure("info", None, prefix="reduce: ")
with progress({wanted}) as display:
    display("clip_noise", 0, 3)
    display("clip_noise", 1, 3)
    LOGGER.warning("a word")
    display("average", 3, 3)
    display.write("product.fits\\n")
    display("average", 0, 0)
"""


def told(wanted: bool, columns: int = 80, **env: str) -> str:
    """Return what a terminal gets, standard output and error together."""
    words = [sys.executable, "-c", WORK.format(wanted=wanted)]
    done = at_terminal(words, columns, env=environment(**{"TERM": "xterm"} | env))
    assert done.returncode == 0
    return done.stdout


def test_lines_of_progress_go_and_what_is_said_stays():
    text = told(wanted=True)
    assert "clip noise" in text and "3/3" in text
    stays = re.sub(r"\r\x1b\[K(?:[^\r\n]*(?=\r))?", "", text)
    assert stays == "reduce: warning: a word\nproduct.fits\n"


@pytest.mark.parametrize("columns", [20, 50])
def test_a_line_of_progress_is_shorter_than_the_terminal(columns):
    lines = re.split(r"\r\x1b\[K|\n", told(wanted=True, columns=columns))
    assert max(len(line) for line in lines if "word" not in line) == columns - 1


def test_quiet_and_dumb_terminals_see_no_progress():
    plain = "reduce: warning: a word\nproduct.fits\n"
    assert told(wanted=False) == plain
    assert told(wanted=True, TERM="dumb") == plain
