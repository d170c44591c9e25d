"""The engine runs a recipe's steps; nothing but the recipe decides the result."""

import json
import os
import random
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from gmoscli.engine import Run, cutting, run
from gmoscli.engine.cutting import bands
from gmoscli.engine.jobs import in_turn, shared_out, threaded
from gmoscli.engine.scratch import scratch
from gmoscli.errors import GmosError, ReductionError
from gmoscli.frame import Ccd, Observation, Placement
from gmoscli.geometry import Affine
from gmoscli.past import Used
from gmoscli.recipe import Recipe
from gmoscli.recipes.bias import bias
from gmoscli.recipes.science import align_and_stack
from gmoscli.step import step
from gmoscli.steps.bias import subtract_bias
from gmoscli.steps.combine import average, clip_noise
from gmoscli.steps.cosmics import flag_cosmic_rays
from gmoscli.steps.flags import flag_saturated
from gmoscli.steps.flat import match_levels, measure_level, normalise_flat
from gmoscli.steps.noise import read_noise
from gmoscli.steps.overscan import subtract_overscan
from tests.builders import (
    a_ccd,
    a_frame,
    a_raw_ccd,
    a_readout,
    a_sky_ccd,
    a_tan,
    an_observation,
    starlight,
)

MEGABYTE = 1 << 20


def nothing(_kind, _obs, _info):
    """Bring no calibration."""


def products(recipe, frames, jobs=2, memory=MEGABYTE, share=threaded, room=0, *, bring=nothing):
    with scratch(room=room) as place:
        return list(run(recipe, frames, Run(bring, place, jobs, memory, share=share)))


def a_raw_frame(seed, name="raw", ccds=3, shape=(48, 40)):
    rng = np.random.default_rng(seed)
    chips = []
    for index in range(1, ccds + 1):
        light = rng.normal(1010, 3, shape).astype(np.uint16)
        dark = rng.normal(1000, 3, (shape[0], 32)).astype(np.uint16)
        chips.append(a_raw_ccd(a_readout(light, dark), index=index))
    return a_frame(*chips, name=f"{name}{seed}")


@step("addOne")
def add(ccd: Ccd, *, amount: float = 1.0) -> Ccd:
    """Add a number."""
    return ccd.with_planes(sci=ccd.sci + np.float32(amount))


@step("breakDown")
def break_down(ccd: Ccd, obs: Observation) -> Ccd:
    """Break down."""
    raise GmosError("something is wrong", path=obs.path)


@step("interrupt")
def interrupt(ccd: Ccd) -> Ccd:
    """Stop as Ctrl-C does."""
    raise KeyboardInterrupt


EACH = Recipe("each", (subtract_overscan, add))


def test_without_a_band_step_every_frame_is_a_product_in_order():
    found = products(EACH, [a_raw_frame(i) for i in range(4)])
    assert [exposure.obs.name for exposure in found] == ["raw0", "raw1", "raw2", "raw3"]
    for seed, exposure in enumerate(found):
        for ccd, raw in zip(exposure.ccds, a_raw_frame(seed).ccds.values(), strict=True):
            np.testing.assert_array_equal(ccd.sci, subtract_overscan(raw).sci + 1)


