"""PNG files hold the pixels that they were made from."""

from io import BytesIO

import numpy as np
import pytest

from gmoscli.errors import GmosError
from gmoscli.png import encoded, png
from tests.pictures import decoded


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3), (1, 1), (1, 1, 3)])
def test_a_png_file_holds_the_picture(tmp_path, shape):
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    png(tmp_path / "x.png", picture)
    np.testing.assert_array_equal(decoded((tmp_path / "x.png").read_bytes()), picture)


def test_a_part_of_a_picture_is_a_picture():
    picture = np.arange(120, dtype=np.uint8).reshape(10, 12)
    np.testing.assert_array_equal(decoded(encoded(picture[::-2, 1::3])), picture[::-2, 1::3])


def test_another_reader_sees_the_same():
    image = pytest.importorskip("PIL.Image")
    picture = np.random.default_rng(1).integers(0, 256, (7, 9, 3), np.uint8)
    np.testing.assert_array_equal(np.asarray(image.open(BytesIO(encoded(picture)))), picture)


def test_a_picture_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(GmosError, match="nowhere"):
        png(tmp_path / "nowhere" / "x.png", np.zeros((2, 2), np.uint8))
