"""Values that Gemini has published for exposures in its archive, and for a typical raw header."""

from datetime import date, datetime, time

import pytest

from gmoscli.fits import Header, Headers
from gmoscli.gmos.descriptors import describe
from gmoscli.gmos.detectors import detector, detectors, gain, read_noise
from gmoscli.section import Section

TYPICAL = {
    **{"INSTRUME": "GMOS-N", "TELESCOP": "Gemini-North", "OBSERVAT": "Gemini-North"},
    **{"OBJECT": "Field A", "OBSTYPE": "OBJECT", "OBSCLASS": "science"},
    **{"GEMPRGID": "GN-2022A-Q-101", "OBSID": "GN-2022A-Q-101-12"},
    **{"DATALAB": "GN-2022A-Q-101-12-001", "RA": 150.0, "DEC": 2.2},
    **{"FRAME": "FK5", "TRKFRAME": "FK5", "RATRACK": 0.0, "DECTRACK": 0.0, "AIRMASS": 1.127},
    **{"ELEVATIO": 62.5, "AZIMUTH": 140.25, "CRPA": -35.75, "PA": 0.0, "INPORT": 5},
    **{"POFFSET": 0.0, "QOFFSET": 0.0, "XOFFSET": 0.0, "YOFFSET": 0.0},
    **{"DATE": "2022-03-03", "DATE-OBS": "2022-03-03", "UT": "08:15:31.1", "LT": "22:15:30.1"},
    **{"OBSEPOCH": 2022.17, "EXPTIME": 120.0, "DETECTOR": "GMOS-N + Hamamatsu"},
    **{"DETTYPE": "S10892-N", "DETID": "BI13-20-4k-1,BI12-09-4k-2,BI13-18-4k-2"},
    **{"NAMPS": 4, "AMPINTEG": 11880},
    **{"DETRO1X": 1, "DETRO1XS": 3072, "DETRO1Y": 1, "DETRO1YS": 2112},
    **{"FILTER1": "open1-6", "FILTER2": "r_G0303", "GRATING": "MIRROR", "CENTWAVE": 0.0},
    **{"MASKNAME": "None", "MASKTYP": 0, "OIWFS_ST": "guiding"},
    **{"RAWIQ": "70-percentile", "RAWCC": "50-percentile", "RAWWV": "Any"},
    **{"RAWBG": "50-percentile", "RAWPIREQ": "YES", "RAWGEMQA": "USABLE"},
}
ANSWERS = {
    "airmass": 1.127,
    "binning": "2x2",
    "calibration_key": "GN-2022A-Q-101-12-001",
    "central_wavelength": None,
    "coadds": 1,
    "data_section": [Section(0, 256, 0, 2112), Section(32, 288, 0, 2112)] * 6,
    "dec": 2.2,
    "detector_name": "Hamamatsu-N",
    "detector_roi_setting": "Full Frame",
    "detector_rois_requested": [Section(0, 6144, 0, 4224)],
    "detector_x_offset": 0.0,
    "disperser": "MIRROR",
    "effective_wavelength": 6.3e-07,
    "exposure_time": 120.0,
    "filter_name": "r",
    "focal_plane_mask": "Imaging",
    "gain": [
        *(1.675, 1.618, 1.62, 1.568, 1.69, 1.65),
        *(1.633, 1.664, 1.604, 1.63, 1.587, 1.654),
    ],
    "gain_setting": "low",
    "gcal_lamp": None,
    "local_time": time(22, 15, 30, 100000),
    "nominal_atmospheric_extinction": pytest.approx(0.01397),
    "non_linear_level": [65535.0] * 12,
    "overscan_section": [Section(256, 288, 0, 2112), Section(0, 32, 0, 2112)] * 6,
    "pixel_scale": pytest.approx(0.1614),
    "position_angle": 180.0,
    "qa_state": "Pass",
    "ra": 150.0,
    "raw_bg": 50,
    "raw_cc": 50,
    "raw_iq": 70,
    "raw_wv": 100,
    "read_mode": "Normal",
    "read_noise": [4.06, 4.12, 4.12, 3.99, 4.2, 3.98, 3.88, 4.2, 4.04, 4.35, 4.02, 4.55],
    "read_speed_setting": "slow",
    "saturation_level": [65535.0] * 12,
    "target_ra": 150.0,
    "ut_datetime": datetime(2022, 3, 3, 8, 15, 31, 100000),
    "wavefront_sensor": "OIWFS",
    "wavelength_band": "r",
    "wcs_dec": 2.2,
}
# Extension order of the raw file, slow or fast read, low gain.
ARCHIVE = {
    "S20240202S0088": (
        *("gmoss_ham2", date(2024, 2, 2), "slow"),
        [1.943, 2.02, 2.016, 2.038, 1.787, 1.787, 1.745, 1.798, 1.77, 1.681, 1.699, 1.594],
        [4.05, 4.2, 4.29, 4.22, 4.22, 3.59, 3.68, 3.79, 3.53, 3.39, 3.67, 3.39],
    ),
    "S20150903S0061": (
        *("gmoss_ham1", date(2015, 9, 3), "fast"),
        [1.634, 1.648, 1.582, 1.613],
        [5.77, 7.38, 6.14, 5.19],
    ),
    "N20160605S0099": (
        *("gmosn_e2v", date(2016, 6, 5), "slow"),
        [2.31, 2.31, 2.27, 2.21, 2.17, 2.33],
        [3.17, 3.41, 3.22, 3.2, 3.46, 3.44],
    ),
}


def typical() -> Headers:
    array = detector(TYPICAL["DETID"])
    extensions = [
        {
            **{"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 150.0, "CRVAL2": 2.2},
            **{"CCDNAME": amp.name.split(",")[0], "AMPNAME": amp.name, "GAIN": 1.6},
            **{"CCDSUM": "2 2", "DETSEC": f"[{amp.x1 + 1}:{amp.x2},1:4224]"},
            "DATASEC": "[1:256,1:2112]" if amp.overscan == "right" else "[33:288,1:2112]",
            "BIASSEC": "[257:288,1:2112]" if amp.overscan == "right" else "[1:32,1:2112]",
        }
        for amp in array.amps
    ]
    return Headers(Header(TYPICAL), [Header(cards) for cards in extensions])


@pytest.mark.parametrize("name", ANSWERS)
def test_a_typical_header_has_the_published_values(name):
    assert describe(typical(), name) == ANSWERS[name]


@pytest.mark.parametrize("name", ARCHIVE)
def test_exposures_in_the_archive_have_the_published_gain_and_noise(name):
    generation, day, speed, gains, noises = ARCHIVE[name]
    array = next(one for one in detectors() if one.id == generation)
    amps = [amp.name for amp in array.amps]
    if len(gains) == 4:
        amps = amps[4:8]  # CCD2 alone was read
    assert [gain(amp, day, speed, "low") for amp in amps] == gains
    assert [read_noise(amp, day, speed, "low") for amp in amps] == noises
