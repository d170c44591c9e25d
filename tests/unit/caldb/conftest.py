from pathlib import Path

import pytest

from gmoscli.caldb.store import Store
from tests import header_files


@pytest.fixture
def said() -> list[str]:
    """Warnings, as they come."""
    return []


@pytest.fixture
def store(tmp_path, said) -> Store:
    """An empty database that is ready."""
    store = Store(tmp_path / "cal.db", warn=said.append)
    store.init()
    return store


@pytest.fixture
def put(tmp_path):
    """Write a file of given headers in the test's folder: ``put("a.fits", bias())``."""

    def write(name: str, headers, **how) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return header_files.write(path, headers, **how)

    return write
