"""Everything that can be wrong with a request is found before the first pixel is read."""

import bz2
from pathlib import Path

import pytest

from gmoscli.errors import BadFile, CalibrationMissing, ReductionError, UsageError
from gmoscli.recipes.bias import bias as bias_recipe
from gmoscli.recipes.science import separate_ccds
from gmoscli.request import Request, calibrations, outputs, planned, readable
from tests import header_files
from tests.header_files import BIAS, frame


def a_file(folder, name, maker=header_files.raw, **cards):
    return header_files.write(folder / name, maker(**cards))


class Given:
    """Calibrations by kind, for every frame."""

    def __init__(self, **files):
        self.files = files

    def find(self, kind, _headers):
        return self.files.get(kind)

    def explain(self, _kind, _headers):
        return []


EVERYTHING = Given(bpm=Path("p.fits"), bias=Path("b.fits"), flat=Path("f.fits"))


def unheard(message):
    raise AssertionError(message)


# ---- files


def test_the_headers_of_all_files_are_read_in_order(tmp_path):
    paths = tuple(a_file(tmp_path, f"{i}.fits") for i in (3, 1, 2))
    assert [frame.path for frame in readable(Request(paths), unheard)] == list(paths)


@pytest.mark.parametrize("jobs", [1, 3])
def test_compressed_files_are_read_in_order_too_and_bad_ones_told_of(tmp_path, jobs):
    paths = tuple(a_file(tmp_path, f"{i}.fits.bz2") for i in (3, 1, 2, 5, 4))
    for path in paths:
        path.write_bytes(bz2.compress(path.read_bytes()))
    assert [frame.path for frame in readable(Request(paths), unheard, jobs)] == list(paths)
    for path in (paths[1], paths[3]):
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadFile, match=r"1\.fits\.bz2: truncated"):
        readable(Request(paths), unheard, jobs)
    skipped = []
    left = readable(Request(paths, skip_bad=True), skipped.append, jobs)
    assert [frame.path for frame in left] == [paths[0], paths[2], paths[4]]
    assert [message.rpartition("/")[2].partition(":")[0] for message in skipped] == [
        "1.fits.bz2",
        "5.fits.bz2",
    ]


def test_no_files_are_a_misuse():
    with pytest.raises(UsageError, match="no files"):
        readable(Request(()), unheard)


def test_a_file_named_twice_is_refused(tmp_path):
    path = a_file(tmp_path, "1.fits")
    with pytest.raises(UsageError, match=r"1\.fits: named twice$"):
        readable(Request((path, path)), unheard)


def test_a_file_and_a_link_to_it_are_one(tmp_path):
    path, link = a_file(tmp_path, "1.fits"), tmp_path / "link.fits"
    link.symlink_to(path)
    with pytest.raises(UsageError, match=r"link\.fits: named twice, also as .*1\.fits"):
        readable(Request((path, link)), unheard)


def spoilt(folder, how):
    path = folder / "bad.fits"
    if how == "not FITS":
        path.write_text("observing log")
    elif how == "truncated":
        path.write_bytes(a_file(folder, "whole.fits").read_bytes()[:3000])
    elif how == "not GMOS":
        a_file(folder, "bad.fits", INSTRUME="NIRI")
    elif how == "empty":
        path.touch()
    return path


WAYS = ["missing", "not FITS", "truncated", "not GMOS", "empty"]


@pytest.mark.parametrize("how", WAYS)
def test_one_bad_file_stops_all_and_is_named(tmp_path, how):
    bad = spoilt(tmp_path, how)
    with pytest.raises(BadFile) as refused:
        readable(Request((a_file(tmp_path, "1.fits"), bad)), unheard)
    assert refused.value.path == str(bad)


@pytest.mark.parametrize("how", WAYS)
def test_a_bad_file_is_left_out_only_when_that_is_asked_and_then_it_is_told(tmp_path, how):
    said = []
    good, bad = a_file(tmp_path, "1.fits"), spoilt(tmp_path, how)
    frames = readable(Request((good, bad), skip_bad=True), said.append)
    assert [frame.path for frame in frames] == [good]
    assert len(said) == 1
    assert str(bad) in said[0]


def test_nothing_is_left_to_reduce_when_all_files_are_bad(tmp_path):
    request = Request((spoilt(tmp_path, "empty"),), skip_bad=True)
    with pytest.raises(ReductionError, match="no readable file"):
        readable(request, print)


# ---- calibrations


