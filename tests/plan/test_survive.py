"""What the loss of a region costs."""

from __future__ import annotations

import time

import pytest

from plan.graph import Resource
from plan.survive import RegionLoss, StoreLoss, survive
from plan.values import UNKNOWN
from tests.plan.build import graph, made, ref

BUCKET = "aws:s3/bucket:Bucket"
TABLE = "aws:dynamodb/table:Table"
KEY, REPLICA = "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey"
CLUSTER, GLOBAL = "aws:rds/cluster:Cluster", "aws:rds/globalCluster:GlobalCluster"
US, EU = "us-east-1", "eu-west-1"


def lost(region: str, *resources: Resource) -> RegionLoss:
    loss = survive(graph(*resources)).losing(region)
    assert loss is not None
    return loss


def store_of(loss: RegionLoss, name: str) -> StoreLoss:
    return next(store for store in loss.stores if store.name == name)


def test_a_single_region_is_not_survived_and_the_reason_is_plain() -> None:
    loss = lost(EU, made("aws:sqs/queue:Queue", "q", EU))
    assert loss.verdict == "no"
    assert "only region" in loss.because[0].text


def _table(name: str = "t", **replica: object) -> Resource:
    return made(TABLE, name, US, replicas=[{"regionName": EU, **replica}])


@pytest.mark.parametrize(("mode", "verdict", "seconds"), [("STRONG", "yes", 0), ("EVENTUAL", "degraded", 1)])
def test_a_global_table_loses_what_its_consistency_allows(mode: str, verdict: str, seconds: int) -> None:
    for region in (US, EU):
        store = store_of(lost(region, _table(consistencyMode=mode)), "t")
        assert (store.verdict, store.data_loss_seconds, store.access) == (verdict, seconds, "now")


def test_a_region_with_nothing_but_a_replica_is_a_region() -> None:
    assert [loss.region for loss in survive(graph(_table())).regions] == [EU, US]


def test_a_table_without_replicas_is_gone() -> None:
    loss = lost(US, made(TABLE, "t", US), made(TABLE, "u", EU))
    assert loss.verdict == "no"
    assert [reason.urn for reason in loss.because] == [made(TABLE, "t").urn]


def test_unknown_replicas_are_never_yes() -> None:
    loss = lost(US, made(TABLE, "t", US, replicas=UNKNOWN), made(TABLE, "u", EU, replicas=UNKNOWN))
    assert loss.verdict == "unknown"


def test_a_replica_is_lost_with_the_key_it_is_encrypted_with() -> None:
    key = made(KEY, "k", US)
    store = store_of(lost(US, key, _table(kmsKeyArn=ref(key))), "t")
    assert store.verdict == "no"
    assert any("cannot be read" in reason.text and reason.urn == key.urn for reason in store.chain)


@pytest.mark.parametrize("how", ["reference", "dependency", "arn"])
def test_a_replica_key_of_its_own_region_keeps_it_readable(how: str) -> None:
    primary = made(KEY, "k", US, multiRegion=True)
    arn = "arn:aws:kms:eu-west-1:1:key/mrk-1"
    replica = made(REPLICA, "r", EU, primaryKeyArn=ref(primary), outputs={"arn": arn})
    value = {"reference": ref(replica), "dependency": UNKNOWN, "arn": arn}[how]
    table = made(
        TABLE, "t", US, replicas=[{"regionName": EU, "kmsKeyArn": value}],
        property_dependencies={"replicas": (replica.urn, primary.urn)} if how == "dependency" else {},
    )  # fmt: skip
    store = store_of(lost(US, primary, replica, table), "t")
    assert store.verdict == "degraded"
    assert replica.urn in {reason.urn for reason in store.chain}


def _buckets(
    *, versioned: str = "ab", rtc: bool = True, encrypted: bool = False, copied: bool = True, **rule: object
) -> list[Resource]:
    a, b = made(BUCKET, "a", US, bucket="shop-a"), made(BUCKET, "b", EU, bucket="shop-b")
    kind = "aws:s3/bucketVersioning:BucketVersioning"
    found = [a, b]
    found += [
        made(
            kind,
            x.name,
            x.region,
            inputs={"bucket": ref(x, "bucket"), "versioningConfiguration": {"status": "Enabled"}},
        )
        for x in (a, b)
        if x.name in versioned
    ]
    if encrypted:
        settings = {"sseAlgorithm": "aws:kms"}
        found.append(
            made(
                "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "a", US,
                inputs={"bucket": ref(a, "bucket"), "rules": [{"applyServerSideEncryptionByDefault": settings}]},
            )
        )  # fmt: skip
    destination: dict[str, object] = {"bucket": "arn:aws:s3:::shop-b"}
    if rtc:
        destination["replicationTime"] = {"status": "Enabled", "time": {"minutes": 15}}
    rules = [{"status": "Enabled", "destination": destination, **rule}]
    config = made(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig", "a", US,
        inputs={"bucket": ref(a, "bucket"), "rules": rules},
    )  # fmt: skip
    return [*found, config] if copied else found


