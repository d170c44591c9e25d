"""What reductions of made-up frames gave when they were last looked at.

``pytest --update-golden`` writes the digests anew; the difference is then read in review.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.engine import Run, run
from gmoscli.engine.scratch import scratch
from gmoscli.geometry import Affine
from gmoscli.recipes.bias import bias
from gmoscli.recipes.flat import flat
from gmoscli.recipes.science import align_and_stack
from tests.builders import (
    a_ccd,
    a_frame,
    a_raw_ccd,
    a_readout,
    a_sky_ccd,
    a_tan,
    an_amp,
    starlight,
)

SHAPE = (160, 192)
BLOCK = 16


def raw_frame(seed, light):
    """A frame of one ccd read by two amplifiers, its zero level settling and drifting."""
    rng = np.random.default_rng(seed)
    y = np.arange(SHAPE[0])
    level = 1000 + 3 * np.exp(-y / 9) + np.cos(y / 60 + seed)
    half = SHAPE[1] // 2
    readouts = []
    for i, left in enumerate((True, False)):
        part = rng.poisson(light[:, i * half : (i + 1) * half]) / 1.6
        counts = part + level[:, None] + 2.5 * rng.standard_normal(part.shape)
        dark = level[:, None] + 2.5 * rng.standard_normal((SHAPE[0], 32))
        whole = [np.rint(plane).clip(0, 65_535).astype(np.uint16) for plane in (counts, dark)]
        amp = {"name": "AB"[i], "gain": 1.6, "read_noise": 4.0}
        readouts.append(a_readout(*whole, left=left, column=i * half, **amp))
    return a_frame(a_raw_ccd(*readouts), name=f"raw{seed}")


def biases():
    return [raw_frame(seed, np.zeros(SHAPE)) for seed in range(5)]


def flats():
    x = np.linspace(-1, 1, SHAPE[1])
    response = np.broadcast_to(1 - 0.1 * x**2, SHAPE)
    return [raw_frame(seed, 3e4 / (1 + 0.2 * seed) * response) for seed in range(5)]


def science():
    rng = np.random.default_rng(0)
    places, flux = rng.uniform(8, 152, (40, 2)), 10 ** rng.uniform(3.5, 5.3, 40)
    frames = []
    for seed, fwhm in enumerate((4.4, 4.0, 5.0)):
        at = Affine.moved(4.4 * seed, -3.3 * seed).after(Affine.turned(0.05 * seed))
        light = starlight(SHAPE, *at(places).T, flux, fwhm, sky=600.0 + 30 * seed)
        ccd = a_sky_ccd(light, seed=seed, wcs=a_tan((96.0, 80.0)).before(at.inverse))
        hit = rng.integers(5, 150, (20, 2))
        ccd.sci[hit[:, 0], hit[:, 1]] += 3000
        frames.append(a_frame(ccd, name=f"science{seed}"))
    return frames


def bring(kind, _obs, info):
    """Bring a bias of nothing; no mask."""
    amps = (an_amp(slice(0, SHAPE[1])),)
    return a_ccd(0.0, shape=info.shape, amps=amps) if kind == "bias" else None


CASES = {"bias": (bias, biases), "flat": (flat, flats), "stack": (align_and_stack, science)}


def product(recipe, frames):
    with scratch() as place:
        (exposure,) = run(recipe, frames, Run(bring, place))
    return exposure


def blocks(plane):
    """Return the means of blocks of pixels, row by row."""
    ny, nx = (n // BLOCK * BLOCK for n in plane.shape)
    cut = plane[:ny, :nx].reshape(ny // BLOCK, BLOCK, nx // BLOCK, BLOCK)
    return [[float(f"{mean:.6g}") for mean in row] for row in cut.mean(axis=(1, 3))]


def digest(ccd):
    """Return few numbers that tell much of a ccd."""
    return {
        "shape": list(ccd.sci.shape),
        "flags": {flag.name: int(((ccd.dq & flag) > 0).sum()) for flag in Dq},
        "sci": blocks(ccd.sci),
        "var": blocks(ccd.var),
    }


@pytest.mark.parametrize("name", CASES)
def test_a_product_is_what_it_was(name, request):
    recipe, frames = CASES[name]
    (ccd,) = product(recipe, frames()).ccds
    found = digest(ccd)
    path = Path(__file__).with_name(f"{name}.json")
    if request.config.getoption("--update-golden"):
        path.write_text(json.dumps(found, indent=1) + "\n")
    golden = json.loads(path.read_text())
    assert found["shape"] == golden["shape"]
    # Another processor rounds otherwise, and may find a pixel on the other side of a limit.
    assert found["flags"] == pytest.approx(golden["flags"], rel=0.02, abs=3)
    scale = np.sqrt(np.mean(golden["var"])) / BLOCK
    np.testing.assert_allclose(found["sci"], golden["sci"], rtol=1e-5, atol=0.2 * scale)
    np.testing.assert_allclose(found["var"], golden["var"], rtol=0.005)
