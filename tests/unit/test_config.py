"""Where settings come from, and what their file may say."""

from pathlib import Path

import pytest

from gmoscli.config import Database, Settings, load, to_toml
from gmoscli.errors import UsageError


@pytest.fixture
def place(tmp_path):
    """Load settings in an empty home and working directory; files are given as name → text."""
    home, cwd = tmp_path / "home", tmp_path / "work"

    def settings(files: dict[str, str] | None = None, config=None, **environ) -> Settings:
        for folder in (home, cwd):
            folder.mkdir(exist_ok=True)
        for name, text in (files or {}).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return load(config, environ, cwd, home)

    settings.home, settings.cwd = home, cwd
    return settings


def only(path, get=True, store=False) -> tuple[Database, ...]:
    return (Database(Path(path), get, store),)


# --- where it is looked for


def test_without_a_file_one_database_in_the_users_data_serves_both_ways(place):
    settings = place()
    path = place.home / ".local/share/gmoscli/calibrations.db"
    assert settings.databases == (Database(path, get=True, store=True, implicit=True),)
    assert settings.origin("databases") == "default"
    assert settings.source is None


def test_the_users_data_are_where_xdg_says(place):
    (database,) = place(XDG_DATA_HOME="/data").databases
    assert database.path == Path("/data/gmoscli/calibrations.db")


def test_a_relative_xdg_folder_is_ignored_as_its_specification_asks(place):
    assert place(XDG_DATA_HOME="data").databases == place().databases


SEARCHED = [
    "work/given.toml",
    "work/gmoscli.toml",
    "work/dragons.toml",
    "work/dragonsrc.toml",
    "home/.dragons/dragonsrc.toml",
    "home/.dragons/dragonsrc",
    "home/.geminidr/rsys.cfg",
]


@pytest.mark.parametrize("first", range(len(SEARCHED)))
def test_the_first_file_of_the_search_order_wins(place, first):
    files = {name: '[calibs]\ndatabases = "here.db"' for name in SEARCHED[first:]}
    named = {
        "config": "given.toml" if first == 0 else None,
        **({"GMOSCLIRC": "gmoscli.toml"} if first <= 1 else {}),
        **({"DRAGONSRC": "dragons.toml"} if first <= 2 else {}),
    }
    settings = place(files, **named)
    expected = place.home.parent / SEARCHED[first]
    assert settings.source == expected
    assert settings.databases == only(expected.parent / "here.db")
    assert settings.origin("databases") == str(expected)


@pytest.mark.parametrize("how", ["config", "GMOSCLIRC", "DRAGONSRC"])
def test_a_named_file_that_is_missing_is_an_error_and_no_fallback(place, how):
    with pytest.raises(UsageError, match=r"nosuch.toml: cannot be read") as caught:
        place({"work/dragonsrc.toml": ""}, **{how: "nosuch.toml"})
    assert caught.value.exit_code == 2


def test_an_empty_variable_names_no_file(place):
    assert place(DRAGONSRC="").source is None


def test_a_file_that_says_nothing_of_databases_leaves_the_users_own(place):
    settings = place({"work/dragonsrc.toml": "[reduce]\njobs = 2"})
    assert settings.databases == place().databases
    assert settings.jobs == 2


def test_an_empty_list_of_databases_means_none(place):
    assert place({"work/dragonsrc.toml": "[calibs]\ndatabases = []"}).databases == ()


# --- databases, in both forms


@pytest.mark.parametrize(
    ("line", "get", "store"),
    [
        ("/x.db", True, False),
        ("/x.db get", True, False),
        ("/x.db store", False, True),
        ("/x.db get store", True, True),
        ("/x.db  store   get", True, True),
    ],
)
@pytest.mark.parametrize("form", ['"{}"', '["{}"]', "{}"])
def test_flags_of_a_line_mean_the_same_in_toml_and_ini(place, line, get, store, form):
    settings = place({"work/dragonsrc.toml": f"[calibs]\ndatabases = {form.format(line)}\n"})
    assert settings.databases == only("/x.db", get, store)


