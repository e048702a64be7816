"""Tables of what is done about a finding, and of the paper that was issued."""

from typing import Any

from tortoise import Model, fields
from tortoise.indexes import Index

from villages.ground.fields import Moment, SomeRows, row_of

# Tasks with something beside their stage that a board counts: few, and never all that were ever closed.
MARKED_TASKS = (
    "sweep_until IS NOT NULL OR (stage NOT IN ('closed', 'cancelled')"
    " AND (asked_until IS NOT NULL OR supervised > 0 OR rung >= 4))"
)
# Steps that tell how a task's first review ended: few, while a history is long.
STEPS_OF_REVIEW = "verb IN ('pass', 'reject', 'close_on_site', 'take_back')"


class Task(Model):
    """整改任务: one finding, one task. `stage` moves only through `dispatch.moves`.

    `origin` says what it comes from. visit: `inspection` and `finding` are the visit's. ledger: they are the bringing-in
    and the content of the ledger's row (`dispatch/bringing/`), and `category` and `found_on` are the ledger's own words.
    """

    id = fields.UUIDField(primary_key=True)
    number = fields.CharField(24)  # 编号 for people: year and the change's number
    village = fields.CharField(12)
    inspection = fields.UUIDField()
    finding = fields.UUIDField()
    item = fields.CharField(12)
    unit = fields.CharField(16)
    stage = fields.CharField(12)
    severity = fields.CharField(10)
    days = fields.IntField()
    deadline_kind = fields.CharField(8, default="natural", db_default="natural")  # how `days` count
    place = fields.CharField(200)
    text = fields.CharField(600)
    requirement = fields.CharField(600, default="")
    dispatched_at = Moment()
    deadline = Moment()
    closed_at = Moment(null=True)
    submitted_at = Moment(null=True)
    submitters: fields.JSONField[list[str]] = fields.JSONField(default=list)  # who ever submitted it
    supervised = fields.IntField(default=0)
    reopened = fields.IntField(default=0)
    rejected = fields.IntField(default=0)
    basis_gone = fields.BooleanField(default=False)
    extended = fields.IntField(default=0, db_default=0)  # how often more time was given
    asked_until = Moment(null=True)  # more time was asked for, and is not decided
    asked_by = fields.UUIDField(null=True)
    deferred_at = Moment(null=True)  # 挂账: since when the clock stands
    look_again = Moment(null=True)  # and when it must be looked at again
    interim = fields.CharField(600, default="", db_default="")  # what keeps people safe meanwhile
    merged_into = fields.UUIDField(null=True)  # 合并: the task that stays
    again_of = fields.UUIDField(null=True)  # 反弹: the earlier task of the same spot
    origin = fields.CharField(8, default="visit", db_default="visit")  # visit, ledger
    category = fields.CharField(60, default="", db_default="")  # 问题类别 as a ledger names it
    found_on = fields.DateField(null=True)  # 检查日期 of a ledger's row
    split_from = fields.UUIDField(null=True)  # 拆分: the task whose finding was two problems
    sweep_until = Moment(null=True)  # 举一反三: asked to look elsewhere until then, and not answered
    sweep_by = fields.UUIDField(null=True)
    rung = fields.IntField(default=0, db_default=0)  # how far the ladder has gone (dispatch/escalation.py) …
    rung_for = Moment(null=True)  # … on which date (deadline, or 挂账's look-again); another date begins anew
    supervised_for = Moment(null=True)  # the deadline that a 督办单 has pressed
    moved_rev = fields.BigIntField()  # last stage move or reassign; whose it was, the steps say
    home = fields.CharField(12)
    town = fields.CharField(9)
    rev = fields.BigIntField()

    class Meta:
        table = "task"
        table_description = " "
        indexes = (
            Index(fields=("town", "rev")),
            Index(fields=("town", "stage", "deadline")),
            Index(fields=("village", "stage", "deadline")),
            Index(fields=("unit", "stage", "deadline")),
            Index(fields=("inspection",)),
            Index(fields=("sweep_until",)),
            SomeRows(
                fields=("village", "unit", "stage", "asked_until", "supervised", "rung", "rung_for", "deadline", "sweep_until"),
                name="task_marked", where=MARKED_TASKS,
            ),
        )  # fmt: skip


