"""Aurora PostgreSQL that scales with its load: one cluster in one region, signed in to with IAM tokens."""
