"""What the state of a cell says about its teardown: protection that stands in the way.

Pure functions of the graph that `plan.state` reads from a state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from plan.graph import Graph, Resource
from plan.values import Value
from problems import Problem

__all__ = ["Lifting", "named", "protections", "told"]

SWITCHES = {
    "aws:alb/loadBalancer:LoadBalancer": "enableDeletionProtection",
    "aws:cloudwatch/logGroup:LogGroup": "deletionProtectionEnabled",
    "aws:cognito/userPool:UserPool": "deletionProtection",
    "aws:docdb/cluster:Cluster": "deletionProtection",
    "aws:dynamodb/table:Table": "deletionProtectionEnabled",
    "aws:dynamodb/tableReplica:TableReplica": "deletionProtectionEnabled",
    "aws:ec2/instance:Instance": "disableApiTermination",
    "aws:eks/cluster:Cluster": "deletionProtection",
    "aws:lb/loadBalancer:LoadBalancer": "enableDeletionProtection",
    "aws:neptune/cluster:Cluster": "deletionProtection",
    "aws:networkfirewall/firewall:Firewall": "deleteProtection",
    "aws:rds/cluster:Cluster": "deletionProtection",
    "aws:rds/globalCluster:GlobalCluster": "deletionProtection",
    "aws:rds/instance:Instance": "deletionProtection",
}
"""The property by which AWS itself refuses to delete a resource of a type."""
_ON = (True, "true", "ACTIVE")


@dataclass(frozen=True, slots=True)
class Lifting:
    """How the protection of an environment is lifted: its name, its specification, what that says now."""

    environment: str
    file: str
    is_lifted: bool

    @property
    def fix(self) -> str:
        """The way out for somebody whose teardown was refused."""
        if self.is_lifted:
            return f"{self.file} says `protection: off`, but that is not deployed: tradewind up {self.environment}"
        return f"write `protection: off` into {self.file}, then tradewind up {self.environment}"


def told(resource: Resource, key: str) -> Value:
    """What the provider answered for the property `key`, else what was asked for."""
    found = resource.outputs.get(key)
    return resource.inputs.get(key) if found is None else found


def named(resources: Iterable[Resource]) -> str:
    """`dynamodb.Table users, kms.Key lake`: sorted by kind."""
    return ", ".join(sorted(f"{_kind(one.type)} {one.name}" for one in resources))


def _kind(token: str) -> str:
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    return f"{module.partition('/')[0]}.{name}" if package == "aws" else name


def protections(stack: str, graph: Graph, lifting: Lifting) -> list[Problem]:
    """One problem for all that Pulumi protects in `stack`, and one for what AWS refuses to delete."""
    problems = []
    protected = [one for one in graph if one.protect]
    if protected:
        count = f"{len(protected)} protected: {named(protected)}"
        but = "Pulumi deletes nothing that is protected in the state"
        problems.append(Problem(stack, "protect", count, but, lifting.fix))
    held = [text for one in graph if (text := _held(one))]
    if held:
        got = f"{len(held)} held: {', '.join(sorted(held))}"
        but = "AWS refuses to delete what has deletion protection"
        fix = lifting.fix
        if lifting.is_lifted:
            fix += ", and see that nothing in it says `deletion_protection: true`"
        problems.append(Problem(stack, "deletion protection", got, but, fix))
    return problems


def _held(resource: Resource) -> str:
    """How deletion protection of `resource` is told, "" where it has none."""
    switch = SWITCHES.get(resource.type)
    if switch is None or resource.external:
        return ""
    where = ["itself"] if told(resource, switch) in _ON else []
    if resource.type == "aws:dynamodb/table:Table":
        replicas = told(resource, "replicas")
        where += [
            f"replica in {one.get('regionName')}"
            for one in (replicas if isinstance(replicas, list) else ())
            if isinstance(one, dict) and one.get("deletionProtectionEnabled") in _ON
        ]
    if not where:
        return ""
    known = named([resource])
    return known if where == ["itself"] else f"{known} ({', '.join(where)})"