class TaskCount(Model):
    """How many tasks of a town stand at a stage, by the UTC day of their deadline ("" where no clock runs), and how many
    of them have each mark. The database keeps it itself (triggers on `task`, migration 0008); nobody writes here."""

    id = fields.BigIntField(primary_key=True)
    town = fields.CharField(9)
    stage = fields.CharField(12)
    day = fields.CharField(10)
    number = fields.IntField()
    asked = fields.IntField()
    supervised = fields.IntField()
    raised = fields.IntField()
    proposed = fields.IntField()  # 拟督办: the ladder proposes a letter, and none has pressed this deadline
    sweeping = fields.IntField()

    class Meta:
        table = "task_count"
        table_description = " "
        unique_together = (("town", "stage", "day"),)


class LookBack(Model):
    """回头看: one draw from the tasks closed in a window. The seed stands before the draw; what it drew from stays."""

    id = fields.UUIDField(primary_key=True)
    district = fields.CharField(6)
    year = fields.IntField()
    ordinal = fields.IntField()
    seed = fields.CharField(64)  # the trail's hash before the change that fixed it
    share = fields.IntField()  # per cent
    since = Moment()  # closed in [since, until)
    until = Moment()
    due = Moment()  # to be looked at until then
    fixed_at = Moment()
    fixed_by = fields.UUIDField(null=True)
    drawn_at = Moment(null=True)
    drawn_from: fields.JSONField[Any] = fields.JSONField(
        null=True
    )  # {tasks: [[id, village, known]], inspectors}
    rev = fields.BigIntField()

    class Meta:
        table = "look_back"
        table_description = " "
        unique_together = (("district", "year", "ordinal"),)


class LookBackTask(Model):
    """A closed task that was drawn to be looked at again, by whom, and what they found."""

    id = fields.UUIDField(primary_key=True)
    look_back: fields.ForeignKeyRelation[LookBack] = row_of("dispatch.LookBack", indexed=True)
    task: fields.ForeignKeyRelation["Task"] = row_of("dispatch.Task", indexed=True)
    village = fields.CharField(12)
    person = fields.UUIDField(null=True)  # None: everybody is barred
    drawn_person = fields.UUIDField(null=True)  # whom the draw gave it to
    reason = fields.CharField(200, default="", db_default="")  # why somebody else goes
    outcome = fields.CharField(8, default="", db_default="")  # "" to be looked at, fine, back
    done_rev = fields.BigIntField(null=True)
    rev = fields.BigIntField()

    class Meta:
        table = "look_back_task"
        table_description = " "
        unique_together = (("look_back", "task"),)
        indexes = (Index(fields=("person", "rev")), Index(fields=("village", "outcome")))


class Step(Model):
    """One act on a task: who, when, what they said. Never deleted; the task's history explains its stage."""

    id = fields.UUIDField(primary_key=True)
    task: fields.ForeignKeyRelation[Task] = row_of("dispatch.Task", indexed=True)
    rev = fields.BigIntField()
    verb = fields.CharField(24)
    at = Moment()
    heard_at = Moment()
    person = fields.UUIDField(null=True)
    post = fields.CharField(32)
    title = fields.CharField(40)  # who, as said on screen at the time
    text = fields.CharField(600, default="")
    from_stage = fields.CharField(12, default="")
    to_stage = fields.CharField(12, default="")
    until = Moment(null=True)  # the date that was asked for, given or set
    verdict = fields.CharField(10, default="applied")

    class Meta:
        table = "step"
        table_description = " "
        indexes = (SomeRows(fields=("task_id", "rev", "verb", "verdict", "from_stage", "to_stage", "id"), name="step_review", where=STEPS_OF_REVIEW),)  # fmt: skip


class TaskPhoto(Model):
    """What a photo proves on a task: before or after, and which before-photo an after-photo answers."""

    id = fields.BigIntField(primary_key=True)
    task: fields.ForeignKeyRelation[Task] = row_of("dispatch.Task", indexed=True)
    photo = fields.UUIDField(db_index=True)
    sha256 = fields.CharField(64)
    role = fields.CharField(8)  # before, after
    pairs = fields.UUIDField(null=True)
    step = fields.UUIDField(null=True)

    class Meta:
        table = "task_photo"
        table_description = " "
        unique_together = (("task", "photo", "role"),)


