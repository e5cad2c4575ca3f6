"""The stand-in as servers on loopback: gRPC for the protocol, HTTP for what is too large for it."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import threading
from typing import Any

from aiohttp import web
from google.protobuf.message_factory import GetMessageClass
from grpclib import GRPCError, Status
from grpclib.const import Cardinality, Handler
from grpclib.server import Server, Stream
from modal_proto import api_pb2

from media_assets_tests.modal_server.faults import Faults, suffer
from media_assets_tests.modal_server.methods import Methods
from media_assets_tests.modal_server.state import State

TOKEN_ID, TOKEN_SECRET = "ak-stand-in", "as-stand-in-secret"
_SERVICE = api_pb2.DESCRIPTOR.services_by_name["ModalClient"]


class ModalServer:
    """Serves from its construction until `close`."""

    def __init__(self) -> None:
        self.state = State()
        self.faults = Faults()
        self.blob_status = 200
        """What the storage answers to uploads."""
        self._blob_port = 0
        self.methods = Methods(self.state, lambda: self.storage)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="modal-server")
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)

    @property
    def storage(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._blob_port}"

    def reset(self) -> None:
        self.faults.clear()
        self.state.reset()
        self.blob_status = 200

    def close(self) -> None:
        self.state.release.set()
        self.state.containers.shutdown(wait=True)
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    def __mapping__(self) -> dict[str, Handler]:
        """What grpclib asks a service for; a method that is not there is answered as unimplemented."""
        names = [name for name in _SERVICE.methods_by_name if hasattr(self.methods, name)]
        return {f"/{_SERVICE.full_name}/{name}": self._handler(name) for name in names}

    def _handler(self, name: str) -> Handler:
        method = _SERVICE.methods_by_name[name]

        async def handle(stream: Stream[Any, Any]) -> None:
            headers = dict(stream.metadata or {})
            request = await stream.recv_message()
            self.state.requests[name] += 1
            if headers.get("x-modal-token-id") != TOKEN_ID or headers.get("x-modal-token-secret") != TOKEN_SECRET:
                raise GRPCError(Status.UNAUTHENTICATED, "Token validation failed")
            fault = self.faults.take(name)
            await suffer(fault)
            answer = await asyncio.to_thread(getattr(self.methods, name), request, headers)
            if fault is not None and fault.after:
                await stream.cancel()
            else:
                await stream.send_message(answer)

        return Handler(
            handle, Cardinality.UNARY_UNARY, GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        )

    async def _start(self) -> str:
        storage = web.Application(client_max_size=2**30)
        storage.router.add_put("/{blob}", self._put_blob)
        storage.router.add_get("/{blob}", self._get_blob)
        self._storage = web.AppRunner(storage)
        await self._storage.setup()
        site = web.TCPSite(self._storage, "127.0.0.1", 0)
        await site.start()
        self._blob_port = self._storage.addresses[0][1]
        self._server = Server([self])
        listening = socket.create_server(("127.0.0.1", 0))
        await self._server.start(sock=listening)
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def _stop(self) -> None:
        # Its end is not waited for: since Python 3.12 that is when the client hangs up, and Modal's never does.
        self._server.close()
        await self._storage.cleanup()

    async def _put_blob(self, request: web.Request) -> web.Response:
        content = await request.read()
        if self.blob_status != 200:
            return web.Response(status=self.blob_status, text="refused")
        self.state.blobs[request.match_info["blob"]] = content
        return web.Response(headers={"ETag": f'"{hashlib.md5(content).hexdigest()}"'})

    async def _get_blob(self, request: web.Request) -> web.Response:
        content = self.state.blobs.get(request.match_info["blob"])
        return web.Response(status=404) if content is None else web.Response(body=content)
