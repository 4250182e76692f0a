"""What an identity may do: AWS's evaluation of policies as a pure function, and over a plan.

No library served: the one that is kept and complete (`@cloud-copilot/iam-simulate`) is TypeScript under
the AGPL, Python's are linters or provers over a part of the language, and moto ignores conditions.

    decide(Request(Principal.of(arn), action, resource, Context.of({...})), Policies(identity=[...]))
    Access(graph, account="123456789012").may("role-name", "s3:GetObject", "arn:aws:s3:::bucket/key")
"""

from __future__ import annotations

from policies.iam.access import Access
from policies.iam.context import Context
from policies.iam.decision import Applied, Decision, Layer, Outcome
from policies.iam.documents import Document, Kind, read_document
from policies.iam.evaluate import decide
from policies.iam.principals import Caller, Principal
from policies.iam.request import Policies, Request

__all__ = [
    "Access",
    "Applied",
    "Caller",
    "Context",
    "Decision",
    "Document",
    "Kind",
    "Layer",
    "Outcome",
    "Policies",
    "Principal",
    "Request",
    "decide",
    "read_document",
]
