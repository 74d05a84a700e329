#include "ibd/tensor.h"

const char* ibd_dtype_name(ibd_dtype dtype) {
  switch (dtype) {
    case IBD_FLOAT32:
      return "float32";
    case IBD_FLOAT16:
      return "float16";
    case IBD_FLOAT64:
      return "float64";
    case IBD_INT8:
      return "int8";
    case IBD_UINT8:
      return "uint8";
    case IBD_INT16:
      return "int16";
    case IBD_UINT16:
      return "uint16";
    case IBD_INT32:
      return "int32";
    case IBD_UINT32:
      return "uint32";
    case IBD_INT64:
      return "int64";
    case IBD_UINT64:
      return "uint64";
    case IBD_BOOL:
      return "bool";
  }
  return "";
}

size_t ibd_dtype_bytes(ibd_dtype dtype) {
  switch (dtype) {
    case IBD_INT8:
    case IBD_UINT8:
    case IBD_BOOL:
      return 1;
    case IBD_FLOAT16:
    case IBD_INT16:
    case IBD_UINT16:
      return 2;
    case IBD_FLOAT32:
    case IBD_INT32:
    case IBD_UINT32:
      return 4;
    case IBD_FLOAT64:
    case IBD_INT64:
    case IBD_UINT64:
      return 8;
  }
  return 0;
}

size_t ibd_tensor_elements(const ibd_tensor* tensor) {
  size_t elements = 1;
  for (int i = 0; i < tensor->rank; ++i) {
    if (tensor->shape[i] <= 0 ||
        elements > SIZE_MAX / 16 / (size_t)tensor->shape[i]) {
      return 0;
    }
    elements *= (size_t)tensor->shape[i];
  }
  return elements;
}
