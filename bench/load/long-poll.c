#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A client that always has a poll open. The first asks for no wait, for a poll has no welcome: its answer says that the
 * server is there and where to go on from. Every later one is asked with the cursor of the last answer, on the same connection.
 */

static void ask(Subscriber *s) {
  char path[sizeof opt.subscribe.path + 32];
  bool is_first = s->cursor[0] == 0;
  snprintf(path, sizeof path, "%s?wait=%d", opt.subscribe.path, is_first ? 0 : opt.poll_wait_s);
  s->resumes = !is_first;
  if (s->state == OPENING) s->state = WAITING; /* heads are read together with their bodies */
  ask_for(s, path, "");
}

/* Several messages may be in one answer: each has a mark of its own. */
static void take_body(Subscriber *s, const unsigned char *body, size_t length, uint64_t now) {
  keep_cursor(s, body, length);
  const size_t mark = strlen(STAMP_MARK);
  const unsigned char *at = body, *end = body + length;
  while ((at = memmem(at, (size_t)(end - at), STAMP_MARK, mark)) != NULL && take_stamped(at, (size_t)(end - at), now)) at += mark;
  tally.poll_answers++;
}

static size_t take_answer(Subscriber *s, unsigned char *bytes, size_t length, uint64_t now) {
  const char *head = (const char *)bytes;
  const unsigned char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  const char *field = strcasestr(head, "\r\nContent-Length:");
  if (strncmp(head, "HTTP/1.1 200", 12) != 0) {
    refuse(s, head);
    return 0;
  }
  if (field == NULL || field > (const char *)end) {
    lose(s, "an answer to a poll without Content-Length");
    return 0;
  }
  size_t head_length = (size_t)(end - bytes) + 4;
  size_t body_length = (size_t)strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
  if (length < head_length + body_length) return 0;
  take_body(s, bytes + head_length, body_length, now);
  if (s->cursor[0] == 0) {
    lose(s, "an answer to a poll without a cursor");
    return 0;
  }
  if (s->state == WAITING) become_ready(s);
  ask(s);
  return head_length + body_length;
}

const Protocol long_poll = {.ask = ask, .take = take_answer};
