"""Checksums are taken in the background, once each."""

import hashlib
from contextlib import closing

import pytest

from gmoscli.checksums import Checksums


def test_checksums_are_those_of_md5(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text(path.name)
    with closing(Checksums()) as sums:
        sums.begin(paths)
        for path in paths:
            assert sums[path] == hashlib.md5(path.name.encode()).hexdigest()


def test_a_file_is_read_once(tmp_path):
    path = tmp_path / "a"
    path.write_text("first")
    with closing(Checksums()) as sums:
        first = sums[path]
        path.write_text("second")
        assert sums[path] == first


def test_a_file_that_is_not_there_is_told_when_it_is_asked_for(tmp_path):
    with closing(Checksums()) as sums:
        sums.begin([tmp_path / "a"])
        with pytest.raises(FileNotFoundError):
            sums[tmp_path / "a"]
