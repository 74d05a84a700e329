/* A bare loop over LiteRT's C interface and nothing else: what
 * latency_fidelity.py compares ibd_bench with.
 *
 *   bare_loop LIBRARY MODEL INPUT COUNT TOLD
 *
 * For a model with one input and one output, on the CPU with one thread. Writes
 * to TOLD the time after each inference, boot time in ns, one per line; and to
 * TOLD.output the bytes of the output. */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
  uint32_t rank : 7;
  uint32_t has_strides : 1;
  int32_t dimensions[8];
  uint32_t strides[8];
} layout;

typedef struct {
  int32_t element;
  layout shape;
} tensor_type;

/* The functions differ in their arguments; each call below has the right ones.
 */
typedef int (*function)();

enum { kCpu = 1, kRead = 0, kWrite = 1 };

static void* library;

static function find(const char* name) {
  function found = (function)dlsym(library, name);
  if (found == NULL) {
    fprintf(stderr, "bare_loop: no %s\n", name);
    exit(1);
  }
  return found;
}

static void check(const char* what, int status) {
  if (status != 0) {
    fprintf(stderr, "bare_loop: %s: %d\n", what, status);
    exit(1);
  }
}

#define CALL(name, ...) check(#name, find("LiteRt" #name)(__VA_ARGS__))

static const size_t k0 = 0, k1 = 1;

static void keep(void* text) { (void)text; }

static void* make_options(void) {
  static const char* const kIdentifiers[] = {"xnnpack", "cpu_delegate"};
  static char threads[] = "num_threads = 1\n";
  void* options;
  CALL(CreateOptions, &options);
  for (int i = 0; i < 2; ++i) { /* releases differ in which one they read */
    void* opaque;
    CALL(CreateOpaqueOptions, kIdentifiers[i], threads, keep, &opaque);
    CALL(AddOpaqueOptions, options, opaque);
  }
  CALL(SetOptionsHardwareAccelerators, options, kCpu);
  return options;
}

static void* make_input(void* environment, void* compiled, void* signature) {
  void *tensor, *needs, *buffer;
  tensor_type type;
  CALL(GetSignatureInputTensorByIndex, signature, k0, &tensor);
  CALL(GetRankedTensorType, tensor, &type);
  if (type.shape.dimensions[0] < 0) {
    type.shape.dimensions[0] = 1;
    CALL(CompiledModelResizeInputTensor, compiled, k0, k0,
         type.shape.dimensions, (size_t)type.shape.rank);
  }
  CALL(GetCompiledModelInputTensorLayout, compiled, k0, k0, &type.shape);
  CALL(GetCompiledModelInputBufferRequirements, compiled, k0, k0, &needs);
  CALL(CreateManagedTensorBufferFromRequirements, environment, &type, needs,
       &buffer);
  return buffer;
}

static void* make_output(void* environment, void* compiled, void* signature) {
  void *tensor, *needs, *buffer;
  tensor_type type;
  CALL(GetSignatureOutputTensorByIndex, signature, k0, &tensor);
  CALL(GetRankedTensorType, tensor, &type);
  CALL(GetCompiledModelOutputTensorLayouts, compiled, k0, k1, &type.shape,
       true);
  CALL(GetCompiledModelOutputBufferRequirements, compiled, k0, k0, &needs);
  CALL(CreateManagedTensorBufferFromRequirements, environment, &type, needs,
       &buffer);
  return buffer;
}

/* Moves a buffer's bytes from or to a file. */
static void copy(void* buffer, const char* path, int mode) {
  void* memory;
  size_t size;
  FILE* file = fopen(path, mode == kWrite ? "rb" : "wb");
  CALL(GetTensorBufferPackedSize, buffer, &size);
  CALL(LockTensorBuffer, buffer, &memory, mode);
  size_t done = file == NULL     ? 0
                : mode == kWrite ? fread(memory, 1, size, file)
                                 : fwrite(memory, 1, size, file);
  CALL(UnlockTensorBuffer, buffer);
  check(path, done != size || fclose(file) != 0);
}

static int64_t boot_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char** argv) {
  check("usage: LIBRARY MODEL INPUT COUNT TOLD", argc != 6);
  library = dlopen(argv[1], RTLD_NOW);
  check(argv[1], library == NULL);
  void *environment, *model, *compiled, *signature;
  CALL(CreateEnvironment, 0, NULL, &environment);
  CALL(CreateModelFromFile, environment, argv[2], &model);
  CALL(CreateCompiledModel, environment, model, make_options(), &compiled);
  CALL(GetModelSignature, model, k0, &signature);
  void* input = make_input(environment, compiled, signature);
  void* output = make_output(environment, compiled, signature);
  copy(input, argv[3], kWrite);
  int64_t count = atoll(argv[4]);
  int64_t* stamps_ns = calloc((size_t)count, sizeof *stamps_ns);
  check("memory", stamps_ns == NULL);
  int (*run)(void*, size_t, size_t, void**, size_t, void**) =
      (int (*)(void*, size_t, size_t, void**, size_t, void**))find(
          "LiteRtRunCompiledModel");

  for (int64_t i = 0; i < count; ++i) {
    check("inference", run(compiled, 0, 1, &input, 1, &output));
    stamps_ns[i] = boot_ns();
  }

  char path[4096];
  snprintf(path, sizeof path, "%s.output", argv[5]);
  copy(output, path, kRead);
  FILE* told = fopen(argv[5], "w");
  check(argv[5], told == NULL);
  for (int64_t i = 0; i < count; ++i) {
    fprintf(told, "%lld\n", (long long)stamps_ns[i]);
  }
  check(argv[5], fclose(told));
  return 0;
}
