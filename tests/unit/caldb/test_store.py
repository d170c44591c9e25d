"""The database: what it keeps, what it gives back, and what it does not put up with."""

import os
import shutil
import sqlite3
import threading
from dataclasses import replace

import pytest

from gmoscli.caldb.record import record_of
from gmoscli.caldb.store import NotACalibration, Store
from gmoscli.caldb.table import FORMAT
from gmoscli.errors import BadFile, DatabaseError
from gmoscli.fits import Headers
from tests.header_files import CCD2, STAMP, bias, bpm, flat, fringe, per_ccd, raw, write


def names(store: Store) -> list[str]:
    return sorted(candidate.path.name for candidate in store.candidates())


def found(store: Store, kind: str = "bias", frame: Headers | None = None) -> str | None:
    path = store.find(kind, frame or raw())
    return None if path is None else path.name


# --- adding and removing


@pytest.mark.parametrize("make", [bias, flat, fringe, bpm])
@pytest.mark.parametrize("layout", [lambda headers: headers, per_ccd])
def test_what_is_added_comes_back_as_it_was(store, put, make, layout):
    headers = layout(make())
    path = put("a.fits", headers)
    assert store.add(path) == "added"
    (candidate,) = store.candidates()
    assert candidate.path == path
    assert candidate.record == record_of(headers)


def test_adding_again_changes_nothing(store, put):
    path = put("a.fits", bias())
    assert [store.add(path), store.add(path)] == ["added", "unchanged"]
    assert names(store) == ["a.fits"]


def test_adding_a_changed_file_updates_what_is_known_of_it(store, put):
    store.add(put("a.fits", bias()))
    assert store.add(put("a.fits", bias(AMPINTEG=5000))) == "updated"
    (candidate,) = store.candidates()
    assert candidate.record.read_speed == "fast"
    assert store.find("bias", raw(AMPINTEG=5000)) == candidate.path


def test_two_files_of_one_name_are_two_files(store, put):
    store.add(put("a/x.fits", bias()))
    store.add(put("b/x.fits", bias()))
    assert names(store) == ["x.fits", "x.fits"]


def test_an_unchanged_file_keeps_its_place_among_equals_and_a_changed_one_moves_up(store, put):
    one, two = put("one.fits", bias()), put("two.fits", bias())
    for path in (one, two, one):
        store.add(path)
    assert found(store) == "two.fits"
    store.add(put("one.fits", bias(), padding=1))
    assert found(store) == "one.fits"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (raw(), "is not a calibration"),
        (raw(OBSTYPE="BIAS"), "not reduced yet"),
        (raw(INSTRUME="NIRI"), "is not of GMOS"),
        (Headers(bias().phu), "do not tell the binning and amplifiers"),
    ],
)
def test_what_is_no_calibration_is_refused_by_name(store, put, headers, reason):
    path = put("a.fits", headers)
    with pytest.raises(NotACalibration, match=reason) as caught:
        store.add(path)
    assert caught.value.path == str(path)
    assert names(store) == []


def test_notes_are_refused(store, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("bias: see the log")
    for path in (notes, tmp_path / "nosuch.fits", tmp_path):
        with pytest.raises(BadFile) as caught:
            store.add(path)
        assert caught.value.path == str(path)
    assert names(store) == []


def test_removing_by_name_forgets_every_file_of_that_name_and_no_other(store, put):
    paths = [put(name, bias()) for name in ("a/x.fits", "b/x.fits", "b/y.fits")]
    for path in paths:
        store.add(path)
    assert sorted(store.remove("x.fits")) == paths[:2]
    assert names(store) == ["y.fits"]
    assert all(path.exists() for path in paths)


def test_removing_by_path_forgets_that_file_alone(store, put):
    for name in ("a/x.fits", "b/x.fits"):
        store.add(put(name, bias()))
    assert store.remove(str(put("b/x.fits", bias()))) != []
    assert [c.path.parent.name for c in store.candidates()] == ["a"]


@pytest.mark.parametrize("name", ["unknown.fits", "some/where/x.fits", ""])
def test_removing_what_is_not_there_is_an_error(store, put, name):
    store.add(put("a/x.fits", bias()))
    with pytest.raises(DatabaseError, match="is not in the database"):
        store.remove(name)
    assert names(store) == ["x.fits"]


# --- the database file


def test_init_makes_the_file_with_its_folder_and_keeps_what_is_there(tmp_path, put):
    store = Store(tmp_path / "new" / "folder" / "cal.db")
    store.init()
    store.add(put("a.fits", bias()))
    store.init()
    assert names(store) == ["a.fits"]


def test_wiping_forgets_all(store, put):
    store.add(put("a.fits", bias()))
    store.init(wipe=True)
    assert names(store) == []


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.add(write(store.path.parent / "a.fits", bias())),
        lambda store: store.remove("a.fits"),
        lambda store: store.candidates(),
        lambda store: store.check(),
    ],
)
def test_a_database_that_is_not_initialised_says_so_and_is_not_made(tmp_path, use):
    store = Store(tmp_path / "no such.db")
    with pytest.raises(DatabaseError, match="no such database") as caught:
        use(store)
    assert caught.value.hint == f"caldb init -d '{store.path}'"
    assert not store.path.exists()


