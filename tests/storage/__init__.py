"""Tests of ``converters.storage``."""
