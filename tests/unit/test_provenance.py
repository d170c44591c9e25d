"""The same inputs give the same product, which names them."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from gmoscli.checksums import Checksums
from gmoscli.fits import Header, Headers
from gmoscli.frame import Exposure
from gmoscli.past import Used
from gmoscli.provenance import signed, stamp_of
from tests.builders import an_info, an_observation


def exposed(*dates):
    frames = tuple(
        an_observation(headers=Headers(Header({"INSTRUME": "GMOS-N", "DATE-OBS": day, "UT": ut})))
        for day, ut in dates
    )
    return Exposure(replace(an_observation(an_info()), inputs=frames), ())


def test_a_product_is_stamped_with_the_time_of_its_last_frame(monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    one = exposed(
        ("2022-06-27", "08:00:00"), ("2022-06-27", "09:30:00"), ("2022-06-13", "10:00:00")
    )
    assert stamp_of(one) == "2022-06-27T09:30:00"


def test_source_date_epoch_takes_the_place_of_that_time(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    when = datetime.fromtimestamp(1_700_000_000, UTC).replace(tzinfo=None)
    assert stamp_of(exposed(("2022-06-27", "08:00:00"))) == when.isoformat()


def test_a_product_is_signed_with_the_checksums_of_the_files_that_lie_there(tmp_path):
    path = tmp_path / "N1.fits"
    path.write_text("pixels")
    before = Used("N0.fits", "0" * 32, "prepare")
    used = (Used("N1.fits", "", "prepare", path), before)
    obs = replace(an_observation(), used=(*used, Used("N1.fits", "", "prepare", path)))
    own = Used("N1.fits", hashlib.md5(b"pixels").hexdigest(), "prepare")
    assert signed(Exposure(obs, ()), Checksums()).obs.used == (own, before)
