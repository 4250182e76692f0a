"""Models of an environment: their versions, artifacts and evidence, and who decides what goes to production."""
