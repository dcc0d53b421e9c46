"""Tests of ``converters.steps``."""
