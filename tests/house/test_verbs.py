"""Who may is one table: no act of a person enters the trail under a verb that has no row in it."""

import ast
from collections.abc import Iterator

from tests.house.tree import ROOT, house_python
from villages.permissions import MAY

OWN = {
    "person.password": "everybody's own",
    "device.enrol": "follows from signing in",
    "card.issue": "follows from card.print",
    "sheet.issue": "follows from sheet.print",
    "person.post_add": "judged as person.posts",
    "person.post_end": "judged as person.posts",
}


def acts() -> Iterator[tuple[str, str]]:
    """(verb, file) of every change that is written with a verb of its own and not by the system."""
    for name in house_python(ROOT):
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.AsyncFunctionDef):
                for verb in _verbs(function):
                    yield verb, name


def _verbs(function: ast.AsyncFunctionDef) -> Iterator[str]:
    assigned = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in ast.walk(function):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "change"):
            continue
        given = {word.arg: word.value for word in call.keywords}
        actor, verb = given.get("actor"), given.get("verb")
        if isinstance(actor, ast.Name) and actor.id == "SYSTEM":
            continue
        if isinstance(verb, ast.Name):
            verb = assigned.get(verb.id)
        if verb is not None:
            yield from _texts(verb)


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts an expression can be: itself, or either arm of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def test_every_act_of_a_person_has_its_row() -> None:
    found = dict(acts())
    assert {"person.reset", "person.enable", "session.revoke", "device.revoke"} <= set(found), (
        "they are looked at"
    )
    assert {verb: name for verb, name in found.items() if verb not in MAY and verb not in OWN} == {}
