"""Find the same skin in two photos of a face.

Landmarks say roughly where each point of one photo lies in the other, to half a millimetre. From there the skin's own
texture leads: a dense optical flow, to some hundredths of a millimetre. Only coordinates come out of it; what is
measured is read from each photo's own pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from skintexture.locate.agreement import WHOLLY, Sameness, ZoneResidual, sameness, scale_ratio, zone_residual
from skintexture.locate.canonical import mirror_points
from skintexture.locate.common_frame import BARE, Look, at_frame, bare_at, common_frame, look
from skintexture.locate.correspondence import Correspondence, Sheet, correspondence, places_of
from skintexture.locate.cut import PAIRED_CHROMA_QUALITY
from skintexture.locate.flow import (
    Band,
    Flows,
    Texture,
    disagreement_px,
    flow_between,
    halved,
    level_texture,
    steady,
)
from skintexture.locate.grid import Grid
from skintexture.locate.scene import Scene
from skintexture.model import BoolImage, Face, FloatArray, FloatImage, Zone
from skintexture.params import Millimetres, Params, PxPerMm

Side = Literal["before", "after"]

# An error beyond this says no more than "lost".
_LOST_MM = 10.0


class RegistrationParams(Params):
    """How two photos of a face are registered, and when that counts as found.

    Attributes
    ----------
    px_per_mm : float
        Working resolution, or that of the coarser photo where it has less; all lengths of texture then grow in
        proportion. The first stage has half the resolution, and looks at twice the lengths.
    fine_mm, coarse_mm : float
        σ of the two Gaussians whose difference is followed at the working resolution.
    start_coarse_mm : float
        The second of them for the first stage, which has farther to look.
    level_mm : float
        σ of the Gaussian over which the texture's strength is evened out.
    drift_mm : float
        σ over which the drift of shine is averaged that colour shows and luminance hides.
    tile_mm : float
        Side of the tiles that are kept or refused as a whole.
    max_error_mm : float
        Mean error, there and back, up to which a tile is kept.
    min_correlation : float
        Of the registered texture, below which it is not the same skin.
    max_median_error_mm : float
        Median error, there and back, beyond which it is not the same skin.
    match_mm : float
        Pores are matched that come to lie within this distance.
    """

    px_per_mm: PxPerMm
    fine_mm: Millimetres
    coarse_mm: Millimetres
    start_coarse_mm: Millimetres
    level_mm: Millimetres
    drift_mm: Millimetres
    tile_mm: Millimetres
    max_error_mm: Millimetres
    min_correlation: Annotated[float, Field(ge=-1, le=1)]
    max_median_error_mm: Millimetres
    match_mm: Millimetres

    @model_validator(mode="after")
    def _bands_rise(self) -> Self:
        if not self.fine_mm < self.coarse_mm <= self.start_coarse_mm:
            raise ValueError("fine_mm must be below coarse_mm, and that not above start_coarse_mm")
        return self


@dataclass(frozen=True, slots=True)
class Registration:
    """Where each point of one photo lies in the other.

    Attributes
    ----------
    scale_ratio : float
        Pixels per mm of the after photo by those of the before photo, as the skin itself shows it.
    px_per_mm : tuple of float
        Of the before and the after photo, as their own scales have it. Should their ratio differ from
        ``scale_ratio``, one of the scales is wrong.
    sameness : Sameness
        Whether it is the same skin at all.
    onward, back : Correspondence
        From the before photo to the after photo, and the other way. Each has its own flow.
    max_error_mm : float
        Local error up to which `trusted_at` trusts.
    """

    scale_ratio: float
    px_per_mm: tuple[float, float]
    sameness: Sameness
    onward: Correspondence
    back: Correspondence
    max_error_mm: float

    def _from(self, side: Side) -> Correspondence:
        return self.onward if side == "before" else self.back

    def carry(self, points_px: FloatArray, *, to: Side) -> FloatArray:
        """Carry points of one photo into the other.

        Parameters
        ----------
        points_px : (N, 2) float64
            ``(y, x)`` in the photo that is not ``to``.
        to : {"before", "after"}

        Returns
        -------
        (N, 2) float64
            ``(y, x)`` in the photo ``to``; nan where the way leads outside either photo's face.
        """
        shift = self._from(_other(to)).shift_px.at(points_px)
        return np.asarray(points_px + shift, np.float64)

    def carry_grid(self, grid: Grid, *, to: Side) -> FloatImage:
        """Carry an even grid on the other photo into the photo ``to``.

        Parameters
        ----------
        grid : Grid
        to : {"before", "after"}

        Returns
        -------
        (h, w, 2) float32
            ``(y, x)`` in the photo ``to``; nan outside.
        """
        return np.asarray(places_of(grid) + self.shift_grid(grid, to=to), np.float32)

    def shift_grid(self, grid: Grid, *, to: Side) -> FloatImage:
        """By how much an even grid on the other photo is shifted in the photo ``to``.

        Parameters
        ----------
        grid : Grid
        to : {"before", "after"}

        Returns
        -------
        (h, w, 2) float32
            ``(y, x)`` in pixels: what `carry_grid` gives less the grid's own places; nan outside. Of a photo laid over
            itself it is exactly 0.
        """
        return self._from(_other(to)).shift_px.at(grid)

    def error_mm_at(self, places: Grid | FloatArray, *, side: Side) -> FloatImage:
        """Error there and back, in mm at the eyes of the before photo.

        Parameters
        ----------
        places : Grid or (N, 2) float64
            On the photo ``side``.
        side : {"before", "after"}

        Returns
        -------
        (h, w) or (N,) float32
            nan outside.
        """
        return self._from(side).error_mm.at(places)

    def shared_at(self, places: Grid | FloatArray, *, side: Side) -> BoolImage:
        """Whether both photos show bare skin at each place.

        Parameters
        ----------
        places : Grid or (N, 2) float64
            On the photo ``side``.
        side : {"before", "after"}

        Returns
        -------
        (h, w) or (N,) bool
        """
        return np.asarray(self._from(side).shared.at(places) > BARE)

    def trusted_at(self, places: Grid | FloatArray, *, side: Side) -> BoolImage:
        """Whether the tile around each place is registered: its error there and back is within the limit.

        Parameters
        ----------
        places : Grid or (N, 2) float64
            On the photo ``side``.
        side : {"before", "after"}

        Returns
        -------
        (h, w) or (N,) bool
        """
        return np.asarray(self._from(side).local_error_mm.at(places) <= self.max_error_mm)

    def jacobian_at(self, places: Grid | FloatArray, *, side: Side) -> FloatImage:
        """Pixels that a piece of skin covers in the after photo, by those in the before photo.

        Parameters
        ----------
        places : Grid or (N, 2) float64
            On the photo ``side``.
        side : {"before", "after"}

        Returns
        -------
        (h, w) or (N,) float32
            nan outside. Divide an area in pixels of the after photo by it to have it in pixels of the before photo.
        """
        ratio = self._from(side).area_ratio.at(places)
        return ratio if side == "before" else np.asarray(1.0 / ratio, np.float32)

    def residuals(self, zones: Iterable[Zone]) -> tuple[ZoneResidual, ...]:
        """How well each zone is registered.

        Parameters
        ----------
        zones : iterable of Zone
            Of the before photo.

        Returns
        -------
        tuple of ZoneResidual
            In the order of the zones.
        """
        return tuple(zone_residual(self.onward, zone, self.max_error_mm) for zone in zones)


def _other(side: Side) -> Side:
    return "after" if side == "before" else "before"


def register(before: Scene, after: Scene, faces: tuple[Face, Face], params: RegistrationParams) -> Registration:
    """Find the same skin in two photos of a face.

    Parameters
    ----------
    before, after : Scene
    faces : tuple of Face
        Of the before and the after photo.
    params : RegistrationParams

    Returns
    -------
    Registration
        Also where the two are not the same skin: see its ``sameness``.
    """
    found = _registered(before, after, faces, params)
    if found.sameness.same:
        return found
    # A selfie may be stored as its mirror image, and a person is as much alike as that: say so.
    turned_over = _registered(before, after, (faces[0], _turned_over(faces[1])), params)
    return replace(found, sameness=replace(found.sameness, mirrored=turned_over.sameness.same))


def _turned_over(face: Face) -> Face:
    """Take each landmark for that across the face."""
    points = face.points_px.copy()
    points[: len(mirror_points())] = points[mirror_points()]
    return replace(face, points_px=points)


def _registered(before: Scene, after: Scene, faces: tuple[Face, Face], params: RegistrationParams) -> Registration:
    frame = common_frame((before, after), faces, params.px_per_mm)
    here = places_of(frame.before)
    looks = look(before, here, frame.px_per_mm), look(after, frame.start(here), frame.px_per_mm)
    textures = [_textures(seen.light, params) for seen in looks]
    flows = flow_between(textures[0], textures[1]), flow_between(textures[1], textures[0])
    photos = (before.photo, after.photo)
    if all(photo.has_colour and photo.chroma_quality >= PAIRED_CHROMA_QUALITY for photo in photos):
        flows = _steadied(flows, looks, params)
    errors_mm = [np.minimum(disagreement_px(flows[k], flows[1 - k]) / frame.px_per_mm, _LOST_MM) for k in (0, 1)]
    tile_px = params.tile_mm * frame.px_per_mm
    onward_px, back_px = frame.onward_px(flows[0], after.photo), frame.back_px(flows[1], before.photo)
    error_back_mm = _finite(at_frame(errors_mm[1], frame.after_in_frame), _LOST_MM)
    onward = correspondence(onward_px, _shared(onward_px, before, after), errors_mm[0], tile_px)
    back = correspondence(back_px, _shared(back_px, after, before), error_back_mm, tile_px)
    return Registration(
        scale_ratio=scale_ratio(onward, before, after, params.max_error_mm),
        px_per_mm=(before.scale.px_per_mm, after.scale.px_per_mm),
        sameness=sameness(
            (textures[0][0], textures[1][0]),
            flows[0],
            onward,
            min_correlation=params.min_correlation,
            max_error_mm=params.max_median_error_mm,
        ),
        onward=onward,
        back=back,
        max_error_mm=params.max_error_mm,
    )


def _textures(light: FloatImage, params: RegistrationParams) -> tuple[Texture, Texture]:
    """Levelled texture at half the working resolution, and at the whole."""
    return _levelled(halved(light), params.start_coarse_mm, params), _levelled(light, params.coarse_mm, params)


def _levelled(light: FloatImage, coarse_mm: float, params: RegistrationParams) -> Texture:
    # In pixels of the resolution asked for: a coarser photo is followed by coarser texture.
    per_px = params.px_per_mm
    return level_texture(light, Band(params.fine_mm * per_px, coarse_mm * per_px, params.level_mm * per_px))


def _steadied(flows: Flows, looks: tuple[Look, Look], params: RegistrationParams) -> Flows:
    """Take the drift of shine off the flows."""
    colour = [_levelled(halved(seen.colour), params.coarse_mm, params) for seen in looks]
    where = halved((looks[0].plain & looks[1].plain).astype(np.float32)) > WHOLLY
    return steady(flows, (colour[0], colour[1]), where, params.drift_mm * params.px_per_mm / 2)


def _finite(values: FloatImage, instead: float) -> FloatImage:
    return np.where(np.isfinite(values), values, np.float32(instead)).astype(np.float32)


def _shared(shift_px: Sheet, here: Scene, there: Scene) -> FloatImage:
    """1 where both photos show bare skin."""
    places = places_of(shift_px.grid)
    shared = (bare_at(here, places) > BARE) & (bare_at(there, places + shift_px.values) > BARE)
    return np.asarray(shared, np.float32)
