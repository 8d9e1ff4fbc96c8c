"""Many rows at once, in one process: who is sent when, what is followed, how the run ends."""

from batcher.engine.canary import Canaries
from batcher.engine.knocking import knock
from batcher.engine.outcome import Outcome, outcome
from batcher.engine.progress import Counts, Observer, Progress, counts_of
from batcher.engine.running import run_rows

__all__ = ["Canaries", "Counts", "Observer", "Outcome", "Progress", "counts_of", "knock", "outcome", "run_rows"]
