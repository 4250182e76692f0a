"""A region's pipelines: what they share, and the engines that its pipelines ask for.

This includes: a key, a bucket for what runs leave behind, the queue of dead letters with its alarm, a
ruleset of Glue Data Quality for each dataset, two roles for each pipeline, and for each engine in use its
own: state machines with AWS Batch, Argo's resources in the cluster, an environment of Airflow with Batch.
An engine that no pipeline of the region asks for costs nothing, as nothing of it is made.
"""

from typing import Any, Dict, List, Optional, Sequence

import pulumi
import pydantic
from pulumi_aws import cloudwatch, ec2, glue

from components.base import Component, validated
from components.cluster.names import ClusterNames
from components.data_plane.surroundings import Surroundings
from components.model import refused
from components.pipelines import (
    airflow_environment,
    argo,
    argo_cluster,
    batch,
    events,
    machines,
    names,
    policies,
)
from components.pipelines.check import problems_of
from components.pipelines.defaults import Choices, choices, datasets_of, of_engine, placed_in
from components.pipelines.expectations import dqdl
from components.pipelines.ground import Ground, ground, queue
from components.pipelines.roles import Made, role
from components.pipelines.settings import Dataset, Engine, PipelinesSettings
from components.pipelines.tasks import Placed

__all__ = ["PipelinesRegion", "PipelinesRegionArgs"]

BATCH_ENGINES = (Engine.STEP_FUNCTIONS, Engine.MWAA)
DAY = 86_400
ANYWHERE = "0.0.0.0/0"


class PipelinesRegionArgs(Surroundings):
    """The environment's pipelines, and the region's network and cluster that they run in."""

    pipelines: PipelinesSettings
    vpc_id: Optional[pulumi.Output[str]] = None
    """Needed with the next two by Step Functions and MWAA."""
    private_subnet_ids: Optional[pulumi.Output[List[str]]] = None
    cidr: str = ""
    """The VPC's network."""
    cluster_name: Optional[pulumi.Output[str]] = None
    """Needed by Argo, along with a Kubernetes provider of that cluster."""

    @pydantic.model_validator(mode="after")
    def _fits_the_environment(self) -> "PipelinesRegionArgs":
        found = problems_of(self.pipelines, self)
        if found:
            raise refused(
                "; ".join(f"{problem.path} {problem.got}: {problem.but}" for problem in found),
                "; ".join(problem.fix for problem in found),
            )
        return self

    @pydantic.model_validator(mode="after")
    def _has_what_its_engines_need(self) -> "PipelinesRegionArgs":
        engines = {one.engine for one in self.placed()}
        needed = ["vpc_id", "private_subnet_ids", "cidr"] if engines & {*BATCH_ENGINES} else []
        needed += ["cluster_name"] if Engine.ARGO in engines else []
        missing = [field for field in needed if not _given(getattr(self, field))]
        if missing:
            raise refused(
                f"the engines of this region's pipelines need {', '.join(missing)}",
                "pass the outputs of a Network and a Cluster",
            )
        return self

    def placed(self) -> List[Placed]:
        return placed_in(self.pipelines, self.cell, self.residency)


def _given(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not value)


