"""Reductions that are killed, starved or misled: whole products or none, in real processes."""

import bz2
import fcntl
import os
import resource
import shutil
import signal
import subprocess
import sys
import termios
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.commands import command, environment, run

NAME = "N20220613S0180"
PRODUCT = f"{NAME}_bias.fits"
STAGE = "subtract_overscan"
STAGED = f"{NAME}_{STAGE}.fits"
CONFIGURATION = '[calibs]\ndatabases = ["calibrations.db get store"]\n'
PATIENCE = 40.0
"""Seconds until a test gives up waiting: loaded machines are slow."""
TIGHT = ("--memory", "64M")
"""Too little for frames to be parked in memory."""


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Two sets of three biases of the central ccd."""
    folder = tmp_path_factory.mktemp("night") / "raw"
    size = ("--roi", "ccd2", "--binning", "4x4")
    numbers = ("--frames", "0", "--flats", "0", "--biases", "3")
    assert run("simulate", str(folder), *size, *numbers, cwd=folder.parent).returncode == 0
    return folder


class Place:
    """A working folder with an empty database, a scratch folder, and a night's raw files."""

    def __init__(self, folder, raw):
        self.folder = folder / "work"
        self.scratch = folder / "scratch"
        self.folder.mkdir()
        self.scratch.mkdir()
        shutil.copytree(raw, self.folder / "raw", copy_function=os.link)
        (self.folder / "dragonsrc.toml").write_text(CONFIGURATION)
        self.environ = environment(TMPDIR=str(self.scratch))
        assert self.run("caldb", "init").returncode == 0

    @property
    def biases(self):
        """Names of the first set."""
        return [f"raw/N20220613S0{number}.fits" for number in (180, 181, 182)]

    @property
    def others(self):
        """Names of the second set."""
        return [f"raw/N20220627S0{number}.fits" for number in (222, 223, 224)]

    @property
    def product(self):
        return self.folder / PRODUCT

    def run(self, *words, **how):
        return run(*words, cwd=self.folder, env=self.environ, **how)

    def reduce(self, *words):
        return self.run("reduce", "-q", *words)

    @contextmanager
    def begun(self, *words, prefix=(), **how):
        """Start a command; whatever happens, it does not outlive the test."""
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE} | how
        process = subprocess.Popen(
            [*prefix, *command(*words)],
            cwd=self.folder,
            env=self.environ,
            stderr=subprocess.PIPE,
            **how,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def ended(self, process):
        """Return exit code and messages of a command that ends by itself."""
        _, said = process.communicate(timeout=PATIENCE)
        return process.returncode, said.decode()

    def files(self):
        """Return the names of what was made in the working folder, hidden ones as well."""
        made = {path.name for path in self.folder.iterdir()}
        return made - {"raw", "dragonsrc.toml", "calibrations.db"}

    def parked(self):
        """Return the scratch folders that are there."""
        return list(self.scratch.glob("gmoscli-scratch-*"))

    def stored(self):
        """Return the names of the calibrations in the database, which must be readable."""
        listed = self.run("caldb", "list", "--paths")
        assert (listed.returncode, listed.stderr) == (0, "")
        return [Path(line).name for line in listed.stdout.splitlines()]

    def assert_untouched(self):
        """Nothing was made, nothing recorded, nothing left behind."""
        assert self.files() == set()
        assert self.stored() == []
        assert self.parked() == []


@pytest.fixture
def place(tmp_path, raw):
    return Place(tmp_path, raw)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, raw):
    """The bytes of the product when nothing goes wrong."""
    place = Place(tmp_path_factory.mktemp("undisturbed"), raw)
    done = place.reduce(*place.biases)
    assert (done.returncode, done.stdout) == (0, f"{PRODUCT}\n")
    return place.product.read_bytes()


def until(true, process):
    """Wait for something to become true, or for the process to end."""
    give_up = time.monotonic() + PATIENCE
    while not true() and process.poll() is None:
        assert time.monotonic() < give_up, "nothing happened"
        time.sleep(0.0005)


