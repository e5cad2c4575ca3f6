"""The methods of Modal's protocol that we use, each from its request to its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal_proto import api_pb2

from media_assets_tests.modal_server.state import Call, Result, State

ENVIRONMENT = "main"


class Methods:
    """`name(request, headers) -> answer`, or an iterator of answers where the protocol streams."""

    def __init__(self, state: State, blob_address: Callable[[], str]) -> None:
        self.state = state
        self._blob_address = blob_address
        self.published: list[api_pb2.AppPublishRequest] = []
        self.images: dict[str, api_pb2.Image] = {}
        self.mounts: dict[str, api_pb2.MountGetOrCreateRequest] = {}
        self._apps: dict[str, str] = {}

    # ------------------------------------------------------------------------------------------- calls

    def FunctionGet(self, request: Any, _: Mapping[str, Any]) -> api_pb2.FunctionGetResponse:
        place = (request.environment_name or ENVIRONMENT, request.app_name, request.object_tag)
        function_id = self.state.functions.get(place)
        if function_id is None:
            raise GRPCError(Status.NOT_FOUND, f"no function {request.object_tag} in app {request.app_name}")
        return api_pb2.FunctionGetResponse(
            function_id=function_id,
            handle_metadata=self._handle(function_id),
            function=_data(self.state.definitions[function_id]),
        )

    def FunctionMap(self, request: Any, headers: Mapping[str, Any]) -> api_pb2.FunctionMapResponse:
        call = self.state.start(request.function_id, request.pipelined_inputs[0], headers["x-idempotency-key"])
        item = api_pb2.FunctionPutInputsResponseItem(input_id=call.input_id, input_jwt=call.input_id)
        return api_pb2.FunctionMapResponse(function_call_id=call.id, function_call_jwt=call.id, pipelined_inputs=[item])

    def FunctionGetOutputs(self, request: Any, _: Mapping[str, Any]) -> api_pb2.FunctionGetOutputsResponse:
        return self.state.outputs(self._call(request.function_call_id), request.timeout)

    def FunctionCallCancel(self, request: Any, _: Mapping[str, Any]) -> Empty:
        self.state.cancel(self._call(request.function_call_id))
        return Empty()

    # ------------------------------------------------------------------------------------------- storage

    def BlobCreate(self, _request: Any, _: Mapping[str, Any]) -> api_pb2.BlobCreateResponse:
        blob_id = self.state.new_id("bl")
        urls = api_pb2.UploadUrlList(items=[f"{self._blob_address()}/{blob_id}?signature=secret"])
        return api_pb2.BlobCreateResponse(blob_ids=[blob_id], upload_urls=urls)

    def BlobGet(self, request: Any, _: Mapping[str, Any]) -> api_pb2.BlobGetResponse:
        return api_pb2.BlobGetResponse(download_url=f"{self._blob_address()}/{request.blob_id}?signature=secret")

    def DictGetOrCreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.DictGetOrCreateResponse:
        dict_id = f"di-{request.deployment_name}"
        self.state.dicts.setdefault(dict_id, {})
        return api_pb2.DictGetOrCreateResponse(
            dict_id=dict_id, metadata=api_pb2.DictMetadata(name=request.deployment_name)
        )

    def DictUpdate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.DictUpdateResponse:
        content = self.state.dicts[request.dict_id]
        with self.state.lock:
            new = [entry for entry in request.updates if not request.if_not_exists or entry.key not in content]
            content.update((entry.key, entry.value) for entry in new)
        return api_pb2.DictUpdateResponse(created=bool(new))

    def DictGet(self, request: Any, _: Mapping[str, Any]) -> api_pb2.DictGetResponse:
        value = self.state.dicts[request.dict_id].get(request.key)
        return api_pb2.DictGetResponse(found=value is not None, value=value)

    def DictPop(self, request: Any, _: Mapping[str, Any]) -> api_pb2.DictPopResponse:
        value = self.state.dicts[request.dict_id].pop(request.key, None)
        return api_pb2.DictPopResponse(found=value is not None, value=value)

    # ------------------------------------------------------------------------------------------- deployment

    def EnvironmentGetOrCreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.EnvironmentGetOrCreateResponse:
        name = request.deployment_name or ENVIRONMENT
        settings = api_pb2.EnvironmentSettings(image_builder_version="2025.06")
        return api_pb2.EnvironmentGetOrCreateResponse(
            environment_id=f"en-{name}", metadata=api_pb2.EnvironmentMetadata(name=name, settings=settings)
        )

    def AppGetByDeploymentName(self, request: Any, _: Mapping[str, Any]) -> api_pb2.AppGetByDeploymentNameResponse:
        return api_pb2.AppGetByDeploymentNameResponse(app_id=self._apps.get(request.name, ""))

    def AppCreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.AppCreateResponse:
        app_id = self._apps[request.description] = self.state.new_id("ap")
        return api_pb2.AppCreateResponse(app_id=app_id)

    def AppGetLayout(self, _request: Any, _: Mapping[str, Any]) -> api_pb2.AppGetLayoutResponse:
        return api_pb2.AppGetLayoutResponse()

    def AppHeartbeat(self, _request: Any, _: Mapping[str, Any]) -> Empty:
        return Empty()

    def AppClientDisconnect(self, _request: Any, _: Mapping[str, Any]) -> Empty:
        return Empty()

    def VolumeGetOrCreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.VolumeGetOrCreateResponse:
        return api_pb2.VolumeGetOrCreateResponse(
            volume_id=f"vo-{request.deployment_name}", metadata=api_pb2.VolumeMetadata(name=request.deployment_name)
        )

    def ImageGetOrCreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.ImageGetOrCreateResponse:
        image_id = self.state.new_id("im")
        self.images[image_id] = request.image
        return api_pb2.ImageGetOrCreateResponse(
            image_id=image_id,
            result=Result(status=Result.GENERIC_STATUS_SUCCESS),
            metadata=api_pb2.ImageMetadata(image_builder_version="2025.06"),
        )

    def MountBatchedCheckExistence(
        self, request: Any, _: Mapping[str, Any]
    ) -> api_pb2.MountBatchedCheckExistenceResponse:
        return api_pb2.MountBatchedCheckExistenceResponse(missing_sha256_hex_hashes=request.sha256_hex_hashes)

    def MountPutFile(self, _request: Any, _: Mapping[str, Any]) -> api_pb2.MountPutFileResponse:
        return api_pb2.MountPutFileResponse(exists=True)

    def MountGetOrCreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.MountGetOrCreateResponse:
        mount_id = self.state.new_id("mo")
        self.mounts[mount_id] = request
        return api_pb2.MountGetOrCreateResponse(mount_id=mount_id)

    def FunctionPrecreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.FunctionPrecreateResponse:
        function_id = request.existing_function_id or self.state.new_id("fu")
        return api_pb2.FunctionPrecreateResponse(function_id=function_id, handle_metadata=self._handle(function_id))

    def FunctionCreate(self, request: Any, _: Mapping[str, Any]) -> api_pb2.FunctionCreateResponse:
        self.state.definitions[request.existing_function_id] = request.function
        return api_pb2.FunctionCreateResponse(
            function_id=request.existing_function_id,
            handle_metadata=self._handle(request.existing_function_id),
            function_data=_data(request.function),
        )

    def AppPublish(self, request: Any, _: Mapping[str, Any]) -> api_pb2.AppPublishResponse:
        self.published.append(request)
        for place in [place for place in self.state.functions if place[1] == request.name]:
            del self.state.functions[place]
        for tag, function_id in request.function_ids.items():
            self.state.functions[(ENVIRONMENT, request.name, tag)] = function_id
        return api_pb2.AppPublishResponse(url="http://127.0.0.1/app", deployed_at=1.0)

    # ------------------------------------------------------------------------------------------- details

    def _call(self, call_id: str) -> Call:
        call = self.state.calls.get(call_id)
        if call is None:
            raise GRPCError(Status.NOT_FOUND, f"no call {call_id}")
        return call

    def _handle(self, function_id: str) -> api_pb2.FunctionHandleMetadata:
        definition = self.state.definitions.get(function_id)
        return api_pb2.FunctionHandleMetadata(
            function_name=definition.function_name if definition else "",
            function_type=api_pb2.Function.FUNCTION_TYPE_FUNCTION,
            max_object_size_bytes=2 * 1024 * 1024,
            max_async_object_size_bytes=8 * 1024,
            supported_input_formats=[api_pb2.DATA_FORMAT_PICKLE],
        )


def _data(definition: api_pb2.Function) -> api_pb2.FunctionData:
    ranked = api_pb2.FunctionData.RankedFunction(rank=0, function=definition)
    return api_pb2.FunctionData(ranked_functions=[ranked], timeout_secs=definition.timeout_secs)
