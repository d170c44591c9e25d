"""From a configuration to the databases that are searched, filled and worked on."""

import pytest

from gmoscli.caldb.databases import cals, keepers, searched, the_one
from gmoscli.caldb.store import Store
from gmoscli.config import Database, Settings
from gmoscli.errors import DatabaseError, UsageError
from tests.header_files import bias, raw


@pytest.fixture
def settings(tmp_path):
    """Return settings of databases given by their flags: ``settings("get", "get store")``."""

    def make(*flags: str, **more) -> Settings:
        return Settings(
            tuple(
                Database(tmp_path / f"{n}.db", get="get" in flag, store="store" in flag)
                for n, flag in enumerate(flags)
            ),
            **more,
        )

    return make


def stems(stores) -> list[str]:
    return [store.path.stem for store in stores]


def test_flags_say_which_databases_are_searched_and_which_are_filled(settings, said):
    several = settings("get", "store", "get store", "")
    for database in several.databases:
        Store(database.path).init()
    assert stems(searched(several, said.append)) == ["0", "2"]
    assert stems(keepers(several, said.append)) == ["1", "2"]


def test_a_database_that_should_keep_products_is_checked_before_the_work(settings, said):
    with pytest.raises(DatabaseError, match="no such database"):
        keepers(settings("get store"), said.append)


def test_an_implicit_database_is_made_when_products_will_come(tmp_path, said):
    path = tmp_path / "data" / "cal.db"
    database = Database(path, get=True, store=True, implicit=True)
    keepers(Settings((database,)), said.append)
    assert path.exists()


@pytest.mark.parametrize(
    ("flags", "stem"),
    [(["get"], "0"), (["store"], "0"), ([""], "0"), (["get", "get store"], "1")],
)
def test_the_one_to_work_on_is_the_only_one_or_the_only_one_that_is_filled(
    settings, said, flags, stem
):
    assert the_one(settings(*flags), said.append).path.stem == stem


@pytest.mark.parametrize("flags", [[], ["get", "get"], ["store", "get store"]])
def test_none_or_several_to_work_on_is_an_error(settings, said, flags):
    with pytest.raises(UsageError, match="databases to work on") as caught:
        the_one(settings(*flags), said.append)
    assert caught.value.hint == "name the database with -d"


def test_what_is_given_by_hand_goes_before_the_databases(settings, said, put):
    two = settings("get", "get")
    for database in two.databases:
        Store(database.path).init()
    stored, given = put("stored.fits", bias()), put("given.fits", bias())
    Store(two.databases[1].path).add(stored)
    assert cals(two, {}, said.append).find("bias", raw()) == stored
    assert cals(two, {"processed_bias": given}, said.append).find("bias", raw()) == given


def test_the_mode_of_the_settings_is_asked_of_every_place(settings, said, put):
    quick = put("quick.fits", bias(PROCMODE="ql"))
    for mode, expected in (("sq", None), ("ql", quick)):
        chosen = settings("get store", mode=mode)
        Store(chosen.databases[0].path).init()
        Store(chosen.databases[0].path).add(quick)
        assert cals(chosen, {}, said.append).find("bias", raw()) == expected


def test_a_warning_is_given_once_for_however_many_frames(settings, said):
    chain = cals(settings("get"), {}, said.append)
    for _ in range(3):
        chain.find("bias", raw())
    assert len(said) == 1
