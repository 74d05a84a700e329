#include "ibd/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ibd_text_free(ibd_text* text) {
  free(text->data);
  *text = (ibd_text){0};
}

void ibd_text_clear(ibd_text* text) { text->bytes = 0; }

void ibd_text_reserve(ibd_text* text, size_t bytes) {
  if (text->is_broken || bytes <= text->room_bytes) {
    return;
  }
  size_t room = text->room_bytes < 128 ? 128 : text->room_bytes;
  while (room < bytes) {
    room *= 2;
  }
  char* data = realloc(text->data, room);
  if (data == NULL) {
    text->is_broken = true;
    return;
  }
  text->data = data;
  text->room_bytes = room;
}

void ibd_text_append(ibd_text* text, const void* data, size_t bytes) {
  ibd_text_reserve(text, text->bytes + bytes);
  if (text->is_broken || bytes == 0) {
    return;
  }
  memcpy(text->data + text->bytes, data, bytes);
  text->bytes += bytes;
}

void ibd_text_string(ibd_text* text, const char* string) {
  ibd_text_append(text, string, strlen(string));
}

void ibd_text_format(ibd_text* text, const char* format, ...) {
  char piece[1024];
  va_list arguments;
  va_start(arguments, format);
  int bytes = vsnprintf(piece, sizeof piece, format, arguments);
  va_end(arguments);
  if (bytes < 0 || (size_t)bytes >= sizeof piece) {
    text->is_broken = true;
    return;
  }
  ibd_text_append(text, piece, (size_t)bytes);
}

void ibd_text_int(ibd_text* text, int64_t value) {
  /* Not by vsnprintf: a long phase writes some hundred thousand of them. */
  char digits[24];
  char* next = digits + sizeof digits;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do {
    *--next = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest > 0);
  if (value < 0) {
    *--next = '-';
  }
  ibd_text_append(text, next, (size_t)(digits + sizeof digits - next));
}

/* Bytes of the UTF-8 sequence at `s`, or 0 if it is not one (RFC 3629). */
static size_t utf8_bytes(const unsigned char* s) {
  if (s[0] < 0x80) {
    return 1;
  }
  size_t bytes;
  unsigned char least = 0x80;
  unsigned char most = 0xbf;
  if (s[0] >= 0xc2 && s[0] <= 0xdf) {
    bytes = 2;
  } else if ((s[0] & 0xf0) == 0xe0) {
    bytes = 3;
    least = s[0] == 0xe0 ? 0xa0 : 0x80;
    most = s[0] == 0xed ? 0x9f : 0xbf;
  } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
    bytes = 4;
    least = s[0] == 0xf0 ? 0x90 : 0x80;
    most = s[0] == 0xf4 ? 0x8f : 0xbf;
  } else {
    return 0;
  }
  if (s[1] < least || s[1] > most) {
    return 0;
  }
  for (size_t i = 2; i < bytes; ++i) {
    if ((s[i] & 0xc0) != 0x80) {
      return 0;
    }
  }
  return bytes;
}

void ibd_json_string(ibd_text* text, const char* string) {
  ibd_text_append(text, "\"", 1);
  const unsigned char* next = (const unsigned char*)string;
  while (*next != '\0') {
    size_t bytes = utf8_bytes(next);
    if (bytes == 0) {
      ibd_text_string(text, "\\ufffd");
      bytes = 1;
    } else if (*next == '"' || *next == '\\') {
      ibd_text_format(text, "\\%c", *next);
    } else if (*next < 0x20 || *next == 0x7f) {
      ibd_text_format(text, "\\u%04x", *next);
    } else {
      ibd_text_append(text, next, bytes);
    }
    next += bytes;
  }
  ibd_text_append(text, "\"", 1);
}

void ibd_json_key(ibd_text* text, const char* key) {
  ibd_text_format(text, ",\"%s\":", key);
}

void ibd_json_text_field(ibd_text* text, const char* key, const char* value) {
  ibd_json_key(text, key);
  ibd_json_string(text, value);
}

void ibd_json_int_field(ibd_text* text, const char* key, int64_t value) {
  ibd_json_key(text, key);
  ibd_text_int(text, value);
}
