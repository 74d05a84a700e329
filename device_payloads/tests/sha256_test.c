#include "ibd/sha256.h"

#include "check.h"

static const char* hash_of(const void* data, size_t bytes, size_t piece) {
  static char hex[IBD_SHA256_HEX + 1];
  ibd_sha256 hash;
  uint8_t digest[IBD_SHA256_BYTES];
  ibd_sha256_begin(&hash);
  for (size_t done = 0; done < bytes; done += piece) {
    size_t count = bytes - done < piece ? bytes - done : piece;
    ibd_sha256_add(&hash, (const uint8_t*)data + done, count);
  }
  ibd_sha256_end(&hash, digest);
  ibd_sha256_hex(digest, hex);
  return hex;
}

/* Vectors of FIPS 180-4's examples. */
static void known_answers(void) {
  CHECK_TEXT(
      hash_of("", 0, 1),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_TEXT(
      hash_of("abc", 3, 3),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const char* two_blocks =
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK_TEXT(
      hash_of(two_blocks, 56, 56),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_letters(void) {
  char* letters = malloc(1000000);
  CHECK(letters != NULL);
  memset(letters, 'a', 1000000);
  CHECK_TEXT(
      hash_of(letters, 1000000, 777),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  free(letters);
}

static void pieces_do_not_matter(void) {
  uint8_t data[200];
  for (size_t i = 0; i < sizeof data; ++i) {
    data[i] = (uint8_t)(i * 37);
  }
  for (size_t bytes = 0; bytes <= sizeof data; ++bytes) {
    char whole[IBD_SHA256_HEX + 1];
    memcpy(whole, hash_of(data, bytes, sizeof data), sizeof whole);
    CHECK_TEXT(hash_of(data, bytes, 1), whole);
    CHECK_TEXT(hash_of(data, bytes, 63), whole);
    CHECK_TEXT(hash_of(data, bytes, 65), whole);
  }
}

int main(void) {
  known_answers();
  a_million_letters();
  pieces_do_not_matter();
  return 0;
}
