"""Pages on products: what ``reduce --report`` and ``gmoscli preview --report`` write."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest
from astropy.io import fits

from tests.commands import run
from tests.pictures import decoded

FRAMES = ("N20220627S0115", "N20220627S0116", "N20220627S0117")


@pytest.fixture(scope="module")
def products(tmp_path_factory, raw, masters):
    """A folder with stacks, and the pages and pictures that were made with them."""
    folder = tmp_path_factory.mktemp("products")
    (folder / "dragonsrc.toml").write_text(f'[calibs]\ndatabases = ["{masters} get"]\n')
    names = [str(raw / f"{name}.fits") for name in FRAMES]
    for recipe, suffix in (("reduceSeparateCCDs", "_separate"), ("reduce", "_mosaic")):
        words = ("-r", recipe, "--suffix", suffix, "--report", "--preview")
        done = run("reduce", *names, *words, cwd=folder)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{FRAMES[0]}{suffix}.fits\n"
        for ending in ("png", "html"):
            assert f"{FRAMES[0]}{suffix}.{ending}" in done.stderr
    return folder


@pytest.fixture(params=["_separate", "_mosaic"])
def stack(products, request) -> Path:
    return products / f"{FRAMES[0]}{request.param}.fits"


class Page(HTMLParser):
    """What a page holds; its tags must close as they were opened."""

    VOID = ("meta", "img", "br", "path", "circle")

    def __init__(self, text: str):
        super().__init__()
        self.open, self.links, self.text = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data.strip())


def page_of(product):
    text = product.with_suffix(".html").read_text()
    return text, Page(text)


def test_the_page_needs_nothing_from_elsewhere(stack):
    text, page = page_of(stack)
    assert page.links and all(link.startswith("data:image/png;base64,") for link in page.links)
    assert not re.search(r"https?://|url\(|@import|<script|<link", text)


def test_every_frame_stands_on_the_page_with_its_figures(stack):
    _, page = page_of(stack)
    with fits.open(stack) as units:
        for row in units["FRAMES"].data:
            assert any(text.startswith(row["FRAME"]) for text in page.text)
            assert f"{row['FWHM']:.2f}" in page.text
            assert f"{row['SCALE']:.4f}" in page.text
            assert f"{1 / row['SCALE']:.4f}" in page.text  # exposures are equal: transparency
            if row["MATCHES"]:
                assert f"{1e3 * row['ALIGNRMS']:.1f}" in page.text
        assert f"{units[0].header['REFFRAME'][:-5]} (reference)" in page.text


def test_every_step_and_every_file_stands_on_the_page(stack):
    text, page = page_of(stack)
    with fits.open(stack) as units:
        assert set(units["HISTORY"].data["step"]) <= set(page.text)
        for row in units["PROVENANCE"].data:
            assert row["filename"] in page.text and row["md5"] in page.text
    assert "radius=0.5" in text


def test_the_noise_of_every_ccd_is_checked(stack):
    _, page = page_of(stack)
    with fits.open(stack) as units:
        ccds = sum(unit.name == "SCI" for unit in units)
    values = [float(text) for text in page.text if re.fullmatch(r"[01]\.\d{3}", text)]
    assert sum(0.9 < value < 1.1 for value in values) >= ccds
    assert "Noise check" in page.text and "<svg" in page_of(stack)[0]


def test_a_simulated_product_says_so(stack):
    assert any("Simulated" in text for text in page_of(stack)[1].text)


def test_the_picture_beside_the_product_is_that_of_the_command(stack, tmp_path):
    run("preview", str(stack), cwd=tmp_path)
    made = (tmp_path / f"{stack.stem}.png").read_bytes()
    assert made == stack.with_suffix(".png").read_bytes()
    assert decoded(made).ndim == 3


def test_the_same_product_gives_the_same_bytes_at_another_place_and_time(stack, tmp_path):
    shutil.copy(stack, tmp_path)
    done = run("preview", "--report", stack.name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{stack.stem}.html\n")
    made = tmp_path / f"{stack.stem}.html"
    assert made.read_bytes() == stack.with_suffix(".html").read_bytes()


@pytest.mark.parametrize("kind", ["bias", "flat"])
def test_masters_have_pages_too(masters, kind, tmp_path):
    product = next(masters.parent.rglob(f"*_{kind}.fits"))
    assert run("preview", "--report", str(product), cwd=tmp_path).returncode == 0
    page = Page((tmp_path / f"{product.stem}.html").read_text())
    assert any(text.startswith(f"Master {kind}") for text in page.text)
    assert "Noise check" not in page.text and "average" in page.text
    with fits.open(product) as units:
        assert {row["FRAME"] for row in units["FRAMES"].data} <= set(page.text)


def test_a_raw_file_has_a_page_of_what_it_shows(raw, tmp_path):
    path = raw / f"{FRAMES[0]}.fits"
    done = run("preview", "--report", str(path), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    page = Page((tmp_path / f"{FRAMES[0]}.html").read_text())
    assert {"CCD 1", "CCD 2", "CCD 3"} <= set(page.text)
    assert "Recipe" not in page.text and "Frames" not in page.text


def test_names_from_headers_cannot_break_the_page(masters, tmp_path):
    path = tmp_path / "x.fits"
    shutil.copy(next(masters.parent.rglob("*_bias.fits")), path)
    with fits.open(path, mode="update") as units:
        units[0].header["OBJECT"] = "<script>&"
    run("preview", "--report", "x.fits", cwd=tmp_path)
    text = (tmp_path / "x.html").read_text()
    assert "<script" not in text and "&lt;script&gt;&amp;" in text
