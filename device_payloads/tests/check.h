/* What a test program needs: a check that says where and what failed. */
#ifndef IBD_TESTS_CHECK_H_
#define IBD_TESTS_CHECK_H_

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                           \
  do {                                                             \
    if (!(condition)) {                                            \
      fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, \
              #condition);                                         \
      exit(1);                                                     \
    }                                                              \
  } while (0)

#define CHECK_INT(actual, expected)                                        \
  do {                                                                     \
    long long actual_ = (long long)(actual);                               \
    long long expected_ = (long long)(expected);                           \
    if (actual_ != expected_) {                                            \
      fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, \
              #actual, actual_, expected_);                                \
      exit(1);                                                             \
    }                                                                      \
  } while (0)

#define CHECK_TEXT(actual, expected)                                           \
  do {                                                                         \
    const char* actual_ = (actual);                                            \
    const char* expected_ = (expected);                                        \
    if (strcmp(actual_, expected_) != 0) {                                     \
      fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, \
              #actual, actual_, expected_);                                    \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

/* A folder of this test alone; it is left behind in the build folder's tmp. */
static inline const char* fresh_folder(void) {
  static char path[64];
  (void)snprintf(path, sizeof path, "/tmp/ibd-test-XXXXXX");
  CHECK(mkdtemp(path) != NULL);
  return path;
}

/* "<folder>/<name>", valid until the next but seven. */
static inline const char* in_folder(const char* folder, const char* name) {
  static char paths[8][128];
  static int next = 0;
  char* path = paths[next++ % 8];
  (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline void write_file(const char* path, const char* content) {
  FILE* file = fopen(path, "w");
  CHECK(file != NULL);
  CHECK(fputs(content, file) >= 0);
  CHECK(fclose(file) == 0);
}

/* A whole text file, up to 64 kB. */
static inline const char* read_file(const char* path) {
  static char content[1 << 16];
  FILE* file = fopen(path, "r");
  CHECK(file != NULL);
  size_t bytes = fread(content, 1, sizeof content - 1, file);
  content[bytes] = '\0';
  fclose(file);
  return content;
}

#endif  // IBD_TESTS_CHECK_H_
