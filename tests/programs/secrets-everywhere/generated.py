"""A password made once, at the first deployment, by a provider written in Python."""

import secrets
import string
from typing import Any

from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class _PasswordProvider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        alphabet = string.ascii_letters + string.digits
        result = "".join(secrets.choice(alphabet) for _ in range(int(props["length"])))
        return CreateResult(id_=secrets.token_hex(8), outs={**props, "result": result})


class Password(Resource):
    result: Output[str]

    def __init__(self, name: str, length: Input[int] = 24, opts: ResourceOptions | None = None) -> None:
        options = ResourceOptions.merge(ResourceOptions(additional_secret_outputs=["result"]), opts)
        super().__init__(_PasswordProvider(), name, {"length": length, "result": None}, options)
