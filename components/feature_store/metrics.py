"""The metrics that alarms of the feature store look at, by the names that dashboards need.

`AWS/DynamoDB` and `AWS/S3` are AWS's own. Those of `NAMESPACE` come from the materialisation job, which
writes a line of JSON for each view of a run into its log group; filters there make them metrics:

- `MaterializationAge`, seconds, by `FeatureView`: from the end of what was materialised before to the end of
  what this run did; there is none without a run that succeeded, which is what the alarm takes for stale.
- `OnlineOfflineSkew`, percent, by `FeatureView`: of the entities sampled from what was just materialised,
  how many are missing online, older, or have another value at the same time.
"""

__all__ = ["AGE", "DIMENSION", "EVENTS", "NAMESPACE", "SKEW"]

NAMESPACE = "Tradewind/FeatureStore"
DIMENSION = "FeatureView"
AGE = "MaterializationAge"
SKEW = "OnlineOfflineSkew"

EVENTS = {AGE: ("age_seconds", "Seconds"), SKEW: ("skew_percent", "Percent")}
"""By metric: the field of the job's line that it is the value of, and its unit."""
