#include "engines/table.h"

#include <string.h>

namespace ibd {

ibd_status FindEngine(const char* name, const ibd_engine_family** family,
                      ibd_failure* failure) {
  static const ibd_engine_family* const kAll[] = {&kLiteRt, &kFake};
  for (const ibd_engine_family* each : kAll) {
    if (strcmp(name, each->name) == 0) {
      *family = each;
      return IBD_OK;
    }
  }
  return ibd_fail(failure, IBD_USAGE,
                  "unknown engine \"%s\"; there are litert and fake", name);
}

}  // namespace ibd