def assert_one_line(said, *words):
    """A message and at most a hint below it, but no traceback."""
    lines = said.splitlines()
    assert lines and lines[0].startswith("reduce: ")
    assert all(line.startswith("hint: ") for line in lines[1:])
    for word in words:
        assert word in lines[0]


def unread(pipe):
    """Return how many bytes of what was written into a pipe nobody has read."""
    answer = fcntl.ioctl(pipe, termios.FIONREAD, bytes(4))
    return int.from_bytes(answer, sys.byteorder)


class Blocked:
    """A pipe that is full: who writes a line into it waits until it is emptied."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self.writer, False)
        self._filled = os.write(self.writer, b"x" * (1 << 20))
        os.set_blocking(self.writer, True)

    def open(self):
        """Make room for all that a command prints."""
        os.close(self.writer)
        os.read(self.reader, self._filled)

    def close(self):
        os.close(self.reader)


@pytest.fixture
def blocked():
    pipe = Blocked()
    yield pipe
    pipe.close()


# --- killed


def scratch_files(place):
    try:
        return sum(1 for _ in place.scratch.glob("gmoscli-scratch-*/*"))
    except FileNotFoundError:  # the folder went away meanwhile
        return 0


PROCESSES = {"one process": ("-j1", *TIGHT), "two processes": ("-j2", "--memory", "184M")}
"""What leaves no memory for parked frames."""
MOMENTS = {
    "frames were parked": lambda place: scratch_files(place) >= 2,
    "the product was being written": lambda place: any(place.folder.glob(".*.part")),
    "the product had its name": lambda place: place.product.exists(),
}


@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_reduction_leaves_no_partial_product_and_the_next_one_clears_up(
    moment, processes, place, whole
):
    with place.begun("reduce", "-q", *PROCESSES[processes], *place.biases) as process:
        until(lambda: MOMENTS[moment](place), process)
        process.kill()
        assert place.ended(process)[1] == ""  # when all that have standard error are gone
    assert not place.product.exists() or place.product.read_bytes() == whole
    assert place.stored() in ([], [PRODUCT] if place.product.exists() else [])
    for left in (*place.parked(), *place.folder.glob(".*.part")):
        os.utime(left, (time.time() - 3600,) * 2)  # what is young may belong to a live one
    again = place.reduce(*place.biases)
    assert (again.returncode, again.stdout) == (0, f"{PRODUCT}\n")
    assert place.product.read_bytes() == whole
    assert place.stored() == [PRODUCT]
    assert place.files() == {PRODUCT}
    assert place.parked() == []


# --- interrupted


@pytest.mark.parametrize("processes", PROCESSES)
@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [
        ("frames were parked", signal.SIGINT, 130),
        ("frames were parked", signal.SIGTERM, 143),
        ("the product was being written", signal.SIGINT, 130),
        ("the product was being written", signal.SIGTERM, 143),
    ],
)
def test_an_interrupted_reduction_ends_quietly_and_leaves_nothing(
    moment, number, code, processes, place
):
    # Python closes a file itself when the signal comes between its opening and the block it is for.
    place.environ["PYTHONWARNINGS"] = "error,ignore::ResourceWarning"
    words = ("reduce", "-q", *PROCESSES[processes], *place.biases)
    with place.begun(*words, start_new_session=True) as process:
        until(lambda: MOMENTS[moment](place), process)
        if number == signal.SIGINT:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)  # all hear of it, as they do from a terminal
        else:
            process.send_signal(number)
        ended, said = place.ended(process)
    if ended != 0:  # it may just have finished
        assert (ended, said) == (code, "")
        assert place.files() <= {PRODUCT}
    assert place.parked() == []


def test_waiting_for_names_is_interrupted_at_once(place):
    with place.begun("reduce", "-q", "-", stdin=subprocess.PIPE) as process:
        process.stdin.write(f"{place.biases[0]}\n".encode())
        process.stdin.flush()
        until(lambda: unread(process.stdin) == 0, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr.read() == b""
    place.assert_untouched()


# --- no room


def no_file_larger_than(size):
    """Return what limits a child: writing beyond fails as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_frame_that_cannot_be_parked_whole_stops_the_reduction(place, whole):
    limit = no_file_larger_than(len(whole) // 2)
    with place.begun("reduce", "-q", *TIGHT, *place.biases, preexec_fn=limit) as process:
        code, said = place.ended(process)
    assert code == 1 and "hint: " in said and "--scratch" in said
    assert_one_line(said, "cannot write to the scratch folder", "large")
    place.assert_untouched()


def mounting():
    """Say whether this machine lets us mount file systems that nobody else sees."""
    tried = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(tried, capture_output=True, check=False, timeout=10).returncode == 0
    except OSError:
        return False


def inside(line):
    """Return the beginning of a command that runs after a line of shell, with mounts of its own."""
    return ["unshare", "-rm", "sh", "-c", f'{line} && exec "$@"', "sh"]


needs_mounts = pytest.mark.skipif(not mounting(), reason="no private mounts on this machine")


@needs_mounts
def test_a_product_that_meets_a_full_disk_is_one_line_and_no_product(place, whole):
    out = place.folder.parent / "out"
    out.mkdir()
    report = f"trap 'ls -A {out} > {place.folder.parent}/left' EXIT"
    room = len(whole) // 2
    full = ["unshare", "-rm", "sh", "-c"]
    full.append(f'{report}; mount -t tmpfs -o size={room} tmpfs {out}; "$@"')
    words = ["reduce", "-q", "--outdir", str(out), *place.biases]
    with place.begun(*words, prefix=[*full, "sh"]) as process:
        code, said = place.ended(process)
    assert code == 1
    assert_one_line(said, "space", PRODUCT)
    assert (place.folder.parent / "left").read_text() == ""
    place.assert_untouched()


def test_a_full_disk_behind_standard_output_is_told_and_the_product_stays(place, whole):
    with Path("/dev/full").open("w") as full:
        process = place.begun("reduce", "-q", *place.biases, stdout=full)
        with process as reducing:
            code, said = place.ended(reducing)
    assert code == 1
    assert_one_line(said, "no space left")
    assert place.product.read_bytes() == whole


def test_a_pipe_or_a_device_is_not_replaced_by_the_product(place):
    pipe = place.folder.parent / "pipe"
    os.mkfifo(pipe)
    done = place.reduce("-o", str(pipe), *place.biases)
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr, str(pipe), "no file that could be replaced")
    assert pipe.is_fifo()
    place.assert_untouched()


