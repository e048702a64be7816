"""The pictures of a workbook, each part once, looked at and kept as files by hash."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

from dispatch.bringing.limits import MOST_PICTURES, PHOTO_BYTES, UnreadableError
from inspections.pictures import check_bytes
from villages.ground.problems import Problem


class Pictures:
    """Pictures out of the package, each part once, kept by hash."""

    def __init__(self, source: zipfile.ZipFile, folder: Path) -> None:
        self._source, self._folder = source, folder
        self._seen: dict[str, dict[str, Any]] = {}
        self.count = 0
        folder.mkdir(exist_ok=True)

    def told(self, part: str) -> dict[str, Any]:
        """`{sha256, size, mime, width, height}`, or `{bad: why}`. Raises UnreadableError beyond the limit."""
        self.count += 1
        if self.count > MOST_PICTURES:
            raise UnreadableError(
                f"这份台账的图片超过 {MOST_PICTURES} 张，没有读取；请按镇街拆成几份，分几次带入。"
            )
        if part not in self._seen:
            self._seen[part] = self._taken(part)
        return self._seen[part]

    def _taken(self, part: str) -> dict[str, Any]:
        try:
            size = self._source.getinfo(part).file_size
        except KeyError:
            return {"bad": "图片只是链接，文件里没有它的内容；请把照片插入表格后再上传"}
        if size > PHOTO_BYTES:
            return {"bad": f"图片有 {size >> 20} MB，单张最多 {PHOTO_BYTES >> 20} MB；请压缩后重新插入"}
        try:
            data = self._source.read(part)
            facts = check_bytes(data)
        except Problem as problem:
            return {"bad": problem.sentence.partition("，已单独留存")[0] + "；请换成 JPEG 或 PNG 照片"}
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
            return {"bad": "图片已损坏，读不出来；请重新插入这张照片"}
        sha256 = hashlib.sha256(data).hexdigest()
        (self._folder / sha256).write_bytes(data)
        return {
            "sha256": sha256, "size": size, "mime": facts.mime, "width": facts.width, "height": facts.height,
        }  # fmt: skip
