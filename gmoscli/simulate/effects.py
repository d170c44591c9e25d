"""The switches of the forward model: what goes into a simulated night and what stays out."""

from dataclasses import dataclass, replace
from typing import Annotated, get_type_hints

from ..errors import check_known


@dataclass(frozen=True)
class Effects:
    """What the sky, the telescope and the detector do to an exposure.

    Each effect draws its own random numbers: switching one leaves all others as they were, bit by
    bit. Twilight flats always have their light, and every amplifier has a pedestal.
    """

    stars: Annotated[bool, "stars in the science field"] = True
    galaxies: Annotated[bool, "galaxies in the science field"] = True
    sky: Annotated[bool, "night sky behind the science field"] = True
    fringes: Annotated[bool, "fringes of the night sky, where filter and chips have them"] = True
    colour_terms: Annotated[bool, "a response to colour that differs between the chips"] = True
    pointing: Annotated[bool, "a telescope that points beside what the header says"] = True
    seeing: Annotated[bool, "seeing and elongation of stars that change from frame to frame"] = True
    transparency: Annotated[bool, "clouds: transparency that changes from frame to frame"] = True
    sky_variation: Annotated[bool, "a sky level that changes from frame to frame"] = True
    moonlight: Annotated[bool, "a slope of the sky that changes from frame to frame"] = False
    twilight_stars: Annotated[bool, "stars in the twilight flats"] = True
    flat_colour: Annotated[bool, "a colour of the twilight that changes along the flats"] = True
    guide_probe: Annotated[bool, "the shadow of the guide probe (OIWFS) in science frames"] = False
    satellite: Annotated[bool, "a satellite trail through the middle science frame"] = False
    field_stop: Annotated[bool, "the edge of the illuminated field"] = True
    vignetting: Annotated[bool, "less light towards the edge of the field"] = True
    dust: Annotated[bool, "rings of dust"] = True
    response: Annotated[bool, "a response that differs from pixel to pixel"] = True
    qe: Annotated[bool, "a sensitivity that differs between the chips"] = True
    chip_placement: Annotated[bool, "chips slightly off their catalogued places"] = True
    bad_pixels: Annotated[bool, "dead and hot pixels, bad columns"] = True
    failures: Annotated[bool, "amplifiers that had failed on the date of the exposure"] = True
    cosmic_rays: Annotated[bool, "muons, electrons that wander, and spots"] = True
    photon_noise: Annotated[bool, "Poisson noise of light and dark current"] = True
    saturation: Annotated[bool, "the full well of the pixels (the converter always ends)"] = True
    bleeding: Annotated[bool, "charge that runs along columns from full pixels"] = True
    gain: Annotated[bool, "each amplifier's gain; without it 1 e-/ADU"] = True
    bias_level: Annotated[bool, "each amplifier's bias level; without it one pedestal"] = True
    drift: Annotated[bool, "a bias that drifts along rows and from frame to frame"] = True
    pattern: Annotated[bool, "a fixed pattern in the bias"] = True
    overscan_trail: Annotated[bool, "light trailing into the first overscan columns"] = True
    read_noise: Annotated[bool, "noise of the amplifiers"] = True

    @classmethod
    def only(cls, *names: str) -> "Effects":
        """Return a model in which nothing but these effects is on."""
        check_known("effect", names, EFFECTS)
        return cls(**{name: name in names for name in EFFECTS})

    def including(self, *names: str) -> "Effects":
        """Return the same model with these effects switched on."""
        check_known("effect", names, EFFECTS)
        return replace(self, **dict.fromkeys(names, True))

    def without(self, *names: str) -> "Effects":
        """Return the same model with these effects switched off."""
        check_known("effect", names, EFFECTS)
        return replace(self, **dict.fromkeys(names, False))


EFFECTS: dict[str, str] = {
    name: hint.__metadata__[0]
    for name, hint in get_type_hints(Effects, include_extras=True).items()
}
"""What each effect is, by name."""
