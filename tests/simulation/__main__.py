"""Many seeds, or one of them told: `python -m tests.simulation --seeds 10000 --workers 2`, `… --seed 17`."""

import argparse
import sys
import time

from tests.simulation.campaign import campaign


def main() -> int:
    """Run what the arguments say; 1 where a law was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many, from --first on")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, help="live this one alone, and tell its story")
    given = parser.parse_args()
    if given.seed is not None:
        return _one(given.seed)
    began_s = time.monotonic()  # noqa: TID251 - how long it took is told, nothing hangs on it
    seeds, broken = range(given.first, given.first + given.seeds), []
    for number, told in enumerate(campaign(seeds, given.workers), 1):
        if told.broken:
            broken.append(told.seed)
            print(f"\nseed {told.seed}: a law was broken. Again: python -m tests.simulation --seed {told.seed}")
            print(f"{told.story}\n", flush=True)
        if number % 500 == 0:
            print(f"{number} seeds, {len(broken)} broken", flush=True)
    took_s = time.monotonic() - began_s  # noqa: TID251 - as above
    print(f"{len(seeds)} seeds from {given.first}: {len(broken)} broken {broken or ''} in {took_s:.0f} s")
    if not broken:
        print(f"No failure in {len(seeds)} random stories: with 95 % confidence fewer than {3 / len(seeds):.2%} fail.")
    return 1 if broken else 0


def _one(seed: int) -> int:
    """Live one seed and tell its story, whatever comes of it."""
    (told,) = campaign(range(seed, seed + 1), 1)
    print(told.story)
    if not told.broken:
        print(f"every law held; digest {told.digest}")
    return 1 if told.broken else 0


if __name__ == "__main__":
    sys.exit(main())
