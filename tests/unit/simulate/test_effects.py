"""The switches."""

import pytest

from gmoscli.errors import UsageError
from gmoscli.simulate import Effects
from gmoscli.simulate.effects import EFFECTS


def test_only_leaves_nothing_else_on():
    on = {name for name, value in vars(Effects.only("stars", "gain")).items() if value}
    assert on == {"stars", "gain"}


def test_without_undoes_including():
    assert Effects().including("satellite").without("satellite") == Effects()


def test_every_effect_says_what_it_is():
    assert set(EFFECTS) == set(vars(Effects()))
    assert all(len(says) > 10 for says in EFFECTS.values())


@pytest.mark.parametrize("change", [Effects.only, Effects().including, Effects().without])
def test_an_unknown_effect_is_refused_with_the_nearest_names(change):
    with pytest.raises(UsageError) as refused:
        change("cosmics")
    assert "cosmic_rays" in (refused.value.hint or "")
