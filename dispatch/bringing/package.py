"""The zip that an .xlsx is: opened with care, its parts, what they point to. Knows no cells."""

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, iterparse

from dispatch.bringing.limits import (
    MOST_BYTES,
    MOST_PARTS,
    MOST_UNPACKED,
    MOST_XML,
    SAVE_AS,
    UnreadableError,
)

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES = ("/media/", "/embeddings/", "/theme/")


def opened(path: Path) -> zipfile.ZipFile:
    """The package, judged by its table of contents alone. Raises UnreadableError with the sentence."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise UnreadableError(
            f"文件有 {size >> 20} MB，一次最多 {MOST_BYTES >> 20} MB；请按镇街拆成几份，分几次带入。"
        )
    with path.open("rb") as file:
        head = file.read(8)
        if head == _OLE:
            raise UnreadableError(_old(file.read(1 << 20)))
    if not head:
        raise UnreadableError("文件是空的，没有内容；请重新选择台账文件。")
    try:
        package = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError):
        raise UnreadableError(f"这不是 Excel 工作簿（.xlsx），或文件没有传完整；{SAVE_AS}。") from None
    try:
        _judge(package)
    except BaseException:
        package.close()
        raise
    return package


def _old(more: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in more:
        return "文件设了打开密码，无法读取；请在 Excel 中取消密码（文件—信息—保护工作簿）后再上传。"
    return f"这是旧版格式（.xls 或 .et），无法读取其中的照片；{SAVE_AS}。"


def _judge(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    names = {part.filename for part in parts}
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableError("文件设了密码，无法读取；请取消密码后再上传。")
    if len(parts) > MOST_PARTS:
        raise UnreadableError(f"文件里有 {len(parts)} 个部分，不像一份台账；{SAVE_AS}。")
    if "xl/workbook.xml" not in names:
        raise UnreadableError(f"这个文件里没有 Excel 工作簿；{SAVE_AS}。")
    whole = sum(part.file_size for part in parts)
    text = sum(part.file_size for part in parts if not any(kind in part.filename for kind in _PICTURES))
    if whole > MOST_UNPACKED or text > MOST_XML:
        raise UnreadableError(
            f"文件解开后有 {whole >> 20} MB，超过上限，没有打开；请只留台账这一张表，另存后再上传。"
        )


def local(name: str) -> str:
    """A tag's or an attribute's name without its namespace."""
    return name.rpartition("}")[2]


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name; "" when it is not there."""
    return next((value for key, value in element.attrib.items() if local(key) == name), "")


def walk(stream: IO[bytes]) -> Iterator[tuple[str, Element]]:
    """(start or end, element) of an XML part. A document type of its own is refused: nothing we read has one."""
    first = stream.read(4096)
    if b"<!DOCTYPE" in first or b"<!ENTITY" in first:
        raise UnreadableError(f"文件内容异常（含文档类型声明），没有读取；{SAVE_AS}。")
    # expat bounds what entities grow to, and the process that reads has bounded memory
    yield from iterparse(_Again(first, stream), events=("start", "end"))  # noqa: S314


class _Again:
    """A stream whose beginning was looked at, from its beginning."""

    def __init__(self, first: bytes, rest: IO[bytes]) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int = -1) -> bytes:
        first, self._first = self._first, b""
        return first or self._rest.read(size)


def targets(package: zipfile.ZipFile, part: str) -> dict[str, str]:
    """What a part points to, by the id of the pointer: names of parts; "" for something outside the file."""
    folder, name = posixpath.split(part)
    found: dict[str, str] = {}
    try:
        stream = package.open(f"{folder}/_rels/{name}.rels")
    except KeyError:
        return found
    with stream:
        for event, element in walk(stream):
            if event == "end" and local(element.tag) == "Relationship":
                target = element.get("Target", "")
                outside = element.get("TargetMode") == "External"
                found[element.get("Id", "")] = "" if outside else _joined(folder, target)
    return found


def _joined(folder: str, target: str) -> str:
    return (
        target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
    )


def sheets(package: zipfile.ZipFile) -> list[tuple[str, str, bool]]:
    """(name, part, hidden) of the workbook's tables in their order; sheets of charts have no rows and no place here."""
    there = set(package.namelist())
    points = targets(package, "xl/workbook.xml")
    found = []
    with package.open("xl/workbook.xml") as stream:
        for event, element in walk(stream):
            if event == "end" and local(element.tag) == "sheet":
                part = points.get(attribute(element, "id"), "")
                if part in there and "worksheets/" in part:
                    hidden = element.get("state", "visible") != "visible"
                    found.append((element.get("name", ""), part, hidden))
    return found