class Edition(Model):
    """A printed card as issued: its data, number, place in the chain, and the bytes' hash. Reprints serve them."""

    id = fields.UUIDField(primary_key=True)
    code = fields.CharField(12, unique=True)  # what the QR leads to
    inspection = fields.UUIDField(db_index=True)
    village = fields.CharField(12)
    number = fields.IntField()
    figures: fields.JSONField[Any] = fields.JSONField()  # what the verify page shows
    fingerprint = fields.CharField(64)  # hash of the data it was printed from: same data, same edition
    pdf_sha256 = fields.CharField(64)
    data_rev = fields.BigIntField()
    chain_hash = fields.CharField(64)
    issued_at = Moment()
    issued_by = fields.UUIDField(null=True)
    rev = fields.BigIntField()

    class Meta:
        table = "edition"
        table_description = " "
        unique_together = (("inspection", "number"),)


class NoticeSheet(Model):
    """整改通知单: an edition of a village's open tasks on paper. Its bytes are kept; the same data is the same edition."""

    id = fields.UUIDField(primary_key=True)
    code = fields.CharField(12, unique=True)  # what the QR leads to
    village = fields.CharField(12)
    number = fields.IntField()
    figures: fields.JSONField[Any] = fields.JSONField()  # what the verify page shows
    fingerprint = fields.CharField(64)
    pdf_sha256 = fields.CharField(64)
    data_rev = fields.BigIntField()
    chain_hash = fields.CharField(64)
    issued_at = Moment()
    issued_by = fields.UUIDField(null=True)
    rev = fields.BigIntField()

    class Meta:
        table = "notice_sheet"
        table_description = " "
        unique_together = (("village", "number"),)


class Notice(Model):
    """消息: what calls for one person, or is told to them. One row a person, subject and kind, made anew when it happens
    again. Written in the change that it tells of; reading it is nobody else's business and no change."""

    id = fields.BigIntField(primary_key=True)
    person = fields.UUIDField()
    kind = fields.CharField(16)  # templates.words.NOTICE
    subject = fields.CharField(64)  # a task's or a letter's id; a town's week
    place = fields.CharField(16)  # what it is grouped by: the village; for the office the town
    day = fields.DateField(null=True)  # of the ladder: the date the rung belongs to
    rev = fields.BigIntField()
    at = fields.CharField(24)  # RFC 3339, as the trail's line has it
    read_at = fields.CharField(24, null=True)
    over = fields.BigIntField(null=True)  # the change after which nobody needs to act on it any more

    class Meta:
        table = "notice"
        table_description = " "
        unique_together = (("person", "subject", "kind"),)
        indexes = (Index(fields=("person", "over", "read_at")), Index(fields=("subject",)))


class Letter(Model):
    """督办单: the office's numbered letter to one town or unit about its late tasks. Its bytes are kept; reprints serve them."""

    id = fields.UUIDField(primary_key=True)  # the form's one-time id: sent twice, it is one letter
    district = fields.CharField(6)
    year = fields.IntField()
    ordinal = fields.IntField()
    unit = fields.CharField(16)  # a town, or a line department
    note = fields.CharField(600)  # 领导批示
    deadline = Moment()
    issued_at = Moment()
    issued_by = fields.UUIDField(null=True)
    data_rev = fields.BigIntField()
    chain_hash = fields.CharField(64)
    pdf_sha256 = fields.CharField(64)
    rev = fields.BigIntField()

    class Meta:
        table = "letter"
        table_description = " "
        unique_together = (("district", "year", "ordinal"),)
        indexes = (Index(fields=("unit", "issued_at")),)


class LetterTask(Model):
    """A task that a letter presses, with the deadline it had missed then."""

    id = fields.BigIntField(primary_key=True)
    letter: fields.ForeignKeyRelation[Letter] = row_of("dispatch.Letter")
    task: fields.ForeignKeyRelation[Task] = row_of("dispatch.Task", indexed=True)
    deadline = Moment()

    class Meta:
        table = "letter_task"
        table_description = " "
        unique_together = (("letter", "task"),)
