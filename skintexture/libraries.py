"""The libraries that decide a number."""

DECIDING_LIBRARIES = ("mediapipe", "numpy", "opencv-python-headless", "pillow", "scikit-image", "scipy")
"""Names of their distributions. Another version of one of them may measure something else."""
