"""The whole of batcher in one simulated world: see `tests.simulation.story` for what a seed decides.

    process   a process as a context of tasks on a virtual loop, that can be killed between any two of its steps
    disk      the ledger's own SQLite, with kills and disk errors at its commits
    wire      httpx's transport onto the sandbox's logic, with a network that delays, loses, cuts and repeats
    world     the above, the sandbox, the sheet, and the clocks that all of them go by
    laws      what must hold after every step
    life      one process from start to end, as `batcher run`, `resume` and `reconcile` do it
    story     what a seed decides: what the world is like and what happens in it, one thing after the other

`python -m tests.simulation --seeds 10000` runs many, `--seed 17` runs one again and prints its story.
"""
