"""Whether a server may start with its way of recognising people, and who a sign-in speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kam_core.access.users import Users
from kam_core.errors import KamError

CLOCKS_DIFFER = 300  # seconds by which the provider's clock may be ahead


def check(users: Users, is_local: bool, headers: Mapping[str, str], has_provider: bool) -> None:
    """KamError where the server would trust what it should not. `headers`: Streamlit's server.trustedUserHeaders."""
    if users.mode != "proxy" and headers:
        raise KamError(
            "server.trustedUserHeaders lets a header say who is asking, which only mode = 'proxy' in users.toml"
            f" means to; the mode is {users.mode!r}"
        )
    if users.mode == "oidc":
        if not has_provider:
            raise KamError("users.toml: mode is 'oidc', and .streamlit/secrets.toml has no [auth]: see docs/sign-in.md")
        return
    if users.mode == "proxy" and users.sign_in.claim not in headers.values():
        raise KamError(
            f"users.toml: mode is 'proxy', and no header of server.trustedUserHeaders gives {users.sign_in.claim!r}"
        )
    if not is_local and not users.public_address:
        _refuse_public(users.mode)


def _refuse_public(mode: str) -> None:
    if mode == "single":
        raise KamError(
            "server.address lets other machines in, and everybody would see everything: bind to 127.0.0.1, set up a"
            " sign-in (docs/sign-in.md), or say public_address = true in users.toml where nobody else reaches the port"
        )
    raise KamError(
        "server.address lets other machines in, and whoever reaches the port can forge the header that says who is"
        " asking: bind to 127.0.0.1, or say public_address = true in users.toml where only the proxy reaches the port"
    )


@dataclass(frozen=True)
class SignedIn:
    """What is known of who asks: an address, or why there is none (signed_out, expired, no_address, not_told)."""

    email: str = ""
    problem: str = ""


def signed_in(users: Users, claims: Mapping[str, Any], now: float, client_id: str = "") -> SignedIn:
    """Whom the provider's claims or the proxy's header name. `now` in seconds since 1970.

    Signature, issuer, nonce and the token's own end were checked when it came. For whom it was issued is checked here
    too: there, a token for another application passes where it names this one as the party that asked for it (azp).
    A provider that says that it has not verified an address has not said whose it is.
    """
    if users.mode == "oidc":
        if claims.get("is_logged_in") is not True:
            return SignedIn(problem="signed_out")
        if not _is_fresh(users, claims, now):
            return SignedIn(problem="expired")
        unverified = claims.get("email_verified") is False and users.sign_in.claim == "email"
        if unverified or not _is_for(claims, client_id):
            return SignedIn(problem="no_address")
    email = claims.get(users.sign_in.claim)
    if not isinstance(email, str) or not email.strip():
        return SignedIn(problem="not_told" if users.mode == "proxy" else "no_address")
    return SignedIn(email.strip())


def _is_for(claims: Mapping[str, Any], client_id: str) -> bool:
    """Whether the token was issued to this application: a token for another one of the company opens nothing here."""
    audience = claims.get("aud")
    return bool(client_id) and client_id in (audience if isinstance(audience, list) else [audience])


def _is_fresh(users: Users, claims: Mapping[str, Any], now: float) -> bool:
    """Whether the sign-in is younger than the file allows; one without a time is not."""
    began = claims.get("iat")
    return isinstance(began, int | float) and -CLOCKS_DIFFER < now - began < users.sign_in.hours * 3600
