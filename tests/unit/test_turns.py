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


def test_the_usual_turns_come_back_when_the_last_of_two_threads_is_done():
    usual = sys.getswitchinterval()
    one, other = quick_turns(), quick_turns()
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(TURN)
    other.__exit__(None, None, None)
    assert sys.getswitchinterval() == usual
