"""A stand-in for Modal on loopback: real gRPC by Modal's own protocol, real storage over HTTP, real pickled arguments.

It speaks what our client side uses: looking up and deploying an app, calls and their results, dicts, blobs. A deployed
function runs in a thread of this process, as Modal's container entry point would run it. Faults are injected by method.
"""

from media_assets_tests.modal_server.server import ModalServer

__all__ = ["ModalServer"]
