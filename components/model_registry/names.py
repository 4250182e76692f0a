"""Names of the model registry that cells, accounts and applications must know of each other."""

from typing import List

from components.model import Cell
from components.model_registry.settings import ModelRegistrySettings, OtherRegistry
from components.naming import arn, name

__all__ = [
    "ARTIFACT",
    "EVIDENCE",
    "PART",
    "bus_arn",
    "bus_name",
    "event_source",
    "machine_arn",
    "machine_name",
    "other_cell",
    "package_arns",
    "package_group",
    "package_group_prefix",
    "prefix",
    "promoter",
    "readers_of",
    "role_arn",
    "role_name",
    "table_arn",
    "table_key_alias",
    "table_name",
    "topic_name",
]

PART = "models"
"""First part of the names of keys, buckets and their roles."""
ARTIFACT, EVIDENCE = "artifact", "evidence"


def prefix(model: str, release: str) -> str:
    """Where a release lies in its bucket; `*` stands for all of them."""
    return f"models/{model}/{release}"


def package_group_prefix(cell: Cell) -> str:
    return f"{name(cell)}-"


def package_group(cell: Cell, model: str) -> str:
    """At most 63 characters, as the model's and the environment's names are bounded."""
    return f"{package_group_prefix(cell)}{model}"


def package_arns(cell: Cell, model: str, region: str) -> List[str]:
    """The group and every version in it; SageMaker writes names in ARNs of packages in lower case."""
    group = package_group(cell, model)
    return [
        arn(cell, "sagemaker", f"{kind}/{group}{rest}", region=region)
        for kind, rest in (("model-package-group", ""), ("model-package", "/*"))
    ]


def table_name(cell: Cell) -> str:
    """Of the aliases, the same in every region."""
    return name(cell, "model-aliases", limit=255)


def table_arn(cell: Cell, region: str) -> str:
    return arn(cell, "dynamodb", f"table/{table_name(cell)}", region=region)


def table_key_alias(cell: Cell) -> str:
    """Of the key of the table of aliases, which is that of the models that may lie everywhere."""
    return f"alias/{name(cell, PART, limit=200)}"


def bus_name(cell: Cell) -> str:
    return name(cell, PART, limit=256)


def bus_arn(cell: Cell, region: str) -> str:
    return arn(cell, "events", f"event-bus/{bus_name(cell)}", region=region)


def event_source(cell: Cell) -> str:
    return f"{cell.platform}.models"


def machine_name(cell: Cell, kind: str) -> str:
    """`kind` is `promotion` or `following`."""
    return name(cell, f"model-{kind}", limit=80)


def machine_arn(cell: Cell, kind: str, region: str) -> str:
    return arn(cell, "states", f"stateMachine:{machine_name(cell, kind)}", region=region)


def role_name(cell: Cell, kind: str, region: str) -> str:
    """Role of a region's machine (`promotion`, `following`) or of its rules (`events`)."""
    return name(cell, f"model-{kind}", region=region, limit=64)


def role_arn(cell: Cell, kind: str, region: str) -> str:
    return arn(cell, "iam", f"role/{role_name(cell, kind, region)}")


def promoter(cell: Cell) -> str:
    """Role of those who start promotions and rollbacks, in every region."""
    return name(cell, "model-promoter", limit=64)


def topic_name(cell: Cell) -> str:
    return name(cell, PART)


def other_cell(cell: Cell, other: OtherRegistry) -> Cell:
    """The cell of the other environment in the same region: names follow from it."""
    return cell.model_copy(update={"environment": other.environment, "account_id": other.account_id})


def readers_of(settings: ModelRegistrySettings) -> List[str]:
    """Accounts that may read packages and artifacts, each once."""
    return list(
        dict.fromkeys([*settings.reader_accounts, *(other.account_id for other in settings.sends_to)])
    )
