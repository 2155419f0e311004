"""Refuses to start where the settings would open the dashboard wider than meant."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from kam_core.errors import KamError


def check_hosts(address: str | None, hosts: Sequence[str]) -> None:
    """KamError when others can reach the port and any host name would be answered."""
    if not is_local(address) and (not hosts or "*" in hosts):
        raise KamError(
            f"server.address {address or '(all)'} lets other machines in, and server.allowedHosts names no host:"
            " name the ones that people type, for instance STREAMLIT_SERVER_ALLOWED_HOSTS=kam.example.com"
        )


def is_local(address: str | None) -> bool:
    """Whether only this machine can reach a server bound to the address; without one it is bound to all."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address((address or "0.0.0.0").strip("[]")).is_loopback
    except ValueError:
        return False  # a name, which may stand for any address
