/* What is known of one input or output of a model. */
#ifndef IBD_TENSOR_H_
#define IBD_TENSOR_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IBD_MAX_RANK 8
#define IBD_MAX_TENSORS 32

typedef enum ibd_dtype {
  IBD_FLOAT32,
  IBD_FLOAT16,
  IBD_FLOAT64,
  IBD_INT8,
  IBD_UINT8,
  IBD_INT16,
  IBD_UINT16,
  IBD_INT32,
  IBD_UINT32,
  IBD_INT64,
  IBD_UINT64,
  IBD_BOOL,
} ibd_dtype;

typedef struct ibd_tensor {
  char name[128];
  ibd_dtype dtype;
  int rank;
  int32_t shape[IBD_MAX_RANK];
  size_t bytes;
} ibd_tensor;

/* As in numpy: "float32", "int8", ... */
const char* ibd_dtype_name(ibd_dtype dtype);
size_t ibd_dtype_bytes(ibd_dtype dtype);

/* Product of the shape; 0 if it does not fit into memory anyway. */
size_t ibd_tensor_elements(const ibd_tensor* tensor);

#ifdef __cplusplus
}
#endif

#endif  // IBD_TENSOR_H_
