// What this program uses of the LiteRT C API, found in libLiteRt.so at run
// time.
//
// Declared here from the API's documented signatures, so that no LiteRT header
// is needed to build. The shapes are those of the ai-edge-litert wheels 2.1.6,
// 2.2.0 and 2.3.0. Up to 2.1.5 a model was made from a file without an
// environment: same name, other arguments; see IsOtherGeneration in library.cc.
#ifndef IBD_BENCH_ENGINES_LITERT_API_H_
#define IBD_BENCH_ENGINES_LITERT_API_H_

#include <stddef.h>
#include <stdint.h>

namespace ibd {
namespace litert {

// Handles are pointers that only the library looks into.
struct Environment;
struct Model;
struct Signature;
struct Tensor;
struct Options;
struct OpaqueOptions;
struct CompiledModel;
struct TensorBuffer;
struct Requirements;

using Status = int;  // 0 is success
constexpr Status kOk = 0;

constexpr int kAcceleratorCpu = 1;

constexpr int kLockRead = 0;
constexpr int kLockWrite = 1;

// Dimensions below 0 are open. Ranks use 7 bits; the eighth tells whether the
// strides mean something.
struct Layout {
  uint32_t rank : 7;
  uint32_t has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
};

struct TensorType {
  int32_t element;
  Layout layout;
};
static_assert(sizeof(TensorType) == 72, "the library's own size");

struct Api {
  Status (*CreateEnvironment)(int, const void*, Environment**);
  void (*DestroyEnvironment)(Environment*);
  Status (*CreateModelFromFile)(Environment*, const char*, Model**);
  void (*DestroyModel)(Model*);
  Status (*GetNumModelSignatures)(Model*, size_t*);
  Status (*GetModelSignature)(Model*, size_t, Signature**);
  Status (*GetNumSignatureInputs)(Signature*, size_t*);
  Status (*GetNumSignatureOutputs)(Signature*, size_t*);
  Status (*GetSignatureInputName)(Signature*, size_t, const char**);
  Status (*GetSignatureOutputName)(Signature*, size_t, const char**);
  Status (*GetSignatureInputTensorByIndex)(Signature*, size_t, Tensor**);
  Status (*GetSignatureOutputTensorByIndex)(Signature*, size_t, Tensor**);
  Status (*GetRankedTensorType)(Tensor*, TensorType*);
  Status (*CreateOptions)(Options**);
  void (*DestroyOptions)(Options*);
  Status (*SetOptionsHardwareAccelerators)(Options*, int);
  Status (*CreateOpaqueOptions)(const char*, void*, void (*)(void*),
                                OpaqueOptions**);
  void (*DestroyOpaqueOptions)(OpaqueOptions*);
  Status (*AddOpaqueOptions)(Options*, OpaqueOptions*);
  Status (*CreateCompiledModel)(Environment*, Model*, Options*,
                                CompiledModel**);
  void (*DestroyCompiledModel)(CompiledModel*);
  Status (*CompiledModelResizeInputTensor)(CompiledModel*, size_t, size_t,
                                           const int*, size_t);
  Status (*GetCompiledModelInputTensorLayout)(CompiledModel*, size_t, size_t,
                                              Layout*);
  Status (*GetCompiledModelOutputTensorLayouts)(CompiledModel*, size_t, size_t,
                                                Layout*, bool);
  Status (*GetCompiledModelInputBufferRequirements)(CompiledModel*, size_t,
                                                    size_t, Requirements**);
  Status (*GetCompiledModelOutputBufferRequirements)(CompiledModel*, size_t,
                                                     size_t, Requirements**);
  Status (*CompiledModelIsFullyAccelerated)(CompiledModel*, bool*);
  Status (*CreateManagedTensorBufferFromRequirements)(Environment*,
                                                      const TensorType*,
                                                      Requirements*,
                                                      TensorBuffer**);
  void (*DestroyTensorBuffer)(TensorBuffer*);
  Status (*GetTensorBufferPackedSize)(TensorBuffer*, size_t*);
  Status (*LockTensorBuffer)(TensorBuffer*, void**, int);
  Status (*UnlockTensorBuffer)(TensorBuffer*);
  Status (*RunCompiledModel)(CompiledModel*, size_t, size_t, TensorBuffer**,
                             size_t, TensorBuffer**);
};

}  // namespace litert
}  // namespace ibd

#endif  // IBD_BENCH_ENGINES_LITERT_API_H_
