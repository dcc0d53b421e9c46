"""Tests of ``converters.wire``."""