@pytest.mark.parametrize(
    ("change", "verdict", "seconds"),
    [
        ({}, "degraded", 900),
        ({"rtc": False}, "degraded", None),
        ({"versioned": ""}, "no", None),
        ({"versioned": "a"}, "no", None),
        ({"versioned": "b"}, "no", None),
        ({"copied": False}, "no", None),
        ({"status": "Disabled"}, "no", None),
        ({"encrypted": True}, "no", None),
        (
            {"encrypted": True, "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}}},
            "degraded",
            900,
        ),
        ({"filter": {"prefix": "x/"}}, "unknown", None),
        ({"status": UNKNOWN}, "unknown", None),
        ({"destination": {"bucket": "arn:aws:s3:::elsewhere"}}, "unknown", None),
    ],
)
def test_a_bucket_is_as_safe_as_its_replication(change: dict, verdict: str, seconds: float | None) -> None:
    store = store_of(lost(US, *_buckets(**change)), "a")
    assert (store.verdict, store.data_loss_seconds) == (verdict, seconds), store.chain


def test_a_bucket_that_only_receives_copies_loses_nothing() -> None:
    assert store_of(lost(EU, *_buckets()), "b").verdict == "yes"


def test_a_bucket_of_what_expires_soon_degrades() -> None:
    bucket = made(BUCKET, "r", US)
    rule = {"status": "Enabled", "expiration": {"days": 7}, "filter": {"prefix": ""}}
    lifecycle = made(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "r", US,
        inputs={"bucket": ref(bucket, "id"), "rules": [rule]},
    )  # fmt: skip
    store = store_of(lost(US, bucket, lifecycle), "r")
    assert (store.verdict, store.data_loss_seconds) == ("degraded", 7 * 86400)


def _aurora(*, by_name: bool) -> list[Resource]:
    world = made(GLOBAL, "g", US, stack="prod-global", globalClusterIdentifier="shop")
    name = "shop" if by_name else ref(world, "globalClusterIdentifier")
    primary = made(CLUSTER, "db", US, stack="prod-us", globalClusterIdentifier=name, masterUsername="admin")
    second = made(CLUSTER, "db", EU, stack="prod-eu", globalClusterIdentifier=name)
    return [world, primary, second]


@pytest.mark.parametrize("by_name", [True, False])
def test_a_global_database_is_joined_across_stacks_and_promoted(by_name: bool) -> None:
    store = store_of(lost(US, *_aurora(by_name=by_name)), "db")
    assert (store.verdict, store.data_loss_seconds, store.access) == ("degraded", 1, "after promotion")
    assert store_of(lost(EU, *_aurora(by_name=by_name)), "db").verdict == "yes"


def test_a_global_database_is_joined_by_name_without_its_own_resource() -> None:
    assert store_of(lost(US, *_aurora(by_name=True)[1:]), "db").verdict == "degraded"


def test_several_zones_do_not_help_an_instance_and_a_replica_elsewhere_does() -> None:
    kind = "aws:rds/instance:Instance"
    main = made(kind, "m", US, identifier="m", multiAz=True, outputs={"arn": "arn:aws:rds:us-east-1:1:db:m"})
    store = store_of(lost(US, main), "m")
    assert store.verdict == "no" and "Multi-AZ" in store.chain[-1].text
    replica = made(kind, "r", EU, replicateSourceDb="arn:aws:rds:us-east-1:1:db:m")
    store = store_of(lost(US, main, replica), "m")
    assert (store.verdict, store.access, store.data_loss_seconds) == ("degraded", "after promotion", None)


def test_a_backup_copied_elsewhere_can_be_restored() -> None:
    volume = made("aws:ebs/volume:Volume", "v", US, tags={"backup": "yes"})
    vault = made("aws:backup/vault:Vault", "x", EU, name="x")
    plan = made(
        "aws:backup/plan:Plan", "p", US, rules=[{"copyActions": [{"destinationVaultArn": ref(vault)}]}]
    )
    choice = made(
        "aws:backup/selection:Selection", "s", US, planId=ref(plan, "id"),
        selectionTags=[{"type": "STRINGEQUALS", "key": "backup", "value": "yes"}],
    )  # fmt: skip
    assert store_of(lost(US, volume, vault, plan, choice), "v").access == "after restore"
    assert store_of(lost(US, volume, vault), "v").verdict == "no"


def test_a_registry_s_replication_reaches_the_repositories_its_prefix_names() -> None:
    rule = {
        "destinations": [{"region": EU}],
        "repositoryFilters": [{"filter": "ml/", "filterType": "PREFIX_MATCH"}],
    }
    config = made(
        "aws:ecr/replicationConfiguration:ReplicationConfiguration", "r", US,
        replicationConfiguration={"rules": [rule]},
    )  # fmt: skip
    kind = "aws:ecr/repository:Repository"
    loss = lost(
        US,
        config,
        made(kind, "in", US, inputs={"name": "ml/x"}),
        made(kind, "out", US, inputs={"name": "web"}),
    )
    assert (store_of(loss, "in").verdict, store_of(loss, "out").verdict) == ("degraded", "no")


def test_a_cluster_of_the_same_role_elsewhere_serves_on() -> None:
    kind = "aws:eks/cluster:Cluster"
    pair = [
        made(kind, f"shop-{code}-main", region, stack=code) for code, region in (("use1", US), ("euw1", EU))
    ]
    assert lost(US, *pair).verdict == "yes"
    alone = lost(US, *pair, made(kind, "shop-use1-batch", US))
    assert alone.verdict == "no" and [path.verdict for path in alone.paths] == ["yes", "no"]


def test_a_type_of_unknown_nature_is_never_yes() -> None:
    loss = lost(US, made("aws:qldb/ledger:Ledger", "l", US), made("aws:ec2/vpc:Vpc", "v", EU))
    assert loss.verdict == "unknown"
    assert (
        lost(EU, made("aws:qldb/ledger:Ledger", "l", US), made("aws:ec2/vpc:Vpc", "v", EU)).verdict == "yes"
    )


@pytest.mark.parametrize(
    ("chart", "verdict"), [("oci://x/karpenter/karpenter", "yes"), ("postgresql", "unknown")]
)
def test_a_chart_that_is_not_known_is_never_yes(chart: str, verdict: str) -> None:
    release = made("kubernetes:helm.sh/v3:Release", "r", US, chart=chart)
    assert lost(US, release, made("aws:ec2/vpc:Vpc", "v", EU)).verdict == verdict


def test_a_store_whose_key_is_at_home_is_listed_once_per_region() -> None:
    key = made(KEY, "k", EU)
    primary, second = _aurora(by_name=True)[1:]
    second = made(CLUSTER, "eu", EU, inputs={**second.inputs, "kmsKeyId": ref(key)})
    assert [store.name for store in lost(EU, key, primary, second).stores] == ["eu"]


def test_a_way_out_through_the_lost_region_is_lost() -> None:
    link = made("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "p", EU, peerRegion=US)
    route = made(
        "aws:ec2/route:Route",
        "r",
        EU,
        destinationCidrBlock="0.0.0.0/0",
        vpcPeeringConnectionId=ref(link, "id"),
    )
    loss = lost(US, link, route, made("aws:ec2/vpc:Vpc", "v", US))
    assert [path.kind for path in loss.paths] == ["route between regions"] and loss.verdict == "no"


def test_an_image_from_the_lost_region_stops_new_pods() -> None:
    image = "1.dkr.ecr.us-east-1.amazonaws.com/x:1"
    spec = {"template": {"spec": {"containers": [{"image": image}]}}}
    pods = made("kubernetes:apps/v1:Deployment", "d", EU, spec=spec)
    loss = lost(US, pods, made("aws:ec2/vpc:Vpc", "v", US))
    assert (loss.verdict, loss.paths[0].kind) == ("degraded", "image")


@pytest.mark.parametrize(("watched", "verdict"), [(True, "yes"), (False, "degraded")])
def test_names_move_by_themselves_only_with_health_checks(watched: bool, verdict: str) -> None:
    kind = "aws:lb/loadBalancer:LoadBalancer"
    balancers = [made(kind, f"lb-{region}", region) for region in (US, EU)]
    records = [
        made(
            "aws:route53/record:Record", f"r-{lb.region}", zoneId="Z", type="A", setIdentifier=lb.region,
            latencyRoutingPolicies=[{"region": lb.region}], inputs={"name": "api.example.org"},
            aliases=[{"name": ref(lb, "dnsName"), "evaluateTargetHealth": watched}],
        )
        for lb in balancers
    ]  # fmt: skip
    assert lost(US, *balancers, *records).verdict == verdict


def test_the_control_planes_of_global_services_are_noted() -> None:
    parts = (
        made("aws:iam/role:Role", "r"),
        made("aws:ec2/vpc:Vpc", "v", US),
        made("aws:ec2/vpc:Vpc", "w", EU),
    )
    assert lost(US, *parts).notes and not lost(EU, *parts).notes


def test_time_grows_with_resources_and_no_faster() -> None:
    def seconds(count: int) -> float:
        resources = [_table(f"t{number}") for number in range(count)]
        resources += [made(BUCKET, f"b{number}", US, bucket=f"b{number}") for number in range(count)]
        start = time.perf_counter()
        survive(graph(*resources))
        return time.perf_counter() - start

    seconds(10)
    # 16 times as many: quadratic would be 256 times as long.
    assert seconds(3200) < 60 * max(seconds(200), 0.005)
