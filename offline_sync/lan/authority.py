"""A small certificate authority: it vouches for this machine on its own local network and for nothing else.

Kept in `<data>/tls/`: `authority.pem` (key and certificate, ten years, never leaves the folder) and `server.pem`
(key and certificate of the server, at most 397 days, made anew at every start). Tablets trust the authority once;
the server's certificate may then change as often as it likes.
"""

import hashlib
import os
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from offline_sync.lan.names import LOCAL_DOMAINS, PRIVATE, Names, is_private

AUTHORITY_LIVES = timedelta(days=3652)
SERVER_LIVES = timedelta(days=397)  # the longest that Apple's devices take
RENEW_BEFORE = timedelta(days=30)
_SLOW_CLOCKS = timedelta(days=1)  # a tablet's clock may be behind


class LanError(Exception):
    """Why there can be no local certificate, as a sentence for the administrator."""


@dataclass(frozen=True)
class Authority:
    """The authority as it lies in its folder."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The certificate that tablets install."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in pairs as devices show it."""
        digest = hashlib.sha256(self.der).hexdigest().upper()
        return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))

    @property
    def server_file(self) -> Path:
        """Key and certificate of the server, for `load_cert_chain`."""
        return self.folder / "server.pem"


def open_authority(folder: Path, names: Names, now: datetime | None = None) -> Authority:
    """The authority of this folder, founded when there is none. Raises LanError when it cannot be read or is over."""
    file = folder / "authority.pem"
    now = now or datetime.now(UTC)
    if not file.exists():
        _found(folder, file, names, now)
    try:
        pem = file.read_bytes()
        key = load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError, TypeError) as error:
        raise LanError(
            f"根证书文件读不出来：{file}（{error}）。请从备份放回；没有备份就移走它再启动，每台平板需重新信任一次。"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise LanError(f"根证书与它的私钥不是一对：{file}。请从备份放回，或移走后重新启动。")
    if certificate.not_valid_after_utc <= now:
        raise LanError(f"根证书已过期：{file}。请移走后重新启动，每台平板需重新信任一次。")
    return Authority(folder, key, certificate)


def _found(folder: Path, file: Path, names: Names, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    whose = names.hosts[0] if names.hosts else names.first
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"巡村本地根证书 {whose}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "巡村"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLOW_CLOCKS)
        .not_valid_after(now + AUTHORITY_LIVES)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        # Not critical: who does not understand it would refuse us altogether; who does keeps to it all the same.
        .add_extension(_constraints(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    _keep(file, key, certificate, only_if_new=True)


def _constraints(names: Names) -> x509.NameConstraints:
    """Local networks and local names; a public address or a real domain only where it is this machine's own."""
    public = [ip_network(str(address)) for address in names.addresses if not is_private(address)]
    hosts = dict.fromkeys((*LOCAL_DOMAINS, *names.hosts))
    permitted: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    permitted += [x509.IPAddress(network) for network in (*PRIVATE, *public)]
    return x509.NameConstraints(permitted, None)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def outside(authority: Authority, names: Names) -> list[str]:
    """Those of the names that the authority, founded earlier, may not vouch for."""
    limits = authority.certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    domains = [one.value for one in limits.permitted_subtrees or () if isinstance(one, x509.DNSName)]
    networks = [one.value for one in limits.permitted_subtrees or () if isinstance(one, x509.IPAddress)]
    strange = [host for host in names.hosts if not any(f".{host}".endswith(f".{name}") for name in domains)]
    return strange + [
        str(address)
        for address in names.addresses
        if not any(address in network for network in networks if network.version == address.version)  # type: ignore[operator]
    ]


def issue(authority: Authority, names: Names, now: datetime | None = None) -> x509.Certificate:
    """A new key and certificate for the server under these names (none of them `outside`), kept in `server_file`."""
    now = now or datetime.now(UTC)
    told: list[x509.GeneralName] = [x509.DNSName(host) for host in names.hosts]
    told += [x509.IPAddress(address) for address in names.addresses]
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "巡村服务器")]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLOW_CLOCKS)
        .not_valid_after(min(now - _SLOW_CLOCKS + SERVER_LIVES, authority.certificate.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName(told), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    _keep(authority.server_file, key, certificate)
    return certificate


def due(certificate: x509.Certificate, names: Names, now: datetime) -> bool:
    """True when a new certificate is needed: soon over, or the machine is reached by an address it does not name."""
    told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {
        *told.get_values_for_type(x509.DNSName),
        *map(str, told.get_values_for_type(x509.IPAddress)),
    }
    wanted = {*names.hosts, *map(str, names.addresses)}
    return certificate.not_valid_after_utc - now < RENEW_BEFORE or not wanted <= known


def _keep(
    file: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, *, only_if_new: bool = False
) -> None:
    """Write both into one file that only its owner reads, whole or not at all."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(
        Encoding.PEM
    )
    handle, name = tempfile.mkstemp(dir=file.parent)  # made with 0600
    fresh = Path(name)
    with os.fdopen(handle, "wb") as out:
        out.write(pem)
        out.flush()
        os.fsync(out.fileno())
    try:
        if only_if_new:
            os.link(fresh, file)  # another process may have founded one meanwhile: then that one counts
        else:
            fresh.replace(file)
    except FileExistsError:
        pass
    finally:
        fresh.unlink(missing_ok=True)


def server_context(authority: Authority) -> ssl.SSLContext:
    """TLS with the server's present certificate; `load_cert_chain` on it again brings a newer one to new connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(authority.server_file)
    return context
