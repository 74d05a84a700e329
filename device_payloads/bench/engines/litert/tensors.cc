#include "engines/litert/tensors.h"

#include <stdio.h>
#include <string.h>

namespace ibd {
namespace litert {

namespace {

// A tensor as the model declares it.
struct Slot {
  const char* name;
  TensorType type;
};

bool DtypeOf(int32_t element, ibd_dtype* dtype) {
  static constexpr struct {
    int32_t element;
    ibd_dtype dtype;
  } kTypes[] = {
      {1, IBD_FLOAT32},  {2, IBD_INT32},   {3, IBD_UINT8},   {4, IBD_INT64},
      {6, IBD_BOOL},     {7, IBD_INT16},   {9, IBD_INT8},    {10, IBD_FLOAT16},
      {11, IBD_FLOAT64}, {13, IBD_UINT64}, {16, IBD_UINT32}, {17, IBD_UINT16},
  };
  for (const auto& type : kTypes) {
    if (type.element == element) {
      *dtype = type.dtype;
      return true;
    }
  }
  return false;
}

// Gathers what one set of tensors needs, so that each step is written once.
class Binder {
 public:
  Binder(const Api& api, Environment* environment, CompiledModel* compiled,
         Tensors* tensors, ibd_failure* failure)
      : api_(api),
        environment_(environment),
        compiled_(compiled),
        tensors_(tensors),
        failure_(failure) {}

  ibd_status FindSignature(Model* model) {
    ibd_engine_description* about = &tensors_->description;
    size_t count = 0;
    Status status = api_.GetNumModelSignatures(model, &count);
    if (status == kOk && count > 1) {
      return ibd_fail(failure_, IBD_MODEL_REFUSED,
                      "the model has %zu signatures; which one is meant is not "
                      "said",
                      count);
    }
    if (status == kOk) {
      status = api_.GetModelSignature(model, 0, &signature_);
    }
    if (status == kOk) {
      status = api_.GetNumSignatureInputs(signature_, &about->input_count);
    }
    if (status == kOk) {
      status = api_.GetNumSignatureOutputs(signature_, &about->output_count);
    }
    if (status != kOk) {
      return Refuse("signature", status, failure_);
    }
    if (about->input_count > IBD_MAX_TENSORS ||
        about->output_count > IBD_MAX_TENSORS) {
      return ibd_fail(failure_, IBD_MODEL_REFUSED,
                      "%zu inputs and %zu outputs; no more than %d are taken",
                      about->input_count, about->output_count, IBD_MAX_TENSORS);
    }
    return IBD_OK;
  }

  ibd_status SizeInputs(int batch) {
    for (size_t i = 0; i < tensors_->description.input_count; ++i) {
      Slot slot;
      ibd_status status = ReadSlot(i, true, &slot);
      if (status == IBD_OK) {
        status = SetBatch(i, slot, batch);
      }
      if (status != IBD_OK) {
        return status;
      }
    }
    return IBD_OK;
  }

  ibd_status MakeInputs() {
    for (size_t i = 0; i < tensors_->description.input_count; ++i) {
      Slot slot;
      Requirements* requirements = nullptr;
      ibd_status outcome = ReadSlot(i, true, &slot);
      if (outcome != IBD_OK) {
        return outcome;
      }
      Status status = api_.GetCompiledModelInputTensorLayout(compiled_, 0, i,
                                                             &slot.type.layout);
      if (status == kOk) {
        status = api_.GetCompiledModelInputBufferRequirements(compiled_, 0, i,
                                                              &requirements);
      }
      outcome = status != kOk ? Refuse("input buffer", status, failure_)
                              : MakeBuffer(slot, requirements,
                                           &tensors_->description.inputs[i],
                                           &tensors_->inputs[i]);
      if (outcome != IBD_OK) {
        return outcome;
      }
    }
    return IBD_OK;
  }

  ibd_status MakeOutputs() {
    Layout layouts[IBD_MAX_TENSORS];
    // True: the library brings the shapes up to date with the sized inputs.
    Status status = api_.GetCompiledModelOutputTensorLayouts(
        compiled_, 0, tensors_->description.output_count, layouts, true);
    if (status != kOk) {
      return Refuse("output shapes", status, failure_);
    }
    for (size_t i = 0; i < tensors_->description.output_count; ++i) {
      Slot slot;
      Requirements* requirements = nullptr;
      ibd_status outcome = ReadSlot(i, false, &slot);
      if (outcome != IBD_OK) {
        return outcome;
      }
      slot.type.layout = layouts[i];
      status = api_.GetCompiledModelOutputBufferRequirements(compiled_, 0, i,
                                                             &requirements);
      outcome = status != kOk ? Refuse("output buffer", status, failure_)
                              : MakeBuffer(slot, requirements,
                                           &tensors_->description.outputs[i],
                                           &tensors_->outputs[i]);
      if (outcome != IBD_OK) {
        return outcome;
      }
    }
    return IBD_OK;
  }

