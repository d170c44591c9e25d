"""A plan is carried out whole, or stopped before any work."""

import os
import signal

import pytest

from gmoscli.checksums import Checksums
from gmoscli.errors import GmosError
from gmoscli.recipes.bias import bias
from gmoscli.reductions import Resources, reduced, unheard
from gmoscli.request import Plan
from tests import header_files
from tests.header_files import BIAS


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("nowhere/bias.fits", "no such folder"),
        ("N1.fits", "would replace one of its inputs"),
        ("folder", "is a folder"),
    ],
)
def test_what_would_stop_the_writing_stops_the_work_before_it(tmp_path, output, says):
    raw = header_files.raw(**BIAS)
    raw.path = header_files.write(tmp_path / "N1.fits", raw)
    (tmp_path / "folder").mkdir()
    plan = Plan(bias, (raw,), {}, (tmp_path / output,))
    with pytest.raises(GmosError, match=says):
        list(reduced(plan, Resources(), (), Checksums()))


def test_signals_wait_while_a_library_is_loaded():
    told = []
    with pytest.raises(KeyboardInterrupt), unheard(signal.SIGINT):
        os.kill(os.getpid(), signal.SIGINT)
        told.append("loaded")
    assert told == ["loaded"]
