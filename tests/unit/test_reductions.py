"""Everything that can be wrong with a request is found before the first pixel is read."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gmoscli.cards import Header, Headers
from gmoscli.checksums import Checksums
from gmoscli.choosing import chosen_recipe, with_params
from gmoscli.errors import BadFile, CalibrationMissing, GmosError, ReductionError, UsageError
from gmoscli.frame import Exposure, Used
from gmoscli.provenance import signed, stamp_of
from gmoscli.recipes.bias import bias as bias_recipe
from gmoscli.recipes.flat import flat as flat_recipe
from gmoscli.recipes.science import separate_ccds
from gmoscli.reductions import Resources, reduced
from gmoscli.request import Request, calibrations, outputs, planned, readable
from gmoscli.together import check_together, known_troubles
from tests import header_files
from tests.builders import an_info, an_observation


def a_file(folder, name, maker=header_files.raw, **cards):
    return header_files.write(folder / name, maker(**cards))


def headers(name="N1.fits", **cards):
    made = header_files.raw(**cards)
    return Headers(made.phu, made.extensions, Path(name))


BIAS = {"OBSTYPE": "BIAS", "OBJECT": "Bias"}
TWILIGHT = {"OBJECT": "Twilight", "OBSCLASS": "dayCal"}


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


def test_no_files_are_a_misuse():
    with pytest.raises(UsageError, match="no files"):
        readable(Request(()), unheard)


def test_a_file_named_twice_is_refused(tmp_path):
    path = a_file(tmp_path, "1.fits")
    with pytest.raises(UsageError, match="named twice"):
        readable(Request((path, path)), unheard)


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


# ---- what is known of the detectors

OLD_GMOS_S = {"INSTRUME": "GMOS-S", "DETID": "BI5-36-4k-2,BI11-33-4k-1,BI12-34-4k-1"}
BANDING = "saturated pixels pull whole rows of their amplifier below the bias (banding)"


@pytest.mark.parametrize(
    ("day", "binning", "told"),
    [
        ("2014-05-31", (2, 2), None),
        ("2014-06-01", (2, 2), f"{BANDING} (2014-06-01 on): look at the product"),
        ("2015-08-25", (2, 2), f"{BANDING} (2014-06-01 on): look at the product"),
        ("2015-08-25", (1, 1), None),
        ("2015-08-26", (2, 2), None),
        ("2022-01-27", (2, 2), None),
        ("2022-01-28", (1, 1), "amplifier 5 has failed (2022-01-28 on): flagged as bad"),
        ("2023-12-13", (2, 2), "amplifier 5 has failed (2022-01-28 on): flagged as bad"),
    ],
)
def test_troubles_of_a_detector_are_told_by_date_and_binning_once_each(day, binning, told):
    frames = [
        headers(f"S{i}.fits", binning=binning, **OLD_GMOS_S, **{"DATE-OBS": day}) for i in (1, 2)
    ]
    assert list(known_troubles(frames)) == ([f"S1.fits: {told}"] if told else [])


def test_new_chips_have_none_of_the_old_troubles():
    new = {**OLD_GMOS_S, "DETID": "BI11-41-4k-2,BI13-19-4k-3,BI12-34-4k-1"}
    assert not list(known_troubles([headers(**new, **{"DATE-OBS": "2024-01-01"})]))


# ---- the recipe


@pytest.mark.parametrize(
    ("cards", "recipe"), [(BIAS, bias_recipe), (TWILIGHT, flat_recipe)], ids=["bias", "flat"]
)
def test_tags_choose_the_recipe(cards, recipe):
    assert chosen_recipe(None, headers(**cards), {}, {}) == recipe


def test_the_recipe_that_is_asked_for_goes_before_the_tags():
    assert chosen_recipe("reduceSeparateCCDs", headers(), {}, {}) == separate_ccds
    assert chosen_recipe(bias_recipe, headers(), {}, {}) == bias_recipe


def test_a_file_that_no_recipe_is_for_is_refused_with_its_tags():
    with pytest.raises(ReductionError, match=r"no recipe for a file with tags .*PROCESSED"):
        chosen_recipe(None, Headers(header_files.bias().phu, [], "b.fits"), {}, {})


def test_the_user_wins_over_the_configuration_and_that_over_the_recipe():
    configured = {"clip_noise.hsigma": 6.0, "clip_noise.lsigma": 6.0}
    recipe = chosen_recipe("makeProcessedBias", headers(), configured, {"clip_noise:hsigma": "7"})
    step = recipe["clip_noise"]
    assert (step.values()["hsigma"], step.values()["lsigma"]) == (7.0, 6.0)
    assert step.origins["hsigma"] == "command line"
    assert step.origins["lsigma"] == "configuration"
    assert step.origins["sources"] == "recipe"


@pytest.mark.parametrize("name", ["clip_noise:hsigma", "rejectPixels:hsigma", "hsigma"])
def test_a_parameter_goes_by_step_by_primitive_or_alone(name):
    recipe = with_params(bias_recipe, {name: "9"}, "command line", strict=True)
    assert recipe["clip_noise"].values()["hsigma"] == 9.0


def test_a_configuration_may_serve_recipes_that_do_not_have_the_step():
    assert with_params(bias_recipe, {"register:ccd": "2"}, "configuration", strict=False)


@pytest.mark.parametrize(
    ("name", "value", "says", "hint"),
    [
        ("clip_nois:hsigma", "4", "no step 'clip_nois'", "clip_noise"),
        ("clip_noise:hsigm", "4", "no parameter 'hsigm' in step clip_noise", "hsigma"),
        ("hsigm", "4", "no parameter 'hsigm' in any step", "hsigma"),
        ("zzz", "4", "no parameter 'zzz'", "showpars"),
        ("hsigma", "high", "not a value of type float", None),
        ("hsigma", "0.5", "must be 1 or more", None),
    ],
)
def test_what_means_nothing_is_refused_with_the_nearest_name(name, value, says, hint):
    with pytest.raises(UsageError, match=says) as refused:
        with_params(bias_recipe, {name: value}, "command line", strict=True)
    assert hint is None or hint in refused.value.hint


# ---- frames that go together


@pytest.mark.parametrize(
    ("cards", "says"),
    [
        ({"FILTER2": "i_G0302"}, "filter i, but r in N1.fits"),
        ({"binning": (1, 1)}, "binning 1x1, but 2x2 in N1.fits"),
        ({"roi": header_files.CCD2}, "region of interest CCD2"),
        ({"AMPINTEG": 4000}, "read mode"),
        ({"DETID": "BI11-33-4k-1,BI11-41-4k-2,BI12-34-4k-1"}, "detector"),
        ({"INSTRUME": "GMOS-S"}, "instrument GMOS-S"),
        (BIAS, "not an image"),
        (TWILIGHT, "not of the same kind"),
    ],
)
def test_an_odd_frame_is_refused_by_name_with_what_is_odd(cards, says):
    with pytest.raises(ReductionError, match=says) as refused:
        check_together(separate_ccds, [headers(), headers("N2.fits", **cards)])
    assert refused.value.path == "N2.fits"


def test_biases_may_be_of_any_filter():
    frames = [headers(**BIAS), headers(**BIAS, FILTER2="i_G0302")]
    check_together(bias_recipe, frames)


@pytest.mark.parametrize("recipe", [bias_recipe, flat_recipe])
def test_a_master_is_made_of_its_own_kind_alone(recipe):
    with pytest.raises(ReductionError, match=f"not a {recipe.kind}"):
        check_together(recipe, [headers()])


# ---- calibrations


def test_each_frame_gets_the_calibrations_that_the_recipe_asks_for():
    frames = [headers("N1.fits"), headers("N2.fits")]
    recipe = separate_ccds.without("subtract_fringe")
    chosen = calibrations(recipe, frames, EVERYTHING, unheard)
    assert chosen == {
        (Path(name), kind): EVERYTHING.files[kind]
        for name in ("N1.fits", "N2.fits")
        for kind in ("bpm", "bias", "flat")
    }


def test_all_that_is_missing_is_told_at_once():
    frames = [headers("N1.fits"), headers("N2.fits")]
    recipe = separate_ccds.without("subtract_fringe")
    with pytest.raises(CalibrationMissing) as missing:
        calibrations(recipe, frames, Given(bpm=Path("p.fits")), unheard)
    assert "no bias" in missing.value.message
    assert "no flat" in missing.value.message
    assert "and 1 more frames" in missing.value.message
    assert missing.value.path == "N1.fits"
    assert missing.value.hint == "caldb explain N1.fits"


def test_without_a_bad_pixel_mask_work_goes_on_with_a_warning():
    said = []
    chosen = calibrations(bias_recipe, [headers("N1.fits")], Given(), said.append)
    assert chosen == {}
    assert len(said) == 1
    assert "no bpm" in said[0]


# ---- products


def test_a_stack_is_named_after_the_first_frame_and_single_products_after_each():
    frames = [headers("raw/N1.fits.bz2"), headers("raw/N2.fits")]
    folder = Request((), outdir=Path("out"))
    assert outputs(folder, bias_recipe, frames) == (Path("out/N1_bias.fits"),)
    single = bias_recipe.until("read_noise")
    assert [p.name for p in outputs(folder, single, frames)] == ["N1_bias.fits", "N2_bias.fits"]


def test_a_product_is_named_after_the_raw_file_whatever_was_done_to_it_since():
    frame = headers("N1_staged.fits", ORIGNAME="N20220627S0115.fits")
    (path,) = outputs(Request(()), separate_ccds, [frame])
    assert path.name == "N20220627S0115_image.fits"


def test_suffix_and_name_can_be_chosen():
    frames = [headers("N1.fits"), headers("N2.fits")]
    assert outputs(Request((), suffix="_mine"), bias_recipe, frames)[0].name == "N1_mine.fits"
    named = Request((), output=Path("a.fits"), outdir=Path("out"))
    assert outputs(named, bias_recipe, frames) == (Path("out/a.fits"),)


def test_one_name_for_many_products_is_refused():
    single = bias_recipe.until("read_noise")
    with pytest.raises(UsageError, match="there will be 2"):
        outputs(Request((), output=Path("a.fits")), single, [headers("1"), headers("2")])


def test_a_plan_holds_all_that_was_decided(tmp_path):
    paths = tuple(a_file(tmp_path, f"N{i}.fits", **BIAS) for i in (1, 2))
    plan = planned(Request(paths, outdir=tmp_path), EVERYTHING, unheard, unheard)
    assert plan.recipe == bias_recipe
    assert [frame.path for frame in plan.frames] == list(paths)
    assert plan.outputs == (tmp_path / "N1_bias.fits",)
    assert set(plan.chosen.values()) == {Path("p.fits")}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"outdir": Path("nowhere")}, "no such folder"),
        ({"output": Path("N1.fits")}, "would replace one of its inputs"),
    ],
)
def test_what_would_stop_the_writing_stops_the_work_before_it(
    tmp_path, monkeypatch, request_, says
):
    monkeypatch.chdir(tmp_path)
    path = a_file(tmp_path, "N1.fits", **BIAS)
    plan = planned(Request((path,), **request_), EVERYTHING, unheard, unheard)
    with pytest.raises(GmosError, match=says):
        list(reduced(plan, Resources(), (), Checksums()))


# ---- reproducibility


def exposed(*dates):
    frames = tuple(
        an_observation(headers=Headers(Header({"INSTRUME": "GMOS-N", "DATE-OBS": day, "UT": ut})))
        for day, ut in dates
    )
    return Exposure(replace(an_observation(an_info()), inputs=frames), ())


def test_a_product_is_stamped_with_the_time_of_its_last_frame(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    one = exposed(
        ("2022-06-27", "08:00:00"), ("2022-06-27", "09:30:00"), ("2022-06-13", "10:00:00")
    )
    assert stamp_of(one) == "2022-06-27T09:30:00"


def test_source_date_epoch_takes_the_place_of_that_time(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    when = datetime.fromtimestamp(1_700_000_000, UTC).replace(tzinfo=None)
    assert stamp_of(exposed(("2022-06-27", "08:00:00"))) == when.isoformat()


def test_a_product_is_signed_with_the_checksums_of_the_files_that_lie_there(tmp_path):
    path = tmp_path / "N1.fits"
    path.write_text("pixels")
    before = Used("N0.fits", "0" * 32, "prepare")
    used = (Used("N1.fits", "", "prepare", path), before)
    obs = replace(an_observation(), used=(*used, Used("N1.fits", "", "prepare", path)))
    own = Used("N1.fits", hashlib.md5(b"pixels").hexdigest(), "prepare")
    assert signed(Exposure(obs, ()), Checksums()).obs.used == (own, before)