 private:
  ibd_status ReadSlot(size_t index, bool is_input, Slot* slot) {
    Tensor* tensor = nullptr;
    Status status =
        is_input
            ? api_.GetSignatureInputTensorByIndex(signature_, index, &tensor)
            : api_.GetSignatureOutputTensorByIndex(signature_, index, &tensor);
    if (status == kOk) {
      status = api_.GetRankedTensorType(tensor, &slot->type);
    }
    if (status == kOk) {
      status =
          is_input
              ? api_.GetSignatureInputName(signature_, index, &slot->name)
              : api_.GetSignatureOutputName(signature_, index, &slot->name);
    }
    if (status == kOk && slot->type.layout.rank > IBD_MAX_RANK) {
      return ibd_fail(failure_, IBD_MODEL_REFUSED, "tensor \"%s\": rank %u",
                      slot->name, slot->type.layout.rank);
    }
    return status == kOk
               ? IBD_OK
               : Refuse(is_input ? "input" : "output", status, failure_);
  }

  ibd_status SetBatch(size_t index, const Slot& slot, int batch) {
    const Layout& layout = slot.type.layout;
    int dimensions[IBD_MAX_RANK];
    for (uint32_t axis = 0; axis < layout.rank; ++axis) {
      dimensions[axis] = layout.dimensions[axis];
      if (dimensions[axis] < 0 && axis > 0) {
        return ibd_fail(failure_, IBD_MODEL_REFUSED,
                        "input \"%s\": dimension %u is open, and only the "
                        "leading one may be",
                        slot.name, axis);
      }
    }
    if (layout.rank > 0 && dimensions[0] < 0) {
      dimensions[0] = batch;
      Status status = api_.CompiledModelResizeInputTensor(
          compiled_, 0, index, dimensions, layout.rank);
      return status == kOk ? IBD_OK : Refuse("batch", status, failure_);
    }
    if (batch == 1 || (layout.rank > 0 && dimensions[0] == batch)) {
      return IBD_OK;
    }
    return ibd_fail(failure_, IBD_MODEL_REFUSED,
                    "input \"%s\" has a fixed leading dimension of %d; a batch "
                    "of %d was asked for",
                    slot.name, layout.rank > 0 ? dimensions[0] : 1, batch);
  }

  ibd_status MakeBuffer(const Slot& slot, Requirements* requirements,
                        ibd_tensor* tensor, TensorBuffer** buffer) {
    snprintf(tensor->name, sizeof tensor->name, "%s", slot.name);
    if (!DtypeOf(slot.type.element, &tensor->dtype)) {
      return ibd_fail(failure_, IBD_MODEL_REFUSED,
                      "tensor \"%s\": element type %d is not taken", slot.name,
                      slot.type.element);
    }
    tensor->rank = static_cast<int>(slot.type.layout.rank);
    memcpy(tensor->shape, slot.type.layout.dimensions, sizeof tensor->shape);
    tensor->bytes =
        ibd_tensor_elements(tensor) * ibd_dtype_bytes(tensor->dtype);
    Status status = api_.CreateManagedTensorBufferFromRequirements(
        environment_, &slot.type, requirements, buffer);
    if (status != kOk) {
      return Refuse("tensor buffer", status, failure_);
    }
    size_t packed_bytes = 0;
    status = api_.GetTensorBufferPackedSize(*buffer, &packed_bytes);
    if (status != kOk || packed_bytes != tensor->bytes) {
      return ibd_fail(failure_, IBD_MODEL_REFUSED,
                      "tensor \"%s\": LiteRT gives it %zu bytes, its shape %zu",
                      slot.name, packed_bytes, tensor->bytes);
    }
    return IBD_OK;
  }

  const Api& api_;
  Environment* environment_;
  CompiledModel* compiled_;
  Signature* signature_ = nullptr;
  Tensors* tensors_;
  ibd_failure* failure_;
};

}  // namespace

ibd_status MakeTensors(const Api& api, Environment* environment, Model* model,
                       CompiledModel* compiled, int batch, Tensors* tensors,
                       ibd_failure* failure) {
  Binder binder(api, environment, compiled, tensors, failure);
  ibd_status status = binder.FindSignature(model);
  if (status == IBD_OK) {
    status = binder.SizeInputs(batch);
  }
  if (status == IBD_OK) {
    status = binder.MakeInputs();
  }
  if (status == IBD_OK) {
    status = binder.MakeOutputs();
  }
  return status;
}

void FreeTensors(const Api& api, Tensors* tensors) {
  for (size_t i = 0; i < IBD_MAX_TENSORS; ++i) {
    if (tensors->inputs[i] != nullptr) {
      api.DestroyTensorBuffer(tensors->inputs[i]);
    }
    if (tensors->outputs[i] != nullptr) {
      api.DestroyTensorBuffer(tensors->outputs[i]);
    }
  }
}

const char* Explain(Status status) {
  switch (status) {
    case 1:
      return "invalid argument";
    case 2:
      return "out of memory";
    case 3:
      return "runtime failure";
    case 5:
      return "unsupported";
    case 6:
      return "not found";
    case 8:
      return "wrong version";
    case 500:
      return "the file cannot be read";
    case 501:
      return "not a valid TFLite model";
    case 504:
      return "compilation failed";
    default:
      return "see its own messages";
  }
}

ibd_status Refuse(const char* step, Status status, ibd_failure* failure) {
  return ibd_fail(failure, IBD_MODEL_REFUSED, "LiteRT: %s: status %d (%s)",
                  step, status, Explain(status));
}

}  // namespace litert
}  // namespace ibd
