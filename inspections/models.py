"""Tables of what was found. The signed document is kept whole and immutable; small rows beside it serve figures."""

from typing import Any

from tortoise import Model, fields
from tortoise.indexes import Index

from villages.ground.fields import Moment, row_of


class ChecklistVersion(Model):
    """A checklist, frozen by the hash of its content. An inspection stays on the version it began with."""

    sha256 = fields.CharField(64, primary_key=True)
    district = fields.CharField(6)
    code = fields.CharField(12)
    version = fields.CharField(12)
    title = fields.CharField(80)
    stage = fields.CharField(10)  # draft, published, retired
    body: fields.JSONField[Any] = fields.JSONField()
    rev = fields.BigIntField()

    class Meta:
        table = "checklist_version"
        table_description = " "


class Round(Model):
    """检查批次. `owner` is the code of who opened it: the district, or a town for its own self-check."""

    id = fields.UUIDField(primary_key=True)
    owner = fields.CharField(9)
    name = fields.CharField(60)
    number = fields.CharField(20)  # 编号, e.g. 2026-11-M
    type = fields.CharField(16)  # monthly, quarterly, annual, special, random
    opens = fields.DateField()
    closes = fields.DateField()
    stage = fields.CharField(10)  # planned, started, closed, published
    checklists: fields.JSONField[Any] = fields.JSONField()  # [{code, version, sha256}]
    scope: fields.JSONField[Any] = fields.JSONField(default=dict)  # how the villages were chosen
    published_at = Moment(null=True)
    rev = fields.BigIntField()

    class Meta:
        table = "round"
        table_description = " "


class Assignment(Model):
    """One person, one village, one checklist, one round. Ends by completion or withdrawal only."""

    id = fields.UUIDField(primary_key=True)
    round: fields.ForeignKeyRelation[Round] = row_of("inspections.Round")
    village = fields.CharField(12)
    checklist = fields.CharField(12)
    person = fields.UUIDField()
    partners: fields.JSONField[Any] = fields.JSONField(default=list)  # ids of the others on the same visit
    draw = fields.BooleanField(default=False)
    stage = fields.CharField(10)  # open, done, withdrawn
    rev = fields.BigIntField()

    class Meta:
        table = "assignment"
        table_description = " "
        unique_together = (("round", "village", "checklist", "person"),)
        # The second: what a person may reach by the rounds under way, asked at every request of a tablet and answered
        # by the index alone.
        indexes = (Index(fields=("person", "rev")), Index(fields=("person", "round_id", "village", "stage")))


class Inspection(Model):
    """One finished visit. `document` is the submitted text to the byte; `answers` the same with points each."""

    id = fields.UUIDField(primary_key=True)
    round: fields.ForeignKeyRelation[Round] = row_of("inspections.Round")
    village = fields.CharField(12)
    checklist_code = fields.CharField(12)
    checklist_version = fields.CharField(12)
    checklist_sha256 = fields.CharField(64)
    author = fields.UUIDField()
    inspectors: fields.JSONField[Any] = fields.JSONField()
    started_at = Moment()
    finished_at = Moment()
    heard_at = Moment()
    stage = fields.CharField(10)  # submitted, published, void
    late = fields.BooleanField(default=False)
    score = fields.DecimalField(5, 1, null=True)
    grade = fields.CharField(12, default="")
    vetoed = fields.BooleanField(default=False)
    na_over = fields.BooleanField(default=False)
    district_rank = fields.IntField(null=True)  # places, fixed by publishing; null: none yet, or no score
    town_rank = fields.IntField(null=True)
    earned = fields.DecimalField(7, 2)
    base = fields.DecimalField(7, 2)
    answers: fields.JSONField[Any] = fields.JSONField()
    sections: fields.JSONField[Any] = fields.JSONField()  # {code: [earned, base]} as decimal strings
    document = fields.TextField()
    signature: fields.JSONField[Any] = fields.JSONField(null=True)
    remarks = fields.CharField(600, default="")
    position: fields.JSONField[Any] = fields.JSONField(null=True)
    home = fields.CharField(12)
    town = fields.CharField(9)
    rev = fields.BigIntField()

    class Meta:
        table = "inspection"
        table_description = " "
        indexes = (
            Index(fields=("town", "rev")),
            Index(fields=("round_id", "village")),
            Index(fields=("village", "finished_at")),
        )


class InspectionVersion(Model):
    """A visit as it was said before its author put it right; `number` from 1, the oldest."""

    id = fields.UUIDField(primary_key=True)
    inspection: fields.ForeignKeyRelation[Inspection] = row_of("inspections.Inspection")
    number = fields.IntField()
    document = fields.TextField()
    answers: fields.JSONField[Any] = fields.JSONField()
    score = fields.DecimalField(5, 1, null=True)
    grade = fields.CharField(12, default="")
    replaced_at = Moment()
    rev = fields.BigIntField()  # the change that put another in its place

    class Meta:
        table = "inspection_version"
        table_description = " "
        unique_together = (("inspection", "number"),)


class Finding(Model):
    """问题: one spot where points were lost."""

    id = fields.UUIDField(primary_key=True)
    inspection: fields.ForeignKeyRelation[Inspection] = row_of("inspections.Inspection", indexed=True)
    item = fields.CharField(12)
    rule = fields.CharField(20, default="")
    count = fields.IntField(default=1)
    place = fields.CharField(200)
    text = fields.CharField(600)
    position: fields.JSONField[Any] = fields.JSONField(null=True)
    action = fields.CharField(10)  # dispatch, fixed, record
    unit = fields.CharField(16, default="")
    severity = fields.CharField(10)
    days = fields.IntField(null=True)

    class Meta:
        table = "finding"
        table_description = " "


class Photo(Model):
    """An expected photo. The record comes first, the bytes after; two photos may share bytes."""

    id = fields.UUIDField(primary_key=True)
    sha256 = fields.CharField(64)
    size = fields.IntField()
    mime = fields.CharField(40)
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    taken_at = Moment(null=True)
    position: fields.JSONField[Any] = fields.JSONField(null=True)
    person = fields.UUIDField()
    state = fields.CharField(10, default="expected")  # expected, stored, waived
    has_preview = fields.BooleanField(default=False)
    stored_at = Moment(null=True)
    fault = fields.CharField(40, default="")  # why the bytes that came could not be used
    home = fields.CharField(40)  # a village, or `u:<person>` while the village is not known
    town = fields.CharField(9)
    rev = fields.BigIntField()

    class Meta:
        table = "photo"
        table_description = " "
        indexes = (Index(fields=("town", "rev")), Index(fields=("sha256",)))


class PhotoUse(Model):
    """What a photo proves in an inspection: a finding before or after, or the village's signature."""

    id = fields.BigIntField(primary_key=True)
    photo: fields.ForeignKeyRelation[Photo] = row_of("inspections.Photo", indexed=True)
    inspection = fields.UUIDField()
    item = fields.CharField(12, default="")
    finding = fields.UUIDField(null=True)
    role = fields.CharField(10)  # before, after, signature, scene

    class Meta:
        table = "photo_use"
        table_description = " "
        unique_together = (("inspection", "photo", "finding", "role"),)
