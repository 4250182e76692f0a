"""Pipelines: steps in containers, started by time, commit or drift, on one of three engines."""
