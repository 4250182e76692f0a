"""Versions of data: DVC remotes by project, their copies and backups, and lakeFS where wanted."""
