"""Checksums are those of the files, each of which is read once."""

import hashlib

import pytest

from gmoscli.checksums import PART, Checksums


@pytest.mark.parametrize("size", [0, 1, PART, 2 * PART + 1])
def test_checksums_are_those_of_md5(tmp_path, size):
    path = tmp_path / "a"
    path.write_bytes(b"x" * size)
    assert Checksums()[path] == hashlib.md5(b"x" * size).hexdigest()


def test_a_file_is_read_once(tmp_path):
    path, sums = tmp_path / "a", Checksums()
    path.write_text("first")
    first = sums[path]
    path.write_text("second")
    assert sums[path] == first


def test_a_file_that_is_not_there_is_told_each_time_it_is_asked_for(tmp_path):
    sums = Checksums()
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            sums[tmp_path / "a"]
