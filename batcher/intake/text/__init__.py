"""A text to records: what its bytes are, what divides it, and where each cell ends."""
