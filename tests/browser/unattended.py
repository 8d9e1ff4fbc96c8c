"""A house where payments come by themselves: a schedule, and an inbox with sheets that are paid, held and put aside."""

from tests.process.house import House, payouts, write_sheet

CONFIG = """
[schedules.monthly-incentives]
cron = "0 9 28 * *"
zone = "Europe/London"
file = "incentives-{period}.csv"
batch = "incentives-{period}"
ceilings = ["GBP 5000"]

[inboxes.payroll]
url = "inbox"
batch = "{name}"
ceilings = ["EUR 250", "GBP 1000"]

[inboxes.partners]
url = "partners"

[approval]
above = ["GBP 100"]
"""


def lay_unattended(house: House) -> None:
    """Have it pay once what lies in its inbox. Another inbox is not there at all."""
    (house.folder / "batcher.toml").write_text(CONFIG)
    inbox = house.folder / "inbox"
    inbox.mkdir()
    good, broken, large = payouts(3), payouts(3, start=10), payouts(1, start=20)
    broken[1]["Amount"], large[0]["Amount"] = "ten", "150.00"
    sheets = {"2026-03-bonus.csv": good, "bonus-of-the-warehouse.csv": broken, "2026-03-awards.csv": large}
    for name, rows in sheets.items():
        write_sheet(inbox / name, rows)
        (inbox / f"{name}.done").touch()
    house.batcher("schedule", "run-due")