def test_an_empty_file_is_a_database_not_yet_initialised(tmp_path):
    store = Store(tmp_path / "cal.db")
    store.path.touch()
    with pytest.raises(DatabaseError, match="not initialised"):
        store.candidates()
    store.init()
    assert names(store) == []


def test_an_implicit_database_is_empty_until_something_is_added(tmp_path, put):
    store = Store(tmp_path / "data" / "cal.db", implicit=True)
    assert names(store) == []
    assert found(store) is None
    assert not store.path.exists()
    store.add(put("a.fits", bias()))
    assert names(store) == ["a.fits"]


def test_an_implicit_database_is_not_made_for_a_file_that_is_refused(tmp_path, put):
    store = Store(tmp_path / "cal.db", implicit=True)
    with pytest.raises(NotACalibration):
        store.add(put("a.fits", raw()))
    assert not store.path.exists()


def a_text(path):
    path.write_text("this is no database, whatever its name says")


def a_foreign_database(path):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE diskfile (id INTEGER)")
    db.close()


def a_newer_database(path):
    Store(path).init()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {FORMAT + 1}")
    db.close()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (a_text, "is not a database"),
        (a_foreign_database, "is a database of another program"),
        (a_newer_database, f"has format {FORMAT + 1}, this program knows {FORMAT}"),
    ],
)
@pytest.mark.parametrize("wipe", [False, True])
def test_a_file_that_is_not_ours_is_named_and_left_alone(tmp_path, put, make, reason, wipe):
    store = Store(tmp_path / "cal.db")
    make(store.path)
    before = store.path.read_bytes()
    for use in (store.candidates, store.check, lambda: store.init(wipe=wipe)):
        with pytest.raises(DatabaseError, match=reason) as caught:
            use()
        assert caught.value.path == str(store.path)
    assert store.path.read_bytes() == before


def test_a_database_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match="cannot be made"):
        Store(tmp_path / "file" / "cal.db").init()


def test_two_databases_know_nothing_of_each_other(tmp_path, put):
    a, b = Store(tmp_path / "a.db"), Store(tmp_path / "b.db")
    a.init()
    assert a.path.exists()
    assert not b.path.exists()
    b.init()
    a.add(put("a.fits", bias()))
    b.add(put("b.fits", bias()))
    assert (found(a), found(b)) == ("a.fits", "b.fits")


