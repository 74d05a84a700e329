/* Files: read whole, hashed, written so that none is ever half there. */
#ifndef IBD_FILE_H_
#define IBD_FILE_H_

#include <stddef.h>
#include <stdint.h>

#include "ibd/sha256.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All return 0 or an errno. */

/* Reads a whole file into memory from malloc, with a 0 byte behind it. */
int ibd_file_read(const char* path, uint8_t** data, size_t* bytes);

int ibd_file_hash(const char* path, char hex[IBD_SHA256_HEX + 1],
                  int64_t* bytes);

/* Writes all of it, also where the kernel takes it in pieces. */
int ibd_write_all(int fd, const void* data, size_t bytes);

/* Reads exactly so many bytes at an offset; ENODATA if the file ends before. */
int ibd_read_exactly(int fd, void* data, size_t bytes, int64_t offset);

/* Writes a file under a temporary name, fsyncs and renames it. Refuses to
 * replace one (EEXIST).
 */
int ibd_file_publish(const char* path, const void* data, size_t bytes);

/* Makes a directory; one that is there is fine. */
int ibd_make_directory(const char* path);

#ifdef __cplusplus
}
#endif

#endif  // IBD_FILE_H_
