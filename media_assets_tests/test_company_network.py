"""Setting up behind a company's certificate authority, which the machine trusts and uv's own list does not know."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not UV.exists(), reason="uv is where make has set up")]


def certificate(name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, by: ec.EllipticCurvePrivateKey) -> bytes:
    """In PEM, valid for a day; that of an authority where it signs itself."""
    now = datetime.now(UTC)
    itself = key is by
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=itself, path_length=None), critical=True)
    )
    if not itself:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def write_wheel(folder: Path) -> None:
    """A package without content, in an index of its own."""
    folder.mkdir(parents=True)
    files = {
        "tiny.py": "",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "tiny-1.0.dist-info/RECORD"
    lines = [f"{name},sha256={_digest(text)},{len(text)}" for name, text in files.items()]
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, record: "\n".join([*lines, f"{record},,"])}.items():
            wheel.writestr(name, text)
    (folder / "index.html").write_text('<a href="tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>')


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """The address of an index behind TLS whose authority is in `ca.pem`."""
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    company = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A Company")])
    (tmp_path / "ca.pem").write_bytes(certificate("A Company", authority, company, authority))
    (tmp_path / "server.pem").write_bytes(
        own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate("localhost", own, company, authority)
    )
    write_wheel(tmp_path / "index" / "simple" / "tiny")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    handler = functools.partial(_Quiet, directory=str(tmp_path / "index"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_port}/simple"
        server.shutdown()


def of_the_makefile() -> dict[str, str]:
    """What the Makefile exports of uv's settings."""
    told = subprocess.run(
        ["make", "--no-print-directory", "--eval", "told: ; @env", "told"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
        env=plain(),
    )
    variables = (line.partition("=") for line in told.stdout.splitlines())
    return {name: value for name, _, value in variables if name.startswith("UV_")}


def plain() -> dict[str, str]:
    """The environment of a machine on which nobody has set where certificates are."""
    theirs = ("UV_", "SSL_", "PIP_", "REQUESTS_", "CURL_", "HTTP", "http")
    return {name: value for name, value in os.environ.items() if not name.startswith(theirs)}


def installed(
    index: str, folder: Path, settings: dict[str, str], *, within: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    command = [*within, str(UV), "pip", "install", "--no-cache", "--no-config", "--index-url", index]
    command += ["--python", sys.executable, "--target", str(folder / "target"), "tiny"]
    environment = {**plain(), "UV_HTTP_RETRIES": "0", **settings}
    return subprocess.run(command, env=environment, text=True, capture_output=True, timeout=120, check=False)


def test_without_a_setting_uv_does_not_know_the_authority(index: str, tmp_path: Path) -> None:
    done = installed(index, tmp_path, {})
    assert done.returncode != 0
    assert "UnknownIssuer" in done.stderr


def test_a_bundle_that_is_named_is_heeded_as_make_sets_it_up(index: str, tmp_path: Path) -> None:
    done = installed(index, tmp_path, {**of_the_makefile(), "SSL_CERT_FILE": str(tmp_path / "ca.pem")})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "target" / "tiny.py").exists()


def test_what_the_machine_trusts_make_trusts(index: str, tmp_path: Path) -> None:
    """The machine's own bundle is replaced, for one process alone."""
    hidden = tmp_path / "certificates"
    hidden.mkdir()
    shutil.copy(tmp_path / "ca.pem", hidden / BUNDLE.name)
    replaced = (
        "unshare",
        "--mount",
        "--map-root-user",
        "sh",
        "-c",
        f'mount --bind {hidden} {BUNDLE.parent} && "$@"',
        "-",
    )
    if not BUNDLE.exists() or subprocess.run([*replaced, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mounts of its own here, or no bundle where Debian has it")
    assert installed(index, tmp_path, {}, within=replaced).returncode != 0, "it is for the setting that it works"
    done = installed(index, tmp_path, of_the_makefile(), within=replaced)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "target" / "tiny.py").exists()
