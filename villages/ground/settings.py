"""Settings: the data folder, the database and the limits. Read once from the environment at the door."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What one server runs with. `data` holds the database, the photo bytes and the server's secret."""

    data: Path
    database_url: str | None = None  # None: SQLite in the data folder; else asyncpg://…
    public_url: str = ""  # where phones reach us; "" = take it from the request
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


def from_environment(data: Path | None = None) -> Settings:
    """Settings from XUNCUN_DATA, XUNCUN_DATABASE_URL, XUNCUN_PUBLIC_URL and XUNCUN_BACKUP; `data` wins over the first."""
    folder = data or Path(os.environ.get("XUNCUN_DATA") or "data")
    return Settings(
        data=folder.resolve(),
        database_url=os.environ.get("XUNCUN_DATABASE_URL") or None,
        public_url=os.environ.get("XUNCUN_PUBLIC_URL", "").rstrip("/"),
        backups=Path(backups).resolve() if (backups := os.environ.get("XUNCUN_BACKUP")) else None,
    )
