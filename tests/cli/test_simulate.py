"""``gmoscli simulate`` as a process."""

import bz2
import subprocess
import sys

import pytest

TINY = [
    "--roi",
    "ccd2",
    "--binning",
    "4x4",
    "--frames",
    "1",
    "--biases",
    "0",
    "--flats",
    "0",
    "--stars",
    "1",
]
SMALL = ["--roi", "stamp", "--frames", "1", "--biases", "1", "--flats", "1", "--stars", "1"]


def gmoscli(*words, **more):
    command = [sys.executable, "-m", "gmoscli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def test_each_file_is_named_on_standard_output_and_nothing_else_is_said(tmp_path):
    done = gmoscli("simulate", tmp_path / "raw", *SMALL)
    names = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(names) == 1 + 4 + 5
    assert sorted(names) == sorted(map(str, (tmp_path / "raw").iterdir()))


def test_a_file_for_which_there_is_no_room_is_named_and_not_left_half_written(tmp_path):
    limit = f'ulimit -f 8; exec {sys.executable} -m gmoscli simulate raw "$@"'
    words = ["sh", "-c", limit, "sh", *SMALL]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith("simulate: raw/") and line.endswith(": cannot write: file too large")
    assert sorted(done.stdout.splitlines()) == sorted(
        str(path.relative_to(tmp_path)) for path in (tmp_path / "raw").iterdir()
    )


def test_compressed_files_hold_the_same(tmp_path):
    for folder, more in (("plain", []), ("small", ["--compress"])):
        assert gmoscli("simulate", tmp_path / folder, *TINY, *more).returncode == 0
    raw = sorted((tmp_path / "plain").glob("*.fits"))
    assert len(raw) == 2
    for path in raw:
        packed = tmp_path / "small" / f"{path.name}.bz2"
        assert bz2.decompress(packed.read_bytes()) == path.read_bytes()


def test_names_go_down_a_pipe(tmp_path):
    made = gmoscli("simulate", tmp_path, *SMALL).stdout
    names = "".join(line for line in made.splitlines(keepends=True) if "/N" in line)
    shown = gmoscli("showd", "-d", "object,filter_name,gain", "-", input=names)
    assert shown.returncode == 0
    assert [line.split("\t")[1] for line in shown.stdout.splitlines()] == [
        "Twilight",
        "Bias",
        "Simulated field",
        "Bias",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--binning", "3x3"], "binning"),
        (["--binning", "two"], "binning"),
        (["--without", "stras"], "stars"),
        (["--only", "nothing"], "nothing"),
        (["--detector", "gmosn"], "gmosn"),
        (["--seeing", "good"], "numbers"),
        (["--days", "yesterday"], "dates"),
        (["--frames", "-1"], "frames"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line_before_anything_is_written(words, says, tmp_path):
    refused = gmoscli("simulate", tmp_path / "raw", *words)
    lines = refused.stderr.splitlines()
    assert refused.returncode == 2 and refused.stdout == ""
    assert len(lines) <= 2 and says in refused.stderr and lines[0].startswith("simulate: ")
    assert not (tmp_path / "raw").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    refused = gmoscli("simulate", tmp_path / "file" / "raw", *SMALL)
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1 and "Traceback" not in refused.stderr


def test_a_reader_that_goes_away_ends_it_quietly_with_whole_files(tmp_path):
    command = [sys.executable, "-m", "gmoscli", "simulate", str(tmp_path / "raw"), *SMALL]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait() == 141
    assert said == b""
    left = list((tmp_path / "raw").iterdir())
    assert all(path.suffix in {".fits", ".ecsv", ".npz"} for path in left)


def test_help_names_every_effect_and_is_light():
    code = (
        "import sys\n"
        "from gmoscli.cli.simulate import simulate\n"
        "try: simulate(['--help'], prog_name='gmoscli simulate')\n"
        "finally: print([m for m in ('numpy', 'astropy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "cosmic_rays" in done.stdout and "off unless asked for" in done.stdout
