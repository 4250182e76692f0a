"""What the stand-in cloud holds, in SQLite: several provider processes share it, and any may be killed.

    world = World(folder)                       # the folder of $TRADEWIND_WORLD
    world.things("aws:ec2/vpc:Vpc")             # what exists
    world.plant("eu-west-1", NETWORK_INTERFACE, "eni-1", {"vpcId": vpc.id})
    world.drift("aws:sqs/queue:Queue", url, delaySeconds=5)
    world.faults = [Fault("throttle", region="eu-west-1", times=3)]

Creating, changing and removing something are one transaction each: a killed provider leaves the whole
thing behind or nothing.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

LIVE, PENDING = "live", "pending-deletion"
GLOBAL = "global"
"""Region of what lies in none."""

_TABLES = """
create table if not exists things (
  number integer primary key autoincrement, account text, region text, type text, id text, name text, urn text,
  properties text, inputs text, tags text, arn text, status text, unique (account, region, type, id));
create table if not exists claims (claim text primary key, owner integer);
create index if not exists claims_of on claims (owner);
create table if not exists links (source integer, target text, place text, primary key (source, target, place));
create index if not exists links_to on links (target);
create table if not exists faults (
  number integer primary key autoincrement, kind text, region text, type text, times integer, operation text,
  reason text);
create table if not exists calls (region text, type text, operation text, times integer,
  primary key (region, type, operation));
