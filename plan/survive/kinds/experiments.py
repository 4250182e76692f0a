"""MLflow as SageMaker runs it: runs, parameters and models lie where the server is, and AWS copies them nowhere.

Artifacts are in a bucket of the account, which is a store of its own; without the runs that name them they
are files without a history.
"""

from __future__ import annotations

from plan.graph import Resource
from plan.survive.model import Reason, Store
from plan.survive.world import World, store, title

__all__: list[str] = []


@store("aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer", "aws:sagemaker/mlflowApp:MlflowApp")
def _managed_mlflow(server: Resource, world: World) -> Store:
    text = f"AWS offers no backup or copy of the runs in {title(server)}; its artifacts are in their bucket"
    return Store(
        server.urn,
        server.name,
        "managed MLflow",
        (world.home(server),),
        remarks=(Reason.of(server, text),),
        source=server.source,
    )
