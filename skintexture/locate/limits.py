"""How far two photos may differ before their numbers can't be compared: the options of the judge of a pair."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from skintexture.params import Fraction, Params, PositiveFloat


class Limit(Params):
    """From where a mismatch is named, and from where it makes numbers not comparable.

    Attributes
    ----------
    caveat : float
    refuse : float
        Not below ``caveat``.
    """

    caveat: PositiveFloat
    refuse: PositiveFloat

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.refuse < self.caveat:
            raise ValueError(f"refuse = {self.refuse:g} is below caveat = {self.caveat:g}")
        return self


class ComparabilityParams(Params):
    """Limits of every mismatch between two photos. ``…_ratio``: the larger by the smaller, 1 is equal.

    Attributes
    ----------
    blur_mm : Limit
        σ that separates their sharpness, at brows, lids and lips. What is less is equalised.
    blur_misfit_pct : Limit
        By how much their sharpness departs from a Gaussian blur.
    shake_mm : Limit
        σ of blur along one direction beyond that across it.
    sharpening : Limit
        Share of the finest detail that was added to one of them.
    contrast_pct : Limit
        Of the picture: change of the range of log luminance from lashes to skin.
    noise_ratio : Limit
    detail_loss_pct, noise_share : Limit, float
        Noise reduction: loss of the finest skin detail beyond what focus explains, where noise is lost too, and at
        least this share of it (of the logarithms).
    jpeg_loss : Limit
        100 − JPEG quality of the worse one.
    blockiness : Limit
        Of the worse one, whatever its file claims.
    exposure_stops : Limit
    clipped_pct : Limit
        Share of the face, of the worse one.
    shading_pct : Limit
        Scatter over the face of the change of light.
    shine_pct : Limit
    colour_pct : Limit
        Cast of colour.
    evenness_pct : Limit
        Make-up: change of the scatter of the skin's colour.
    distance_ratio, outer_distance_ratio : Limit
        For zones that face the camera, and for temples and jawlines, which perspective hides.
    pose_deg, slant_deg : Limit
        Of the head, and of a zone.
    expression, smile : Limit
        Difference of the landmark model's blendshapes (0 … 1). Smiles are read more surely than the others.
    blink : Limit
    hidden_share : Limit
        By which a zone's measurable share differs.
    resolution_ratio : Limit
    scale_pct : Limit
        By which the two scales disagree with the registered skin.
    """

    blur_mm: Limit
    blur_misfit_pct: Limit
    shake_mm: Limit
    sharpening: Limit
    contrast_pct: Limit
    noise_ratio: Limit
    detail_loss_pct: Limit
    noise_share: Fraction
    jpeg_loss: Limit
    blockiness: Limit
    exposure_stops: Limit
    clipped_pct: Limit
    shading_pct: Limit
    shine_pct: Limit
    colour_pct: Limit
    evenness_pct: Limit
    distance_ratio: Limit
    outer_distance_ratio: Limit
    pose_deg: Limit
    slant_deg: Limit
    expression: Limit
    smile: Limit
    blink: Limit
    hidden_share: Limit
    resolution_ratio: Limit
    scale_pct: Limit
