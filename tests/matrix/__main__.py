"""Writes `docs/faults.md`: `python -m tests.matrix`."""

from tests.matrix.page import PAGE, page

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE} is written")
