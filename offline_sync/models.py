"""Tables of the wire: devices, replicas, every command with its verdict, cards, uploads in pieces, drafts."""

from typing import Any

from tortoise import Model, fields
from tortoise.indexes import Index

from villages.ground.fields import Moment


class Device(Model):
    """A tablet or phone as it named itself. About devices, never about people's diligence."""

    id = fields.UUIDField(primary_key=True)
    district = fields.CharField(6)
    label = fields.CharField(80)
    platform = fields.CharField(80, default="")
    build = fields.CharField(40, default="")
    revoked = fields.BooleanField(default=False)
    first_seen = Moment()
    rev = fields.BigIntField()

    class Meta:
        table = "device"
        table_description = " "


class DeviceReport(Model):
    """How a device said it stands, its newest word only: of room, of what waits on it, of its clock and its link.

    Of all who work on it together, so that it tells of a device and of nobody. Bookkeeping: outside the change.
    """

    device = fields.UUIDField(primary_key=True)
    district = fields.CharField(6)
    heard_at = Moment()
    build = fields.CharField(40, default="")
    platform = fields.CharField(80, default="")
    used = fields.BigIntField(null=True)  # bytes; null: the browser does not say
    quota = fields.BigIntField(null=True)  # bytes
    persisted = fields.BooleanField(null=True)
    commands = fields.IntField(default=0)  # without a receipt
    photos = fields.IntField(default=0)  # named by a command, not stored here
    photo_bytes = fields.BigIntField(default=0)
    oldest = Moment(null=True)  # since when the oldest of it waits, by our clock
    skew_seconds = fields.IntField(null=True)  # our clock minus the device's
    last_ok = Moment(null=True)  # when a sync of it last came to its end
    bytes_per_second = fields.BigIntField(null=True)  # how its last pieces of photos went

    class Meta:
        table = "device_report"
        table_description = " "
        indexes = (Index(fields=("district",)),)


class Replica(Model):
    """One store on one device of one person: the counter of its commands."""

    id = fields.UUIDField(primary_key=True)
    district = fields.CharField(6)
    person = fields.UUIDField()
    device = fields.UUIDField(null=True)
    last_seq = fields.BigIntField(default=0)
    seen = Moment()

    class Meta:
        table = "replica"
        table_description = " "


class Command(Model):
    """A command as it came (to the byte) and its stored verdict, which a repeat gets again."""

    id = fields.UUIDField(primary_key=True)
    replica = fields.UUIDField()
    seq = fields.BigIntField()
    person = fields.UUIDField()
    verb = fields.CharField(40)
    v = fields.IntField()
    body_hash = fields.CharField(64)
    payload = fields.TextField()
    status = fields.CharField(10)
    reason = fields.CharField(24, default="")
    detail = fields.CharField(600, default="")  # the sentence a person reads
    data: fields.JSONField[Any] = fields.JSONField(default=dict)
    at = Moment(null=True)
    mono = fields.BigIntField(null=True)
    boot = fields.CharField(64, default="")
    skew_seconds = fields.IntField(null=True)
    heard_at = Moment()
    rev = fields.BigIntField()
    decision = fields.CharField(12, default="")  # of a held one: approved, noted, declined

    class Meta:
        table = "command"
        table_description = " "
        unique_together = (("replica", "seq"),)
        indexes = (Index(fields=("status", "decision")),)


class CommandTry(Model):
    """How often a command met an unexpected error; after three it is stored as held."""

    id = fields.UUIDField(primary_key=True)
    tries = fields.IntField(default=0)
    error = fields.CharField(300, default="")

    class Meta:
        table = "command_try"
        table_description = " "


class Stranger(Model):
    """Another body under an id that is taken: kept whole for a person to look at, never applied."""

    id = fields.BigIntField(primary_key=True)
    command = fields.UUIDField()
    replica = fields.UUIDField()
    person = fields.UUIDField()
    body_hash = fields.CharField(64)
    payload = fields.TextField()
    heard_at = Moment()

    class Meta:
        table = "stranger"
        table_description = " "
        unique_together = (("command", "body_hash"),)


class Card(Model):
    """What became of a command that needs its author: lives in `u:<person>` and survives the tablet."""

    id = fields.UUIDField(primary_key=True)
    person = fields.UUIDField()
    command = fields.UUIDField()
    status = fields.CharField(12)
    reason = fields.CharField(24)
    about_kind = fields.CharField(20)
    about_id = fields.CharField(64)
    text = fields.CharField(600, default="")
    at = Moment()
    dismissed = fields.BooleanField(default=False)
    rev = fields.BigIntField()

    class Meta:
        table = "card"
        table_description = " "
        indexes = (Index(fields=("person", "rev")),)


class Upload(Model):
    """A photo on its way: how many bytes are here, until when the pieces are kept."""

    sha256 = fields.CharField(64, primary_key=True)
    person = fields.UUIDField()
    size = fields.BigIntField()
    offset = fields.BigIntField(default=0)
    mime = fields.CharField(40, default="")
    expires = Moment()

    class Meta:
        table = "upload"
        table_description = " "


class Draft(Model):
    """Backup of an unfinished sheet, newest per author, visible to its author only."""

    id = fields.BigIntField(primary_key=True)
    inspection = fields.UUIDField()
    person = fields.UUIDField()
    rev = fields.BigIntField()
    doc = fields.TextField()
    heard_at = Moment()

    class Meta:
        table = "draft"
        table_description = " "
        unique_together = (("inspection", "person"),)
