"""Measurements: how fast each part is, as a ratio to a floor or a named peer in the same run."""
