"""An identity provider for tests: keys of its own, tokens of any kind, a real HTTP server that shows the key set."""

import asyncio
import base64
import hmac
import json
import threading
from functools import cache
from typing import Any

import jwt
import tornado.httpserver
import tornado.netutil
import tornado.web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://id.example"


@cache
def private_key(name: str) -> Any:
    """One key a name, made when it is first asked for: RSA ones take their time."""
    kind = name.partition("-")[0]
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    if kind == "ed":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 1024 if kind == "short" else 2048)


def jwk(name: str, kid: str | None = None, **members: Any) -> dict[str, Any]:
    """The public key of that name; ``kid`` is the name unless told otherwise."""
    kind = name.partition("-")[0]
    algorithm = {"p256": "ES256", "p384": "ES384", "ed": "EdDSA"}.get(kind, "RS256")
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(private_key(name).public_key(), as_dict=True)
    made.pop("key_ops", None)
    said = {**made, "kid": name if kid is None else kid, "use": "sig", **members}
    return {member: value for member, value in said.items() if value is not None}


def key_set(*keys: str | dict[str, Any]) -> bytes:
    return json.dumps({"keys": [jwk(key) if isinstance(key, str) else key for key in keys]}).encode()


def token(name: str = "rsa", algorithm: str = "RS256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token signed by the key of that name; headers and claims that are None are left out."""
    said = {"iss": ISSUER, "aud": "gateway", "sub": "user-1", **claims}
    heads = {"kid": name, **(headers or {})}
    return jwt.encode(
        {claim: value for claim, value in said.items() if value is not None},
        private_key(name),
        algorithm=algorithm,
        headers={head: value for head, value in heads.items() if value is not None},
    )


def forged(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None = None) -> str:
    """A token put together by hand: unsigned, or with the HMAC of ``secret``."""
    parts = [_encoded(json.dumps(part).encode()) for part in (header, claims)]
    signing = ".".join(parts)
    signature = b"" if secret is None else hmac.digest(secret, signing.encode(), "sha256")
    return f"{signing}.{_encoded(signature)}"


def public_pem(name: str) -> bytes:
    pem: bytes = private_key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class IssuerServer:
    """Shows ``document`` with ``status`` on the loopback, in a thread with a loop of its own; ``asked`` counts."""

    def __init__(self, document: bytes) -> None:
        self.document = document
        self.status = 200
        self.headers: dict[str, str] = {}
        self.asked = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/keys"

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)

    async def _serve(self) -> None:
        issuer = self

        class Handler(tornado.web.RequestHandler):
            def get(self) -> None:
                issuer.asked += 1
                self.set_status(issuer.status)
                for name, value in issuer.headers.items():
                    self.set_header(name, value)
                self.finish(issuer.document)

        application = tornado.web.Application([(r"/.*", Handler)], log_function=lambda handler: None)
        server = tornado.httpserver.HTTPServer(application)
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        self.port = sockets[0].getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._ready.set()
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()
