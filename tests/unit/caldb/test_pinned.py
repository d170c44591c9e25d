"""Calibrations given by hand, and looking in several places."""

import pytest

from gmoscli.caldb.pinned import Chain, Pinned
from gmoscli.caldb.store import Store
from gmoscli.errors import BadFile, UsageError
from tests.header_files import bias, flat, raw


def test_what_is_given_serves_every_frame_under_either_name(put, said):
    path = put("a.fits", bias())
    for word in ("bias", "processed_bias"):
        pinned = Pinned({word: path}, warn=said.append)
        assert pinned.find("bias", raw()) == path
        assert pinned.find("flat", raw()) is None
    assert said == []


def test_what_does_not_fit_is_used_with_a_warning_that_says_why(put, said):
    path = put("flat.fits", flat(FILTER2="i_G0302"))
    frame = raw()
    assert Pinned({"flat": path}, warn=said.append).find("flat", frame) == path
    assert said == [
        f"{path}: used as flat of the frame, though "
        "filter is open1-6&i_G0302, the frame has open1-6&r_G0303"
    ]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (flat(), "is a flat, but was given as bias"),
        (raw(), "is not a calibration, but was given as"),
    ],
)
def test_the_wrong_kind_is_refused_before_any_work(put, headers, reason):
    path = put("a.fits", headers)
    with pytest.raises(BadFile, match=reason) as caught:
        Pinned({"bias": path})
    assert caught.value.path == str(path)


def test_a_file_that_is_not_there_is_refused_before_any_work(tmp_path):
    with pytest.raises(BadFile, match=r"nosuch.fits: no such file"):
        Pinned({"bias": tmp_path / "nosuch.fits"})


def test_a_kind_that_means_nothing_is_refused(put):
    with pytest.raises(UsageError, match="'dark' is not a kind"):
        Pinned({"dark": put("a.fits", bias())})


def test_what_is_given_goes_before_what_is_stored(store, put, said):
    given, stored = put("given.fits", bias(AMPINTEG=5000)), put("stored.fits", bias())
    store.add(stored)
    store.add(put("flat.fits", flat()))
    chain = Chain(Pinned({"bias": given}, warn=said.append), store)
    assert chain.find("bias", raw()) == given
    assert chain.find("flat", raw()).name == "flat.fits"
    assert chain.find("bpm", raw()) is None
    assert [v.candidate.path for v in chain.explain("bias", raw())] == [given, stored]


def test_the_first_database_that_has_one_serves_though_a_later_one_has_a_nearer(tmp_path, put):
    first, second = Store(tmp_path / "first.db"), Store(tmp_path / "second.db")
    for store in (first, second):
        store.init()
    first.add(put("later.fits", bias(**{"DATE-OBS": "2022-06-20", "DATE": "2022-06-20"})))
    second.add(put("same day.fits", bias()))
    assert Chain(first, second).find("bias", raw()).name == "later.fits"
    assert Chain(second, first).find("bias", raw()).name == "same day.fits"


def test_a_database_that_is_gone_leaves_the_next(tmp_path, store, put, said):
    path = put("a.fits", bias())
    store.add(path)
    gone = Store(tmp_path / "gone.db", warn=said.append)
    assert Chain(gone, store).find("bias", raw()) == path
    hint = f"caldb init -d {gone.path}"
    assert said == [f"{gone.path}: no such database: not searched; hint: {hint}"]
