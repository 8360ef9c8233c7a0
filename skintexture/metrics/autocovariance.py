"""How a masked signal resembles itself at a distance: the one statistic behind bands, Sal and Str.

A window, a taper or a fill of what lies outside the mask would print the outline of the mask on the spectrum. Here each
lag is averaged over exactly those pairs of pixels that both lie inside, so the outline cancels: the expected value at
each lag is that of the texture, whatever the mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from skintexture.model import BoolImage, FloatArray, FloatImage


@dataclass(frozen=True, slots=True)
class Autocovariance:
    """Mean product of two pixels of the mask, by the way from one to the other.

    Attributes
    ----------
    values : (2 L + 1, L + 1) float64
        Row ``L + dy`` and column ``dx`` hold the lag ``(dy, dx)`` in pixels, ``-L ≤ dy ≤ L``, ``0 ≤ dx ≤ L``; the other
        half plane is its mirror image. Unit: the signal's, squared. Zero where no pair of pixels is that far apart.
    pairs : (2 L + 1, L + 1) float64
        How many pairs stand behind each value.
    """

    values: FloatArray
    pairs: FloatArray

    @property
    def lag_limit_px(self) -> int:
        return int(self.values.shape[1] - 1)

    @property
    def variance(self) -> float:
        """Variance over the mask."""
        return float(self.values[self.lag_limit_px, 0])


def autocovariance(centred: FloatImage, mask: BoolImage, lag_limit_px: int) -> Autocovariance:
    """Autocovariance of a masked signal, up to a largest lag.

    Parameters
    ----------
    centred : (H, W) float32
        Of mean zero over the mask, and zero outside it: see `skintexture.metrics.masked.centred`.
    mask : (H, W) bool
        With at least one pixel inside.
    lag_limit_px : int
        Largest lag along either axis.

    Returns
    -------
    Autocovariance
        ``C(d) = Σ m(x) m(x+d) s(x) s(x+d) / Σ m(x) m(x+d)`` with signal ``s`` and mask ``m``.

    Notes
    -----
    Both sums are correlations and taken by FFT in single precision; values are good to about 1e-6 of the variance.
    The counts follow the masked correlation of Padfield (2012), doi 10.1109/TIP.2011.2181402.

    Examples
    --------
    A chess board of one-pixel squares: neighbours differ, diagonal neighbours are alike.

    >>> import numpy as np
    >>> board = np.float32([[1, -1, 1, -1], [-1, 1, -1, 1]])
    >>> autocovariance(board, np.ones((2, 4), bool), 1).values.round(3).tolist()
    [[-1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]]
    """
    products = _self_correlation(centred, lag_limit_px)
    pairs = _pair_counts(np.packbits(mask).tobytes(), mask.shape, lag_limit_px)
    values = np.divide(products, pairs, out=np.zeros_like(products), where=pairs > 0)
    return Autocovariance(values, pairs)


@lru_cache(maxsize=2)
def _pair_counts(packed_mask: bytes, shape: tuple[int, int], lag_limit_px: int) -> FloatArray:
    """Count the pairs of masked pixels at each lag; kept, since every channel of a zone has the same mask."""
    mask = np.unpackbits(np.frombuffer(packed_mask, np.uint8), count=shape[0] * shape[1]).reshape(shape)
    pairs = np.rint(_self_correlation(mask.astype(np.float32), lag_limit_px))
    pairs.setflags(write=False)
    return pairs


def _self_correlation(image: FloatImage, lag_limit_px: int) -> FloatArray:
    """Sum of products with itself, at the lags of the half plane.

    The power is real, so a lag up is the conjugate of the lag down; and only the small block of lags that is wanted
    passes the second half of the inverse transform.
    """
    height = fft.next_fast_len(max(image.shape[0], lag_limit_px + 1) + lag_limit_px, real=True)
    width = fft.next_fast_len(image.shape[1] + lag_limit_px, real=True)
    spectrum = fft.fft(fft.rfft(image, n=width, axis=1), n=height, axis=0, overwrite_x=True)
    power: NDArray[np.float32] = spectrum.real**2 + spectrum.imag**2
    upward = fft.rfft(power, axis=0)[: lag_limit_px + 1]
    by_row = np.concatenate([upward[:0:-1], upward.conj()])
    block = fft.irfft(by_row, n=width, axis=1)[:, : lag_limit_px + 1]
    return np.asarray(block, dtype=np.float64) / height
