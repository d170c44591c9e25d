"""Which calibration serves what, and what is missing."""

from pathlib import Path

import pytest

from gmoscli.caldb.match import Candidate
from gmoscli.caldb.record import record_of
from gmoscli.frame import RawCcd
from gmoscli.gmos.purposes import STACKING
from gmoscli.plan.products import planned_record
from gmoscli.recipes import RECIPES
from tests import header_files
from tests.unit.plan.shots import bias, products, science, twilight

Z = {"FILTER2": "z_G0304"}
LATER = {"DATE-OBS": "2022-06-27"}
FLATS = [twilight("F1"), twilight("F2")]


def dithered(**how):
    """Return three science frames, 10 arcsec apart."""
    return [science(f"S{n}", RA=10.0, DEC=n / 360, **how) for n in range(3)]


def candidate(headers, name: str) -> Candidate:
    return Candidate(Path(name), record_of(headers))


def test_a_night_becomes_masters_and_a_stack_that_depend_on_each_other():
    made = products(bias("B1"), bias("B2"), *FLATS, science("S1"), science("S2"))
    assert {name: (p.kind, p.recipe) for name, p in made.items()} == {
        "B1_bias.fits": ("bias", "makeProcessedBias"),
        "F1_flat.fits": ("flat", "makeProcessedFlat"),
        "S1_image.fits": ("science", "reduce"),
    }
    assert made["B1_bias.fits"].inputs == (Path("B1.fits"), Path("B2.fits"))
    assert made["F1_flat.fits"].calibrations == {"bias": Path("B1_bias.fits")}
    assert made["S1_image.fits"].calibrations == {
        "bias": Path("B1_bias.fits"),
        "flat": Path("F1_flat.fits"),
    }
    assert not any(product.obstacles for product in made.values())


def test_recipe_and_folder_of_the_products_are_as_asked():
    how = {"recipe": "reduceSeparateCCDs", "outdir": Path("out")}
    made = products(bias("B1"), science("S1"), **how)
    assert made["out/S1_image.fits"].recipe == "reduceSeparateCCDs"
    assert made["out/B1_bias.fits"].recipe == "makeProcessedBias"


def test_products_are_named_and_kept_as_their_recipes_have_it():
    made = products(bias("B1"), twilight("F1", **Z), *dithered(**Z))
    assert len(made) == 4
    for name, product in made.items():
        recipe = RECIPES[product.recipe]
        assert name == f"{product.group.first.stem}{recipe.suffix}.fits"
        assert (recipe.kind or "science") == product.kind
        assert {*recipe.calibrations} >= {*product.calibrations, *product.missing} - {"frames"}


@pytest.mark.parametrize("name", STACKING)
def test_recipes_for_science_make_one_stack_of_raw_frames(name):
    recipe = RECIPES[name]
    assert recipe.stacks
    assert recipe.steps[0].takes is RawCcd
    assert (recipe.kind, recipe.suffix) == ("", "_image")


def test_of_two_nights_each_takes_the_nearer_bias():
    made = products(
        *(bias("B1"), twilight("F1")),
        *(bias("B2", **LATER), science("S1", **LATER)),
    )
    assert made["F1_flat.fits"].calibrations["bias"] == Path("B1_bias.fits")
    assert made["S1_image.fits"].calibrations["bias"] == Path("B2_bias.fits")


def test_the_time_of_a_product_is_that_of_its_first_frame():
    early = [bias("A1", UT="01:00:00"), bias("A2", UT="11:59:00")]
    late = [bias("B1", UT="15:00:00", binning=(1, 1)), bias("B2", UT="15:00:00", **LATER)]
    made = products(*early, *late, science("S1", UT="12:00:00"))
    assert made["S1_image.fits"].calibrations["bias"] == Path("A1_bias.fits")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"binning": (1, 1)}, "binning is 1x1, the frame has 2x2"),
        ({"AMPINTEG": 4000}, "read speed is fast, the frame has slow"),
        ({"gain": 5.1}, "gain is high, the frame has low"),
        ({"DATE-OBS": "2022-10-01"}, "date is 110.0 days away, not less than 90"),
        ({"INSTRUME": "GMOS-S"}, "instrument is GMOS-S, the frame has GMOS-N"),
    ],
)
def test_a_bias_that_does_not_fit_is_told_with_the_rule_that_it_fails(change, sentence):
    made = products(bias("B1", **change), science("S1"))
    stack = made["S1_image.fits"]
    assert stack.missing["bias"] == f"no bias fits; nearest is B1_bias.fits: {sentence}"
    assert "bias" not in stack.calibrations


def test_what_nothing_is_there_for_is_told_as_such():
    stack = products(science("S1"))["S1_image.fits"]
    assert stack.missing == {
        kind: f"no {kind} here, none stored" for kind in ("bias", "flat", "bpm")
    }
    assert stack.obstacles == ("bias", "flat")
    assert stack.reasons == "no bias here, none stored; no flat here, none stored"


def test_a_mask_is_used_if_there_is_one_and_is_no_obstacle_if_not():
    mask = candidate(header_files.bpm(), "bpm.fits")
    assert products(bias("B1"), ready=[mask])["B1_bias.fits"].calibrations == {
        "bpm": Path("bpm.fits")
    }
    assert not products(bias("B1"))["B1_bias.fits"].obstacles


def test_a_product_that_cannot_be_made_serves_nothing():
    stack = products(twilight("F1"), science("S1"))["S1_image.fits"]
    assert stack.missing["flat"] == (
        "no flat fits; nearest is F1_flat.fits: it cannot be made without a bias"
    )


