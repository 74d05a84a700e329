// The engines that this program knows.
#ifndef IBD_BENCH_ENGINES_TABLE_H_
#define IBD_BENCH_ENGINES_TABLE_H_

#include "ibd/engine.h"

namespace ibd {

extern const ibd_engine_family kLiteRt;
extern const ibd_engine_family kFake;

ibd_status FindEngine(const char* name, const ibd_engine_family** family,
                      ibd_failure* failure);

}  // namespace ibd

#endif  // IBD_BENCH_ENGINES_TABLE_H_
