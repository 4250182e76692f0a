"""Realistic arguments of every component, as a program in Python writes them; defaults are left out."""

CELL = {
    "environment": "staging",
    "environment_class": "staging",
    "region": "eu-west-1",
    "regions": ["eu-west-1", "us-east-1"],
    "account_id": "123456789012",
    "tags": {
        "owner": "ml-platform",
        "cost-center": "cc-1000",
        "environment": "staging",
        "data-class": "internal",
    },
}
RESIDENCY = {"eu": ["eu-west-1"], "us": ["us-east-1"]}
NETWORK = {
    "cidr": "10.24.0.0/16",
    "zones": 2,
    "interface_endpoints": ["ecr.api", "sts"],
    "flow_logs": {"destination": "cloudwatch", "retention_days": 14},
}
CLUSTER = {
    "access": {
        "administrators": ["role/ml-platform-deployer"],
        "entries": [
            {"principal": "role/data-science", "policy": "AmazonEKSEditPolicy", "namespaces": ["training"]}
        ],
    },
    "endpoint": {"private_cidrs": ["10.200.0.0/16"]},
    # Numbers inside free-form configuration must not become 2.0 on their way through the engine.
    "addons": {"configuration": {"coredns": {"replicaCount": 2}}},
    "node_pools": [
        {
            "name": "general",
            "instance_categories": ["c", "m"],
            "minimum_generation": 6,
            "capacity_types": ["spot", "on-demand"],
            "limits": {"cpu": 64, "memory_gib": 256},
            "labels": {"example.com/workload": "serving"},
        },
        {
            "name": "train",
            "instance_families": ["g5"],
            "accelerator": "nvidia",
            "limits": {"cpu": 96, "memory_gib": 384, "accelerators": 8},
            "fallback": {"limits": {"cpu": 48, "memory_gib": 192, "accelerators": 4}},
            "disruption": {"budgets": [{"nodes": "1", "schedule": "0 8 * * mon-fri", "duration_hours": 10}]},
        },
    ],
}
STORE = {
    "views": [
        {
            "name": "user_activity",
            "entity_key": "user_id",
            "residency": "eu",
            "ttl_attribute": "expires_at",
            "columns": [
                {"name": "sessions_7d", "type": "long"},
                {"name": "embedding", "type": "float", "repeated": True},
            ],
        },
        {"name": "catalogue", "entity_key": "item_id", "columns": [{"name": "price", "type": "double"}]},
    ],
    "registry": {"enabled": True, "min_acu": 0.5, "max_acu": 2},
}
TENANTS = [
    {"name": "search", "tier": "bridge", "owner": "search-team", "cost_center": "cc-2000",
     "residency": "eu", "monthly_budget_usd": 4000},
]  # fmt: skip
BUDGET = {"monthly_usd": 9000, "notify": ["ml-platform@example.com"], "at_percent": [50, 90]}
# A second environment, so that the cells' physical names are not those of the single components.
OTHER = {**CELL, "environment": "staging2", "tags": {**CELL["tags"], "environment": "staging2"}}
DATA_PLANE = {
    "container_registry": {"repositories": [{"name": "serving"}]},
    "data_versioning": {"projects": [{"name": "playground"}], "lakefs": {"project": "playground"}},
    "experiment_tracking": {"server": {"workers": 1, "memory_gib": 1}},
    "model_registry": {"models": [{"name": "ranker"}]},
    "pipelines": {
        "engine": "step-functions",
        "datasets": [
            {
                "name": "activity",
                "database": "tradewind_staging2",
                "table": "user_activity",
                "location": "s3://tradewind-staging2-{region_code}-features-{account_id}/tables/{region}/user_activity",
                "key_alias": "alias/tradewind-staging2-features",
                "expectations": [{"rule": "table_row_count_to_be_between", "min": 1}],
            }
        ],
        "queues": [{"name": "default", "max_vcpus": 8}],
        "pipelines": [
            {"name": "nightly", "steps": [{"name": "train", "image": "train:1.4.2", "inputs": ["activity"]}]}
        ],
    },
}
