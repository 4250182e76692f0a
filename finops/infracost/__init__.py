"""What the other estimator says: Infracost v0.10 run on the same plan, with this project's own prices.

    answer = compare(graph, estimate, usage, book)     # finops.infracost.compare
    answer.rows, answer.coverage, answer.unanswered    # side by side, and what either of them cannot price

Infracost asks a pricing service for prices. Here that is a server of our own on the loopback address, which
answers from the price book: no key, no network, and both estimators multiply the same prices. What then
still differs is how they read the plan, and each difference is given a reason or called unexplained.
"""

from __future__ import annotations

from finops.infracost.comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
