"""The CrossGuard pack: `pulumi preview --policy-pack policies` runs this folder."""

from __future__ import annotations

from datetime import date

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.crossguard import policies

if __name__ == "__main__":
    PolicyPack("tradewind", policies(today=date.today()), enforcement_level=EnforcementLevel.MANDATORY)