def test_threads_that_add_at_once_lose_nothing(store, put):
    paths = [put(f"{n}.fits", bias()) for n in range(12)]
    threads = [threading.Thread(target=store.add, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names(store)) == 12


def test_a_folder_moved_with_its_database_is_still_found(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "cals").mkdir(parents=True)
    store = Store(old / "cal.db")
    store.init()
    store.add(write(old / "cals" / "a.fits", bias()))
    old.rename(new)
    assert Store(new / "cal.db").find("bias", raw()) == new / "cals" / "a.fits"


def test_a_database_moved_alone_still_finds_what_lay_elsewhere(tmp_path):
    (tmp_path / "db").mkdir()
    store = Store(tmp_path / "db" / "cal.db")
    store.init()
    store.add(write(tmp_path / "a.fits", bias()))
    shutil.move(tmp_path / "db", tmp_path / "moved" / "db")
    assert Store(tmp_path / "moved" / "db" / "cal.db").find("bias", raw()) == tmp_path / "a.fits"


def test_a_name_with_blanks_and_signs_is_a_name(tmp_path):
    folder = tmp_path / "a b%20?c#"
    folder.mkdir()
    store = Store(folder / "my cal?.db")
    store.init()
    path = write(folder / "it's [mine].fits", bias())
    store.add(path)
    assert store.find("bias", raw()) == path


# --- finding


def test_the_nearest_that_fits_is_found(store, put):
    for day in (10, 12, 15):
        date = f"2022-06-{day}"
        store.add(put(f"{day}.fits", bias(**{"DATE-OBS": date, "DATE": date})))
    store.add(put("other.fits", bias(binning=(4, 4))))
    assert found(store) == "12.fits"


def test_nothing_is_found_where_nothing_fits(store, put):
    store.add(put("a.fits", bias(AMPINTEG=5000)))
    assert found(store) is None
    assert found(store, "flat") is None


def test_a_subset_of_the_detector_is_served_by_the_whole_and_never_the_reverse(store, put):
    store.add(put("whole.fits", per_ccd(bias())))
    assert found(store, frame=raw(roi=CCD2)) == "whole.fits"
    assert found(store, frame=raw(roi=STAMP)) == "whole.fits"
    store.init(wipe=True)
    store.add(put("part.fits", per_ccd(bias(roi=CCD2))))
    assert found(store, frame=raw(roi=CCD2)) == "part.fits"
    assert found(store) is None


def test_quick_look_is_given_to_quick_look_alone(store, put):
    store.add(put("ql.fits", bias(PROCMODE="ql")))
    assert found(store) is None
    assert found(replace(store, mode="ql")) == "ql.fits"


def alter(path):
    write(path, bias(), padding=1)


def alter_in_place(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, (0, 0))


def delete(path):
    path.unlink()


@pytest.mark.parametrize(
    ("harm", "trouble"),
    [(alter, "was altered"), (alter_in_place, "was altered"), (delete, "is missing")],
)
def test_a_harmed_file_hides_itself_alone_with_a_warning(store, put, said, harm, trouble):
    best = put("best.fits", bias())
    date = {"DATE-OBS": "2022-06-14", "DATE": "2022-06-14"}
    store.add(best)
    store.add(put("next.fits", bias(**date)))
    store.add(put("flat.fits", flat()))
    harm(best)
    assert found(store) == "next.fits"
    assert said == [f"{best}: {trouble}: another bias is sought"]
    assert found(store, "flat") == "flat.fits"
    first, second = store.explain("bias", raw())
    assert (first.candidate.path.name, first.fits) == ("next.fits", True)
    assert [f.sentence for f in second.failures] == [f"file {trouble}"]
    assert {c.path.name: t for c, t in store.verify()} == {
        "best.fits": trouble,
        "next.fits": None,
        "flat.fits": None,
    }


def test_explaining_tells_the_chosen_one_first_and_why_each_other_fails(store, put):
    store.add(put("wrong.fits", bias(binning=(4, 4), AMPINTEG=5000)))
    store.add(put("late.fits", bias(**{"DATE-OBS": "2023-06-13", "DATE": "2023-06-13"})))
    store.add(put("good.fits", bias()))
    told = [
        (v.candidate.path.name, [f.rule for f in v.failures]) for v in store.explain("bias", raw())
    ]
    assert told == [
        ("good.fits", []),
        ("late.fits", ["date"]),
        ("wrong.fits", ["binning", "read speed"]),
    ]


def test_a_database_that_cannot_be_searched_is_warned_about_and_finds_nothing(tmp_path, said):
    store = Store(tmp_path / "cal.db", warn=said.append)
    a_foreign_database(store.path)
    assert store.find("bias", raw()) is None
    hint = "name another file in the configuration, or with -d"
    told = f"{store.path}: is a database of another program: not searched; hint: {hint}"
    assert said == [told]
