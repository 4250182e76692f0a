"""Work nobody watches: runs that are missed, alarms that tell nobody, queries that read without end."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import rule
from policies.view import View

SCHEDULE = "aws:scheduler/schedule:Schedule"
ALARMS = ("aws:cloudwatch/metricAlarm:MetricAlarm", "aws:cloudwatch/compositeAlarm:CompositeAlarm")
WORKGROUP = "aws:athena/workgroup:Workgroup"


@rule(
    id="missed-runs",
    types=(SCHEDULE,),
    reads=("environment_class",),
    severity="low",
    level="advisory",
    rationale="A run that cannot be started is dropped after its retries, and nothing says that it was due.",
    fix="set target.deadLetterConfig.arn to a queue, and an alarm on what waits in it",
)
def missed_runs(schedule: View) -> Iterator[str]:
    if schedule.is_production and not schedule.given("target", "deadLetterConfig", "arn"):
        yield "drops runs that cannot be started: it has no queue for them"


@rule(
    id="alarm-tells-nobody",
    types=ALARMS,
    reads=("environment_class",),
    severity="low",
    level="advisory",
    rationale="An alarm without an action is only seen by who happens to look.",
    fix="set alarmActions to a topic that people or systems are subscribed to",
)
def alarm_tells_nobody(alarm: View) -> Iterator[str]:
    if alarm.is_production and not alarm.given("alarmActions"):
        yield "rings without telling anybody: alarmActions is empty"


@rule(
    id="query-without-limit",
    types=(WORKGROUP,),
    severity="medium",
    level="advisory",
    rationale="Athena charges by what a query reads: one that forgets its partition reads, and costs, everything.",
    fix="set configuration.bytesScannedCutoffPerQuery to what the largest query may read",
)
def query_without_limit(workgroup: View) -> Iterator[str]:
    if not workgroup.given("configuration", "bytesScannedCutoffPerQuery"):
        yield "lets a query read without a limit"
