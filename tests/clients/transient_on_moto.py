"""What is on its way, logged or only described, as moto carries it: gone with its region, or there in another."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from plan.graph import Resource
from tests.clients.region_loss import Found, Kind, key_urn

__all__ = ["KINDS"]


class Logs(Kind):
    types = ("aws:cloudwatch/logGroup:LogGroup",)

    def make(self) -> None:
        for store in self.stores:
            logs, name = self.aws.client("logs", store.region), store.inputs["name"]
            key = key_urn(store.inputs.get("kmsKeyId"))
            logs.create_log_group(logGroupName=name, **({"kmsKeyId": self.aws.keys[key]} if key else {}))
            logs.create_log_stream(logGroupName=name, logStreamName="all")

    def expiry(self, store: Resource) -> float:
        return float(store.inputs.get("retentionInDays") or math.inf) * 86400

    def write(self, store: Resource, region: str, age: float) -> None:
        """The age is in the message: moto takes no events of other days."""
        event = {"timestamp": int(time.time() * 1000), "message": f"{age} {store.urn}"}
        name = store.inputs["name"]
        self.aws.client("logs", region).put_log_events(
            logGroupName=name, logStreamName="all", logEvents=[event]
        )

    def read(self, region: str) -> Mapping[str, set[float]]:
        logs = self.aws.client("logs", region)
        held: defaultdict[str, set[float]] = defaultdict(set)
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                got = logs.get_log_events(logGroupName=group["logGroupName"], logStreamName="all")
                for event in got["events"] if self.aws.works(group.get("kmsKeyId", "")) else ():
                    age, _, urn = event["message"].partition(" ")
                    held[urn].add(float(age))
        return held


class Queues(Kind):
    types = ("aws:sqs/queue:Queue",)

    def make(self) -> None:
        for store in self.stores:
            sqs = self.aws.client("sqs", store.region)
            sqs.create_queue(
                QueueName=store.inputs["name"], Attributes={"MessageRetentionPeriod": self._retention(store)}
            )

    @staticmethod
    def _retention(store: Resource) -> str:
        return str(int(store.inputs["messageRetentionSeconds"]))

    def expiry(self, store: Resource) -> float:
        return float(self._retention(store))

    def write(self, store: Resource, region: str, age: float) -> None:
        sqs = self.aws.client("sqs", region)
        url = sqs.get_queue_url(QueueName=store.inputs["name"])["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody=f"{age} {store.urn}")

    def read(self, region: str) -> Mapping[str, set[float]]:
        sqs = self.aws.client("sqs", region)
        held: defaultdict[str, set[float]] = defaultdict(set)
        for url in sqs.list_queues().get("QueueUrls", ()):
            while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in found:
                    age, _, urn = message["Body"].partition(" ")
                    held[urn].add(float(age))
        return held


class Definitions(Kind):
    """Catalogues and workgroups: the program writes them, so the same name in another region serves as well."""

    keeps_writes = False

    def fill(self, lost: str) -> None:
        """Nothing but the definition itself."""

    def has(self, store: Resource, region: str) -> bool:
        try:
            self.ask(store, region)
        except ClientError:
            return False
        return True

    def ask(self, store: Resource, region: str) -> Any:
        raise NotImplementedError

    def found(self, lost: str, left: list[str]) -> Iterator[tuple[Resource, Found]]:
        for store in self.stores:
            there = any(self.has(store, region) for region in left)
            yield store, Found("now" if there else "none")


class Databases(Definitions):
    types = ("aws:glue/catalogDatabase:CatalogDatabase",)

    def make(self) -> None:
        for store in self.stores:
            given = {"Name": store.inputs["name"], "LocationUri": store.inputs["locationUri"]}
            self.aws.client("glue", store.region).create_database(DatabaseInput=given)

    def ask(self, store: Resource, region: str) -> Any:
        return self.aws.client("glue", region).get_database(Name=store.inputs["name"])


class CatalogTables(Definitions):
    types = ("aws:glue/catalogTable:CatalogTable",)

    def make(self) -> None:
        for store in self.stores:
            given = {"Name": store.inputs["name"], "TableType": store.inputs["tableType"]}
            glue = self.aws.client("glue", store.region)
            glue.create_table(DatabaseName=store.inputs["databaseName"], TableInput=given)

    def ask(self, store: Resource, region: str) -> Any:
        glue = self.aws.client("glue", region)
        return glue.get_table(DatabaseName=store.inputs["databaseName"], Name=store.inputs["name"])


class Workgroups(Definitions):
    types = ("aws:athena/workgroup:Workgroup",)

    def make(self) -> None:
        for store in self.stores:
            self.aws.client("athena", store.region).create_work_group(Name=store.inputs["name"])

    def ask(self, store: Resource, region: str) -> Any:
        found = self.aws.client("athena", region).get_work_group(WorkGroup=store.inputs["name"])
        assert found["WorkGroup"]["Name"] == store.inputs["name"]
        return found


KINDS = (Logs, Queues, Databases, CatalogTables, Workgroups)
"""Databases before their tables."""
