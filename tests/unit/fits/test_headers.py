"""Headers are read as the FITS standard says, and no further than asked."""

import bz2
import gzip
from pathlib import Path
from random import Random

import pytest

from gmoscli.errors import BadFile
from gmoscli.fits import Header, Headers, read_headers, stem
from tests.fits_bytes import BLOCK, card, image, primary, table, unit, written


def header(*cards: str) -> Header:
    return Header(unit(list(cards)))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'Field A '           / target", "Field A"),
        ("'it''s'", "it's"),
        ("'a / b'              / no comment inside", "a / b"),
        ("''", ""),
        ("'   '", ""),
        ("'  leading'", "  leading"),
        ("T", True),
        ("                   F / logical", False),
        ("                  42 / integer", 42),
        ("-7", -7),
        ("+3.", 3.0),
        (".5", 0.5),
        ("           3.276800E4 /", 32768.0),
        ("1.5D-3", 0.0015),
        ("", None),
        ("                     / nothing", None),
        ("nan", None),
        ("1_000", None),
        ("'never closed", None),
        ("(1.0, 2.0)", None),
        ("2022-06-13", None),
    ],
)
def test_a_card_has_the_value_that_the_standard_gives_it(text, value):
    found = header(card("KEY", text))["KEY"]
    assert found == value
    assert type(found) is type(value)


def test_the_first_of_two_equal_keywords_counts():
    assert header(card("KEY", "1"), card("KEY", "2"))["KEY"] == 1


def test_commentary_is_left_out():
    cards = header("COMMENT = 1", "HISTORY done", "", card("KEY", "1"))
    assert dict(cards) == {"KEY": 1}


def test_keywords_come_in_the_order_of_the_file():
    assert list(header(card("B", "1"), card("A", "2"), card("B", "3"), card("C", "4"))) == [
        "B",
        "A",
        "C",
    ]


def test_a_long_string_goes_on_where_it_says_so():
    cards = header(card("KEY", "'one &'"), "CONTINUE  'two&'", "CONTINUE  'three' / end")
    assert cards["KEY"] == "one twothree"


def test_an_ampersand_at_the_end_stays_where_nothing_follows():
    assert header(card("KEY", "'this &'"), card("NEXT", "1"))["KEY"] == "this &"


def test_long_keywords_go_by_their_words():
    cards = header("HIERARCH ESO TEL ALT= 62.5 / deg", "HIERARCH two words = 'x'", card("KEY", "1"))
    assert dict(cards) == {"ESO TEL ALT": 62.5, "two words": "x", "KEY": 1}
    assert list(cards) == ["ESO TEL ALT", "two words", "KEY"]


def test_a_header_can_be_made_of_values():
    values = {"A": 1, "B": None, "C": "x"}
    assert dict(Header(values)) == values
    assert list(Header(values)) == ["A", "B", "C"]
    assert "B" in Header(values)
    assert "D" not in Header(values)
    with pytest.raises(KeyError):
        Header(values)["D"]


def test_pixels_are_passed_over_to_the_next_header(tmp_path):
    path = written(
        tmp_path / "a.fits",
        primary(card("OBJECT", "'x'")),
        image(card("N", "1"), rows=1441, columns=1),
        table(card("N", "2"), heap=5000),
        image(card("N", "3"), rows=0),
        image(card("N", "4")),
    )
    assert [one.get("N") for one in read_headers(path)] == [None, 1, 2, 3, 4]


