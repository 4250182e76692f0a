"""Karpenter: what buys a cluster its nodes."""
