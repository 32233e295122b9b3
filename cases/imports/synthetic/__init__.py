"""Synthetic but lifelike files for tests and the demo, which go in through the importers."""

from cases.imports.synthetic.write import DemoData, write_demo_data

__all__ = ["DemoData", "write_demo_data"]
