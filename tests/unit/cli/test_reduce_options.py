"""Options of reduce agree with what the configuration takes."""

from gmoscli import config
from gmoscli.cli.reduce_options import LEVELS, LOGMODES


def test_levels_on_the_command_line_are_those_of_the_configuration():
    assert LEVELS == config.LEVELS
    assert set(LOGMODES.values()) <= set(LEVELS)