def test_a_stored_calibration_serves_where_it_is_nearer():
    near = candidate(header_files.bias(), "stored/near.fits")
    made = products(bias("B2", **LATER), science("S1"), stored=[[near]])
    assert made["S1_image.fits"].calibrations["bias"] == Path("stored/near.fits")
    far = candidate(header_files.bias(**{"DATE-OBS": "2022-05-01"}), "stored/far.fits")
    made = products(bias("B2", **LATER), science("S1"), stored=[[far]])
    assert made["S1_image.fits"].calibrations["bias"] == Path("B2_bias.fits")


def test_of_two_databases_the_first_that_has_one_serves():
    near = candidate(header_files.bias(), "near.fits")
    far = candidate(header_files.bias(**LATER), "far.fits")
    wrong = candidate(header_files.bias(binning=(1, 1)), "wrong.fits")
    stack = products(science("S1"), stored=[[far], [near]])["S1_image.fits"]
    assert stack.calibrations["bias"] == Path("far.fits")
    stack = products(science("S1"), stored=[[wrong], [near]])["S1_image.fits"]
    assert stack.calibrations["bias"] == Path("near.fits")


def test_a_product_hides_what_was_made_of_the_same_frames_before(tmp_path):
    before = candidate(header_files.bias(UT="11:59:59"), str(tmp_path / "B1_bias.fits"))
    made = products(bias("B1"), science("S1"), ready=[before], outdir=tmp_path)
    assert set(made) == {str(tmp_path / "B1_bias.fits"), str(tmp_path / "S1_image.fits")}
    again = products(bias("B1"), science("S1"), stored=[[before]], outdir=tmp_path)
    for plan in (made, again):
        stack = plan[str(tmp_path / "S1_image.fits")]
        assert stack.calibrations["bias"] == tmp_path / "B1_bias.fits"


def test_what_is_there_serves_though_it_could_not_be_made_again(tmp_path):
    flat = header_files.write(tmp_path / "F1_flat.fits", header_files.flat())
    stored = [[candidate(header_files.flat(), str(flat))]]
    stack = products(twilight("F1"), science("S1"), stored=stored, outdir=tmp_path)
    assert stack[str(tmp_path / "S1_image.fits")].calibrations["flat"] == flat
    flat.unlink()
    stack = products(twilight("F1"), science("S1"), stored=stored, outdir=tmp_path)
    assert "cannot be made" in stack[str(tmp_path / "S1_image.fits")].missing["flat"]


def test_one_calibration_must_serve_all_frames_of_a_stack():
    june, august = {"DATE-OBS": "2022-06-13"}, {"DATE-OBS": "2022-08-31"}
    ends = [science("S1", **june), science("S2", **august)]
    early, middle = {"DATE-OBS": "2022-06-01"}, {"DATE-OBS": "2022-07-20"}
    made = products(bias("B1", **early), bias("B2", **middle), *ends)
    assert made["S1_image.fits"].calibrations["bias"] == Path("B2_bias.fits")
    alone = products(bias("B1", **early), *ends)["S1_image.fits"]
    assert alone.missing["bias"].endswith("date is 91.0 days away, not less than 90")


def test_fringe_frames_are_made_where_they_are_needed():
    made = products(bias("B1"), twilight("F1", **Z), *dithered(**Z))
    assert made["S0_fringe.fits"].recipe == "makeProcessedFringe"
    assert made["S0_fringe.fits"].calibrations == {
        "bias": Path("B1_bias.fits"),
        "flat": Path("F1_flat.fits"),
    }
    assert made["S0_image.fits"].calibrations["fringe"] == Path("S0_fringe.fits")
    assert "S0_fringe.fits" not in products(bias("B1"), *FLATS, *dithered())


def test_too_few_frames_for_a_fringe_frame_are_an_obstacle_for_both():
    made = products(bias("B1"), twilight("F1", **Z), *dithered(**Z)[:2])
    reason = "a fringe frame needs 3 frames, here are 2"
    assert made["S0_fringe.fits"].reasons == reason
    assert made["S0_image.fits"].reasons == (f"no fringe fits; nearest is S0_fringe.fits: {reason}")


def test_the_fringe_frame_of_another_night_serves_frames_that_make_none():
    lone = science("T1", OBJECT="Field B", **Z, **LATER)
    made = products(bias("B1"), twilight("F1", **Z), *dithered(**Z), lone)
    assert made["T1_image.fits"].calibrations["fringe"] == Path("S0_fringe.fits")
    assert made["T1_fringe.fits"].obstacles == ("frames",)


def test_nights_and_exposure_are_those_of_all_frames():
    stack = products(science("S1", EXPTIME=100.0), science("S2", **LATER))["S1_image.fits"]
    assert [str(night) for night in stack.nights] == ["2022-06-13", "2022-06-27"]
    assert stack.seconds == 220.0


@pytest.mark.parametrize("kind", ["bias", "flat", "fringe"])
def test_rules_find_in_a_planned_product_what_they_will_find_in_the_file(kind):
    make = {"bias": bias, "flat": twilight, "fringe": science}[kind]
    real = record_of(header_files.per_ccd(getattr(header_files, kind)()))
    planned = planned_record(make("a").record, kind)
    asked = (
        *("kind", "instrument", "ut_datetime", "mode", "qa_state", "binning", "amplifiers"),
        *("filter_name", "focal_plane_mask", "disperser", "spectroscopy", "read_speed"),
        *("gain_setting", "prepared", "overscan_trimmed", "overscan_subtracted"),
    )
    assert {name: getattr(planned, name) for name in asked} == {
        name: getattr(real, name) for name in asked
    }
