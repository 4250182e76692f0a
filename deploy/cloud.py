"""Asking AWS itself, through boto3: what is there, whatever any state says.

Credentials and endpoints come from where every tool of AWS takes them (AWS_PROFILE, AWS_ENDPOINT_URL, ...).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from problems import Missing

__all__ = ["NO_CREDENTIALS", "Cloud", "Tag", "asking", "session"]

NO_CREDENTIALS = "aws sso login, or set AWS_PROFILE (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
_PATIENCE = {"connect_timeout": 10, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 5}}

Tag = tuple[str, str]


def session(region: str, profile: str = "") -> Any:
    """A boto3 session. Raises `Missing` without boto3 or without that profile."""
    try:
        import boto3
        from botocore.exceptions import ProfileNotFound
    except ImportError:
        raise Missing("asking AWS needs boto3: pip install 'tradewind[aws]'") from None
    try:
        return boto3.Session(region_name=region or None, profile_name=profile or None)
    except ProfileNotFound as error:
        raise Missing(f"{error}: {NO_CREDENTIALS}") from None


@contextlib.contextmanager
def asking(what: str) -> Iterator[None]:
    """While the block runs, `Missing` is raised in place of boto3's errors, saying `what` was asked for."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

    try:
        yield
    except (NoCredentialsError, PartialCredentialsError):
        raise Missing(f"{what}: there are no AWS credentials here: {NO_CREDENTIALS}") from None
    except ClientError as error:
        told = error.response.get("Error", {})
        code, message = told.get("Code", "Unknown"), told.get("Message", "")
        raise Missing(f"{what}: AWS refuses ({code}: {message[:200]}): {NO_CREDENTIALS}") from None
    except BotoCoreError as error:
        raise Missing(f"{what}: AWS does not answer ({str(error)[:200]})") from None


@dataclass(frozen=True)
class Cloud:
    """One region of the account that the credentials at hand are for. `region` as AWS calls it."""

    region: str

    @cached_property
    def _session(self) -> Any:
        return session(self.region)

    def client(self, service: str) -> Any:
        from botocore.config import Config

        return self._session.client(service, config=Config(**_PATIENCE))

    def tagged(self, tags: Mapping[str, str], kind: str = "") -> dict[str, dict[str, str]]:
        """Tags by ARN of everything that carries all of `tags`; `kind` like `ec2:vpc` narrows it down.

        By the Resource Groups Tagging API, whose index may be a minute behind. Raises `Missing`.
        """
        wanted = [{"Key": key, "Values": [value]} for key, value in tags.items()]
        given: dict[str, Any] = {"TagFilters": wanted} | ({"ResourceTypeFilters": [kind]} if kind else {})
        found = {}
        with asking(f"resources in {self.region} by their tags"):
            pages = self.client("resourcegroupstaggingapi").get_paginator("get_resources").paginate(**given)
            for page in pages:
                for row in page["ResourceTagMappingList"]:
                    found[row["ResourceARN"]] = {tag["Key"]: tag["Value"] for tag in row.get("Tags", [])}
        return found
