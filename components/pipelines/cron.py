"""Times at which a pipeline starts: five fields, as cron, Argo and Airflow read them, and EventBridge's six."""

import re
from typing import List, Tuple

from components.model import refused

__all__ = ["checked", "eventbridge"]

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Name, least, most, names of values; Sunday may be 7 as well.
FIELDS: Tuple[Tuple[str, int, int, Tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
EXAMPLE = "such as 0 3 * * 1: Mondays at 3:00"
_TERM = re.compile(r"(\*|[A-Z0-9]+)(?:-([A-Z0-9]+))?(?:/([0-9]+))?")


def checked(text: str) -> str:
    """`text` in its normal form: single spaces, names of days and months as numbers. Raises `refused`."""
    fields = text.upper().split()
    if len(fields) != len(FIELDS):
        but = f"{text!r} has {len(fields)} fields; minute, hour, day of month, month and day of week are 5"
        raise refused(but, EXAMPLE)
    numbers = [_field(text, part, *limits) for part, limits in zip(fields, FIELDS, strict=True)]
    if numbers[2] != "*" and numbers[4] != "*":
        but = f"{text!r} names days of the month and of the week: engines differ in whether one is enough"
        raise refused(but, "put * for one of the two")
    return " ".join(numbers)


def eventbridge(cron: str) -> str:
    """A checked expression as EventBridge takes it: days of the week from 1, `?` for the day not asked for."""
    minute, hour, day, month, weekday = cron.split()
    if weekday == "*":
        return f"cron({minute} {hour} {day} {month} ? *)"
    return f"cron({minute} {hour} ? {month} {_shifted(weekday)} *)"


def _field(whole: str, field: str, name: str, least: int, most: int, names: Tuple[str, ...]) -> str:
    terms: List[str] = []
    for term in field.split(","):
        match = _TERM.fullmatch(term)
        if not match:
            raise refused(f"{whole!r}: {term!r} is no {name}", EXAMPLE)
        first, last, step = match.groups()
        low = first if first == "*" else str(_value(whole, first, name, least, most, names))
        if last is not None:
            high = _value(whole, last, name, least, most, names)
            if first == "*" or int(low) > high:
                raise refused(f"{whole!r}: {term!r} is no range of {name}s", EXAMPLE)
            low = f"{low}-{high}"
        if step is not None and (int(step) < 1 or int(step) > most):
            raise refused(f"{whole!r}: a step of {step} is no step of {name}s", EXAMPLE)
        if step is not None and first != "*" and last is None:
            # A start with a step: to the end for some engines, a single value for others.
            low = f"{low}-{most}"
        terms.append(low if step is None else f"{low}/{step}")
    return ",".join(terms)


def _value(whole: str, text: str, name: str, least: int, most: int, names: Tuple[str, ...]) -> int:
    if text in names:
        return names.index(text) + (1 if names is _MONTHS else 0)
    if not text.isdigit() or not least <= int(text) <= most:
        raise refused(f"{whole!r}: {text!r} is no {name}, which goes from {least} to {most}", EXAMPLE)
    return int(text)


def _shifted(weekday: str) -> str:
    """Cron counts days of the week from Sunday as 0 (and 7), EventBridge from Sunday as 1."""
    days: List[int] = []
    for term in weekday.split(","):
        span, _, step = term.partition("/")
        low, _, high = span.partition("-")
        first, last = (0, 6) if low == "*" else (int(low), int(high or low))
        days += range(first, last + 1, int(step or 1))
    return ",".join(str(day) for day in sorted({day % 7 + 1 for day in days}))
