"""Periodic reports: prepared from the data, confirmed or corrected, signed, summed, chased when late, and kept in versions."""
