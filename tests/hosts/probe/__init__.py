"""The app that scenarios run."""
