"""JSON as Go's `encoding/json` decodes it into structs, as far as Docker's request for a container goes.

Keys that stand twice are merged, keys are known in any case (with the two letters that Unicode folds into `k` and `s`),
null leaves a number or a flag as it was and empties the rest, and keys that a struct does not have are passed over.
"""

from __future__ import annotations

import json
from typing import Any

SCALAR, LIST, MAP = "scalar", "list", "map"
"""Flags, numbers and texts; lists; maps, whose keys are taken as they are. A dictionary is a struct."""


def _fields(kind: str, names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), kind)


_HOST: dict[str, Any] = {
    **_fields(
        LIST,
        "Binds VolumesFrom CapAdd CapDrop SecurityOpt Dns DnsOptions ExtraHosts GroupAdd Links Devices DeviceRequests "
        "DeviceCgroupRules Mounts Ulimits MaskedPaths ReadonlyPaths BlkioDeviceReadBps",
    ),
    **_fields(MAP, "Tmpfs PortBindings Sysctls StorageOpt Annotations"),
    **_fields(
        SCALAR,
        "NetworkMode PidMode IpcMode UTSMode UsernsMode CgroupnsMode Cgroup CgroupParent Runtime Isolation Privileged "
        "PublishAllPorts ReadonlyRootfs AutoRemove Init Memory MemorySwap MemoryReservation NanoCpus CpuShares "
        "CpuPeriod CpuQuota CpuRealtimeRuntime CpusetCpus PidsLimit ShmSize OomScoreAdj OomKillDisable VolumeDriver "
        "ContainerIDFile",
    ),
    "RestartPolicy": {"Name": SCALAR, "MaximumRetryCount": SCALAR},
    "LogConfig": {"Type": SCALAR, "Config": MAP},
}
CONTAINER: dict[str, Any] = {
    **_fields(
        SCALAR,
        "Hostname Domainname User Image WorkingDir MacAddress StopSignal StopTimeout AttachStdin AttachStdout "
        "AttachStderr Tty OpenStdin StdinOnce ArgsEscaped NetworkDisabled",
    ),
    **_fields(LIST, "Cmd Env Entrypoint OnBuild Shell"),
    **_fields(MAP, "Labels Volumes ExposedPorts"),
    "Healthcheck": {"Test": LIST, "Interval": SCALAR},
    "HostConfig": _HOST,
    "NetworkingConfig": {"EndpointsConfig": MAP},
}


def decoded(text: str | bytes) -> dict[str, Any]:
    """What Docker sees; only what was set."""
    target: dict[str, Any] = {}
    _into_struct(target, _pairs(text), CONTAINER)
    return target


class _Object(list[tuple[str, Any]]):
    """The pairs of an object, in their order, those that stand twice included."""


def _pairs(text: str | bytes) -> Any:
    return json.loads(text, object_pairs_hook=_Object)


def _folded(key: str) -> str:
    return "".join(letter.lower() if letter.isascii() else {"ſ": "s", "K": "k"}.get(letter, letter) for letter in key)


def _into_struct(target: dict[str, Any], pairs: Any, fields: dict[str, Any]) -> None:
    folded = {_folded(name): name for name in fields}
    for key, value in pairs:
        name = key if key in fields else folded.get(_folded(key))
        if name is not None:
            _into_field(target, name, value, fields[name])


def _into_field(target: dict[str, Any], name: str, value: Any, kind: Any) -> None:
    if value is None:
        if kind != SCALAR:
            target.pop(name, None)
    elif isinstance(kind, dict):
        _into_struct(target.setdefault(name, {}), value if isinstance(value, _Object) else [], kind)
    elif kind == MAP:
        target.setdefault(name, {}).update((key, _plain(each)) for key, each in value)
    else:
        target[name] = _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, _Object):
        return {key: _plain(each) for key, each in value}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return _go_text(value) if isinstance(value, str) else value


def _go_text(text: str) -> str:
    """Half of a character pair becomes the replacement character."""
    return "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
