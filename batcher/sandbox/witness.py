"""What the sandbox saw: every POST, whatever became of it, and how many of everything else."""

from collections import Counter
from dataclasses import dataclass


@dataclass(slots=True)
class Post:
    """One `POST /order`, as it arrived and as it was answered."""

    number: int
    """Counts all of them from 1."""
    nth: int
    """Counts those with its key from 1."""
    key: str
    """The idempotency key; empty where none was sent."""
    clock_s: float
    """Arrival by the sandbox's clock, in seconds since 1970."""
    monotonic_s: float
    """Arrival in real monotonic seconds, which nobody can move."""
    status: int | None = None
    """The status that was answered; `None` where the caller got none."""
    wire: str = ""
    """What the connection did."""
    fault: str | None = None
    """The fault that struck it."""
    order_id: str | None = None
    """The order that the true reply names: made by this request, or replayed."""
    made: bool = False
    """Whether this very request made the order."""


class Witness:
    """Counts and keeps."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.reads: Counter[str] = Counter()
        self._per_key: Counter[str] = Counter()
        self._all_reads = 0
        self._list_reads = 0

    def post_arrived(self, key: str, now_s: float, monotonic_s: float) -> Post:
        """Write down one `POST /order`."""
        self._per_key[key] += 1
        post = Post(len(self.posts) + 1, self._per_key[key], key, now_s, monotonic_s)
        self.posts.append(post)
        return post

    def read_arrived(self, target: str) -> tuple[int, int]:
        """Write down one read: which one of this target it is, and which one of all."""
        self.reads[target] += 1
        self._all_reads += 1
        return self.reads[target], self._all_reads

    def list_arrived(self) -> int:
        """Write down one read of the order list: which one of all its pages it is."""
        self._list_reads += 1
        return self._list_reads
