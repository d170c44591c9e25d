"""``gmoscli preview``: pictures of files, from a shell."""

import bz2
import subprocess

import numpy as np
import pytest

from gmoscli.preview import COLOURS
from tests.commands import command, environment, run
from tests.pictures import decoded


@pytest.fixture(scope="module")
def frame(raw):
    """A raw science exposure."""
    return next(raw.glob("N20220627S0115.fits"))


def test_each_file_becomes_a_picture_in_the_working_directory(raw, tmp_path):
    names = [str(path) for path in sorted(raw.glob("N*.fits"))[:3]]
    done = run("preview", *names, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    paths = done.stdout.splitlines()
    assert paths == [f"{name.rpartition('/')[2].removesuffix('fits')}png" for name in names]
    for path in paths:
        assert decoded((tmp_path / path).read_bytes()).std() > 0


def test_a_mask_is_a_picture_of_its_flags(raw, tmp_path):
    mask = next(raw.glob("bpm*"))
    run("preview", str(mask), "-o", "mask.png", "--width", "2000", cwd=tmp_path)
    magenta = next(colour.rgb for colour in COLOURS if colour.name == "magenta")
    shown = decoded((tmp_path / "mask.png").read_bytes())
    assert (shown == magenta).all(axis=2).sum() > 100


def test_a_picture_goes_down_a_pipe(frame, tmp_path):
    made = subprocess.run(
        command("preview", str(frame), "-o", "-"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    run("preview", str(frame), "-o", "x.png", cwd=tmp_path)
    assert made.stdout == (tmp_path / "x.png").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


def test_names_come_down_a_pipe_and_pictures_go_to_a_folder(frame, tmp_path):
    (tmp_path / "out").mkdir()
    done = run("preview", "-", "--outdir", "out", cwd=tmp_path, stdin=f"{frame}\n")
    assert done.stdout == "out/N20220627S0115.png\n"
    assert (tmp_path / done.stdout.strip()).exists()


def test_a_compressed_file_has_the_same_picture(frame, tmp_path):
    packed = tmp_path / "packed.fits.bz2"
    packed.write_bytes(bz2.compress(frame.read_bytes(), 1))
    assert run("preview", str(packed), cwd=tmp_path).stdout == "packed.png\n"
    run("preview", str(frame), cwd=tmp_path)
    assert (tmp_path / "packed.png").read_bytes() == (tmp_path / f"{frame.stem}.png").read_bytes()


def test_width_and_ccd_say_what_is_shown(frame, tmp_path):
    run("preview", str(frame), "--ccd", "2", "--width", "256", cwd=tmp_path)
    assert decoded((tmp_path / f"{frame.stem}.png").read_bytes()).shape == (528, 256, 3)


def test_without_flags_there_is_no_colour(frame, tmp_path):
    shown = []
    for more in ((), ("--no-flags",)):
        run("preview", str(frame), *more, cwd=tmp_path)
        shown.append(np.ptp(decoded((tmp_path / f"{frame.stem}.png").read_bytes()), axis=2).max())
    assert shown[0] > 100 and shown[1] == 0


def test_a_file_that_is_none_is_named_and_the_others_go_on(frame, tmp_path):
    (tmp_path / "bad.fits").write_text("no fits")
    done = run("preview", "bad.fits", "gone.fits", str(frame), cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == f"{frame.stem}.png\n"
    assert len(lines) == 2 and "bad.fits" in lines[0] and "gone.fits" in lines[1]
    assert not (tmp_path / "bad.png").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "no files"),
        (("a.fits", "b.fits", "-o", "x.png"), "two files"),
        (("one/a.fits", "two/a.fits"), "two files"),
        (("a.fits", "--ccd", "4"), "--ccd"),
        (("a.fits", "--width", "3"), "--width"),
        (("a.fits", "--report", "--ccd", "1"), "--report"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(words, says, tmp_path):
    done = run("preview", *words, cwd=tmp_path)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_replaced_by_its_own_picture(tmp_path):
    (tmp_path / "x.png").write_text("precious")
    done = run("preview", "x.png", "-o", "x.png", cwd=tmp_path)
    assert done.returncode == 2 and (tmp_path / "x.png").read_text() == "precious"


def test_a_ccd_that_is_not_there_is_told(tmp_path):
    small = tmp_path / "small"
    few = "--roi ccd2 --binning 4x4 --frames 1 --biases 0 --flats 0 --stars 1"
    run("simulate", str(small), *few.split(), cwd=tmp_path)
    done = run("preview", *map(str, small.glob("N*.fits")), "--ccd", "3", cwd=tmp_path)
    assert done.returncode == 1 and "no ccd 3" in done.stderr


def test_help_names_every_colour_and_imports_nothing_heavy(tmp_path):
    code = (
        "import sys\n"
        "from gmoscli.cli.preview import preview\n"
        "try: preview(['--help'], prog_name='gmoscli preview')\n"
        "finally: print([m for m in ('numpy', 'astropy', 'scipy', 'sep') if m in sys.modules])"
    )
    done = subprocess.run(
        [*command()[:1], "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
    text = " ".join(done.stdout.split())
    assert all(colour.name in text for colour in COLOURS)