def test_a_log_file_without_room_does_not_stop_the_reduction(place, whole):
    done = place.run("reduce", "--logfile", "/dev/full", *place.biases)
    assert (done.returncode, done.stdout) == (0, f"{PRODUCT}\n")
    assert done.stderr.count("warning: /dev/full: no space left on device") == 1
    assert "Traceback" not in done.stderr
    assert place.product.read_bytes() == whole


@contextmanager
def read_only(folder):
    """Yield the beginning of a command to which this folder is read-only."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
        yield []
        folder.chmod(0o755)
    elif mounting():
        yield inside(f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}")
    else:
        pytest.skip("to root, and without mounts, no folder is read-only")


@pytest.mark.parametrize("option", ["--outdir", "--scratch"])
def test_a_read_only_folder_is_one_line_before_any_work(option, place):
    folder = place.folder.parent / "readonly"
    folder.mkdir()
    with (
        read_only(folder) as prefix,
        place.begun("reduce", "-q", option, str(folder), *place.biases, prefix=prefix) as process,
    ):
        code, said = place.ended(process)
    assert code == 1
    assert_one_line(said, str(folder))
    assert list(folder.iterdir()) == []
    place.assert_untouched()


def test_a_database_that_cannot_be_written_is_told_before_the_work_not_after(place):
    folder = place.folder.parent / "readonly"
    folder.mkdir()
    (place.folder / "calibrations.db").rename(folder / "calibrations.db")
    (place.folder / "dragonsrc.toml").write_text(
        f'[calibs]\ndatabases = ["{folder}/calibrations.db get store"]\n'
    )
    with (
        read_only(folder) as prefix,
        place.begun("reduce", "-q", *place.biases, prefix=prefix) as process,
    ):
        code, said = place.ended(process)
    assert code == 1
    assert_one_line(said, "calibrations.db")
    place.assert_untouched()


# --- not alone


def test_two_reductions_of_the_same_files_at_once_give_one_whole_product(place, whole):
    words = ["reduce", "-q", *place.biases]
    with place.begun(*words) as one, place.begun(*words) as other:
        assert [place.ended(one)[0], place.ended(other)[0]] == [0, 0]
    assert place.product.read_bytes() == whole
    assert place.files() == {PRODUCT}
    assert place.stored() == [PRODUCT]
    assert place.parked() == []


def test_two_reductions_in_one_directory_do_not_disturb_each_other(place, whole):
    with (
        place.begun("reduce", "-q", *place.biases) as one,
        place.begun("reduce", "-q", *place.others) as other,
    ):
        assert [place.ended(one)[0], place.ended(other)[0]] == [0, 0]
    assert place.product.read_bytes() == whole
    assert place.files() == set(place.stored()) == {PRODUCT, "N20220627S0222_bias.fits"}
    assert place.run("caldb", "verify").returncode == 0


# --- misled


def gone(path):
    path.unlink()


def shorter(path):
    content = path.read_bytes()
    path.unlink()  # the file is linked: its other names keep what they have
    path.write_bytes(content[: len(content) // 3])


@pytest.mark.parametrize("harm", [gone, shorter])
def test_an_input_that_is_lost_on_the_way_stops_the_reduction(harm, place, blocked):
    """The first name printed blocks the command, all of whose files were good before."""
    words = ["reduce", "-q", "-j1", "--write-outputs", STAGE, *place.biases]
    with place.begun(*words, stdout=blocked.writer) as process:
        until((place.folder / STAGED).exists, process)
        harm(place.folder / place.biases[-1])
        blocked.open()
        code, said = place.ended(process)
    assert code == 1
    assert_one_line(said, place.biases[-1])
    assert not place.product.exists()
    assert not any(name.startswith(".") for name in place.files())
    assert place.stored() == []
    assert place.parked() == []


def flipped(content):
    middle = len(content) // 2
    return (
        content[:middle]
        + bytes(~byte & 0xFF for byte in content[middle:][:64])
        + content[middle + 64 :]
    )


def wrong_sum(content):
    return content[:-8] + bytes(8)


@pytest.mark.parametrize("harm", [flipped, wrong_sum])
def test_a_damaged_bz2_stops_the_reduction(harm, place):
    name = f"{place.biases[1]}.bz2"
    content = (place.folder / place.biases[1]).read_bytes()
    (place.folder / name).write_bytes(harm(bz2.compress(content)))
    done = place.reduce(place.biases[0], name, place.biases[2])
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_line(done.stderr, name)
    place.assert_untouched()


@pytest.mark.parametrize("kept", [0, 20_000, -4_000])
def test_a_truncated_file_stops_the_reduction(kept, place):
    path = place.folder / place.biases[1]
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:kept])
    done = place.reduce(*place.biases)
    assert (done.returncode, done.stdout) == (1, "")
    assert_one_line(done.stderr, place.biases[1])
    place.assert_untouched()


def test_damaged_files_can_be_left_out_but_that_is_told_and_counts(place):
    path = place.folder / place.biases[1]
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:2000])
    done = place.run("reduce", "--skip-bad", *place.biases)
    assert (done.returncode, done.stdout) == (1, f"{PRODUCT}\n")
    assert place.biases[1] in done.stderr
    assert place.stored() == [PRODUCT]
