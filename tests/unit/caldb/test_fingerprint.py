import os

import pytest

from gmoscli.caldb.fingerprint import Fingerprint


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"once")
    return path


@pytest.mark.parametrize("thorough", [False, True])
def test_a_file_left_alone_has_no_trouble(path, thorough):
    assert Fingerprint.of(path).trouble(path, thorough=thorough) is None


@pytest.mark.parametrize("thorough", [False, True])
@pytest.mark.parametrize("content", [b"more than once", b"", b"Once"])
def test_other_bytes_are_noticed(path, content, thorough):
    fingerprint = Fingerprint.of(path)
    path.write_bytes(content)
    os.utime(path, ns=(0, fingerprint.mtime_ns + 1))
    assert fingerprint.trouble(path, thorough=thorough) == "was altered"


def test_a_file_touched_or_copied_back_is_still_the_same(path):
    fingerprint = Fingerprint.of(path)
    os.utime(path, ns=(0, 0))
    assert fingerprint.trouble(path) is None


def test_bytes_altered_behind_the_back_of_the_clock_are_noticed_when_thorough(path):
    fingerprint = Fingerprint.of(path)
    path.write_bytes(b"Once")
    os.utime(path, ns=(0, fingerprint.mtime_ns))
    assert fingerprint.trouble(path, thorough=True) == "was altered"


def test_a_file_that_is_gone_is_missing(path):
    fingerprint = Fingerprint.of(path)
    path.unlink()
    assert fingerprint.trouble(path) == "is missing"


def test_a_folder_in_its_place_is_no_crash(path):
    fingerprint = Fingerprint.of(path)
    path.unlink()
    path.mkdir()
    assert fingerprint.trouble(path, thorough=True) is not None


def test_a_touched_file_is_read_once_as_long_as_it_is_not_touched_again(path):
    fingerprint = Fingerprint.of(path)
    os.utime(path, ns=(0, 0))
    assert fingerprint.trouble(path) is None
    path.write_bytes(b"Once")
    os.utime(path, ns=(0, 0))
    assert fingerprint.trouble(path) is None
    assert fingerprint.trouble(path, thorough=True) == "was altered"
    os.utime(path, ns=(0, 1))
    assert fingerprint.trouble(path) == "was altered"