@step("countFrames")
def count(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Scale frames by how many have met."""
    return [replace(obs, placement=Placement(scale=float(len(frames)))) for obs in frames]


@step("countFrames")
def count_again(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Add how many have met to what they are scaled by."""
    return [
        replace(obs, placement=replace(obs.placement, scale=obs.placement.scale + 10 * len(frames)))
        for obs in frames
    ]


def test_frames_meet_until_they_part_and_are_products_of_their_own_from_then_on():
    steps = (subtract_overscan, read_noise, count, count_again, average)
    frames = [a_raw_frame(i) for i in range(3)]
    found = products(Recipe("each", steps, each="count_again"), frames)
    assert [exposure.obs.name for exposure in found] == ["raw0", "raw1", "raw2"]
    for exposure, frame in zip(found, frames, strict=True):
        assert [obs.name for obs in exposure.obs.inputs] == [exposure.obs.name]
        for ccd in exposure.ccds:
            alone = subtract_overscan(frame.ccds[ccd.info.index])
            np.testing.assert_allclose(ccd.sci, 13 * alone.sci, rtol=1e-5)  # 3 met, then 1


def test_with_a_band_step_all_frames_are_one_product_named_after_the_first():
    frames = [a_raw_frame(i) for i in range(4)]
    (exposure,) = products(bias, frames)
    assert exposure.obs.name == "raw0"
    assert [obs.name for obs in exposure.obs.inputs] == ["raw0", "raw1", "raw2", "raw3"]
    assert [ccd.info.index for ccd in exposure.ccds] == [1, 2, 3]


def test_the_stack_is_the_mean_of_what_its_steps_make_of_each_frame():
    frames = [a_raw_frame(i) for i in range(5)]
    (exposure,) = products(Recipe("mean", (subtract_overscan, read_noise, average)), frames)
    for ccd in exposure.ccds:
        single = [read_noise(subtract_overscan(frame.ccds[ccd.info.index])) for frame in frames]
        np.testing.assert_allclose(ccd.sci, np.mean([s.sci for s in single], axis=0), atol=1e-3)
        np.testing.assert_allclose(ccd.var, np.mean([s.var for s in single], axis=0) / 5, rtol=1e-5)


def test_two_hundred_frames_are_one_master_with_a_two_hundredth_of_their_variance():
    frames = [a_raw_frame(i, ccds=1) for i in range(200)]
    (exposure,) = products(bias, frames)
    (ccd,) = exposure.ccds
    assert len(exposure.obs.inputs) == len(ccd.info.rejected) == 200
    single = read_noise(subtract_overscan(frames[0].ccds[1]))
    assert np.median(ccd.var) == pytest.approx(np.median(single.var) / 200, rel=0.02)
    assert ccd.sci.mean() == pytest.approx(10, abs=0.05)


def test_scales_and_offsets_of_placements_act_on_the_stack():
    frames = [
        a_frame(a_ccd(10.0, var=4.0), placement=Placement(scale=3.0, offsets={2: 1.0})),
        a_frame(a_ccd(20.0, var=4.0), placement=Placement(offsets={2: -20.0}, weights={2: 3.0})),
    ]
    (exposure,) = products(Recipe("mean", (average,)), frames)
    np.testing.assert_allclose(exposure.ccds[0].sci, (31 + 3 * 0) / 4)
    np.testing.assert_allclose(exposure.ccds[0].var, (9 * 4 + 3**2 * 4) / 4**2)


def dawdling(share):
    """Share out jobs as another function does, so that they end in any order."""
    delay = random.Random()

    def slowly(work, items, most, meanwhile):
        def late(item):
            delay.seed(os.urandom(8))  # or forked processes would wait equally long
            time.sleep(delay.uniform(0, 0.01))
            return work(item)

        return share(late, items, most, meanwhile)

    return slowly


def digest(exposures):
    return [
        (ccd.info.shape, ccd.sci.tobytes(), ccd.var.tobytes(), ccd.dq.tobytes())
        for exposure in exposures
        for ccd in exposure.ccds
    ]


SETTINGS = [
    (jobs, memory, dawdling(share), room)
    for jobs, share in (
        (1, in_turn),
        (2, threaded),
        (3, threaded),
        (2, shared_out),
        (3, shared_out),
    )
    for memory, room in ((1, 1 << 28), (300_000, 600_000), (5_000_000, 0), (1 << 28, 0))
]


def a_dithered_frame(seed):
    """A frame of one field, dithered and turned a little, with noise and cosmic rays of its own."""
    shape, n = (150, 400), 80
    rng = np.random.default_rng(0)
    at = Affine.moved(3.3 * seed, -2.3 * seed).after(Affine.turned(0.1 * seed))
    x, y = at(rng.uniform(5, (395, 145), (n, 2))).T
    light = starlight(shape, x, y, rng.uniform(5e3, 5e4, n), 4.0, sky=500.0 + 20 * seed)
    wcs = a_tan((200.0, 75.0)).before(at.inverse)
    own = np.random.default_rng(seed + 1)
    for x, y in own.integers(5, (395, 145), (60, 2)):
        light[y : y + own.integers(1, 4), x : x + own.integers(1, 4)] += own.uniform(100, 5e3)
    return a_frame(a_sky_ccd(light, seed=seed, wcs=wcs), name=f"frame{seed}")


def test_a_science_stack_is_the_same_bytes_for_any_jobs_memory_and_order_of_completion():
    first, *others = (
        digest(products(align_and_stack, [a_dithered_frame(i) for i in range(3)], *setting))
        for setting in SETTINGS
    )
    assert all(other == first for other in others)
    cut = bands((150, 400), 3, 2_500_000, flag_cosmic_rays.halo, flag_cosmic_rays.aside)
    assert len(cut[0].columns) < 400  # as in one of the settings


def in_groups(monkeypatch, recipe, most, **settings):
    """The products of six dithered frames, of which at most so many are looked at together."""
    monkeypatch.setattr(cutting, "MOST", most)
    return products(recipe, [a_dithered_frame(i) for i in range(6)], **settings)


def test_frames_come_to_the_same_grid_in_groups_as_all_together(monkeypatch):
    recipe = align_and_stack.without("flag_cosmic_rays")
    made = [digest(in_groups(monkeypatch, recipe, most, room=1 << 28)) for most in (6, 2)]
    assert made[0] == made[1]


def test_cosmic_rays_are_found_in_groups_as_among_all_frames(monkeypatch):
    recipe = align_and_stack.without("clip_noise")
    shares = []
    for most in (6, 3):
        (product,) = in_groups(monkeypatch, recipe, most)
        shares.append(product.obs.ccds[0].rejected)
    together, grouped = np.array(shares)
    assert together.min() > 0.003
    np.testing.assert_allclose(grouped, together, rtol=0.05)


def test_a_master_is_the_same_bytes_for_any_jobs_memory_and_order_of_completion():
    first, *others = (
        digest(products(bias, [a_raw_frame(i) for i in range(5)], *setting)) for setting in SETTINGS
    )
    assert all(other == first for other in others)


def test_frames_that_must_be_read_whole_make_the_same_master():
    apart, whole = ([a_raw_frame(i) for i in range(4)] for _ in range(2))
    for frame in whole:
        frame.piecemeal = False
    assert digest(products(bias, whole)) == digest(products(bias, apart))
    assert all(frame.closed for frame in whole)


@pytest.mark.parametrize("recipe", [EACH, bias], ids=lambda recipe: recipe.name)
def test_each_ccd_of_each_frame_is_read_once_and_each_frame_let_go(recipe):
    frames = [a_raw_frame(i) for i in range(3)]
    products(recipe, frames, memory=1)
    assert [sorted(frame.readings) for frame in frames] == [[1, 2, 3]] * 3
    assert all(frame.closed for frame in frames)


def test_pixels_rest_on_scratch_only_while_all_must_meet(tmp_path):
    with scratch(tmp_path) as place:
        how = Run(nothing, place, 2, MEGABYTE)
        list(run(EACH, [a_raw_frame(i) for i in range(3)], how))
        assert list(place.folder.iterdir()) == []
        list(run(bias, [a_raw_frame(i) for i in range(3)], how))
        assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("broken", "error"), [(break_down, GmosError), (interrupt, KeyboardInterrupt)]
)
@pytest.mark.parametrize("jobs", [1, 3])
def test_scratch_is_gone_after_an_error_or_an_interrupt(tmp_path, broken, error, jobs):
    recipe = bias.after("subtract_overscan", broken)
    frames = [a_raw_frame(i) for i in range(4)]
    with pytest.raises(error), scratch(tmp_path) as place:
        list(run(recipe, frames, Run(nothing, place, jobs, MEGABYTE)))
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_fails_in_a_band_stops_the_stack():
    @step("failInBand")
    def fail_late(planes_only: Ccd) -> Ccd:
        """Fail for one frame alone."""
        raise ReductionError("no good")

    with pytest.raises(ReductionError, match="no good"):
        products(bias.after("subtract_overscan", fail_late), [a_raw_frame(i) for i in range(3)])


