// The LiteRT engine: a compiled model on the CPU.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/litert/library.h"
#include "engines/litert/tensors.h"
#include "engines/table.h"

namespace ibd {

namespace {

using litert::Api;
using litert::Explain;
using litert::Refuse;
using litert::Status;

// Made by calloc.
struct LiteRt {
  Api api;
  ibd_engine_config config;
  litert::Environment* environment;
  litert::Model* model;
  litert::CompiledModel* compiled;
  litert::Tensors tensors;
  char cpu_options[32];
};

LiteRt* Of(ibd_engine* engine) { return reinterpret_cast<LiteRt*>(engine); }
const LiteRt* Of(const ibd_engine* engine) {
  return reinterpret_cast<const LiteRt*>(engine);
}

ibd_status Load(const ibd_engine_config* config, ibd_engine** engine,
                char version[128], ibd_failure* failure) {
  if (strcmp(config->accelerator, "cpu") != 0) {
    return ibd_fail(failure, IBD_ACCELERATOR_UNAVAILABLE,
                    "the litert engine runs on cpu, not on \"%s\"",
                    config->accelerator);
  }
  if (config->option_count > 0) {
    return ibd_fail(failure, IBD_USAGE,
                    "the litert engine has no option \"%s\"",
                    config->options[0].key);
  }
  LiteRt* engine_of_ours = static_cast<LiteRt*>(calloc(1, sizeof(LiteRt)));
  if (engine_of_ours == nullptr) {
    return ibd_fail(failure, IBD_OUT_OF_MEMORY, "no memory for an engine");
  }
  engine_of_ours->config = *config;
  *engine = reinterpret_cast<ibd_engine*>(engine_of_ours);
  return litert::OpenLibrary(config->library_path, &engine_of_ours->api,
                             version, failure);
}

// The engine owns the payload: it outlives the options.
void KeepPayload(void*) {}

// The CPU options travel as a small TOML text under an identifier that newer
// sources rename. The library skips identifiers that it does not know, so it
// gets the text under both names.
ibd_status AddCpuOptions(LiteRt* engine, litert::Options* options,
                         ibd_failure* failure) {
  snprintf(engine->cpu_options, sizeof engine->cpu_options,
           "num_threads = %d\n", engine->config.threads);
  static constexpr const char* kIdentifiers[] = {"xnnpack", "cpu_delegate"};
  for (const char* identifier : kIdentifiers) {
    litert::OpaqueOptions* opaque = nullptr;
    Status status = engine->api.CreateOpaqueOptions(
        identifier, engine->cpu_options, KeepPayload, &opaque);
    if (status != litert::kOk) {
      return Refuse("CPU options", status, failure);
    }
    status = engine->api.AddOpaqueOptions(options, opaque);
    if (status != litert::kOk) {
      engine->api.DestroyOpaqueOptions(opaque);
      return Refuse("CPU options", status, failure);
    }
  }
  return IBD_OK;
}

ibd_status Compile(LiteRt* engine, litert::Options* options,
                   ibd_failure* failure) {
  const Api& api = engine->api;
  ibd_status outcome = AddCpuOptions(engine, options, failure);
  if (outcome != IBD_OK) {
    return outcome;
  }
  Status status =
      api.SetOptionsHardwareAccelerators(options, litert::kAcceleratorCpu);
  if (status == litert::kOk) {
    status = api.CreateCompiledModel(engine->environment, engine->model,
                                     options, &engine->compiled);
  }
  return status == litert::kOk ? IBD_OK
                               : Refuse("compiled model", status, failure);
}

ibd_status LoadAndCompile(LiteRt* engine, ibd_failure* failure) {
  const Api& api = engine->api;
  Status status = api.CreateEnvironment(0, nullptr, &engine->environment);
  if (status != litert::kOk) {
    return Refuse("environment", status, failure);
  }
  status = api.CreateModelFromFile(engine->environment,
                                   engine->config.model_path, &engine->model);
  if (status != litert::kOk) {
    return Refuse("model", status, failure);
  }
  litert::Options* options = nullptr;
  status = api.CreateOptions(&options);
  if (status != litert::kOk) {
    return Refuse("options", status, failure);
  }
  ibd_status outcome = Compile(engine, options, failure);
  api.DestroyOptions(options);
  return outcome;
}

ibd_status Open(ibd_engine* opaque, ibd_failure* failure) {
  LiteRt* engine = Of(opaque);
  ibd_status status = LoadAndCompile(engine, failure);
  if (status == IBD_OK) {
    status = litert::MakeTensors(
        engine->api, engine->environment, engine->model, engine->compiled,
        engine->config.batch, &engine->tensors, failure);
  }
  if (status != IBD_OK) {
    return status;
  }
  ibd_engine_description* about = &engine->tensors.description;
  memcpy(about->accelerator, "cpu", sizeof "cpu");
  bool is_full = false;
  Status asked =
      engine->api.CompiledModelIsFullyAccelerated(engine->compiled, &is_full);
  about->fully_accelerated =
      asked != litert::kOk ? IBD_UNKNOWN : (is_full ? IBD_YES : IBD_NO);
  return IBD_OK;
}

void Describe(const ibd_engine* engine, ibd_engine_description* description) {
  *description = Of(engine)->tensors.description;
}

ibd_status Complain(const char* step, Status status, ibd_failure* failure) {
  return status == litert::kOk ? IBD_OK
                               : ibd_fail(failure, IBD_INFERENCE_FAILED,
                                          "LiteRT: %s: status %d (%s)", step,
                                          status, Explain(status));
}

ibd_status WriteInput(ibd_engine* opaque, size_t index, const void* data,
                      ibd_failure* failure) {
  LiteRt* engine = Of(opaque);
  litert::TensorBuffer* buffer = engine->tensors.inputs[index];
  void* memory = nullptr;
  Status status =
      engine->api.LockTensorBuffer(buffer, &memory, litert::kLockWrite);
  if (status == litert::kOk) {
    memcpy(memory, data, engine->tensors.description.inputs[index].bytes);
    status = engine->api.UnlockTensorBuffer(buffer);
  }
  return Complain("writing an input", status, failure);
}

ibd_status ReadOutput(ibd_engine* opaque, size_t index, void* data,
                      ibd_failure* failure) {
  LiteRt* engine = Of(opaque);
  litert::TensorBuffer* buffer = engine->tensors.outputs[index];
  void* memory = nullptr;
  Status status =
      engine->api.LockTensorBuffer(buffer, &memory, litert::kLockRead);
  if (status == litert::kOk) {
    memcpy(data, memory, engine->tensors.description.outputs[index].bytes);
    status = engine->api.UnlockTensorBuffer(buffer);
  }
  return Complain("reading an output", status, failure);
}

ibd_status Run(ibd_engine* opaque, ibd_failure* failure) {
  LiteRt* engine = Of(opaque);
  litert::Tensors& tensors = engine->tensors;
  Status status = engine->api.RunCompiledModel(
      engine->compiled, 0, tensors.description.input_count, tensors.inputs,
      tensors.description.output_count, tensors.outputs);
  return Complain("inference", status, failure);
}

void Close(ibd_engine* opaque) {
  LiteRt* engine = Of(opaque);
  const Api& api = engine->api;
  litert::FreeTensors(api, &engine->tensors);
  if (engine->compiled != nullptr) {
    api.DestroyCompiledModel(engine->compiled);
  }
  if (engine->model != nullptr) {
    api.DestroyModel(engine->model);
  }
  if (engine->environment != nullptr) {
    api.DestroyEnvironment(engine->environment);
  }
  free(engine);
}

}  // namespace

const ibd_engine_family kLiteRt = {
    "litert", Load, Open, Describe, WriteInput, ReadOutput, Run, nullptr, Close,
};

}  // namespace ibd
