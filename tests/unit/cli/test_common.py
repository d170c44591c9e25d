"""How commands end, whatever happens inside them."""

import errno
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from gmoscli.cli.common import CommaList, Command, Failures, Group, wants_colour
from gmoscli.cli.elsewhere import ELSEWHERE
from gmoscli.errors import BadFile, CalibrationMissing, DatabaseError, UsageError


def ended(error: BaseException):
    """Return how a command ends in which this happens."""

    @click.command(cls=Command, name="work")
    def work() -> None:
        raise error

    return CliRunner().invoke(work, [], prog_name="work")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BadFile("empty file", path="a.fits"), 1, "work: a.fits: empty file\n"),
        (DatabaseError("locked"), 1, "work: locked\n"),
        (
            UsageError("no such step", hint="showrecipes"),
            2,
            "work: no such step\nhint: showrecipes\n",
        ),
        (CalibrationMissing("no bias fits", path="a.fits"), 3, "work: a.fits: no bias fits\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 141, ""),
        (
            OSError(errno.ENOSPC, "No space left on device", "x.fits"),
            *(1, "work: x.fits: no space left on device\n"),
        ),
        (click.UsageError("Missing option."), 2, "work: missing option\nhint: work --help\n"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_each_end_has_its_code_and_at_most_a_line_and_a_hint(error, code, said):
    result = ended(error)
    assert (result.exit_code, result.stderr, result.stdout) == (code, said, "")


def test_a_fault_of_the_program_is_not_hidden():
    assert isinstance(ended(ZeroDivisionError()).exception, ZeroDivisionError)


def test_sub_commands_end_alike_and_say_their_whole_name():
    @click.group(cls=Group)
    def caldb() -> None: ...

    @caldb.command()
    def add() -> None:
        raise BadFile("not a calibration", path="a.fits")

    result = CliRunner().invoke(caldb, ["add"], prog_name="caldb")
    assert (result.exit_code, result.stderr) == (1, "caldb add: a.fits: not a calibration\n")
    result = CliRunner().invoke(caldb, ["add", "--foo"], prog_name="gmoscli caldb")
    assert result.exit_code == 2
    assert result.stderr.startswith("caldb add: no such option")


def test_an_option_of_dragons_has_a_hint_of_its_own():
    @click.command(cls=Command)
    def work() -> None: ...

    for option, hint in ELSEWHERE.items():
        result = CliRunner().invoke(work, [option], prog_name="work")
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"work: no such option '{option}'\nhint: {hint}\n"


def test_failures_are_counted_and_the_rest_goes_on():
    @click.command(cls=Command)
    def work() -> None:
        failures = Failures()
        for name in "abc":
            with failures.noted():
                if name == "b":
                    raise BadFile("bad", path=name)
                click.echo(name)
        failures.exit()

    result = CliRunner().invoke(work, [], prog_name="work")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "a\nc\n", "work: b: bad\n")


def test_words_come_apart_at_commas_and_must_be_known():
    kind = CommaList(lambda: ["BIAS", "CAL"], "tag")
    assert kind.convert(" BIAS,, CAL ,", None, None) == ["BIAS", "CAL"]
    assert CommaList().convert("a,b", None, None) == ["a", "b"]
    with pytest.raises(UsageError, match="unknown tag 'bias'"):
        kind.convert("bias", None, None)


def test_the_last_word_is_completed():
    kind = CommaList(lambda: ["exposure_time", "elevation", "object"], "descriptor")
    found = [item.value for item in kind.shell_complete(None, None, "object,e")]
    assert found == ["object,elevation", "object,exposure_time"]


@pytest.mark.parametrize(
    ("env", "is_terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_a_matter_of_stream_and_environment(env, is_terminal, expected):
    assert wants_colour(SimpleNamespace(isatty=lambda: is_terminal), env) is expected
