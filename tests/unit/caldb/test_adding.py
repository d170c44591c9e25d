"""Files, folders, and what lies in folders without being a calibration."""

import pytest

from gmoscli.caldb.adding import add_all, fits_files
from gmoscli.errors import DatabaseError
from tests.header_files import bias, flat, raw


def told(store, *paths, walk=False) -> dict[str, str | None]:
    """Return, for each file tried, its outcome, or the class or reason of its refusal."""
    return {
        a.path.name: a.outcome or a.passed_over or type(a.error).__name__
        for a in add_all(store, paths, walk=walk)
    }


@pytest.fixture
def folder(tmp_path, put):
    put("night/a_bias.fits", bias())
    put("night/B_FLAT.FITS", flat())
    put("night/raw.fits.bz2", raw())
    put("night/.hidden.fits", bias())
    put("night/deep/deeper/c_bias.fits", bias())
    (tmp_path / "night" / "notes.txt").write_text("cloudy")
    (tmp_path / "night" / "folder.fits").mkdir()
    return tmp_path / "night"


def test_a_folder_gives_its_calibrations_and_not_those_below(store, folder):
    assert told(store, folder) == {
        "a_bias.fits": "added",
        "B_FLAT.FITS": "added",
        "raw.fits.bz2": "is not a calibration",
    }


def test_walking_goes_down_to_the_bottom(store, folder):
    assert told(store, folder, walk=True) == {
        "a_bias.fits": "added",
        "B_FLAT.FITS": "added",
        "c_bias.fits": "added",
        "raw.fits.bz2": "is not a calibration",
    }


def test_what_is_refused_by_name_does_not_stop_the_others(store, folder):
    paths = [folder / name for name in ("raw.fits.bz2", "notes.txt", "nosuch", "a_bias.fits")]
    assert told(store, *paths) == {
        "raw.fits.bz2": "NotACalibration",
        "notes.txt": "BadFile",
        "nosuch": "BadFile",
        "a_bias.fits": "added",
    }


def test_a_broken_file_in_a_folder_is_an_error(store, folder):
    (folder / "broken.fits").write_bytes((folder / "a_bias.fits").read_bytes()[:4000])
    assert told(store, folder)["broken.fits"] == "BadFile"


def test_a_folder_without_calibrations_is_an_error(store, folder, put):
    empty = folder / "deep"
    assert told(store, empty) == {"deep": "BadFile"}
    put("night/deep/raw.fits", raw())
    assert told(store, empty) == {"raw.fits": "is not a calibration", "deep": "BadFile"}


def test_a_folder_added_again_is_no_error(store, folder):
    told(store, folder)
    assert set(told(store, folder).values()) == {"unchanged", "is not a calibration"}


def test_a_database_that_fails_stops_it_all(store, folder):
    store.path.unlink()
    with pytest.raises(DatabaseError, match="no such database"):
        told(store, folder)


def test_files_come_in_the_order_of_their_names(folder):
    names = [path.name for path in fits_files(folder)]
    assert names == sorted(names)