def test_each_frame_gets_the_calibrations_that_the_recipe_asks_for():
    frames = [frame("N1.fits"), frame("N2.fits")]
    recipe = separate_ccds.without("subtract_fringe")
    chosen = calibrations(recipe, frames, EVERYTHING, unheard)
    assert chosen == {
        (Path(name), kind): EVERYTHING.files[kind]
        for name in ("N1.fits", "N2.fits")
        for kind in ("bpm", "bias", "flat")
    }


def test_all_that_is_missing_is_told_at_once():
    frames = [frame("N1.fits"), frame("N2.fits")]
    recipe = separate_ccds.without("subtract_fringe")
    with pytest.raises(CalibrationMissing) as missing:
        calibrations(recipe, frames, Given(bpm=Path("p.fits")), unheard)
    assert "no bias" in missing.value.message
    assert "no flat" in missing.value.message
    assert "and 1 more" in missing.value.message
    assert missing.value.path == "N1.fits"
    assert missing.value.hint == "caldb explain N1.fits"


def test_where_the_fringe_frame_alone_is_missing_the_hint_says_how_to_go_on():
    frames = [frame("N1.fits")]
    cals = Given(**{kind: Path(f"{kind}.fits") for kind in ("bpm", "bias", "flat")})
    with pytest.raises(CalibrationMissing) as missing:
        calibrations(separate_ccds, frames, cals, unheard)
    assert "makeProcessedFringe" in missing.value.hint
    assert "-p subtract_fringe:skip_primitive=True" in missing.value.hint


def test_without_a_bad_pixel_mask_work_goes_on_with_a_warning():
    said = []
    chosen = calibrations(bias_recipe, [frame("N1.fits")], Given(), said.append)
    assert chosen == {}
    assert len(said) == 1
    assert "no bpm" in said[0]


# ---- products


def test_a_stack_is_named_after_the_first_frame_and_single_products_after_each():
    frames = [frame("raw/N1.fits.bz2"), frame("raw/N2.fits")]
    folder = Request((), outdir=Path("out"))
    assert outputs(folder, bias_recipe, frames) == (Path("out/N1_bias.fits"),)
    single = bias_recipe.until("read_noise")
    assert [p.name for p in outputs(folder, single, frames)] == ["N1_bias.fits", "N2_bias.fits"]


def test_a_product_is_named_after_the_raw_file_whatever_was_done_to_it_since():
    staged = frame("N1_staged.fits", ORIGNAME="N20220627S0115.fits")
    (path,) = outputs(Request(()), separate_ccds, [staged])
    assert path.name == "N20220627S0115_image.fits"


def test_suffix_and_name_can_be_chosen():
    frames = [frame("N1.fits"), frame("N2.fits")]
    assert outputs(Request((), suffix="_mine"), bias_recipe, frames)[0].name == "N1_mine.fits"
    named = Request((), output=Path("a.fits"), outdir=Path("out"))
    assert outputs(named, bias_recipe, frames) == (Path("out/a.fits"),)


def test_an_empty_suffix_is_none_and_one_that_leads_elsewhere_is_refused():
    assert outputs(Request((), suffix=""), bias_recipe, [frame("N1.fits")]) == (
        Path("N1_bias.fits"),
    )
    for suffix in ("/x", "_a/b"):
        with pytest.raises(UsageError, match="holds no /"):
            outputs(Request((), suffix=suffix), bias_recipe, [frame("N1.fits")])


def test_one_name_for_many_products_is_refused():
    single = bias_recipe.until("read_noise")
    with pytest.raises(UsageError, match="there will be 2"):
        outputs(Request((), output=Path("a.fits")), single, [frame("1"), frame("2")])


def test_a_plan_holds_all_that_was_decided(tmp_path):
    paths = tuple(a_file(tmp_path, f"N{i}.fits", **BIAS) for i in (1, 2))
    plan = planned(Request(paths, outdir=tmp_path), EVERYTHING, unheard, unheard)
    assert plan.recipe == bias_recipe
    assert [frame.path for frame in plan.frames] == list(paths)
    assert plan.outputs == (tmp_path / "N1_bias.fits",)
    assert set(plan.chosen.values()) == {Path("p.fits")}


def test_a_name_in_a_header_does_not_lead_out_of_the_folder():
    (path,) = outputs(
        Request((), outdir=Path("out")), bias_recipe, [frame(ORIGNAME="../x/N2.fits")]
    )
    assert path == Path("out/N2_bias.fits")
