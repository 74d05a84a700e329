"""A bare loop over the ai-edge-litert package: what `latency_fidelity.py` compares workers with.

    python bare_loop.py MODEL INPUT COUNT TOLD

The twin of `bare_loop.c`, and it writes the same two files. A loop in Python is no measure for
`ibd_bench`: in a Python process the same calls took up to 5 % longer.
"""

import sys
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.hardware_accelerator import HardwareAccelerator
from ai_edge_litert.options import CpuOptions, Options


def main() -> None:
    """Run the loop, and write the time after each inference, and the output."""
    model_file, data, count, told = sys.argv[1:]
    options = Options(
        hardware_accelerators=HardwareAccelerator.CPU, cpu_options=CpuOptions(num_threads=1)
    )
    model = CompiledModel.from_file(model_file, options=options)
    key, names = next(iter(model.get_signature_list().items()))
    given = model.get_input_tensor_details(key)[names["inputs"][0]]
    made = model.get_output_tensor_details(key)[names["outputs"][0]]
    shape = [int(d) for d in given.get("shape_signature", given["shape"])]
    if shape[0] < 0:
        shape[0] = 1
        model.resize_input_tensor(0, shape)
    inputs, outputs = model.create_input_buffers(0), model.create_output_buffers(0)
    inputs[0].write(np.fromfile(data, given["dtype"]).reshape(shape))
    stamps_ns = [0] * int(count)
    clock, clock_ns = time.CLOCK_BOOTTIME, time.clock_gettime_ns

    for i in range(len(stamps_ns)):
        model.run_by_index(0, inputs, outputs)
        stamps_ns[i] = clock_ns(clock)

    dtype = np.dtype(made["dtype"])
    size = int(np.prod([abs(int(d)) for d in made["shape"]]))
    Path(f"{told}.output").write_bytes(outputs[0].read(size, dtype.type).tobytes())
    Path(told).write_text("".join(f"{stamp}\n" for stamp in stamps_ns))


if __name__ == "__main__":
    main()
