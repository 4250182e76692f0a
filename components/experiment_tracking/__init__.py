"""MLflow: what was tried, with which parameters and results; managed by AWS or on the own cluster."""
