import pytest

from gmoscli.sizes import size, size_text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1B", 1),
        ("2k", 2048),
        ("450M", 450 << 20),
        ("450 MB", 450 << 20),
        ("450 MiB", 450 << 20),
        ("1.5G", 3 << 29),
    ],
)
def test_a_size_is_a_number_with_a_unit(text, count):
    assert size(text) == count


@pytest.mark.parametrize("text", ["450", "", "M", "-1M", "1T", "1,5G"])
def test_a_number_without_a_unit_is_no_size(text):
    with pytest.raises(ValueError, match="is not a size"):
        size(text)


@pytest.mark.parametrize("count", [0, 1, 1023, 1024, 1 << 20, (1 << 20) + 1, 3 << 30])
def test_a_written_size_reads_back(count):
    assert size(size_text(count)) == count
