"""The flags are those of Gemini products, so that files of both mean the same."""

from gmoscli.dq import NOT_LINEAR, UNUSABLE, Dq


def test_flags_have_the_values_of_gemini_products():
    assert {flag.name: flag.value for flag in Dq} == {
        "BAD": 1,
        "NONLINEAR": 2,
        "SATURATED": 4,
        "COSMIC_RAY": 8,
        "NO_DATA": 16,
        "OVERLAP": 32,
        "UNILLUMINATED": 64,
    }


def test_a_pixel_is_unusable_or_a_lower_limit_but_not_both():
    assert not UNUSABLE & NOT_LINEAR
    assert Dq(127) == UNUSABLE | NOT_LINEAR | Dq.OVERLAP
