#define _GNU_SOURCE
#include "load.h"

#include <string.h>

#define LONGEST_STAMP_AGE_US 600000000u
#define CURSOR_MARK "\"cursor\":\""

uint64_t delivered_in_all;

/* Finds the stamp; the place where the last message had it is tried first. */
static const unsigned char *find_stamp(const unsigned char *payload, size_t length) {
  static size_t likely;
  const size_t mark = strlen(STAMP_MARK);
  const unsigned char *at;
  if (likely + mark + STAMP_DIGITS <= length && memcmp(payload + likely, STAMP_MARK, mark) == 0) return payload + likely + mark;
  at = memmem(payload, length, STAMP_MARK, mark);
  if (at == NULL || (size_t)(at - payload) + mark + STAMP_DIGITS > length) return NULL;
  likely = (size_t)(at - payload);
  return at + mark;
}

static bool holds(const unsigned char *text, size_t length, const char *part) {
  return memmem(text, length, part, strlen(part)) != NULL;
}

bool take_stamped(const unsigned char *text, size_t length, uint64_t now) {
  const unsigned char *digits = find_stamp(text, length);
  if (digits == NULL) return false;
  uint64_t sent_us = 0;
  for (int i = 0; i < STAMP_DIGITS; i++) sent_us = sent_us * 10 + (uint64_t)(digits[i] - '0');
  tally.deliveries++;
  tally.payload_bytes += length;
  delivered_in_all++;
  if (sent_us <= now && now - sent_us < LONGEST_STAMP_AGE_US) histogram_add(&tally.latency, now - sent_us);
  return true;
}

void keep_cursor(Subscriber *s, const unsigned char *text, size_t length) {
  const size_t mark = strlen(CURSOR_MARK);
  const unsigned char *at = memmem(text, length, CURSOR_MARK, mark);
  if (at == NULL) return;
  at += mark;
  const unsigned char *end = memchr(at, '"', length - (size_t)(at - text));
  if (end == NULL || (size_t)(end - at) >= sizeof s->cursor) die("a cursor without an end, or longer than %d", LONGEST_CURSOR - 1);
  memcpy(s->cursor, at, (size_t)(end - at));
  s->cursor[end - at] = 0;
}

void take_message(Subscriber *s, const unsigned char *text, size_t length, uint64_t now) {
  if (opt.storm) keep_cursor(s, text, length);
  if (s->state == READY && take_stamped(text, length, now)) {
    if (opt.storm) storm_note_message(s, now);
    return;
  }
  if (opt.storm) storm_note_text(text, length);
  if (s->state == WAITING && opt.ready_text != NULL && holds(text, length, opt.ready_text)) become_ready(s);
  else if (is_bystander_waiting(s) && holds(text, length, opt.pong_text)) bystander_answered(now);
  else tally.other_frames++;
}
