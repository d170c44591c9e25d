"""Messages go where they are asked to go, and nowhere else."""

import io
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from gmoscli.logs import LOGGER, configure


@pytest.fixture(autouse=True)
def as_before():
    """Take away what a test arranged."""
    yield
    configure(None)
    LOGGER.propagate = True
    LOGGER.setLevel(logging.NOTSET)


def said(level, **how):
    stream = io.StringIO()
    configure(level, stream=stream, **how)
    LOGGER.debug("a detail")
    LOGGER.info("a fact")
    LOGGER.warning("a doubt")
    LOGGER.error("a fault")
    return stream.getvalue().splitlines()


@pytest.mark.parametrize(
    ("level", "lines"),
    [
        ("debug", ["a detail", "a fact", "warning: a doubt", "error: a fault"]),
        ("info", ["a fact", "warning: a doubt", "error: a fault"]),
        ("warning", ["warning: a doubt", "error: a fault"]),
        ("error", ["error: a fault"]),
        (None, []),
    ],
)
def test_a_level_lets_pass_what_is_as_grave_and_worse_says_so(level, lines):
    assert said(level) == lines


def test_a_command_signs_its_messages():
    assert said("warning", prefix="reduce: ")[0] == "reduce: warning: a doubt"


def test_the_file_holds_everything_with_time_and_level(tmp_path):
    said(None, logfile=tmp_path / "a.log")
    lines = (tmp_path / "a.log").read_text().splitlines()
    assert [line.split(" - ")[1] for line in lines] == ["a detail", "a fact", "a doubt", "a fault"]
    assert lines[0].split()[2] == "DEBUG"


@pytest.mark.parametrize(("append", "count"), [(True, 8), (False, 4)])
def test_a_log_goes_on_or_begins_anew(tmp_path, append, count):
    for _ in range(2):
        said(None, logfile=tmp_path / "a.log", append=append)
    assert len((tmp_path / "a.log").read_text().splitlines()) == count


def test_arranging_twice_says_everything_once():
    configure("info", stream=io.StringIO())
    assert said("info").count("a fact") == 1


def test_the_package_is_silent_until_somebody_asks():
    code = "import gmoscli.logs as l; l.LOGGER.warning('a doubt'); print(l.LOGGER.handlers)"
    quiet = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
    assert "NullHandler" in quiet.stdout


def test_the_root_logger_is_left_alone():
    before = list(logging.getLogger().handlers)
    said("info")
    assert logging.getLogger().handlers == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_log_that_takes_no_more_is_told_once_and_the_rest_is_said():
    stream = io.StringIO()
    configure("info", "/dev/full", stream=stream)
    for word in ("one", "two"):
        LOGGER.info(word)
    warning, *rest = sorted(stream.getvalue().splitlines(), key=len, reverse=True)
    assert warning == "warning: /dev/full: no space left on device: nothing more is written there"
    assert rest == ["one", "two"]
    configure("info", stream=stream)
