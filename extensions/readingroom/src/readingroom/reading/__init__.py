"""The rules of reading: pure functions over frozen values, and what has to be kept of a read."""
