#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <string.h>

size_t close_head(unsigned char *bytes, size_t length) {
  unsigned char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  *end = 0;
  return (size_t)(end - bytes) + 4;
}

void refuse(Subscriber *s, const char *head) {
  char reason[96];
  snprintf(reason, sizeof reason, "refused: %.60s", head);
  reason[strcspn(reason, "\r")] = 0;
  lose(s, reason);
}

/* The cursor goes as it is: it is made of characters that a query may hold. */
void ask_for(Subscriber *s, const char *path, const char *fields) {
  char request[16384], cursor[LONGEST_CURSOR + 16] = "";
  const char *token = token_of(s);
  if (s->resumes) snprintf(cursor, sizeof cursor, "%ccursor=%s", strchr(path, '?') == NULL ? '?' : '&', s->cursor);
  int length = snprintf(request, sizeof request, "GET %s%s HTTP/1.1\r\nHost: %s\r\n%s%s%s%s\r\n", path, cursor, opt.subscribe.authority,
                        fields, token ? "Authorization: Bearer " : "", token ? token : "", token ? "\r\n" : "");
  if (length < 0 || (size_t)length >= sizeof request) die("a request is too long");
  put(s, request, (size_t)length);
}

bool is_chunked(const char *head) { return strcasestr(head, "\r\nTransfer-Encoding: chunked") != NULL; }

static int hex_digit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte between the data of two chunks: line ends, the size, an extension that nobody reads. */
static void take_between_chunks(Subscriber *s, unsigned char c) {
  int digit = hex_digit(c);
  if (c == '\n' && s->body.has_size) {
    if (s->body.left == 0) lose(s, "ended by the server");
    s->body.in_data = true;
    s->body.has_size = s->body.in_extension = false;
  } else if (c == ';') {
    s->body.in_extension = true;
  } else if (digit >= 0 && !s->body.in_extension) {
    s->body.left = s->body.left * 16 + (uint64_t)digit;
    s->body.has_size = true;
  }
}

size_t unwrap_chunks(Subscriber *s, unsigned char *bytes, size_t length) {
  if (!s->body.is_chunked) return length;
  size_t plain = 0;
  for (size_t at = 0; at < length && s->state != CLOSED;) {
    if (!s->body.in_data) {
      take_between_chunks(s, bytes[at++]);
      continue;
    }
    size_t part = s->body.left < length - at ? (size_t)s->body.left : length - at;
    memmove(bytes + plain, bytes + at, part);
    plain += part;
    at += part;
    s->body.left -= part;
    if (s->body.left == 0) s->body.in_data = false;
  }
  return plain;
}
