/* A growing piece of text, and JSON written into it. */
#ifndef IBD_TEXT_H_
#define IBD_TEXT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero-initialise. Once memory ran out `is_broken` stays set and appending does
 * nothing: check it once, before the text is used.
 */
typedef struct ibd_text {
  char* data;
  size_t bytes;
  size_t room_bytes;
  bool is_broken;
} ibd_text;

void ibd_text_free(ibd_text* text);
void ibd_text_clear(ibd_text* text);
void ibd_text_reserve(ibd_text* text, size_t bytes);
void ibd_text_append(ibd_text* text, const void* data, size_t bytes);
void ibd_text_string(ibd_text* text, const char* string);
__attribute__((format(printf, 2, 3))) void ibd_text_format(ibd_text* text,
                                                           const char* format,
                                                           ...);
void ibd_text_int(ibd_text* text, int64_t value);

/* A quoted JSON string. What is not UTF-8 becomes U+FFFD, so that a line is
 * readable whatever a library put into a message.
 */
void ibd_json_string(ibd_text* text, const char* string);

/* `,"key":` and the value. */
void ibd_json_key(ibd_text* text, const char* key);
void ibd_json_text_field(ibd_text* text, const char* key, const char* value);
void ibd_json_int_field(ibd_text* text, const char* key, int64_t value);

#ifdef __cplusplus
}
#endif

#endif  // IBD_TEXT_H_
