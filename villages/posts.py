"""Posts of an account that is there: one more of them, or the end of one. Both are lines of the trail.

Who may is asked twice: of every post the account holds (as for a reset), and of the post that is handed out.
"""

from datetime import date, timedelta
from uuid import UUID

from villages.changes import Actor, Line, change
from villages.commands import Account, over, places_for
from villages.ground import clock
from villages.ground.ids import new_id
from villages.ground.problems import Problem
from villages.models import Post
from villages.permissions import PostHeld, Who

VERB = "person.posts"
_LONGEST = timedelta(days=3660)  # ahead; more is a slip of the finger


def may_adjust(who: Who, target: Account) -> bool:
    """True when this person may change the account's posts; nobody changes their own."""
    return target.person.id != who.person and over(who, target.posts, VERB) is not None


async def posts_of_account(person: UUID) -> list[Post]:
    """Every post the person holds or held: those not ended first, the newest first."""
    return await Post.filter(person_id=person).order_by("ended", "-since", "-rev")


async def add_post(
    who: Who, target: Account, *, role: str, place: str, since: date, until: date | None
) -> Post:
    """One more post from `since` (to `until`, that day included).

    Raises not_found for an account, role or place that is not this person's; invalid for one's own account, dates
    that make no sense, or a post that the account has.
    """
    post = await _giver(who, target, role, place)
    today = clock.local(clock.now()).date()
    if until is not None and (until < since or until < today):
        raise Problem("invalid", what="结束日期不能早于开始日期，也不能早于今天。")
    if max(since, until or since) > today + _LONGEST:
        raise Problem("invalid", what="任期最长填十年以内，长期任职的结束日期可不填。")

    async def work(line: Line) -> Post:
        held = Post.filter(person_id=target.person.id, role=role, place=place, ended=False)
        if any(one.until is None or one.until >= today for one in await held):
            raise Problem("invalid", what="该账号已有这个岗位，不用重复增加；要改任期请先结束原岗位。")
        made = await Post.create(
            id=new_id(), person_id=target.person.id, role=role, place=place, since=since, until=until, rev=line.rev
        )  # fmt: skip
        _say(line, target, made)
        return made

    return await change(work, district=who.district, actor=_actor(who, post), verb="person.post_add")


async def end_post(who: Who, target: Account, post_id: UUID) -> Post:
    """End a post today, at once. Raises not_found; invalid for one's own account or an account's only post; stale."""
    giver = over(who, target.posts, VERB)
    if giver is None:
        raise Problem("not_found")
    _refuse_own(who, target)

    async def work(line: Line) -> Post:
        held = await Post.filter(person_id=target.person.id, ended=False)
        found = next((one for one in held if one.id == post_id), None)
        if found is None:
            if await Post.exists(id=post_id, person_id=target.person.id):
                raise Problem("stale")
            raise Problem("not_found")
        if len(held) == 1:
            raise Problem(
                "invalid",
                what="这是该账号唯一的岗位，结束后无人能管理它；人员调离请停用账号，换岗请先增加新岗位。",
            )
        today = clock.local(line.heard_at).date()
        found.ended, found.until, found.rev = True, min(found.until or today, today), line.rev
        await found.save(update_fields=["ended", "until", "rev"])
        _say(line, target, found)
        return found

    return await change(work, district=who.district, actor=_actor(who, giver), verb="person.post_end")


async def _giver(who: Who, target: Account, role: str, place: str) -> PostHeld:
    """The post by which this one may be handed out to this account."""
    if over(who, target.posts, VERB) is None:
        raise Problem("not_found")
    _refuse_own(who, target)
    post = over(who, (*target.posts, PostHeld(role, place)), VERB)
    choices = await places_for(who, role)
    if post is None or not any(place == code for ones in choices.values() for code, _ in ones):
        raise Problem("not_found")
    return post


def _refuse_own(who: Who, target: Account) -> None:
    if target.person.id == who.person:
        raise Problem("invalid", what="不能调整自己的岗位，请由另一位管理人员办理。")


def _say(line: Line, target: Account, post: Post) -> None:
    line.about("person", target.person.id, line.district)
    line.body.update(
        name=target.person.name, role=post.role, place=post.place, since=str(post.since),
        until=str(post.until) if post.until else None,
    )  # fmt: skip


def _actor(who: Who, post: PostHeld) -> Actor:
    return Actor(who.person, post.role, post.place, who.title, who.device)