@pytest.mark.parametrize("bits", ["8", "16", "-64"])
@pytest.mark.parametrize("between", [[], [card("INHERIT", "F")], ["COMMENT NAXIS1  = 9"]])
def test_pixels_have_one_size_whether_cards_stand_as_usual_or_not(tmp_path, bits, between):
    shape = [card("NAXIS", "2"), card("NAXIS1", "70"), card("NAXIS2", "60")]
    start = [card("XTENSION", "'IMAGE   '"), card("BITPIX", bits), *shape, *between]
    cards = [*start, card("PCOUNT", "0"), card("GCOUNT", "1")]
    one = unit(cards, bytes(abs(int(bits)) // 8 * 70 * 60))
    path = written(tmp_path / "a.fits", primary(), one, image(card("N", "2")))
    assert [header.get("N") for header in read_headers(path)] == [None, None, 2]


def test_the_text_of_a_header_is_what_the_file_holds(tmp_path):
    path = written(tmp_path / "a.fits", primary(*(card(f"KEY{n}", "1") for n in range(32))))
    assert next(read_headers(path)).text == path.read_text()
    assert len(path.read_text()) == BLOCK
    path = written(tmp_path / "a.fits", primary(*(card(f"KEY{n}", "1") for n in range(33))))
    assert next(read_headers(path)).text == path.read_text()
    assert len(path.read_text()) == 2 * BLOCK


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_the_content_tells_how_a_file_is_compressed_not_its_name(tmp_path, pack):
    content = primary(card("OBJECT", "'x'")) + image(card("N", "1")) + image(card("N", "2"))
    path = written(tmp_path / "misleading.txt", pack(content))
    assert [one.get("N") for one in read_headers(path)] == [None, 1, 2]


def test_the_primary_header_of_a_compressed_file_costs_only_its_first_part(tmp_path):
    noise = Random(1).randbytes(400_000)
    content = primary() + image(rows=200_000, columns=1)[:BLOCK] + noise
    packed = bz2.compress(content, compresslevel=1)
    path = written(tmp_path / "a.fits.bz2", packed[: len(packed) // 2])
    assert Headers.open(path).phu["NAXIS"] == 0
    with pytest.raises(BadFile, match="truncated"):
        _ = Headers.open(path).extensions


def test_raw_extensions_are_all_images(tmp_path):
    path = written(tmp_path / "a.fits", primary(), image(card("N", "1")), image(card("N", "2")))
    assert [one["N"] for one in Headers.open(path).extensions] == [1, 2]


def test_named_extensions_are_those_called_sci_in_the_order_of_their_version(tmp_path):
    def plane(name: str, version: int) -> bytes:
        return image(card("EXTNAME", f"'{name}'"), card("EXTVER", str(version)))

    units = [plane("SCI", 2), plane("VAR", 2), plane("DQ", 2), plane("SCI", 1), plane("VAR", 1)]
    path = written(tmp_path / "a.fits", primary(), *units, table(card("EXTNAME", "'HISTORY'")))
    assert [one["EXTVER"] for one in Headers.open(path).extensions] == [1, 2]


def test_an_image_compressed_into_a_table_is_an_image(tmp_path):
    packed = table(card("ZIMAGE", "T"), card("N", "1"), heap=100)
    path = written(tmp_path / "a.fits.fz", primary(), packed, table(card("N", "2")))
    assert [one["N"] for one in Headers.open(path).extensions] == [1]


def test_a_single_unit_with_pixels_is_its_own_extension(tmp_path):
    cards = [card("SIMPLE", "T"), card("BITPIX", "-32"), card("NAXIS", "1"), card("NAXIS1", "9")]
    headers = Headers.open(written(tmp_path / "a.fits", unit(cards, bytes(36))))
    assert headers.extensions == (headers.phu,)


def test_a_single_unit_without_pixels_has_no_extension(tmp_path):
    assert Headers.open(written(tmp_path / "a.fits", primary())).extensions == ()


def test_headers_in_memory_need_no_file():
    headers = Headers(Header({"A": 1}), [Header({"B": 2})])
    assert headers.path is None
    assert [dict(one) for one in headers.extensions] == [{"B": 2}]


def test_what_cannot_be_read_is_named_with_the_reason(tmp_path):
    whole = primary() + image()
    cases = {
        "empty.fits": (b"", "empty file"),
        "text.fits": (b"hello\n", "not a FITS file"),
        "short.fits": (primary()[:200], "truncated in the header of HDU 0"),
        "header.fits": (primary() + image()[:200], "truncated in the header of HDU 1"),
        "data.fits": (whole[:-3000], "truncated in the data of HDU 1"),
        "noise.fits": (whole + b"\0" * BLOCK, "no header where HDU 2 should begin"),
        "cut.fits.gz": (gzip.compress(whole)[:60], "truncated: the compressed data end too early"),
        "cut.fits.bz2": (bz2.compress(whole)[:60], "truncated: the compressed data end too early"),
        "bad.fits.bz2": (b"BZh9" + b"x" * 100, "corrupt compressed data"),
        "bad.fits.gz": (gzip.compress(whole)[:10] + b"x" * 100, "corrupt compressed data"),
    }
    for name, (content, reason) in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadFile) as caught:
            list(read_headers(path))
        assert str(caught.value) == f"{path}: {reason}"


def test_a_missing_file_and_a_directory_are_named_too(tmp_path):
    with pytest.raises(BadFile, match=r"missing\.fits: no such file or directory"):
        Headers.open(tmp_path / "missing.fits")
    folder = tmp_path / "my night"
    folder.mkdir()
    with pytest.raises(BadFile, match="is a directory") as caught:
        Headers.open(folder)
    assert caught.value.hint == f"name the files in it: '{folder}'/*.fits*"


def test_a_file_cut_in_its_data_still_gives_the_headers_before(tmp_path):
    path = written(tmp_path / "a.fits", primary(), image(card("N", "1")), image(card("N", "2")))
    path.write_bytes(path.read_bytes()[:-BLOCK])
    headers = read_headers(path)
    assert [next(headers).get("N") for _ in range(3)] == [None, 1, 2]
    with pytest.raises(BadFile, match="truncated in the data of HDU 2"):
        next(headers)
    assert Headers.open(path).phu["NAXIS"] == 0


def test_the_last_block_need_not_be_padded(tmp_path):
    content = primary() + image(card("N", "1"), rows=1, columns=1)
    path = written(tmp_path / "a.fits", content[: -BLOCK + 2])
    assert [one.get("N") for one in read_headers(path)] == [None, 1]


def test_a_link_that_leads_nowhere_is_told_with_where_it_leads(tmp_path):
    link = tmp_path / "link.fits"
    link.symlink_to("gone/raw.fits")
    with pytest.raises(BadFile, match=r"link\.fits: a link to gone/raw\.fits, which is not there"):
        next(read_headers(link))


@pytest.mark.parametrize(
    "name", ["N20220627S0115.fits", "N20220627S0115.fits.bz2", "N20220627S0115"]
)
def test_a_name_loses_its_ending_compressed_or_not(name):
    assert stem(Path("raw", name)) == "N20220627S0115"
