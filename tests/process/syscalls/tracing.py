"""What `strace` is asked for, and what it says.

Each thread is traced into a file of its own, so that no line is ever cut in two by another thread's.
"""

import codecs
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ATTACH_S = 30.0
_ATTACHED = re.compile(rb"attached")

_LINE = re.compile(
    r"(?P<began>\d+\.\d{9}) (?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>\?|-?\d+|0x[0-9a-f]+)"
    r"(?:<[^>]*>)?(?: (?P<error>E[A-Z0-9]+|ERESTART\w*))?(?P<rest>.*?)(?: <(?P<took>\d+\.\d{9})>)?$",
    re.DOTALL,
)
_DESCRIPTOR = re.compile(r"(\d+)<(.*?)>(?:, |$)")
_NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of one thread."""

    thread: int
    """Of the process: 0 is its main thread, then as they were started."""
    name: str
    arguments: str
    """As `strace` writes them."""
    result: int | None
    """`None` where it never returned."""
    error: str | None
    """Such as `ENOSPC`."""
    injected: bool
    """Whether the error is ours: the call itself was never made."""
    began_ns: int
    ended_ns: int
    """Both since 1970. A call that never returned ends when it began."""

    @property
    def path(self) -> str:
        """What it is about: the file or socket of its descriptor, else the first name that it gives; empty for none."""
        if self.arguments.startswith("AT_FDCWD"):
            named = _NAMED.search(self.arguments)
            return "" if named is None else named[1]
        if (found := _DESCRIPTOR.match(self.arguments)) is not None:
            return found[2]
        named = _NAMED.search(self.arguments)
        return "" if named is None else named[1]

    @property
    def data(self) -> bytes:
        """The bytes of its first string."""
        found = _NAMED.search(self.arguments)
        return b"" if found is None else codecs.escape_decode(found[1].encode("latin-1"))[0]

    @property
    def numbers(self) -> list[int]:
        """Its last arguments, as far as they are numbers."""
        return [int(each) for each in re.findall(r", (-?\d+)(?=,|$)", self.arguments)]


def why_not() -> str | None:
    """Why nothing can be traced on this machine; `None` where it can."""
    if shutil.which("strace") is None:
        return "there is no strace on this machine"
    tried = subprocess.run(
        ["strace", "-f", "-o", "/dev/null", "-e", "inject=chdir:error=EIO:when=1", sys.executable, "-c", ""],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()}"


def inject(calls: Iterable[str], what: str, when: str) -> list[str]:
    """The option that strikes the `when`th of these calls of a thread; `5+` is the fifth and all after it."""
    return ["-e", f"inject={','.join(calls)}:{what}:when={when}"]


class Tracer:
    """`strace` on one thread, or on a process with all the threads that it starts."""

    def __init__(
        self,
        tid: int,
        output: Path,
        *,
        calls: Sequence[str],
        follow: bool = False,
        shown: int = 64,
        more: Sequence[str] = (),
    ) -> None:
        """Return once it is attached. With `follow`, the output is `OUTPUT.TID` for each thread."""
        self._process = subprocess.Popen(
            [
                *("strace", "-p", str(tid), "-o", str(output), "-y", "-T", "-s", str(shown)),
                *("--absolute-timestamps=format:unix,precision:ns", "--syscall-times=ns"),
                *(["-ff"] if follow else []),
                *("-e", f"trace={','.join(calls)}", "-e", "signal=none", *more),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        assert _ATTACHED.search(said), said

    def wait(self) -> None:
        """Return once everything it traces has ended and its file is whole."""
        self._process.communicate(timeout=ATTACH_S)


def read(output: Path, thread: int) -> Iterator[Call]:
    """The calls of one thread's file."""
    for line in output.read_text(encoding="latin-1").splitlines():
        if (found := _LINE.match(line)) is None:
            continue
        began_ns = int(found["began"].replace(".", ""))
        took_ns = int((found["took"] or "0.000000000").replace(".", ""))
        result = None if found["result"] == "?" else int(found["result"], 0)
        yield Call(
            thread=thread,
            name=found["name"],
            arguments=found["arguments"],
            result=result,
            error=found["error"],
            injected="(INJECTED)" in found["rest"],
            began_ns=began_ns,
            ended_ns=began_ns + took_ns,
        )


def read_all(output: Path, main: int) -> list[Call]:
    """The calls of all threads of a process that was followed, by the time at which they began."""
    files = sorted(output.parent.glob(f"{output.name}.*"), key=lambda file: int(file.suffix[1:]))
    others = [file for file in files if file.suffix != f".{main}"]
    ordered = [output.with_name(f"{output.name}.{main}"), *others]
    calls = [call for thread, file in enumerate(ordered) for call in read(file, thread)]
    return sorted(calls, key=lambda call: call.began_ns)


def now_s() -> float:
    """Real seconds, to measure by."""
    return time.monotonic()  # noqa: TID251 - real processes take real time
