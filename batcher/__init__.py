"""batcher turns a spreadsheet of payouts into Runa orders: each row is paid once, whatever breaks."""

__version__ = "0.1.0"
