"""By which addresses and names this machine is reached on its local network."""

import array
import contextlib
import fcntl
import re
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_VIRTUAL = (
    "lo",
    "docker",
    "br-",
    "veth",
    "virbr",
    "cni",
    "flannel",
    "podman",
)  # nobody's tablet is behind these
_GET_ADDRESS = 0x8915  # SIOCGIFADDR

# Where a local network may be: what the authority may vouch for, and nothing else.
PRIVATE: tuple[IPv4Network | IPv6Network, ...] = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    )
)  # fmt: skip
LOCAL_DOMAINS = ("localhost", "local", "lan", "internal", "home.arpa")


@dataclass(frozen=True)
class Names:
    """What the server's certificate says: addresses (the one to tell people first) and host names."""

    addresses: tuple[Address, ...]
    hosts: tuple[str, ...]

    @property
    def first(self) -> str:
        """The address that people are told."""
        return str(self.addresses[0])

    def without(self, strange: Iterable[str]) -> "Names":
        """The same, without these."""
        gone = set(strange)
        return Names(
            tuple(one for one in self.addresses if str(one) not in gone),
            tuple(one for one in self.hosts if one not in gone),
        )


def is_private(address: Address) -> bool:
    """True within the ranges of local networks."""
    return any(address in network for network in PRIVATE if network.version == address.version)


def own_names(more: Iterable[str] = ()) -> Names:
    """This machine's local network addresses (none: an empty tuple but for loopback) and names; `more` come first."""
    addresses: list[Address] = []
    hosts: list[str] = []
    for name in more:
        with contextlib.suppress(ValueError):
            addresses.append(ip_address(name))
            continue
        hosts.append(name.lower())
    addresses += [*_lan_addresses(), IPv4Address("127.0.0.1")]
    own = socket.gethostname().lower()
    hosts += [own, own if "." in own else f"{own}.local", "localhost"]
    kept = (host for host in hosts if _HOST.fullmatch(host))
    return Names(tuple(dict.fromkeys(addresses)), tuple(dict.fromkeys(kept)))


def _lan_addresses() -> list[Address]:
    """IPv4 addresses of the real network cards, that of the default route first."""
    found = [address for address in [_default_route()] if address]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, card in socket.if_nameindex():
            if card.startswith(_VIRTUAL):
                continue
            with contextlib.suppress(OSError):  # a card without an address
                found.append(_address_of(probe, card))
    return [address for address in found if not address.is_loopback]


def _address_of(probe: socket.socket, card: str) -> IPv4Address:
    asked = array.array("b", struct.pack("256s", card.encode()[:15]))
    fcntl.ioctl(probe.fileno(), _GET_ADDRESS, asked)
    return IPv4Address(bytes(asked[20:24].tobytes()))


def _default_route() -> IPv4Address | None:
    """The address by which packets leave this machine. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that belongs to nobody
        except OSError:
            return None
        return IPv4Address(probe.getsockname()[0])
