"""Buckets, keys, copies and backups of one group of data: what data versions and experiments share."""
