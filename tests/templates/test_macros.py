"""The small pieces of every page, rendered as a page renders them."""

import re

from templates import environment


def _input(**how: object) -> dict[str, str]:
    """The attributes of one labelled input."""
    made = environment.from_string(
        '{% import "macros.html" as ui %}{{ ui.field("name", "用户名", given, hint=hint, required=required, wrong=wrong, extra=extra|safe) }}'
    ).render({"given": "", "hint": "", "required": True, "wrong": "", "extra": "", **how})
    tag = re.search(r"<input ([^>]*)>", made)
    assert tag is not None
    return dict(re.findall(r'([\w-]+)(?:="([^"]*)")?', tag[1]))


def test_an_input_keeps_each_of_its_attributes_apart() -> None:
    """Whitespace that a template trims must not glue two of them into one that nobody knows."""
    said = _input(hint="登录时输入", extra='spellcheck="false"')
    assert set(said) >= {"required", "aria-describedby", "spellcheck", "maxlength"}
    assert said["aria-describedby"] == "h-name"


def test_a_wrong_input_says_so_and_points_to_why() -> None:
    said = _input(wrong="用户名已有人使用", required=False)
    assert said["aria-invalid"] == "true" and said["aria-describedby"] == "h-name"
    assert "required" not in said
