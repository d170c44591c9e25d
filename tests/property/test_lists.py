"""What one command writes into a list, every command reads from it."""

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from gmoscli.cli.names import expand, write_list

NAMES = st.binary(min_size=1, max_size=12).map(os.fsdecode)
LINES = NAMES.filter(lambda name: not set(name) & set("\0\n"))


@given(st.lists(LINES, max_size=5))
def test_names_survive_a_list(names):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.lis")
        write_list(str(path), ["Includes tags: ['BIAS']", "Excludes tags: []"], names)
        assert list(expand([f"@{path}"])) == names