def test_calibrations_are_brought_for_the_frame_and_the_ccd_that_ask():
    asked = []

    def bring(kind, obs, info):
        asked.append((kind, obs.name, info.index))
        return a_ccd(100.0 * info.index, shape=info.shape)

    recipe = Recipe("calibrated", (subtract_overscan, subtract_bias))
    found = products(recipe, [a_raw_frame(0), a_raw_frame(1)], jobs=1, bring=bring)
    assert asked == [("bias", f"raw{i}", ccd) for i in (0, 1) for ccd in (1, 2, 3)]
    for exposure in found:
        medians = [float(np.median(ccd.sci)) for ccd in exposure.ccds]
        np.testing.assert_allclose(medians, [-90, -190, -290], atol=1)


def test_the_history_of_a_product_is_its_steps_in_order_with_their_parameters():
    recipe = Recipe("short", (subtract_overscan, add.set(amount=2.0), clip_noise, average))
    (exposure,) = products(recipe, [a_raw_frame(0), a_raw_frame(1)])
    done = exposure.obs.history
    assert [line.step for line in done] == ["subtract_overscan", "add", "clip_noise", "average"]
    assert [line.primitive for line in done][1] == "addOne"
    assert json.loads(done[1].args) == {"amount": 2.0}
    assert json.loads(done[2].args) == clip_noise.values()


