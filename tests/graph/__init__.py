"""Tests of ``converters.graph``."""
