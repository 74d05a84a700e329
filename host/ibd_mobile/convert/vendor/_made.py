"""What a vendor's converter made: an answer like a step's, with the versions that made it."""

from dataclasses import dataclass, field, replace

from ibd_mobile.convert.steps.step import Made, TensorInfo


@dataclass(frozen=True)
class VendorMade(Made):
    """A step's answer, from a converter that runs no program of ours."""

    #: name -> version of everything that the file depends on; part of its key in a cache
    tools: dict[str, str] = field(default_factory=dict)
    is_compared: bool = False  #: False: a note says why nobody looked at its outputs


def placed(tensor: TensorInfo, layout: str) -> TensorInfo:
    """Return a tensor as it stands in what was made: float32, a picture with its channels last.

    Raw files are float32 whatever the network computes in.

    Args:
        tensor: of the source, with its batch.
        layout: of pictures in the source; "" = the converter leaves the order as it is.
    """
    if layout == "NCHW" and len(tensor.shape) == 4:
        n, c, h, w = tensor.shape
        tensor = replace(tensor, shape=[n, h, w, c])
    return replace(tensor, dtype="float32")
