// The LiteRT engine of a static program, which cannot load a library.
#include "engines/table.h"

namespace ibd {

namespace {

ibd_status Load(const ibd_engine_config*, ibd_engine**, char[128],
                ibd_failure* failure) {
  return ibd_fail(failure, IBD_ENGINE_UNAVAILABLE,
                  "this ibd_bench is a static program and cannot load "
                  "libLiteRt.so; use one built by the android preset of "
                  "device_payloads/CMakePresets.json (ANDROID_NDK_HOME)");
}

void Close(ibd_engine*) {}

}  // namespace

// Load never succeeds, so nothing else is called.
const ibd_engine_family kLiteRt = {
    "litert", Load, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, Close,
};

}  // namespace ibd
