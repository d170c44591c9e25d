"""Reduction steps: one effect a module, each a pure function."""
