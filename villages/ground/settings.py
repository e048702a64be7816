"""Settings: the data folder, the database and the limits. Read once from the environment at the door."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

ADDRESS_FILE = "address.txt"
_SHAPE = "网址应形如 https://xuncun.example.cn 或 http://10.1.2.3:8000，后面不带路径。"


class AddressError(ValueError):
    """What was given is no address of a house; the message says what one looks like."""


@dataclass(frozen=True)
class Settings:
    """What one server runs with. `data` holds the database, the photo bytes and the server's secret."""

    data: Path
    database_url: str | None = None  # None: SQLite in the data folder; else asyncpg://…
    public_url: str = (
        ""  # where phones reach us, for every printed code; "" = not set (a demo takes the request's)
    )
    district: str = "110109"
    backups: Path | None = None  # where the nightly backup goes; None: `backups` in the data folder
    pdf_workers: int = field(default_factory=lambda: min(2, os.cpu_count() or 1))

    @property
    def sqlite_file(self) -> Path:
        """The embedded database, used when no database_url is given."""
        return self.data / "xuncun.db"

    @property
    def blobs(self) -> Path:
        """Folder of photo bytes, named by content hash."""
        return self.data / "blobs"

    @property
    def backup_folder(self) -> Path:
        """Where backups are kept. Beside the data they outlive a mistake, on another disk also the disk."""
        return self.backups or self.data / "backups"

    def secret(self) -> bytes:
        """The server's own secret (CSRF, signed links); made at first use, readable by its owner only."""
        path = self.data / "secret.key"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            self.data.mkdir(parents=True, exist_ok=True)
            fresh = secrets.token_bytes(32)
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return path.read_bytes()
            with os.fdopen(handle, "wb") as file:
                file.write(fresh)
            return fresh


def address_in(text: str) -> str:
    """The address as kept: scheme, host and perhaps a port. Raises AddressError for anything else."""
    try:
        parts = urlsplit(text.strip().rstrip("/"))
        port = parts.port
    except ValueError:
        raise AddressError(_SHAPE) from None
    plain = (
        parts.scheme in ("http", "https")
        and parts.hostname
        and not (parts.path or parts.query or parts.fragment)
    )
    if not plain or "@" in parts.netloc or port == 0:
        raise AddressError(_SHAPE)
    return f"{parts.scheme}://{parts.netloc}"


def keep_address(data: Path, address: str) -> None:
    """Keep the address in the data folder; the server reads it when it starts."""
    data.mkdir(parents=True, exist_ok=True)
    (data / ADDRESS_FILE).write_text(f"{address}\n", encoding="utf-8")


def _kept_address(data: Path) -> str:
    try:
        return address_in((data / ADDRESS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, AddressError):
        return ""


def from_environment(data: Path | None = None) -> Settings:
    """Settings from XUNCUN_DATA, XUNCUN_DATABASE_URL, XUNCUN_PUBLIC_URL and XUNCUN_BACKUP; `data` wins over the first."""
    folder = data or Path(os.environ.get("XUNCUN_DATA") or "data")
    return Settings(
        data=folder.resolve(),
        database_url=os.environ.get("XUNCUN_DATABASE_URL") or None,
        public_url=os.environ.get("XUNCUN_PUBLIC_URL", "").rstrip("/") or _kept_address(folder.resolve()),
        backups=Path(backups).resolve() if (backups := os.environ.get("XUNCUN_BACKUP")) else None,
    )
