"""What a bucket's refusal means for the file and for the batch.

The client's texts hold addresses, answers of the server and at times what it was configured with. None of that is
passed on: a message says what was done, the status and the code of the error, and what to do next.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from media_assets.base.errors import BadMedia, Fatal, MediaAssetsError, SourceChanged, Transient


class ObjectGone(SourceChanged):
    """There is no object of that name (any more)."""


class ConditionFailed(Transient):
    """Another writer was faster: the object is not what this one took it to be."""


class UnreadableNames(Fatal):
    """Among what was to be listed is a name that the client cannot handle (`a//b`, `./a`); it lists nothing then."""


# Codes of S3, Google Cloud Storage and Azure, and of S3-compatible servers.
_CREDENTIALS = {
    "AuthenticationFailed",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidAuthenticationInfo",
    "InvalidSecurity",
    "InvalidToken",
    "NoAuthenticationInformation",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_MISSING_BUCKET = {"ContainerNotFound", "NoSuchBucket"}
_FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XMinioStorageFull"}
_OTHER_REGION = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect"}
_SKEWED_CLOCK = {"RequestTimeTooSkewed"}
_ARCHIVED = {"BlobArchived", "InvalidObjectState"}
# 409 tells of two writers at the same moment.
_PASSING_STATUS = {408, 409, 425, 429}

# Where clients look for the identity of the machine they run on.
_INSTANCE_METADATA = re.compile(r"//(169\.254\.|metadata\.google\.internal|\[fd00:ec2::254\])")


class _StoreAnswer(NamedTuple):
    status: int | None
    code: str

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.status or ""), self.code) if part)


def failure(error: Exception, bucket: str, doing: str) -> MediaAssetsError:
    """The project's error for one of the client's.

    Args:
        bucket: Its address, for people.
        doing: What was to be done, as it reads behind "cannot" ("be listed", "be written").
    """
    from obstore import exceptions

    text = str(error)
    answer = _answer(text)
    if answer.code in _MISSING_BUCKET:
        return Fatal(f"there is no bucket {bucket}", next_step="Create it, or correct its url in library.yaml")
    if isinstance(error, FileNotFoundError):
        return ObjectGone("is no longer in the bucket")
    if isinstance(error, exceptions.AlreadyExistsError | exceptions.PreconditionError) or answer.status == 416:
        return ConditionFailed(f"{bucket}: another writer changed the same object at the same time")
    if isinstance(error, exceptions.InvalidPathError):
        return UnreadableNames(
            f"{bucket} holds an object whose name has an empty, `.` or `..` part, and cannot be listed because of it",
            next_step="Rename or delete that object, or watch a deeper prefix",
        )
    if "Could not parse path" in text:
        return BadMedia("has a name that objects cannot be asked for by", next_step="Rename it in the bucket")
    return _lasting(text, answer, bucket, doing) or _passing(text, answer, bucket, doing)


def _lasting(text: str, answer: _StoreAnswer, bucket: str, doing: str) -> MediaAssetsError | None:
    """The error where repeating does not help."""
    cannot = f"{bucket} cannot {doing}"
    if _INSTANCE_METADATA.search(text) or (" token request" in text and answer.status and answer.status < 500):
        return Fatal(
            f"{cannot}: no usable credentials were found",
            next_step="Set the variables of its kind (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY)",
        )
    if answer.code in _CREDENTIALS or answer.status == 401:
        return Fatal(f"{cannot}: its credentials are refused ({answer})", next_step="Renew them, or correct them")
    if answer.code in _SKEWED_CLOCK:
        return Fatal(f"{cannot}: the clock of this machine is wrong ({answer})", next_step="Set the clock")
    if answer.code in _ARCHIVED:
        return BadMedia("is archived and cannot be read", next_step="Restore it from the archive, then retry")
    if answer.code in _FULL or answer.status == 507:
        return Fatal(f"{bucket} is full ({answer})", next_step="Free space there, or have the quota raised")
    if answer.code in _OTHER_REGION or answer.status in (301, 307) or "redirect without LOCATION" in text:
        return Fatal(f"{cannot}: it is in another region", next_step="Set `region` in library.yaml")
    if answer.status == 403:
        return Fatal(f"{cannot}: access is denied ({answer})", next_step="Grant these credentials the right to do so")
    if answer.status == 501:
        return Fatal(f"{cannot}: the server cannot do that ({answer})", next_step="Use a server that can")
    if answer.status and answer.status < 500 and answer.status not in _PASSING_STATUS:
        return Fatal(f"{cannot}: the server refuses it ({answer})", next_step="Check url, endpoint, region and keys")
    if "BadScheme" in text:
        return Fatal(f"{cannot}: its address is http", next_step="Give the address as `endpoint` in library.yaml")
    return None


def _passing(text: str, answer: _StoreAnswer, bucket: str, doing: str) -> Transient:
    if answer.status:
        return Transient(f"{bucket} cannot {doing} at the moment: the server answers {answer}")
    if "kind: Timeout" in text or "TimedOut" in text:
        return Transient(f"{bucket} cannot {doing} at the moment: no answer in time")
    if "kind: Connect" in text:
        return Transient(f"{bucket} cannot {doing} at the moment: the server cannot be reached")
    return Transient(f"{bucket} cannot {doing} at the moment: the connection broke")


def configuration_failure(error: Exception, bucket: str) -> Fatal:
    """The error of a client that could not even be built."""
    text = str(error).split("\n", 1)[0]
    causes = {
        "Account must be specified": ("no storage account is given", "Set AZURE_STORAGE_ACCOUNT_NAME"),
        "Access Key": ("the account's key is none", "Correct AZURE_STORAGE_ACCOUNT_KEY"),
        "AccessKeyId": ("the access key has only one half", "Set AWS_ACCESS_KEY_ID as well"),
        "SecretAccessKey": ("the access key has only one half", "Set AWS_SECRET_ACCESS_KEY as well"),
        "Unable to open service account file": (
            "the file with Google's credentials cannot be read",
            "Correct GOOGLE_APPLICATION_CREDENTIALS",
        ),
        "service account": ("the file with Google's credentials is damaged", "Download the key again"),
        "pem": ("the file with Google's credentials holds no private key", "Download the key again"),
    }
    for sign, (reason, next_step) in causes.items():
        if sign in text:
            return Fatal(f"{bucket} cannot be opened: {reason}", next_step=next_step)
    return Fatal(
        f"{bucket} cannot be opened: its configuration is not accepted",
        next_step="Check its section in library.yaml and the AWS_, GOOGLE_ or AZURE_ variables of the environment",
    )


def _answer(text: str) -> _StoreAnswer:
    status = re.search(r"status code: (\d{3})", text)
    code = re.search(r"<Code>([A-Za-z]{1,60})</Code>", text)
    return _StoreAnswer(int(status.group(1)) if status else None, code.group(1) if code else "")
