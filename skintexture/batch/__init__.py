"""Many jobs, one outcome each, in this process, on all cores or on a cluster."""

from skintexture.batch.drive import as_they_end, run
from skintexture.batch.engines import Engine, InProcess, SpawnPool, Threads, one_per_core
from skintexture.batch.outcomes import Outcome, Refused

__all__ = ["Engine", "InProcess", "Outcome", "Refused", "SpawnPool", "Threads", "as_they_end", "one_per_core", "run"]