def test_the_files_behind_a_product_are_those_of_all_frames_each_once():
    own = [Used(f"{i}.fits", "2", "prepare") for i in (0, 1)]
    shared = Used("bias.fits", "1", "bias")
    frames = [a_frame(a_ccd(1.0), name=str(i), used=(own[i], shared)) for i in (0, 1)]
    (exposure,) = products(Recipe("mean", (average,)), frames)
    assert exposure.obs.used == (own[0], shared, own[1])


def test_steps_of_every_scope_run_in_their_turn():
    responses = {1: 1.1, 2: 1.0, 3: 0.9}

    def twilight(level):
        chips = (a_ccd(np.full((30, 20), x * level), index=i) for i, x in responses.items())
        return a_frame(*chips, name=f"at{level}")

    recipe = Recipe("flat", (measure_level, match_levels, average, normalise_flat))
    (exposure,) = products(recipe, [twilight(4e4), twilight(1e4)])
    for ccd in exposure.ccds:
        np.testing.assert_allclose(ccd.sci, responses[ccd.info.index], rtol=1e-6)


def test_frames_that_do_not_go_together_are_not_stacked():
    frames = [a_frame(a_ccd(1.0)), a_frame(a_ccd(1.0, binning=(2, 2)), name="odd")]
    with pytest.raises(ReductionError, match=r"odd.fits: binning \(2, 2\)"):
        products(Recipe("mean", (average,)), frames)


@pytest.mark.parametrize("recipe", [Recipe("raw", (flag_saturated,)), Recipe("none", ())])
def test_a_recipe_that_leaves_raw_pixels_says_so(recipe):
    with pytest.raises(ReductionError, match="leaves raw pixels"):
        products(recipe, [a_raw_frame(0)])


def test_a_recipe_that_rejects_must_combine():
    with pytest.raises(ReductionError, match="never combines"):
        products(Recipe("half", (clip_noise,)), [a_frame(a_ccd(1.0)), a_frame(a_ccd(2.0))])


def test_progress_is_told_from_nothing_to_all():
    told = []
    with scratch() as place:
        how = Run(nothing, place, report=lambda *line: told.append(line))
        list(run(bias, [a_raw_frame(i) for i in range(3)], how))
    for name, total in ((bias.steps[0].name, 3), ("average", 3)):
        assert [done for what, done, of in told if what == name] == list(range(total + 1))
        assert {of for what, _, of in told if what == name} == {total}


class MadeWhenRead:
    """A frame whose pixels exist only while somebody holds them."""

    def __init__(self, seed, shape):
        self.seed, self.shape = seed, shape
        raw = a_raw_frame(seed, ccds=1, shape=(4, shape[1]))
        info = replace(raw.obs.ccds[0], shape=shape)
        self.obs = an_observation(info, name=str(seed))
        self.piecemeal = True

    def ccd(self, _index):
        return a_raw_frame(self.seed, ccds=1, shape=self.shape).ccds[1]


def peak_of(n, shape, memory):
    frames = [MadeWhenRead(seed, shape) for seed in range(n)]
    tracemalloc.start()
    try:
        products(bias, frames, jobs=1, memory=memory)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_peak_of_memory_does_not_grow_with_the_number_of_frames():
    shape, memory = (1500, 100), 2 * MEGABYTE  # room for 16 frames of 16 rows at 64 bytes
    few, many = peak_of(4, shape, memory), peak_of(16, shape, memory)
    assert many < 1.05 * few


def test_the_peak_of_memory_beside_the_product_is_what_was_given():
    shape, memory = (6000, 100), 16 * MEGABYTE
    assert peak_of(16, shape, memory) < memory + MEGABYTE