def test_a_table_of_toml_searches_unless_it_says_no(place):
    text = '[calibs]\ndatabases = [{path = "/a.db"}, {path = "/b.db", get = false, store = true}]\n'
    assert place({"work/dragonsrc.toml": text}).databases == (
        Database(Path("/a.db"), get=True, store=False),
        Database(Path("/b.db"), get=False, store=True),
    )


def test_a_legacy_file_is_read_with_comments_blanks_and_percent_signs(place):
    text = """
[calibs]
Databases = /a.db get store   # the user's own
    ; once there was another
    "/with blank/50%%.db" get
    # nothing here

[interactive]
browser = safari
"""
    settings = place({"home/.dragons/dragonsrc": text})
    assert settings.databases == (
        Database(Path("/a.db"), get=True, store=True),
        Database(Path("/with blank/50%.db"), get=True, store=False),
    )
    assert settings.warnings == ()


def test_content_and_not_the_name_tells_ini_from_toml(place):
    ini = "[calibs]\ndatabases = ~/x.db get\n"
    toml = '[calibs]\ndatabases = "~/x.db get"\n'
    path = place.home / "x.db"
    assert place({"work/dragonsrc.toml": ini}).databases == only(path)
    assert place({"work/other": toml}, config="other").databases == only(path)


@pytest.mark.parametrize("line", ["cal.db", "./cal.db", "sub/cal.db"])
@pytest.mark.parametrize("form", ['"{}"', "{}"])
def test_a_relative_path_is_below_the_files_own_folder_slash_or_not(place, line, form):
    text = f"[calibs]\ndatabases = {form.format(line)}\n"
    settings = place({"home/.dragons/dragonsrc": text})
    assert settings.databases == only(place.home / ".dragons" / line)


def test_home_and_variables_are_expanded(place):
    text = '[calibs]\ndatabases = ["~/a.db", "$NIGHT/b.db", "${NIGHT}x/c.db"]'
    paths = [d.path for d in place({"work/dragonsrc.toml": text}, NIGHT="/n").databases]
    assert paths == [place.home / "a.db", Path("/n/b.db"), Path("/nx/c.db")]


def test_an_existing_folder_holds_its_database_under_the_usual_name(place, tmp_path):
    text = f'[calibs]\ndatabases = "{tmp_path}"'
    assert place({"work/dragonsrc.toml": text}).databases == only(tmp_path / "cal_manager.db")


def test_database_dir_is_understood_and_warned_about(place):
    settings = place({"work/dragonsrc.toml": "[calibs]\ndatabase_dir = /a.db get\n"})
    assert settings.databases == only("/a.db")
    assert "database_dir is an old name" in settings.warnings[0]


def test_databases_wins_over_database_dir(place):
    text = "[calibs]\ndatabase_dir = /old.db\ndatabases = /new.db\n"
    assert place({"work/dragonsrc.toml": text}).databases == only("/new.db")


def test_a_server_is_passed_over_with_a_warning(place):
    text = '[calibs]\ndatabases = ["/a.db", "https://archive.gemini.edu get"]'
    settings = place({"work/dragonsrc.toml": text})
    assert settings.databases == only("/a.db")
    assert "https://archive.gemini.edu is not searched" in settings.warnings[0]


