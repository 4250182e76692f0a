"""The order of steps: who comes before whom, circles, and levels of what may run at the same time."""

from typing import Dict, List, Mapping, Sequence, Tuple

__all__ = ["cycle", "levels", "producers"]


def producers(after: Sequence[str], inputs: Sequence[str], made: Mapping[str, str]) -> Tuple[str, ...]:
    """Whom a step waits for: those it says, then the makers of what it reads, each once. `made` has the
    step by output."""
    return tuple(dict.fromkeys([*after, *(made[name] for name in inputs if name in made)]))


def cycle(before: Mapping[str, Sequence[str]]) -> List[str]:
    """Names of a circle, the first again at the end; nothing where there is none."""
    done: Dict[str, bool] = {}
    for start in before:
        path = [start]
        while path:
            here = path[-1]
            done[here] = False
            onward = next((name for name in before[here] if not done.get(name)), None)
            if onward is None:
                done[here] = True
                path.pop()
            elif onward in path:
                return [*path[path.index(onward) :], onward]
            else:
                path.append(onward)
    return []


def levels(before: Mapping[str, Sequence[str]]) -> List[List[str]]:
    """Names level by level: each waits only for names of levels before its own. `before` has no circle."""
    depth: Dict[str, int] = {}
    waiting = list(before)
    while waiting:
        ready = [name for name in waiting if all(other in depth for other in before[name])]
        for name in ready:
            depth[name] = 1 + max((depth[other] for other in before[name]), default=-1)
        waiting = [name for name in waiting if name not in depth]
    return [[name for name in before if depth[name] == level] for level in range(max(depth.values()) + 1)]
