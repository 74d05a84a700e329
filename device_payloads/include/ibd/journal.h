/* The journal of ibd_bench: JSON Lines that prove themselves whole.
 *
 * Line k is  BODY,"chain":"<64 hex digits>"}  where BODY is a JSON object
 * without its closing brace, beginning {"seq":k,"event":"<event>", and
 *
 *   chain_k = SHA256(chain_{k-1} || BODY),   chain_{-1} = SHA256(nonce)
 *
 * with chains as 32 raw bytes. A line that was lost, moved, changed or taken
 * from another run breaks the chain; a file that was cut lacks its `end` line.
 */
#ifndef IBD_JOURNAL_H_
#define IBD_JOURNAL_H_

#include <stdbool.h>
#include <stdint.h>

#include "ibd/sha256.h"
#include "ibd/text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How the next line is to be spoiled; only the fake engine ever asks for it. */
typedef enum ibd_sabotage {
  IBD_SABOTAGE_NONE,
  IBD_SABOTAGE_GARBAGE,     /* bytes that are no JSON, before the line */
  IBD_SABOTAGE_PARTIAL,     /* half the line, then the process ends with 0 */
  IBD_SABOTAGE_WRONG_CHAIN, /* a line whose chain is not true */
} ibd_sabotage;

typedef struct ibd_journal {
  int fd;
  int64_t lines;
  uint8_t chain[IBD_SHA256_BYTES];
  ibd_text line;
  ibd_sabotage sabotage;
} ibd_journal;

/* Creates the file, which must not be there; returns 0 or an errno. */
int ibd_journal_open(ibd_journal* journal, const char* path, const char* nonce);

/* Begins a line; fields go into the text that it returns, each with a leading
 * comma, as the functions of text.h write them.
 */
ibd_text* ibd_journal_begin(ibd_journal* journal, const char* event);

/* Ends the line and writes it in one piece; returns 0 or an errno. */
int ibd_journal_commit(ibd_journal* journal);

/* Brings everything to the disk; returns 0 or an errno. */
int ibd_journal_sync(ibd_journal* journal);

void ibd_journal_close(ibd_journal* journal);

#ifdef __cplusplus
}
#endif

#endif  // IBD_JOURNAL_H_
