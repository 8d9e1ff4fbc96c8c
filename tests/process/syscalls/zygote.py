"""A process that has imported everything and becomes `batcher` by a fork: a run without the second that imports take.

The fork is the real command from there on: its own arguments, environment, folder, outputs, interpreter end and exit
code. It can be held at a gate, so that a tracer is attached before its first step, or before that of one thread of it.
"""

import atexit
import gc
import importlib
import itertools
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

DEADLINE_S = 120.0
"""How long a run may take before it counts as hanging."""

ROOT = Path(__file__).parents[3]


class Hung(AssertionError):
    """A run that did not end in time; it is killed before this is raised."""


class Gate:
    """Where a run waits to be traced: `thread` 0 is its main thread, from 1 on those it starts, as they are started."""

    def __init__(self, folder: Path, thread: int) -> None:
        self.fifo, self.thread = folder / "gate", thread
        self._note = folder / "gate.tid"
        for left in (self.fifo, self._note):
            left.unlink(missing_ok=True)
        os.mkfifo(self.fifo)

    def waiting(self) -> int | None:
        """The id of the thread that waits here, once it does."""
        return int(self._note.read_text()) if self._note.exists() else None

    def open(self) -> None:
        """Let it go on."""
        gate = os.open(self.fifo, os.O_RDWR)
        os.write(gate, b"!")
        os.close(gate)


class Zygote:
    """The process that forks, as the campaign sees it: one run at a time."""

    def __init__(self, root: Path = ROOT) -> None:
        ours, theirs = socket.socketpair()
        # Threads of a number library would not live on in a fork.
        environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.process.syscalls.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=root,
            env=environ,
        )
        theirs.close()
        self._control = ours
        self._replies = ours.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._replies.close()
        self._control.close()
        self._process.wait(DEADLINE_S)

    def learn(self, modules: Sequence[str]) -> None:
        """Import these, as far as they can be, before the next fork."""
        self._say({"import": list(modules)})
        self._reply()

    def start(self, command: "Command", gate: Gate | None = None, *, brief: bool = False) -> "Forked":
        """Fork, and do not wait. `brief`: once the command is done, do not take the interpreter down in good order."""
        held = None if gate is None else {"fifo": str(gate.fifo), "thread": gate.thread}
        self._say({**command.document(), "gate": held, "brief": brief})
        return Forked(self._reply(), self)

    def _say(self, document: Mapping[str, Any]) -> None:
        self._control.sendall(json.dumps(document).encode() + b"\n")

    def _reply(self) -> int:
        return int(self._replies.readline())

    def ended(self, within_s: float) -> int | None:
        """How the run ended, as `subprocess` says it; `None` where it still runs."""
        ready, _, _ = select.select([self._control], [], [], within_s)
        return os.waitstatus_to_exitcode(self._reply()) if ready else None


class Command:
    """A command line with all that surrounds it."""

    def __init__(self, arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str]) -> None:
        self.arguments, self.folder, self.environ = tuple(arguments), folder, dict(environ)
        self.out, self.err = folder / "out.txt", folder / "err.txt"

    def document(self) -> dict[str, Any]:
        """For the zygote."""
        outputs = {"out": str(self.out), "err": str(self.err)}
        return {"arguments": self.arguments, "folder": str(self.folder), "environ": self.environ, **outputs}


class Forked:
    """A run that was forked."""

    def __init__(self, pid: int, zygote: Zygote) -> None:
        self.pid = pid
        self._zygote = zygote
        self._code: int | None = None

    def ended(self, within_s: float = 0.0) -> bool:
        """Whether it has ended; waits so long at the most."""
        if self._code is None:
            self._code = self._zygote.ended(within_s)
        return self._code is not None

    def wait(self, deadline_s: float = DEADLINE_S) -> int:
        """The exit code, or less than zero for a signal."""
        if not self.ended(deadline_s):
            os.kill(self.pid, 9)
            self.ended(DEADLINE_S)
            raise Hung(f"The run did not end within {deadline_s:.0f} s.")
        assert self._code is not None
        return self._code

    def at_gate(self, gate: Gate, deadline_s: float = DEADLINE_S) -> int | None:
        """The thread that waits at the gate; `None` where the run has ended before any did."""
        end_s = time.monotonic() + deadline_s  # noqa: TID251 - real processes take real time
        while not self.ended(0.001):
            if (tid := gate.waiting()) is not None:
                return tid
            if time.monotonic() > end_s:  # noqa: TID251 - as above
                self.wait(0.0)
        return None


def _hold(fifo: Path) -> None:
    gate = os.open(fifo, os.O_RDWR)
    note = fifo.with_suffix(".new")
    note.write_text(str(threading.get_native_id()))
    note.rename(fifo.with_suffix(".tid"))
    os.read(gate, 1)
    os.close(gate)


def _hold_thread(fifo: Path, wanted: int) -> None:
    numbers = itertools.count(1)

    def began(_frame: FrameType, _event: str, _argument: object) -> None:
        sys.setprofile(None)
        if next(numbers) == wanted:
            _hold(fifo)

    threading.setprofile(began)


def _become(order: Mapping[str, Any]) -> None:
    """Be the command; nothing of the zygote is left but what it has imported."""
    for number, path in ((1, order["out"]), (2, order["err"])):
        output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(output, number)
        os.close(output)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.chdir(order["folder"])
    learned = order["environ"].pop("LEARNED", None)
    os.environ.clear()
    os.environ.update(order["environ"])
    if learned:
        atexit.register(lambda: Path(learned).write_text("\n".join(sys.modules)))
    sys.argv[:] = ["batcher", *order["arguments"]]
    if (gate := order["gate"]) is not None:
        fifo = Path(gate["fifo"])
        _hold(fifo) if gate["thread"] == 0 else _hold_thread(fifo, gate["thread"])
    try:
        runpy.run_module("batcher", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if not order["brief"]:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 1)


def _import(names: Sequence[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001, S112 - what cannot be imported alone is imported by the run itself
            continue


def _serve(control: socket.socket) -> Mapping[str, Any] | None:
    """Fork for every order; gives the order in the fork, `None` in the zygote once nobody asks any more."""
    orders = control.makefile("rb")
    while line := orders.readline():
        order: dict[str, Any] = json.loads(line)
        if (names := order.get("import")) is not None:
            _import(names)
            # What is never looked at again is never copied for a fork.
            gc.collect()
            gc.freeze()
            control.sendall(b"0\n")
            continue
        pid = os.fork()
        if pid == 0:
            orders.close()
            control.close()
            return order
        control.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        control.sendall(b"%d\n" % status)
    return None


if __name__ == "__main__":
    given = _serve(socket.socket(fileno=int(sys.argv[1])))
    if given is not None:
        _become(given)
