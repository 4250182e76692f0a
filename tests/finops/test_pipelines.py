"""What pipelines cost: Batch's compute by what steps use, gates by Glue's capacity, engines by their hours."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from finops.estimate import Estimate, Line
from plan.graph import Resource
from plan.values import Reference

Make = Callable[..., Resource]
Pricing = Callable[..., Estimate]
D = Decimal
CENT = D("0.01")
COMPUTE = "aws:batch/computeEnvironment:ComputeEnvironment"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def lines(found: Estimate) -> dict[str, Line]:
    assert not found.unpriced
    return {line.item.partition(" ")[0]: line for line in found.lines}


def gpu(make: Make, kind: str, **more: Any) -> Resource:
    types = ["g5.xlarge", "g5.2xlarge"]
    return make(COMPUTE, computeResources={"type": kind, "maxVcpus": 8, "instanceTypes": types, **more})


def test_fargate_is_paid_by_what_steps_use_and_bounded_by_its_vcpus(make: Make, price: Pricing) -> None:
    made = lines(price(make(COMPUTE, computeResources={"type": "FARGATE", "maxVcpus": 4})))
    assert abs(made["vCPU"].expected - D(60) * D("0.04048")) <= CENT
    assert abs(made["memory"].expected - D(240) * D("0.004445")) <= CENT
    assert made["vCPU"].expected < made["vCPU"].ceiling <= D(4 * 730) * D("0.04048") + CENT


def test_instances_are_paid_with_their_disks_while_they_run(make: Make, price: Pricing) -> None:
    template = make(TEMPLATE, "gpu", blockDeviceMappings=[{"ebs": {"volumeSize": 200, "volumeType": "gp3"}}])
    launched = {"launchTemplateId": Reference(template.urn, "id")}
    made = lines(price(template, gpu(make, "EC2", launchTemplate=launched)))
    assert abs(made["instances"].expected - D(15) * D("1.006")) <= CENT
    # Two instances of four vCPUs each all month, at most.
    assert made["instances"].ceiling <= D(2 * 730) * D("1.006") + CENT
    assert abs(made["instance"].expected - D(200) * D(15) / D(730) * D("0.08")) <= CENT


def test_spot_costs_less_than_on_demand(make: Make, price: Pricing) -> None:
    spot, regular = (price(gpu(make, kind)).total.expected for kind in ("SPOT", "EC2"))
    assert 0 < spot < regular


def test_an_instance_type_that_is_not_in_the_book_has_no_price(make: Make, price: Pricing) -> None:
    (one,) = price(gpu(make, "EC2", instanceTypes=["g99.xlarge"])).unpriced
    assert "g99.xlarge" in one.reason


def test_a_gate_is_paid_by_capacity_and_its_ruleset_is_free(make: Make, price: Pricing) -> None:
    made = lines(price(make("aws:glue/dataQualityRuleset:DataQualityRuleset", ruleset="Rules = []")))
    assert made["evaluations"].expected == D(5) * D("0.44")


def test_what_is_free_of_batch_is_known_to_be(make: Make, price: Pricing) -> None:
    found = price(make("aws:batch/jobQueue:JobQueue"), make("aws:batch/jobDefinition:JobDefinition"))
    assert (found.lines, found.unpriced) == ((), ())
