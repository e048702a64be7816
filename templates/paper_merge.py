"""Many PDFs as one, with an outline. Runs inside a print worker."""

import io
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pikepdf


def join(parts: Sequence[bytes | Path], bookmarks: Sequence[str], to: Path) -> None:
    """Write one PDF, pages as they are; same parts, same bytes. Parts given as paths are read piece by piece.

    A bookmark `王平镇/安家庄村` stands under 王平镇, which leads to its first part.
    """
    with ExitStack() as held, pikepdf.new() as whole:  # the parts must stay open until the whole is saved
        starts = []
        for part in parts:
            starts.append(len(whole.pages))
            one = held.enter_context(pikepdf.open(part if isinstance(part, Path) else io.BytesIO(part)))
            whole.pages.extend(one.pages)
        with whole.open_outline() as outline:
            _nest(outline.root, bookmarks, starts)
        whole.save(to, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _nest(root: list[Any], bookmarks: Sequence[str], starts: Sequence[int]) -> None:
    groups: dict[str, list[Any]] = {"": root}
    for bookmark, page in zip(bookmarks, starts, strict=True):
        group, _, name = bookmark.rpartition("/")
        if group not in groups:
            head = pikepdf.OutlineItem(group, page)
            root.append(head)
            groups[group] = head.children
        groups[group].append(pikepdf.OutlineItem(name, page))
