"""Signatures as the specification Standard Webhooks has them, which receivers check with libraries of others."""

from __future__ import annotations

import base64

import pytest
from pydantic import SecretStr

from media_assets.base.errors import Fatal
from media_assets.operation.webhooks.signing import Signer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = f"whsec_{base64.b64encode(bytes(range(64))).decode()}"


def headers(secret: str, body: bytes = b'{"test": 2432232314}') -> dict[str, str]:
    return dict(Signer.of("backend", SecretStr(secret)).headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body))


def test_the_example_that_libraries_of_the_specification_are_tried_with_is_signed_alike() -> None:
    assert headers(SECRET) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_with_several_keys_each_signs_and_in_their_order() -> None:
    one, other = headers(SECRET)["webhook-signature"], headers(OTHER)["webhook-signature"]
    assert headers(f" {SECRET}\n{OTHER} ")["webhook-signature"] == f"{one} {other}"
    assert headers(SECRET.removeprefix("whsec_"))["webhook-signature"] == one


def test_a_body_that_is_no_text_is_signed_as_it_is() -> None:
    assert headers(SECRET, b"\xff\x00")["webhook-signature"] != headers(SECRET, b"\xff")["webhook-signature"]


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_schlüsselschlüsselschlüsselschlüssel",
        "whsec_\N{ZERO WIDTH SPACE}MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        SECRET[:-1],
        f"{SECRET} whsec_c2hvcnQ=",
        f"whsec_{base64.b64encode(bytes(65)).decode()}",
        f"whsec_{base64.b64encode(bytes(23)).decode()}",
    ],
)
def test_what_is_no_key_is_told_with_its_variable_and_not_shown(secret: str) -> None:
    with pytest.raises(Fatal, match="WEBHOOK_SECRETS__BACKEND is no key of 24 to 64 bytes") as caught:
        Signer.of("backend", SecretStr(secret))
    assert secret.removeprefix("whsec_") not in str(caught.value)
