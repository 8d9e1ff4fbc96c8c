"""Uploaded sheets: where they are kept, how they are read, and what a person has said of that.

uploads   the files themselves, under random names, for their owner only
mappings  columns as a person has matched them once, for sheets with the same header
readings  a sheet read and checked, beside the server and not in its way
outlining how a sheet is read, as the page shows it
saying    what a person says of a sheet in a form
grid      problems at their cells, page by page
"""
