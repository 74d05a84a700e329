#include "engines/litert/library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "ibd/file.h"

namespace ibd {
namespace litert {

const char kAcceptedVersions[] = "2.1.6, 2.2.0, 2.3.0";

namespace {

struct Symbol {
  const char* name;
  size_t offset;
};

#define IBD_SYMBOL(name) \
  { "LiteRt" #name, offsetof(Api, name) }
constexpr Symbol kSymbols[] = {
    IBD_SYMBOL(CreateEnvironment),
    IBD_SYMBOL(DestroyEnvironment),
    IBD_SYMBOL(CreateModelFromFile),
    IBD_SYMBOL(DestroyModel),
    IBD_SYMBOL(GetNumModelSignatures),
    IBD_SYMBOL(GetModelSignature),
    IBD_SYMBOL(GetNumSignatureInputs),
    IBD_SYMBOL(GetNumSignatureOutputs),
    IBD_SYMBOL(GetSignatureInputName),
    IBD_SYMBOL(GetSignatureOutputName),
    IBD_SYMBOL(GetSignatureInputTensorByIndex),
    IBD_SYMBOL(GetSignatureOutputTensorByIndex),
    IBD_SYMBOL(GetRankedTensorType),
    IBD_SYMBOL(CreateOptions),
    IBD_SYMBOL(DestroyOptions),
    IBD_SYMBOL(SetOptionsHardwareAccelerators),
    IBD_SYMBOL(CreateOpaqueOptions),
    IBD_SYMBOL(DestroyOpaqueOptions),
    IBD_SYMBOL(AddOpaqueOptions),
    IBD_SYMBOL(CreateCompiledModel),
    IBD_SYMBOL(DestroyCompiledModel),
    IBD_SYMBOL(CompiledModelResizeInputTensor),
    IBD_SYMBOL(GetCompiledModelInputTensorLayout),
    IBD_SYMBOL(GetCompiledModelOutputTensorLayouts),
    IBD_SYMBOL(GetCompiledModelInputBufferRequirements),
    IBD_SYMBOL(GetCompiledModelOutputBufferRequirements),
    IBD_SYMBOL(CompiledModelIsFullyAccelerated),
    IBD_SYMBOL(CreateManagedTensorBufferFromRequirements),
    IBD_SYMBOL(DestroyTensorBuffer),
    IBD_SYMBOL(GetTensorBufferPackedSize),
    IBD_SYMBOL(LockTensorBuffer),
    IBD_SYMBOL(UnlockTensorBuffer),
    IBD_SYMBOL(RunCompiledModel),
};
#undef IBD_SYMBOL
static_assert(sizeof kSymbols / sizeof kSymbols[0] ==
                  sizeof(Api) / sizeof(void*),
              "each function of Api has its symbol");

// CreateModelFromFile took its environment, and CreateModelFromFd came, in one
// and the same release (2.1.6). To call the older one with these arguments
// would write a pointer over the model's path.
bool IsOtherGeneration(void* library) {
  return dlsym(library, "LiteRtCreateModelFromFd") == nullptr;
}

void DescribeVersion(const void* function, char version[128]) {
  Dl_info info;
  char hex[IBD_SHA256_HEX + 1];
  int64_t bytes;
  if (dladdr(function, &info) == 0 ||
      ibd_file_hash(info.dli_fname, hex, &bytes) != 0) {
    snprintf(version, 128, "C API of 2.1.6");
    return;
  }
  snprintf(version, 128, "C API of 2.1.6, sha256 %.16s", hex);
}

}  // namespace

ibd_status OpenLibrary(const char* path, Api* api, char version[128],
                       ibd_failure* failure) {
  if (path == nullptr) {
    path = "libLiteRt.so";
  }
  // Local: its symbols must not reach those of this program.
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return ibd_fail(failure, IBD_ENGINE_UNAVAILABLE, "%s cannot be loaded: %s",
                    path, dlerror());
  }
  for (const Symbol& symbol : kSymbols) {
    void* found = dlsym(library, symbol.name);
    if (found == nullptr) {
      return ibd_fail(failure, IBD_ENGINE_UNAVAILABLE,
                      "%s has no %s; accepted are the libraries of "
                      "ai-edge-litert %s",
                      path, symbol.name, kAcceptedVersions);
    }
    memcpy(reinterpret_cast<char*>(api) + symbol.offset, &found, sizeof found);
  }
  if (IsOtherGeneration(library)) {
    return ibd_fail(failure, IBD_ENGINE_UNAVAILABLE,
                    "%s is from before ai-edge-litert 2.1.6 and takes other "
                    "arguments; accepted are %s",
                    path, kAcceptedVersions);
  }
  const void* function;
  memcpy(&function, &api->RunCompiledModel, sizeof function);
  DescribeVersion(function, version);
  return IBD_OK;
}

}  // namespace litert
}  // namespace ibd