"""
_LINK = re.compile(
    r"(?:vpc|subnet|sg|igw|nat|eni|eipalloc|rtb|lt|pcx|tgw|i|vol|vpce|acl)-[0-9a-f]{8,17}|arn:aws[\w-]*:\S+",
    re.ASCII,
)


class Taken(Exception):
    """A name or id that something else has; `claim` tells which."""

    def __init__(self, claim: str) -> None:
        super().__init__(claim)
        self.claim = claim


@dataclass(frozen=True)
class Thing:
    """Something that exists. `properties` are all outputs, `inputs` what the program asked for ({} for
    what was planted); `status` is "live", or "pending-deletion" for a key or a secret in its window."""

    region: str
    type: str
    id: str
    name: str = ""
    urn: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    arn: str = ""
    status: str = LIVE
    account: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class Fault:
    """Trouble to make: for `times` operations, or until it is taken away.

    Kinds: "throttle" (the service slows down; the provider tries again, then gives up), "timeout" (no
    answer, nothing done), "refuse" (no permission), "half-create" (made, but reported as not ready, with
    partial state), "lost" (made, but the answer never arrives, so that no state knows of it).
    `region` and `type` may have `*`; `operation` is create, update, delete, read or `*`.
    """

    kind: str
    region: str = "*"
    type: str = "*"
    times: int | None = None
    operation: str = "*"
    reason: str = ""


class World:
    """The cloud in `folder`."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._local = threading.local()
        with self.transaction() as tables:
            if not tables.execute("select 1 from sqlite_master where name = 'calls'").fetchone():
                for statement in _TABLES.split(";"):
                    tables.execute(statement)

    @property
    def tables(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "tables", None)
        if found is None:
            found = sqlite3.connect(self.folder / "world.sqlite", timeout=60, isolation_level=None)
            found.execute("pragma busy_timeout = 60000")
            found.execute("pragma journal_mode = wal")
            found.execute("pragma synchronous = normal")
            self._local.tables = found
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of what is done inside, or nothing."""
        tables = self.tables
        tables.execute("begin immediate")
        try:
            yield tables
        except BaseException:
            tables.execute("rollback")
            raise
        tables.execute("commit")

    def close(self) -> None:
        if (tables := getattr(self._local, "tables", None)) is not None:
            tables.close()
            self._local.tables = None

    # What exists

    def things(
        self, type: str = "", region: str = "", *, account: str = "", id: str = "", pending: bool = False
    ) -> list[Thing]:
        """In the order of creation; with `pending`, also what only waits for the end of its window."""
        given = {"type": type, "region": region, "account": account, "id": id}
        wanted = {name: value for name, value in given.items() if value}
        where = " and ".join([f"{name} = ?" for name in wanted] + ([] if pending else [f"status = '{LIVE}'"]))
        rows = self.tables.execute(
            f"select * from things {'where ' + where if where else ''} order by number", [*wanted.values()]
        )
        return [_thing(row) for row in rows]

    def linked(self, target: str) -> list[tuple[Thing, str]]:
        """Live things that refer to the id, ARN or key `target`, and where in their properties."""
        rows = self.tables.execute(
            "select things.*, links.place from links join things on number = source "
            f"where target = ? and status = '{LIVE}' order by number",
            [target],
        )
        return [(_thing(row[:-1]), row[-1]) for row in rows]

    def insert(self, thing: Thing, claims: list[str]) -> Thing:
        """Bring `thing` into being with its exclusive `claims`; inside a transaction. Raises `Taken`."""
        tables = self.tables
        try:
            number = tables.execute(
                "insert into things values (null" + ", ?" * 11 + ")", [*_row(thing)]
            ).lastrowid
        except sqlite3.IntegrityError as error:
            raise Taken(f"id:{thing.type}:{thing.id}") from error
        for claim in claims:
            try:
                tables.execute("insert into claims values (?, ?)", [claim, number])
            except sqlite3.IntegrityError as error:
                raise Taken(claim) from error
        self._link(number or 0, thing.properties)
        return Thing(**{**thing.__dict__, "number": number or 0})

    def claimed(self, claim: str) -> bool:
        return self.tables.execute("select 1 from claims where claim = ?", [claim]).fetchone() is not None

    def change(self, thing: Thing) -> None:
        """Write `thing` as it is now; inside a transaction."""
        row = dict(zip(_COLUMNS, _row(thing), strict=True))
        self.tables.execute(
            f"update things set {', '.join(f'{name} = ?' for name in row)} where number = ?",
            [*row.values(), thing.number],
        )
        self.tables.execute("delete from links where source = ?", [thing.number])
        self._link(thing.number, thing.properties)

    def erase(self, thing: Thing) -> None:
        """Take `thing` and what it claims away; inside a transaction."""
        for table, column in (("things", "number"), ("claims", "owner"), ("links", "source")):
            self.tables.execute(f"delete from {table} where {column} = ?", [thing.number])

    def release(self, thing: Thing, start: str = "") -> None:
        """Give up the claims of `thing` that begin with `start`; inside a transaction."""
        self.tables.execute(
            "delete from claims where owner = ? and substr(claim, 1, ?) = ?",
            [thing.number, len(start), start],
        )

    def _link(self, number: int, properties: dict[str, Any]) -> None:
        self.tables.executemany(
            "insert or ignore into links values (?, ?, ?)",
            [(number, target, place) for place, target in links_of(properties)],
        )

    # For tests

    def plant(self, region: str, type: str, id: str, properties: dict[str, Any] | None = None) -> Thing:
        """Something that no program made: a controller's load balancer, an object in a bucket."""
        values = {"id": id, **(properties or {})}
        with self.transaction():
            return self.insert(
                Thing(region, type, id, str(values.get("name", id)), properties=values,
                      tags=dict(values.get("tagsAll") or values.get("tags") or {}), arn=str(values.get("arn", ""))),
                [],
            )  # fmt: skip

    def drift(self, type: str, id: str, **properties: Any) -> None:
        """Change properties behind the engine's back; a property of None is taken away."""
        with self.transaction():
            for thing in self._only(type, id):
                values = {**thing.properties, **properties}
                values = {name: value for name, value in values.items() if value is not None}
                tags = dict(values.get("tags") or {}) if "tags" in properties else thing.tags
                if "tags" in properties and "tagsAll" in values:
                    values["tagsAll"] = tags
                self.change(Thing(**{**thing.__dict__, "properties": values, "tags": tags}))

    def remove(self, type: str, id: str) -> None:
        """Take something away behind the engine's back."""
        with self.transaction():
            for thing in self._only(type, id):
                self.erase(thing)

    def _only(self, type: str, id: str) -> list[Thing]:
        found = self.things(type, id=id, pending=True)
        if not found:
            raise KeyError(f"{type} {id} is not in the world")
        return found

    # Faults and counters

    @property
    def faults(self) -> list[Fault]:
        rows = self.tables.execute(
            "select kind, region, type, times, operation, reason from faults order by number"
        )
        return [Fault(*row) for row in rows]

    @faults.setter
    def faults(self, faults: list[Fault]) -> None:
        with self.transaction() as tables:
            tables.execute("delete from faults")
            tables.executemany(
                "insert into faults (kind, region, type, times, operation, reason) values (?, ?, ?, ?, ?, ?)",
                [astuple(fault) for fault in faults],
            )

    def count(self, region: str, type: str, operation: str) -> None:
        """Note one call of the provider; inside a transaction or on its own."""
        self.tables.execute(
            "insert into calls values (?, ?, ?, 1) on conflict do update set times = times + 1",
            [region, type, operation],
        )

    def calls(self) -> dict[tuple[str, str, str], int]:
        """How often each operation was tried, by region, type and operation."""
        return {row[:3]: row[3] for row in self.tables.execute("select * from calls")}


def links_of(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Ids and ARNs of other things in `value`, with the first name of the path to each."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in ("id", "arn", "tags", "tagsAll") or place:
                yield from links_of(item, place or key)
    elif isinstance(value, list):
        for item in value:
            yield from links_of(item, place)
    elif isinstance(value, str) and len(value) < 300 and _LINK.fullmatch(value):
        yield place, value


_COLUMNS = ("account", "region", "type", "id", "name", "urn", "properties", "inputs", "tags", "arn", "status")


def _row(thing: Thing) -> list[str]:
    values = (getattr(thing, name) for name in _COLUMNS)
    return [json.dumps(value) if isinstance(value, dict) else str(value) for value in values]


def _thing(row: tuple[Any, ...]) -> Thing:
    values = dict(zip(_COLUMNS, row[1:], strict=True))
    for name in ("properties", "inputs", "tags"):
        values[name] = json.loads(values[name])
    return Thing(**values, number=row[0])
