"""Tests of ``converters.model``."""
