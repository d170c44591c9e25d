"""Threads take turns quickly, for as long as pixels are worked on."""

import sys

import pytest

from gmoscli.turns import TURN, quick_turns


def test_the_usual_turns_come_back_whatever_happens():
    usual = sys.getswitchinterval()
    with pytest.raises(ValueError, match="odd"), quick_turns():
        assert sys.getswitchinterval() == pytest.approx(TURN)
        raise ValueError("odd")
    assert sys.getswitchinterval() == usual