# --- what is refused, and where


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[calibs]\ndatabases = [\n "/a.db",\n "/b.db gte"]', 4, "unknown flag 'gte'"),
        ("[calibs]\ndatabases = /a.db get\n  /b.db gte\n", 3, "unknown flag 'gte'"),
        ("[calibs]\ndatabases = /my data/b.db get\n", 2, "unknown flag 'data/b.db'"),
        ('[calibs]\ndatabases = "\'/a.db get"\n', 2, "quote is never closed"),
        ('[calibs]\ndatabases = "$NOWHERE/a.db"', 2, "NOWHERE is not set"),
        ("[calibs]\ndatabases = [3]", 2, "a line of text or a table, not 3"),
        ("[calibs]\ndatabases = [{get = true}]", 2, "a database without a path"),
        ('[calibs]\ndatabases = [{path = "a", get = 1}]', 2, "neither true nor false"),
        ("[reduce]\n\njobs = 0\n", 3, "not a whole number from 1"),
        ("[reduce]\njobs = true\n", 2, "not a whole number from 1"),
        ('[reduce]\nmemory = "450"\n', 2, "not a size"),
        ('[reduce]\nmode = "fast"\n', 2, "none of sq, ql, qa"),
        ('[reduce]\nloglevel = "loud"\n', 2, "none of debug"),
        ("[reduce]\nparams = 3\n", 2, "not a table"),
        ("[reduce.params]\nclip_sigma.sigma = 1979-05-27\n", 1, "clip_sigma.sigma is neither"),
        ("jobs = 3\n", 1, "outside of a section"),
        ("[calibs\ndatabases", None, "neither TOML"),
        ("[calibs]\ndatabases = /a.db\n/b.db get\n", None, "nor ini"),
    ],
)
def test_a_mistake_is_an_error_with_its_file_and_line(place, text, line, reason):
    with pytest.raises(UsageError) as caught:
        place({"work/dragonsrc.toml": text})
    where = place.cwd / "dragonsrc.toml"
    assert caught.value.path == (str(where) if line is None else f"{where}:{line}")
    assert reason in caught.value.message
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_text_is_refused(place, tmp_path):
    (tmp_path / "cal.db").write_bytes(b"SQLite format 3\0\xff\xfe")
    with pytest.raises(UsageError, match="is not a text file"):
        place(config=str(tmp_path / "cal.db"))


def test_words_that_mean_nothing_are_warned_about_with_the_nearest(place):
    text = '[reduce]\njbos = 2\n[clibs]\n[calibs]\ndatabases = [{path = "/a", gte = true}]\n'
    one, two, three = sorted(place({"work/dragonsrc.toml": text}).warnings)
    assert "unknown key 'gte' of a database" in one
    assert "unknown key 'jbos' in [reduce]: did you mean jobs?" in two
    assert "unknown section [clibs]: did you mean calibs?" in three


# --- [reduce], and back to a file


REDUCE = """
[reduce]
mode = "ql"
jobs = 3
memory = "450M"
scratch = "tmp"
logfile = ""
loglevel = "debug"
suffix = "_v2"
params = { "clip_sigma.sigma" = 4, divide_flat = { floor = 0.2 } }
"""


def test_defaults_of_reduce_are_typed_and_know_where_they_come_from(place):
    settings = place({"work/dragonsrc.toml": REDUCE})
    assert (settings.mode, settings.jobs, settings.memory) == ("ql", 3, 450 << 20)
    assert (settings.scratch, settings.logfile) == (place.cwd / "tmp", None)
    assert (settings.loglevel, settings.suffix) == ("debug", "_v2")
    assert settings.params == {"clip_sigma.sigma": 4, "divide_flat.floor": 0.2}
    assert settings.origin("jobs") == str(place.cwd / "dragonsrc.toml")
    assert settings.origin("databases") == "default"


@pytest.mark.parametrize(
    "text",
    [
        "",
        REDUCE,
        "[calibs]\ndatabases = []",
        '[calibs]\ndatabases = [{path = "/a b/\\"c\\".db"}, "d.db store"]',
        "[calibs]\ndatabases = /a.db get store\n  é.db\n[reduce]\njobs = 2\n",
        '[reduce.params]\na.b = [1, true, "x\\u007f"]\n',
    ],
)
def test_settings_written_as_toml_read_back_the_same(place, text):
    before = place({"work/first": text}, config="first")
    after = place({"work/second": to_toml(before)}, config="second")
    assert plain(after) == plain(before)
    assert to_toml(after) == to_toml(before)


def plain(settings: Settings) -> tuple[object, ...]:
    """Return all that a setting can be, apart from the file that it comes from."""
    names = ("mode", "jobs", "memory", "scratch", "logfile", "loglevel", "suffix", "params")
    databases = [(d.path, d.get, d.store) for d in settings.databases]
    return (databases, *(getattr(settings, name) for name in names))
