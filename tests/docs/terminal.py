"""What a terminal shows of a command: run on a real one, its text with its colours, and the picture in the README.

`python -m tests.docs.terminal > docs/demo.svg` draws the picture anew.
"""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS, LINES = 104, 60
_UP, _ERASE = "\x1b[1A", "\x1b[2K"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_OTHER_CONTROLS = re.compile(r"\x1b\[\??[0-9;]*[A-Za-ln-z]")


def shown(command: list[str]) -> str:
    """What `command` leaves on a terminal, colours included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BATCHER_")}
    environ |= {"TERM": "xterm-256color", "TMPDIR": "/tmp"}  # noqa: S108 - so that no other path is in the picture
    environ.pop("NO_COLOR", None)
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environ)
    os.close(theirs)
    output = bytearray()
    try:
        while piece := os.read(ours, 4096):
            output += piece
    except OSError:
        pass  # how Linux says that the other end is closed
    finally:
        os.close(ours)
    if process.wait() != 0:
        raise RuntimeError(f"{command} ended with exit code {process.returncode}:\n{output.decode()}")
    return _settled(output.decode())


def _settled(text: str) -> str:
    """The lines as they are at the end: a view that is redrawn goes up, erases, and writes again."""
    lines = [""]
    for part in re.split(r"(\x1b\[1A|\x1b\[2K|\r\n|\r|\n)", text):
        if part == _UP:
            lines.pop()
        elif part == _ERASE:
            lines[-1] = ""
        elif part in {"\r\n", "\n"}:
            lines.append("")
        elif part != "\r":
            lines[-1] += _OTHER_CONTROLS.sub("", part)
    return "\n".join(lines).rstrip()


def plain(text: str) -> str:
    """The same without colours."""
    return _COLOURS.sub("", text)


def drawn(text: str, title: str) -> str:
    """The text as a picture of a terminal. No font is fetched from anywhere: any fixed-width one will do."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(text))
    svg = console.export_svg(title=title, unique_id="demo")
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def demo() -> str:
    """What `batcher demo` shows."""
    return shown([sys.executable, "-m", "batcher", "demo"])


def remove_folder_of(text: str) -> None:
    """Take away the folder that a demo has left, which it names."""
    found = re.search(r"/tmp/batcher-demo-\w+", plain(text))  # noqa: S108 - as above
    if found is not None:
        shutil.rmtree(Path(found[0]))


if __name__ == "__main__":
    recorded = demo()
    remove_folder_of(recorded)
    sys.stdout.write(drawn(recorded, "batcher demo"))
