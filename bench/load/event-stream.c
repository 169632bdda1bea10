#define _GNU_SOURCE
#include "load.h"

#include <string.h>

/* Events end with an empty line and lines with a line feed, as every server here writes them. */

static void ask(Subscriber *s) { ask_for(s, opt.subscribe.path, "Accept: text/event-stream\r\nCache-Control: no-cache\r\n"); }

static size_t take_head(Subscriber *s, unsigned char *bytes, size_t length) {
  const char *head = (const char *)bytes;
  size_t head_length = close_head(bytes, length);
  if (head_length == 0) return 0;
  if (strncmp(head, "HTTP/1.1 200", 12) != 0) {
    refuse(s, head);
    return 0;
  }
  if (strcasestr(head, "\r\nContent-Type: text/event-stream") == NULL || strcasestr(head, "\r\nContent-Encoding:") != NULL) {
    lose(s, "an answer that is no plain event stream");
    return 0;
  }
  memset(&s->body, 0, sizeof s->body);
  s->body.is_chunked = is_chunked(head);
  if (opt.ready_text != NULL) s->state = WAITING;
  else become_ready(s);
  return head_length;
}

/* Of the fields only the data counts. An event of one line of data is what all servers here send. */
static void take_event(Subscriber *s, const unsigned char *event, size_t length, uint64_t now) {
  static const char field[] = "data:";
  const size_t mark = strlen(field);
  for (size_t at = 0; at < length;) {
    const unsigned char *end = memchr(event + at, '\n', length - at);
    size_t line = end == NULL ? length - at : (size_t)(end - event) - at;
    if (line >= mark && memcmp(event + at, field, mark) == 0) {
      size_t skip = mark + (line > mark && event[at + mark] == ' ');
      take_message(s, event + at + skip, line - skip, now);
      return;
    }
    at += line + 1;
  }
  tally.other_frames++; /* a comment, or the time to wait before coming back */
}

static size_t take_events(Subscriber *s, unsigned char *bytes, size_t length, uint64_t now) {
  size_t at = 0;
  while (at < length && s->state != CLOSED) {
    const unsigned char *end = memmem(bytes + at, length - at, "\n\n", 2);
    if (end == NULL) break;
    take_event(s, bytes + at, (size_t)(end - bytes) - at, now);
    at = (size_t)(end - bytes) + 2;
  }
  return at;
}

const Protocol event_stream = {.ask = ask, .take_head = take_head, .unwrap = unwrap_chunks, .take = take_events};
