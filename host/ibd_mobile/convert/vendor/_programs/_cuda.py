"""Memory of an NVIDIA GPU, as far as one run of an engine needs it."""

from typing import Any

from ibd_mobile.convert.steps import step


class Cuda:
    """Reserves memory of the first GPU and copies into and out of it.

    Nothing is given back: the program's end does that.
    """

    def __init__(self) -> None:
        from cuda.bindings import runtime

        self._runtime = runtime

    def reserve(self, size_bytes: int) -> int:
        """Return the address of new memory."""
        return int(_checked(self._runtime, self._runtime.cudaMalloc(size_bytes))[0])

    def put(self, address: int, array: Any) -> None:
        """Copy an array into the GPU."""
        import numpy as np

        whole = np.ascontiguousarray(array)
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        copied = self._runtime.cudaMemcpy(address, whole.ctypes.data, whole.nbytes, kind)
        _checked(self._runtime, copied)

    def get(self, array: Any, address: int) -> None:
        """Copy from the GPU into an array that lies in one piece."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        copied = self._runtime.cudaMemcpy(array.ctypes.data, address, array.nbytes, kind)
        _checked(self._runtime, copied)

    def wait(self) -> None:
        """Return when the GPU has done all it was asked."""
        _checked(self._runtime, self._runtime.cudaDeviceSynchronize())


def gpu_name() -> str:
    """Return what the first GPU is called.

    Raises:
        step.Refused: there is none.
    """
    from cuda.bindings import runtime

    name = _checked(runtime, runtime.cudaGetDeviceProperties(0))[0].name
    return (name.decode() if isinstance(name, bytes) else str(name)).rstrip("\0")


def _checked(runtime: Any, returned: tuple[Any, ...]) -> tuple[Any, ...]:
    error, *values = returned
    if error != runtime.cudaError_t.cudaSuccess:
        raise step.Refused(f"CUDA says {error.name}", "Look at nvidia-smi: is the GPU there?")
    return tuple(values)
