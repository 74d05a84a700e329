// The inputs and outputs of a compiled model, and the buffers behind them.
#ifndef IBD_BENCH_ENGINES_LITERT_TENSORS_H_
#define IBD_BENCH_ENGINES_LITERT_TENSORS_H_

#include "engines/litert/api.h"
#include "ibd/engine.h"

namespace ibd {
namespace litert {

// Plain data, zero-initialised; freed by FreeTensors.
struct Tensors {
  TensorBuffer* inputs[IBD_MAX_TENSORS];
  TensorBuffer* outputs[IBD_MAX_TENSORS];
  ibd_engine_description description;
};

// Sets the batch where the model leaves it open, then makes a buffer for every
// input and output. Buffers made before would have the wrong size.
//
// IBD_MODEL_REFUSED if another dimension than the leading one is open, if the
// batch is fixed to another number, or if there is more than one signature.
ibd_status MakeTensors(const Api& api, Environment* environment, Model* model,
                       CompiledModel* compiled, int batch, Tensors* tensors,
                       ibd_failure* failure);

void FreeTensors(const Api& api, Tensors* tensors);

// A status of the library as IBD_MODEL_REFUSED, with the step it came from.
ibd_status Refuse(const char* step, Status status, ibd_failure* failure);

// What a status of the library means, of those that a model or a device causes.
const char* Explain(Status status);

}  // namespace litert
}  // namespace ibd

#endif  // IBD_BENCH_ENGINES_LITERT_TENSORS_H_
