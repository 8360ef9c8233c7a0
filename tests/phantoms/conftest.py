"""What the tests of phantoms share."""

from pathlib import Path

import numpy as np
import pytest

from skintexture.phantoms.faces import grow_person
from skintexture.phantoms.samples import SUBJECTS


@pytest.fixture(scope="session")
def person():
    """The first sample subject, grown once for all tests; nothing of it is ever changed."""
    return grow_person(SUBJECTS["s01"])


@pytest.fixture(scope="session")
def landmarker():
    """The landmark model as such, so that the pictures are judged by it and not by this package's use of it."""
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision

    model = Path(__file__).parents[2] / "skintexture" / "assets" / "face_landmarker.task"
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), output_face_blendshapes=True, num_faces=2
    )
    with vision.FaceLandmarker.create_from_options(options) as model_runner:
        yield lambda rgb: model_runner.detect(
            mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        )
