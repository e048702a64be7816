"""Tables of places, people, the trail and plumbing. Columns only; what can be done stands beside them.

A synced row carries `home` (the code or scope it lives under), `town` (its first nine digits, the feed's index)
and `rev`, the number of the change that last touched it. It is never deleted.
"""

from typing import Any

from tortoise import Model, fields
from tortoise.indexes import Index

from villages.ground.fields import Moment, row_of


class DistrictHead(Model):
    """One row a district: the number that orders everything, and the end of the hash chain."""

    district = fields.CharField(6, primary_key=True)
    name = fields.CharField(40)
    kind = fields.CharField(8)  # "real" or "demo": demo data cannot be loaded into a real district
    rev = fields.BigIntField(default=0)
    chain_hash = fields.CharField(64)
    epoch = fields.UUIDField()
    settings: fields.JSONField[Any] = fields.JSONField(default=dict)
    settings_rev = fields.BigIntField(default=0)

    class Meta:
        table = "district_head"
        table_description = " "


class Change(Model):
    """One line of the trail. `id` is district × 10¹² + rev; the line's hash covers every column but the body."""

    id = fields.BigIntField(primary_key=True)
    district = fields.CharField(6)
    rev = fields.BigIntField()
    at = fields.CharField(24)  # RFC 3339 text as hashed: the device's time for a command, else ours
    heard_at = fields.CharField(24)
    person = fields.UUIDField(null=True)
    post = fields.CharField(32)
    device = fields.UUIDField(null=True)
    verb = fields.CharField(40)
    subject_kind = fields.CharField(20)
    subject_id = fields.CharField(64)
    home = fields.CharField(64)
    from_stage = fields.CharField(20)
    to_stage = fields.CharField(20)
    command_id = fields.UUIDField(null=True)
    body_hash = fields.CharField(64)
    prev_hash = fields.CharField(64)
    hash = fields.CharField(64)

    class Meta:
        table = "change"
        table_description = " "
        unique_together = (("district", "rev"),)
        indexes = (Index(fields=("subject_id", "rev")), Index(fields=("heard_at",)))


class ChangeBody(Model):
    """What a change said, with its salt. Erasing the row's salt and body leaves the chain whole."""

    id = fields.BigIntField(primary_key=True)
    salt = fields.CharField(32, null=True)
    body = fields.TextField(null=True)

    class Meta:
        table = "change_body"
        table_description = " "


class Leaving(Model):
    """A row that left a scope of the feed: the tablets that hold the scope are told to let go of it."""

    id = fields.BigIntField(primary_key=True)
    scope = fields.CharField(40)  # u:<person>, d:<unit>
    kind = fields.CharField(12)
    row_id = fields.CharField(64)
    rev = fields.BigIntField()

    class Meta:
        table = "leaving"
        table_description = " "
        indexes = (Index(fields=("scope", "rev")),)


class Town(Model):
    """镇、街道. `code` has nine digits."""

    code = fields.CharField(9, primary_key=True)
    name = fields.CharField(20)
    stat_name = fields.CharField(20)
    kind = fields.CharField(8)  # 镇, 街道
    rev = fields.BigIntField()

    class Meta:
        table = "town"
        table_description = " "


class Village(Model):
    """行政村. Names are not keys; `search` holds name, aliases and pinyin for finding it."""

    code = fields.CharField(12, primary_key=True)
    name = fields.CharField(20)
    stat_name = fields.CharField(30)
    aliases: fields.JSONField[Any] = fields.JSONField(default=list)
    town = fields.CharField(9)
    tags: fields.JSONField[Any] = fields.JSONField(default=list)
    groups: fields.JSONField[Any] = fields.JSONField(default=list)
    search = fields.CharField(300)
    lat = fields.DecimalField(9, 6, null=True)
    lng = fields.DecimalField(9, 6, null=True)
    head_name = fields.CharField(40, default="")
    head_phone = fields.CharField(20, default="")
    home = fields.CharField(12)
    rev = fields.BigIntField()

    class Meta:
        table = "village"
        table_description = " "
        indexes = (Index(fields=("town", "rev")),)


class Unit(Model):
    """Who a task can be sent to beside a village: the office, a town, a line department (`110109-d03`)."""

    code = fields.CharField(16, primary_key=True)
    district = fields.CharField(6)
    name = fields.CharField(40)
    kind = fields.CharField(16)  # office, town, department
    active = fields.BooleanField(default=True)
    rev = fields.BigIntField()

    class Meta:
        table = "unit"
        table_description = " "


class Person(Model):
    """Someone who signs in. `name` is the sign-in name, `title` what screens and paper say."""

    id = fields.UUIDField(primary_key=True)
    district = fields.CharField(6)
    name = fields.CharField(40, unique=True)
    title = fields.CharField(40)
    phone = fields.CharField(20, default="")
    password = fields.CharField(200)
    must_change = fields.BooleanField(default=False)
    disabled = fields.BooleanField(default=False)
    rev = fields.BigIntField()

    class Meta:
        table = "person"
        table_description = " "


class Post(Model):
    """A role at a place for a time. The place's code is the reach: whatever begins with it."""

    id = fields.UUIDField(primary_key=True)
    person: fields.ForeignKeyRelation[Person] = row_of("villages.Person")
    role = fields.CharField(32)
    place = fields.CharField(16)
    since = fields.DateField()
    until = fields.DateField(null=True)
    ended = fields.BooleanField(default=False)
    rev = fields.BigIntField()

    class Meta:
        table = "post"
        table_description = " "


class Session(Model):
    """One bearer of one person: `session` (everything), `deposit` (hand in only) or `desk` (browser cookie)."""

    id = fields.UUIDField(primary_key=True)
    token_hash = fields.CharField(64, unique=True)
    kind = fields.CharField(8)
    person: fields.ForeignKeyRelation[Person] = row_of("villages.Person")
    device = fields.UUIDField(null=True)
    label = fields.CharField(80, default="")
    created = Moment()
    seen = Moment()
    expires = Moment()
    revoked = fields.BooleanField(default=False)
    by_ticket = fields.BooleanField(
        default=False, db_default=False
    )  # opened by an enrolment code, no password

    class Meta:
        table = "session"
        table_description = " "


class SignInTry(Model):
    """Misses in a row for a sign-in name (or address); not part of the trail."""

    key = fields.CharField(80, primary_key=True)
    misses = fields.IntField(default=0)
    locked_until = Moment(null=True)
    seen = Moment()

    class Meta:
        table = "sign_in_try"
        table_description = " "


class Ticket(Model):
    """One-time enrolment ticket shown as a QR; dies after one use or a day."""

    token_hash = fields.CharField(64, primary_key=True)
    person: fields.ForeignKeyRelation[Person] = row_of("villages.Person")
    expires = Moment()
    used_at = Moment(null=True)

    class Meta:
        table = "ticket"
        table_description = " "


class Job(Model):
    """Slow work (a round's cards as one PDF) done beside the requests, with a lease and its progress."""

    id = fields.UUIDField(primary_key=True)
    kind = fields.CharField(40)
    key = fields.CharField(120, unique=True)
    args: fields.JSONField[Any] = fields.JSONField(default=dict)
    person = fields.UUIDField(null=True)
    state = fields.CharField(10)  # waiting, running, done, failed
    done = fields.IntField(default=0)
    total = fields.IntField(default=0)
    result = fields.CharField(200, default="")
    error = fields.CharField(300, default="")
    tries = fields.IntField(default=0)
    lease_until = Moment(null=True)
    created = Moment()

    class Meta:
        table = "job"
        table_description = " "
