"""Which pods a cluster lets in: a policy that the API server itself evaluates, without a webhook that could fail.

It sees the names of a pod's images and nothing else: that an image comes from the environment's own
registry, through which everything was scanned, and that it is named by its digest, so that what runs cannot be
exchanged. It cannot see who signed an image, what a scan found in it, or whether it is in quarantine: for
that something must ask the registry, with a webhook (Kyverno with AWS' Notation plug-in, or Ratify) that
stands between every pod and its start. None is installed here. Whoever wants one feeds it
`trust_policy`; pipelines verify by it before they deploy (`notation verify`).
"""

from typing import Any, Dict, List, Sequence

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)

from components.container_registry import names
from components.container_registry.settings import AdmissionMode
from components.model import Cell

__all__ = ["ACTIONS", "admit", "binding", "policy", "trust_policy"]

POLICY = "images-of-the-environment"
ACTIONS: Dict[AdmissionMode, List[str]] = {
    AdmissionMode.ENFORCE: ["Deny", "Audit"],
    AdmissionMode.WARN: ["Warn", "Audit"],
    AdmissionMode.OFF: [],
}
_KINDS = ("containers", "initContainers", "ephemeralContainers")
_DIGEST = "@sha256:[0-9a-f]{64}$"


def policy(cell: Cell, *, require_digest: bool) -> Dict[str, Any]:
    """The specification of the ValidatingAdmissionPolicy; its expressions are CEL."""
    own = names.host(cell, cell.region)
    validations = [
        {
            "expression": _all(f"c.image.startsWith('{own}')"),
            "messageExpression": _those_without(
                f"c.image.startsWith('{own}')", f"not from {own}: push it there, or pull it through a cache"
            ),
            "reason": "Forbidden",
        }
    ]
    if require_digest:
        validations.append(
            {
                "expression": _all(f"c.image.matches('{_DIGEST}')"),
                "messageExpression": _those_without(
                    f"c.image.matches('{_DIGEST}')", "not named by a digest: end it in @sha256:..."
                ),
                "reason": "Forbidden",
            }
        )
    return {
        # Were the policy itself broken, nothing that it is about would start.
        "failurePolicy": "Fail",
        "matchConstraints": {
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["pods", "pods/ephemeralcontainers"],
                }
            ]
        },
        "variables": [{"name": "all", "expression": _every_container()}],
        "validations": validations,
    }


def binding(mode: AdmissionMode, exempt: Sequence[str]) -> Dict[str, Any]:
    """The specification of the binding: in which namespaces, and what a breach leads to."""
    named = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": sorted(exempt)}
    return {
        "policyName": POLICY,
        "validationActions": ACTIONS[mode],
        "matchResources": {"namespaceSelector": {"matchExpressions": [named]} if exempt else {}},
    }


def admit(
    name: str,
    cell: Cell,
    mode: AdmissionMode,
    exempt: Sequence[str],
    *,
    require_digest: bool,
    opts: pulumi.ResourceOptions,
) -> None:
    """The policy and its binding in one cluster; nothing where admission is off."""
    if mode is AdmissionMode.OFF:
        return
    made = ValidatingAdmissionPolicy(
        name, metadata={"name": POLICY}, spec=policy(cell, require_digest=require_digest), opts=opts
    )
    ValidatingAdmissionPolicyBinding(
        name,
        metadata={"name": POLICY},
        spec=binding(mode, exempt),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[made])),
    )


def trust_policy(cell: Cell, regions: Sequence[str], generation: int) -> Dict[str, Any]:
    """Notation's trust policy: images of the environment must bear a signature of its own profiles, of any
    generation up to `generation`: what was signed by an earlier one stays in use.

    Source: Notary Project specification, trust store and trust policy; the store's name is that of AWS'
    plug-in.
    """
    return {
        "version": "1.0",
        "trustPolicies": [
            {
                "name": names.profile_name(cell, 1).replace("_", "-"),
                "registryScopes": ["*"],
                "signatureVerification": {"level": "strict"},
                "trustStores": ["signingAuthority:aws-signer-ts"],
                "trustedIdentities": [
                    names.profile_arn(cell, region, number)
                    for number in range(1, generation + 1)
                    for region in regions
                ],
            }
        ],
    }


def _every_container() -> str:
    """A pod has no init containers but where it names some: a list that is absent is no list."""
    lists = [f"(has(object.spec.{kind}) ? object.spec.{kind}.map(c, c.image) : [])" for kind in _KINDS]
    return " + ".join(lists)


def _all(condition: str) -> str:
    return f"variables.all.all(image, {condition.replace('c.image', 'image')})"


def _those_without(condition: str, but: str) -> str:
    chosen = f"variables.all.filter(image, !({condition.replace('c.image', 'image')}))"
    return f"{chosen}.join(', ') + ' is {but}'"