class PipelinesRegion(Component):
    """The pipelines that stand in one region."""

    bucket_name: pulumi.Output[Optional[str]]
    """Of what runs leave behind; none where no pipeline stands here."""
    dead_letter_queue_url: pulumi.Output[Optional[str]]
    state_machine_arns: pulumi.Output[Dict[str, str]]
    """By pipeline."""
    airflow_environment_arn: pulumi.Output[Optional[str]]

    def __init__(
        self, name: str, args: PipelinesRegionArgs, opts: Optional[pulumi.ResourceOptions] = None
    ) -> None:
        args = validated(PipelinesRegionArgs, args)
        super().__init__(name, args.cell, opts)
        self.name, self.args = name, args
        waits = opts.depends_on if opts is not None else None
        listed = waits if isinstance(waits, Sequence) else [waits]
        self.after = [one for one in listed if isinstance(one, pulumi.Resource)]
        placed = args.placed()
        self._made: Dict[str, Any] = {"machines": {}, "airflow": None, "bucket": None, "letters": None}
        if placed:
            self._make(placed, choices(args.pipelines, args.cell))

        arns = {pipeline: one.arn for pipeline, one in self._made["machines"].items()}
        self.bucket_name = pulumi.Output.from_input(self._made["bucket"])
        self.dead_letter_queue_url = pulumi.Output.from_input(self._made["letters"])
        self.state_machine_arns = pulumi.Output.all(**arns) if arns else pulumi.Output.from_input({})
        self.airflow_environment_arn = pulumi.Output.from_input(self._made["airflow"])
        self.register_outputs({key: getattr(self, key) for key in PipelinesRegion.__annotations__})

    def _make(self, placed: Sequence[Placed], chosen: Choices) -> None:
        settings = self.args.pipelines
        data_class = self.cell.tags.get("data-class", "internal")
        stands_on = ground(self, self.name, chosen, settings.notify, data_class=data_class)
        self._made.update(bucket=stands_on.bucket.bucket, letters=stands_on.dead_letters.url)
        self._rulesets(datasets_of(settings, placed))
        if mine := of_engine(placed, Engine.ARGO):
            self._argo(mine, stands_on)
        if mine := of_engine(placed, *BATCH_ENGINES):
            self._on_batch(mine, stands_on, chosen)

    def _rulesets(self, datasets: Sequence[Dataset]) -> None:
        """What Glue judges by, and the role it judges under."""
        for dataset in datasets:
            physical = names.ruleset(self.cell, dataset.name)
            glue.DataQualityRuleset(
                f"{self.name}-{dataset.name}",
                name=physical,
                description=f"What dataset {dataset.name} must be like before any step reads it",
                ruleset=dqdl(dataset.expectations),
                target_table={"database_name": dataset.database, "table_name": dataset.table},
                region=self.cell.region,
                tags=self.tags(physical),
                opts=self.child(),
            )
        role(
            self,
            f"{self.name}-gate",
            names.gate_role(self.cell),
            trust=policies.service(self.cell, "glue.amazonaws.com"),
            description="Glue reads datasets to judge them",
            documents={"judge": policies.gate(self.cell, datasets)},
        )

    def _pair(self, placed: Placed, part: str, trust: Dict[str, Any]) -> Made:
        """One of a pipeline's two roles."""
        what = {"control": policies.control, "steps": policies.steps}[part]
        physical = {"control": names.control_role, "steps": names.steps_role}[part]
        return role(
            self,
            f"{self.name}-{placed.name}-{part}",
            physical(self.cell, placed.name),
            trust=trust,
            description=f"{part.capitalize()} of pipeline {placed.name}",
            documents={part: what(placed)},
            tags=placed.tags,
        )

    def _argo(self, placed: Sequence[Placed], stands_on: Ground) -> None:
        cluster, settings = ClusterNames(self.cell), self.args.pipelines.argo
        roles: Dict[str, Made] = {}
        for one in placed:
            for part, account in (("control", argo.control_account(one)), ("steps", argo.steps_account(one))):
                trust = policies.pod(cluster, settings.namespace, account)
                roles[account] = self._pair(one, part, trust)
        if any(
            one.active and (one.pipeline.triggers.commit or one.pipeline.triggers.drift) for one in placed
        ):
            account = argo_cluster.EVENTS_ACCOUNT
            roles[account] = role(
                self,
                f"{self.name}-events",
                names.region_role(self.cell, "events"),
                trust=policies.pod(cluster, settings.namespace, account),
                description="Argo hears of commits and drift",
                documents={"events": policies.events(self.cell)},
            )
            self._events(placed, stands_on)
        assert self.args.cluster_name is not None
        argo_cluster.install(
            self,
            self.name,
            settings,
            placed,
            roles,
            cluster_name=self.args.cluster_name,
            after=self.after,
        )

    def _events(self, placed: Sequence[Placed], stands_on: Ground) -> None:
        """Commits and drift, put into a queue that Argo Events reads; unread for a day they are dead letters."""
        letters: pulumi.Output[str] = stands_on.dead_letters.arn
        taken = pulumi.Output.json_dumps({"deadLetterTargetArn": letters, "maxReceiveCount": 5})
        heard = queue(
            self,
            f"{self.name}-events",
            names.events(self.cell),
            stands_on.key,
            kept=DAY,
            redrive_policy=taken,
        )
        arn: pulumi.Output[str] = heard.arn
        for one in placed:
            events.rules(
                self, self.name, one, target_arn=arn, role_arn=None, dead_letters_arn=letters, after=[]
            )

    def _on_batch(self, placed: Sequence[Placed], stands_on: Ground, chosen: Choices) -> None:
        args, settings = self.args, self.args.pipelines
        assert args.private_subnet_ids is not None
        group = self._security_group()
        logs = {part: self._log_group(part, stands_on, chosen) for part in ("steps", "runs")}
        queues = batch.queues_in_use(placed, settings.queues)
        waits: List[pulumi.Resource] = list(
            batch.run_queues(
                self, self.name, queues, subnet_ids=args.private_subnet_ids, security_group_id=group.id
            ).values()
        )
        execution = batch.execution_role(self, self.name, placed, names.log_group(self.cell, "steps"))
        tasks = policies.service(self.cell, "ecs-tasks.amazonaws.com")
        for one in placed:
            steps = self._pair(one, "steps", tasks)
            waits += batch.job_definitions(
                self, self.name, one, queues, steps=steps, execution=execution, logs=logs["steps"]
            )
        if mine := of_engine(placed, Engine.STEP_FUNCTIONS):
            states = policies.service(self.cell, "states.amazonaws.com")
            controls = {one.name: self._pair(one, "control", states) for one in mine}
            self._made["machines"] = machines.machines(
                self, self.name, mine, controls, stands_on, logs["runs"], chosen, waits
            )
        if mine := of_engine(placed, Engine.MWAA):
            made = airflow_environment.environment(
                self,
                self.name,
                settings.mwaa,
                mine,
                {one.name: policies.control(one) for one in mine},
                stands_on,
                logs["runs"],
                subnet_ids=args.private_subnet_ids,
                security_group_id=group.id,
            )
            self._made["airflow"] = made.arn

    def _security_group(self) -> ec2.SecurityGroup:
        """Steps, and Airflow's parts among themselves: nobody comes in from elsewhere."""
        physical = names.region_role(self.cell, "steps")
        return ec2.SecurityGroup(
            f"{self.name}-steps",
            name=physical,
            description="Steps of pipelines, and Airflow",
            vpc_id=self.args.vpc_id,
            ingress=[
                {"protocol": "-1", "from_port": 0, "to_port": 0, "self": True, "description": "Each other"}
            ],
            egress=[
                {
                    "protocol": "-1",
                    "from_port": 0,
                    "to_port": 0,
                    "cidr_blocks": [self.args.cidr],
                    "description": "The VPC",
                },
                {
                    "protocol": "tcp",
                    "from_port": 443,
                    "to_port": 443,
                    "cidr_blocks": [ANYWHERE],
                    "description": "APIs and registries",
                },
            ],
            region=self.cell.region,
            tags=self.tags(physical),
            opts=self.child(),
        )

    def _log_group(self, part: str, stands_on: Ground, chosen: Choices) -> cloudwatch.LogGroup:
        physical = names.log_group(self.cell, part)
        return cloudwatch.LogGroup(
            f"{self.name}-{part}",
            name=physical,
            retention_in_days=chosen.log_days,
            kms_key_id=stands_on.key.arn,
            region=self.cell.region,
            tags=self.tags(physical),
            opts=self.child(),
        )
