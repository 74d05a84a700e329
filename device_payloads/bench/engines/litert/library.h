// libLiteRt.so, opened.
#ifndef IBD_BENCH_ENGINES_LITERT_LIBRARY_H_
#define IBD_BENCH_ENGINES_LITERT_LIBRARY_H_

#include "engines/litert/api.h"
#include "ibd/failure.h"

namespace ibd {
namespace litert {

// The wheels whose library this program was run with.
extern const char kAcceptedVersions[];

// Opens the library and finds every function. `path` nullptr: libLiteRt.so as
// the dynamic linker finds it. It is never closed: libraries with threads of
// their own do not survive that.
//
// The library does not tell its version, so `version` names its generation and
// its hash.
ibd_status OpenLibrary(const char* path, Api* api, char version[128],
                       ibd_failure* failure);

}  // namespace litert
}  // namespace ibd

#endif  // IBD_BENCH_ENGINES_LITERT_LIBRARY_H_
