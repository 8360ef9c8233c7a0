"""Every reason why a number is missing or doubtful: its name, what it means, what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Caveat:
    """A reason that stands beside a number.

    Attributes
    ----------
    name : str
        As it appears in the tables.
    meaning : str
        What was found.
    remedy : str
        What the user can do.
    """

    name: str
    meaning: str
    remedy: str


_ALL = (
    Caveat(
        "too_coarse",
        "the photo has fewer pixels per mm here than this metric needs",
        "fill the frame with the face or use a longer lens; recipe `coarse` measures texture from 2.5 px/mm",
    ),
    Caveat(
        "too_soft",
        "the photo resolves less than this metric needs, whatever its pixel count: out of focus, moved or enlarged",
        "focus on the skin, use a faster shutter, and don't enlarge the photo",
    ),
    Caveat(
        "sharpness_unknown",
        "too little skin in one piece, or nothing at all on it, to tell how sharp the photo is",
        "show more of the face or the skin; compare only with photos taken alike",
    ),
    Caveat(
        "softer_than_grid",
        "the photo is softer than the blur that the recipe brings every photo to: fine texture reads low",
        "compare only with photos of the same sharpness",
    ),
    Caveat(
        "too_small",
        "too little measurable skin in this zone",
        "check the overlay: hair, shine, shadow or a turned head may hide the zone",
    ),
    Caveat("not_visible", "the zone is turned away from the camera or outside the frame", "turn the head less"),
    Caveat(
        "little_measurable",
        "less than half of this zone could be measured",
        "check the overlay: hair, shine, shadow or a turned head may hide part of the zone",
    ),
    Caveat("slanted", "the skin here is seen at a steep angle", "take a photo from that side too"),
    Caveat(
        "distance_estimated",
        "the camera's distance is not known (no 35-mm focal length in EXIF) and was estimated from the face's "
        "perspective, to a factor of about two: zones nearer or farther than the eyes may be off by a few percent",
        "keep the EXIF data, or keep distance and lens the same at every visit",
    ),
    Caveat(
        "iris_unrefined",
        "the iris rim could not be fitted in the photo: the scale rests on the landmark model alone",
        "let light fall on the eyes and keep them open",
    ),
    Caveat(
        "irises_disagree",
        "the two irises give different scales; the one nearer to the landmark model was taken",
        "look straight into the camera, or give the scale with --px-per-mm",
    ),
    Caveat(
        "unlikely_scale",
        "at this scale the eyes lie farther apart, or nearer together, than people's do",
        "check the scale that you gave: pixels per millimetre at the eyes; or leave it to the iris",
    ),
    Caveat(
        "scale_unlike_iris",
        "the stated scale (or marker, or interpupillary distance) and the iris contradict each other by more than "
        "people's irises differ; the stated one was taken",
        "check what you stated: pixels per millimetre at the eyes, of this very file; or leave it to the iris",
    ),
    Caveat("several_faces", "more than one face was found; the largest was measured", "crop to one face"),
    Caveat(
        "subsampled_colour",
        "the file keeps colour at reduced resolution or compresses it much, which ruins the difference of red and blue",
        "store photos losslessly, or as JPEG 4:4:4 of quality 92 and more",
    ),
    Caveat("no_colour", "the photograph is grey", "use a colour photograph"),
    Caveat("undefined", "the metric is not defined for this signal (for instance: it has no variation)", "none"),
    Caveat(
        "hidden_noise",
        "the file's compression hides the camera's noise: its share is not taken off",
        "store photos losslessly or as JPEG of quality 95 and more",
    ),
)

CAVEATS = MappingProxyType({caveat.name: caveat for caveat in _ALL})
"""The registry, by name."""
