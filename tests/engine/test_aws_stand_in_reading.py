"""The stand-in cloud is read again: nothing changed, drift, what is imported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.aws.client import Client

pytestmark = pytest.mark.engine

VPC, GROUP, QUEUE = "aws:ec2/vpc:Vpc", "aws:ec2/securityGroup:SecurityGroup", "aws:sqs/queue:Queue"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Client]:
    client = Client.over(tmp_path)
    yield client
    client.stop()


class TestRefreshAndImport:
    def test_nothing_changed_is_read_as_it_was(self, aws: Client) -> None:
        given = {
            "ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 2}],
            "vpcId": "vpc-1",
            "tags": {"a": "b"},
        }
        checked = aws.check(GROUP, "x", given, seed=b"x")
        id, state = aws.create(GROUP, "x", given)
        assert aws.read(GROUP, id, state, checked) == (id, state, checked)

    def test_drift_shows_in_inputs(self, aws: Client) -> None:
        checked = aws.check(QUEUE, "q", {"delaySeconds": 1, "tags": {"a": "b"}}, seed=b"q")
        id, state = aws.create(QUEUE, "q", {"delaySeconds": 1, "tags": {"a": "b"}})
        aws.world.drift(QUEUE, id, delaySeconds=9, tags={"a": "c", "d": "e"}, maxMessageSize=2048)
        _, values, inputs = aws.read(QUEUE, id, state, checked)
        assert (values["delaySeconds"], inputs["delaySeconds"], inputs["maxMessageSize"]) == (9, 9, 2048)
        assert inputs["tags"] == inputs["tagsAll"] == {"a": "c", "d": "e"}
        paths = aws.diff(QUEUE, inputs, checked).detailedDiff
        assert {"delaySeconds", "tags.a", "tags.d", "maxMessageSize"} <= {*paths}

    def test_import_by_id(self, aws: Client) -> None:
        id, _ = aws.create(QUEUE, "q", {"name": "q", "delaySeconds": 3})
        found, values, inputs = aws.read(QUEUE, id)
        assert (found, values["url"], inputs["delaySeconds"], inputs["name"]) == (id, id, 3, "q")
        aws.world.plant(
            "eu-west-1", VPC, "vpc-00000009", {"cidrBlock": "10.9.0.0/16", "arn": "arn:aws:ec2:x"}
        )
        found, _, inputs = aws.read(VPC, "vpc-00000009@eu-west-1")
        assert (found, inputs) == ("vpc-00000009", {"__defaults": [], "cidrBlock": "10.9.0.0/16"})
        assert aws.read(VPC, "vpc-00000009")[0] == ""

    @pytest.mark.parametrize(
        ("token", "inputs", "id"),
        [
            (
                "aws:ec2/route:Route",
                {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"},
                "rtb-1_0.0.0.0/0",
            ),
            (
                "aws:ec2/routeTableAssociation:RouteTableAssociation",
                {"routeTableId": "rtb-1", "subnetId": "s"},
                "s/rtb-1",
            ),
            ("aws:cloudwatch/eventTarget:EventTarget", {"rule": "r", "targetId": "t", "arn": "a"}, "r/t"),
            (
                "aws:lambda/permission:Permission",
                {"function": "f", "statementId": "s", "action": "a", "principal": "p"},
                "f/s",
            ),
        ],
    )
    def test_import_by_the_forms_of_the_reference(
        self, aws: Client, token: str, inputs: dict[str, object], id: str
    ) -> None:
        made, _ = aws.create(token, "x", inputs)
        assert aws.read(token, id)[0] == made
        assert aws.read(token, f"{id}-other")[0] == ""
