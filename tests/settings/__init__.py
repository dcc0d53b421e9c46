"""Tests of ``converters.settings``."""
