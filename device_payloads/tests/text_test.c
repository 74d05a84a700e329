#include "ibd/text.h"

#include "check.h"

static const char* json_of(const char* string) {
  static char out[256];
  ibd_text text = {0};
  ibd_json_string(&text, string);
  ibd_text_append(&text, "", 1);
  CHECK(!text.is_broken);
  memcpy(out, text.data, text.bytes);
  ibd_text_free(&text);
  return out;
}

static void strings_are_quoted(void) {
  CHECK_TEXT(json_of("plain"), "\"plain\"");
  CHECK_TEXT(json_of("a\"b\\c"), "\"a\\\"b\\\\c\"");
  CHECK_TEXT(json_of("tab\there\n"), "\"tab\\u0009here\\u000a\"");
  CHECK_TEXT(json_of("10 µA – 😀"), "\"10 µA – 😀\"");
}

static void what_is_not_utf8_is_replaced(void) {
  CHECK_TEXT(json_of("a\xff!"), "\"a\\ufffd!\"");
  CHECK_TEXT(json_of("\xc3"), "\"\\ufffd\"");
  CHECK_TEXT(json_of("\xc0\x80"), "\"\\ufffd\\ufffd\"");
  CHECK_TEXT(json_of("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
  CHECK_TEXT(json_of("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void numbers_of_all_sizes(void) {
  ibd_text text = {0};
  const int64_t values[] = {0, 7, -1, 1234567890123, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; ++i) {
    char expected[32];
    (void)snprintf(expected, sizeof expected, "%lld", (long long)values[i]);
    ibd_text_clear(&text);
    ibd_text_int(&text, values[i]);
    ibd_text_append(&text, "", 1);
    CHECK_TEXT(text.data, expected);
  }
  ibd_text_free(&text);
}

static void text_grows(void) {
  ibd_text text = {0};
  for (int i = 0; i < 10000; ++i) {
    ibd_text_string(&text, "0123456789");
  }
  CHECK(!text.is_broken);
  CHECK_INT(text.bytes, 100000);
  CHECK(memcmp(text.data + 99990, "0123456789", 10) == 0);
  ibd_text_free(&text);
}

int main(void) {
  strings_are_quoted();
  what_is_not_utf8_is_replaced();
  numbers_of_all_sizes();
  text_grows();
  return 0;
}
