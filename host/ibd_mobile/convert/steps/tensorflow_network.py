"""A network that TensorFlow runs, whatever file it came in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ibd_mobile.convert.steps import batch, step


@dataclass
class Network:
    """One input, some outputs.

    Whoever has run it drops it: a converter needs the memory.
    """

    call: Callable[[Any], list[Any]]  #: a batch of pictures to the outputs, in order
    shape: list[int | None]  #: of the input, batch first, None where open
    input_name: str
    variables: list[Any] = field(default_factory=list)  #: that `call` reads
    #: what is inside, in the order of the graph: layer -> its output in `inner_call`
    inner_names: list[str] = field(default_factory=list)
    inner_call: Callable[[Any], list[Any]] | None = None

    def settle(self, request: step.Request) -> list[int | None]:
        """Return the shape that a function of it is to be traced with, batch first.

        Raises:
            Refused: the request's shape or batch does not fit the network.
        """
        return batch.settled(self.shape, self.input_name, request)

    def function(self, shape: list[int | None]) -> Any:
        """Return the network as a `tf.function` of that one shape."""
        import tensorflow as tf

        signature = [tf.TensorSpec(shape, tf.float32, name=self.input_name)]
        return tf.function(self.call, input_signature=signature)

    def outputs(self, samples: Any) -> list[Any]:
        """Run it: (n, …) to one array (n, …) per output."""
        function = self.function([self.shape[0], *samples.shape[1:]])
        return batch.outputs(lambda group: list(function(group)), samples, self._group)

    def inner(self, samples: Any) -> dict[str, Any]:
        """Return what is inside by name of layer, in the order of the graph."""
        if self.inner_call is None:
            return {}
        arrays = batch.outputs(self.inner_call, samples, self._group)
        return dict(zip(self.inner_names, arrays, strict=True))

    @property
    def _group(self) -> int:
        return batch.fed(-1 if self.shape[0] is None else self.shape[0])
