"""Workbooks and Parquet files to records: cells with a type, and what is hidden in them."""
