"""Files are written whole or not at all."""

import os
import subprocess
import sys

import pytest

from gmoscli.atomic import written
from gmoscli.errors import GmosError, UsageError


def test_nothing_stays_behind_when_writing_fails(tmp_path):
    with pytest.raises(RuntimeError), written(tmp_path / "a.fits") as part:
        part.write_bytes(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_stays_when_its_successor_fails(tmp_path):
    path = tmp_path / "a.fits"
    path.write_bytes(b"whole")
    with pytest.raises(GmosError, match="cannot write: no space left"), written(path) as part:
        part.write_bytes(b"half")
        raise OSError(28, "No space left on device")
    assert [p.name for p in tmp_path.iterdir()] == ["a.fits"]
    assert path.read_bytes() == b"whole"


def test_a_pipe_or_a_device_is_not_replaced_by_a_file(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(UsageError, match="no file that could be replaced"), written(path):
        raise AssertionError("nothing is to be made")
    assert path.is_fifo()


def test_a_killed_writer_leaves_nothing_under_the_final_name(tmp_path):
    code = """
import os, sys
from pathlib import Path
from gmoscli.atomic import written
with written(Path(sys.argv[1])) as part:
    part.write_bytes(b"half")
    os.kill(os.getpid(), 9)
"""
    path = tmp_path / "a.fits"
    killed = subprocess.run([sys.executable, "-c", code, path], check=False)
    assert killed.returncode == -9
    assert not path.exists()
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".fits"]
