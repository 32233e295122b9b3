"""To which addresses we call: a hook must not lead us into our own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

LOCAL = {"localhost", "127.0.0.1", "::1"}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(Exception):
    """We do not call there. The argument says why: a key of templates/api.yaml."""


def check_url(url: str, *, allow_private: bool) -> SplitResult:
    """The parts of an address that may be called: https, without a user. `allow_private`: plain http to this machine, too."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise NotAllowed("url_wrong") from error
    if not host or parts.username is not None or parts.fragment or not url.isascii() or any(sign.isspace() for sign in url):
        raise NotAllowed("url_wrong")
    if parts.scheme != "https" and not (allow_private and parts.scheme == "http" and host in LOCAL):
        raise NotAllowed("url_not_https")
    if not allow_private and _as_address(host) is not None and not is_public(host):
        raise NotAllowed("url_private")
    return parts


def is_public(address: str) -> bool:
    """Whether everybody may reach it; addresses that stand for another one, as through a gateway, are none."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found.sixtofour is not None or found.teredo is not None or found in NAT64:
            return False
    return found.is_global and not found.is_multicast


def _as_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


async def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """The address to connect to; one private address among a name's is one too many. Raises NotAllowed, OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise NotAllowed("url_private")
    return addresses[0]
