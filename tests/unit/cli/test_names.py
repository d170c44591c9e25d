"""One reader of file names for all commands, and one writer of lists."""

import pytest

from gmoscli.cli.names import expand, quoted, write_list
from gmoscli.errors import GmosError, UsageError


def listed(folder, text: str, name: str = "a.lis") -> list[str]:
    """Return the names in a list of this text."""
    (folder / name).write_text(text)
    return list(expand([f"@{folder / name}"]))


def test_operands_stay_as_they_are_and_in_their_order():
    assert list(expand(["b.fits", "a.fits", "./b.fits", "b.fits"])) == [
        *("b.fits", "a.fits", "./b.fits", "b.fits")
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.fits\nb.fits\n", ["a.fits", "b.fits"]),
        ("a.fits b.fits\n\n  c.fits", ["a.fits", "b.fits", "c.fits"]),
        ("# all of them\n  # more\na.fits # the first\n", ["a.fits"]),
        ("f#g.fits\n", ["f#g.fits"]),
        ("'my file.fits' \"your file.fits\"\n", ["my file.fits", "your file.fits"]),
        ("my\\ file.fits\n", ["my file.fits"]),
        ("dir/'my file'.fits\n", ["dir/my file.fits"]),
        ("o'neil.fits b.fits\n", ["o'neil.fits", "b.fits"]),
        ("'it'\"'\"'s.fits'\n", ["it's.fits"]),
        ("a.fits\r\nb.fits\r\n", ["a.fits", "b.fits"]),
        ("", []),
    ],
)
def test_a_list_holds_words_comments_and_quotes(tmp_path, text, names):
    assert listed(tmp_path, text) == names


def test_lists_may_name_lists(tmp_path):
    (tmp_path / "inner.lis").write_text("b.fits\n")
    text = f"a.fits @{tmp_path}/inner.lis c.fits @'{tmp_path}/inner.lis'"
    assert listed(tmp_path, text) == ["a.fits", "b.fits", "c.fits", "b.fits"]


def test_a_list_that_includes_itself_is_refused(tmp_path):
    (tmp_path / "b.lis").write_text(f"@{tmp_path}/a.lis")
    with pytest.raises(UsageError, match="includes itself"):
        listed(tmp_path, f"x.fits @{tmp_path}/b.lis")


def test_a_list_that_is_missing_or_no_text_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no such file or directory"):
        list(expand([f"@{tmp_path}/missing.lis"]))
    with pytest.raises(UsageError, match="not a list of names"):
        listed(tmp_path, "SIMPLE = T\0\0")


def test_names_before_a_bad_list_are_known_already(tmp_path):
    names = expand(["a.fits", f"@{tmp_path}/missing.lis"])
    assert next(names) == "a.fits"


def test_an_empty_name_is_not_the_working_directory():
    with pytest.raises(UsageError, match="an empty name"):
        list(expand(["a.fits", ""]))


def test_quotes_are_written_only_where_they_are_needed():
    assert quoted("raw/N20220613S0138.fits.bz2") == "raw/N20220613S0138.fits.bz2"
    assert quoted("f#g.fits") == "f#g.fits"
    assert quoted("#g.fits") == "'#g.fits'"
    assert quoted("my file.fits") == "'my file.fits'"
    assert quoted("it's.fits") == "'it'\"'\"'s.fits'"


def test_a_name_of_two_lines_is_refused(tmp_path):
    with pytest.raises(GmosError, match="line break"):
        write_list(str(tmp_path / "a.lis"), [], ["a\nb"])
    assert not list(tmp_path.iterdir())


def test_a_list_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.lis"
    write_list(str(path), ["made by hand"], ["a.fits", "my file.fits"])
    assert path.read_text() == "# made by hand\na.fits\n'my file.fits'\n"

    def broken():
        yield "b.fits"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_list(str(path), [], broken())
    assert path.read_text().endswith("'my file.fits'\n")
    assert list(tmp_path.iterdir()) == [path]
