"""The database as scripts use it."""

from pathlib import Path

import pytest

import gmoscli.caldb
from gmoscli.caldb.service import LocalDatabase, set_local_database
from gmoscli.errors import BadFile, DatabaseError, UsageError
from tests.header_files import bias, flat, raw


@pytest.fixture
def caldb(tmp_path):
    (tmp_path / "my.toml").write_text('[calibs]\ndatabases = "cal.db get store"')
    return set_local_database(str(tmp_path / "my.toml"))


def test_a_script_inits_adds_lists_and_removes(caldb, put, tmp_path):
    caldb.init()
    caldb.add_cal(str(put("a_bias.fits", bias())))
    caldb.add_directory(str(put("flats/b_flat.fits", flat()).parent))
    assert sorted(caldb.list_files()) == [
        ("a_bias.fits", str(tmp_path)),
        ("b_flat.fits", str(tmp_path / "flats")),
    ]
    caldb.remove_cal("a_bias.fits")
    assert [stored.name for stored in caldb.list_files()] == ["b_flat.fits"]
    caldb.init(wipe=True)
    assert list(caldb.list_files()) == []


def test_the_database_is_where_the_configuration_says(caldb, tmp_path):
    assert caldb.dbfile == str(tmp_path / "cal.db")


def test_walking_a_folder_is_a_choice(caldb, put, tmp_path):
    caldb.init()
    put("top/a.fits", bias())
    put("top/below/b.fits", bias())
    caldb.add_directory(tmp_path / "top")
    assert len(list(caldb.list_files())) == 1
    caldb.add_directory(tmp_path / "top", walk=True)
    assert len(list(caldb.list_files())) == 2


def test_two_databases_of_one_process_are_independent(tmp_path, put):
    a, b = LocalDatabase(tmp_path / "a.db"), LocalDatabase(tmp_path / "b.db")
    a.init()
    assert Path(a.dbfile).exists()
    assert not Path(b.dbfile).exists()


def test_mistakes_are_exceptions_of_one_family(caldb, put, tmp_path):
    with pytest.raises(DatabaseError, match="no such database"):
        caldb.add_cal(put("a.fits", bias()))
    caldb.init()
    with pytest.raises(DatabaseError, match="is not a calibration"):
        caldb.add_cal(put("raw.fits", raw()))
    with pytest.raises(BadFile, match="no such file"):
        caldb.add_cal("nosuch.fits")
    with pytest.raises(DatabaseError, match="is not in the database"):
        caldb.remove_cal("nosuch.fits")


def test_what_is_of_another_kind_is_told_by_its_argument(caldb):
    caldb.init()
    for argument, call in (
        ("path", caldb.add_cal),
        ("path", caldb.add_directory),
        ("name", caldb.remove_cal),
        ("dbfile", LocalDatabase),
        ("config_file", set_local_database),
    ):
        with pytest.raises(UsageError, match=f"^{argument}: 3 is not "):
            call(3)


def test_a_broken_file_in_a_folder_is_told_after_the_others_are_added(caldb, put, tmp_path):
    caldb.init()
    put("night/z_bias.fits", bias())
    (tmp_path / "night" / "a.fits").write_text("not FITS")
    with pytest.raises(BadFile, match="not a FITS file"):
        caldb.add_directory(tmp_path / "night")
    assert [stored.name for stored in caldb.list_files()] == ["z_bias.fits"]


def test_the_package_itself_is_what_scripts_import(put, tmp_path):
    (tmp_path / "my.toml").write_text('[calibs]\ndatabases = "cal.db get store"')
    database = gmoscli.caldb.set_local_database(str(tmp_path / "my.toml"))
    database.init()
    database.add_cal(put("a.fits", bias()))
    assert [stored.name for stored in database.list_files()] == ["a.fits"]
