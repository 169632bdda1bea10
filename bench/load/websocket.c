#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <string.h>

/* The nonce of RFC 6455 section 1.3 and its proof: a load generator needs no random one. */
#define NONCE "dGhlIHNhbXBsZSBub25jZQ=="
#define PROOF "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define LONGEST_FRAME (1u << 20)

enum { OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

static void ask(Subscriber *s) {
  ask_for(s, opt.subscribe.path,
          "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " NONCE "\r\nSec-WebSocket-Version: 13\r\n");
}

static size_t take_head(Subscriber *s, unsigned char *bytes, size_t length) {
  const char *head = (const char *)bytes;
  size_t head_length = close_head(bytes, length);
  if (head_length == 0) return 0;
  if (strncmp(head, "HTTP/1.1 101", 12) != 0) {
    refuse(s, head);
    return 0;
  }
  if (strstr(head, PROOF) == NULL || strcasestr(head, "\r\nSec-WebSocket-Extensions:") != NULL) {
    lose(s, "a wrong answer to the upgrade");
    return 0;
  }
  if (opt.ready_text != NULL || opt.engine_io) s->state = WAITING;
  else become_ready(s);
  return head_length;
}

static bool put_frame(Subscriber *s, int opcode, const void *payload, size_t length) {
  static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
  unsigned char frame[8 + 65535];
  size_t head = 2;
  if (length > 65535) die("a client frame is too long");
  frame[0] = (unsigned char)(0x80 | opcode);
  if (length < 126) {
    frame[1] = (unsigned char)(0x80 | length);
  } else {
    frame[1] = 0x80 | 126;
    frame[2] = (unsigned char)(length >> 8);
    frame[3] = (unsigned char)length;
    head = 4;
  }
  memcpy(frame + head, mask, 4);
  head += 4;
  for (size_t i = 0; i < length; i++) frame[head + i] = ((const unsigned char *)payload)[i] ^ mask[i % 4];
  return put(s, frame, head + length);
}

/* The packets of engine.io (0 open, 2 ping, 3 pong) and of Socket.IO (40 connected); true when there was nothing else to do. */
static bool take_engine_io(Subscriber *s, const unsigned char *payload, size_t length) {
  if (length > 0 && payload[0] == '0') put_frame(s, OP_TEXT, "40", 2);
  else if (length > 0 && payload[0] == '2') put_frame(s, OP_TEXT, "3", 1);
  else if (length > 1 && payload[0] == '4' && payload[1] == '0') become_ready(s);
  else return false;
  return true;
}

static void take_text(Subscriber *s, const unsigned char *payload, size_t length, uint64_t now) {
  if (opt.engine_io && take_engine_io(s, payload, length)) return;
  take_message(s, payload, length, now);
}

static void take_close(Subscriber *s, const unsigned char *payload, size_t length) {
  char reason[64];
  snprintf(reason, sizeof reason, "closed with code %d", length >= 2 ? payload[0] << 8 | payload[1] : 1005);
  lose(s, reason);
}

/* Handles every whole frame and returns how many bytes they were. */
static size_t take_frames(Subscriber *s, unsigned char *bytes, size_t length, uint64_t now) {
  size_t at = 0;
  while (length - at >= 2 && s->state != CLOSED) {
    const unsigned char *frame = bytes + at;
    int opcode = frame[0] & 0x0f;
    uint64_t payload_length = frame[1] & 0x7f;
    size_t head = payload_length < 126 ? 2 : payload_length == 126 ? 4 : 10;
    if (frame[1] & 0x80 || frame[0] >> 4 != 8 || opcode == 0) {
      lose(s, "a frame that is masked, compressed or a fragment");
      break;
    }
    if (length - at < head) break;
    if (head > 2) {
      payload_length = 0;
      for (size_t i = 2; i < head; i++) payload_length = payload_length << 8 | frame[i];
    }
    if (payload_length > LONGEST_FRAME) {
      lose(s, "a frame that is too long");
      break;
    }
    if (length - at < head + payload_length) break;
    const unsigned char *payload = frame + head;
    at += head + payload_length;
    if (opcode == OP_TEXT) take_text(s, payload, payload_length, now);
    else if (opcode == OP_PING) put_frame(s, OP_PONG, payload, payload_length);
    else if (opcode == OP_CLOSE) take_close(s, payload, payload_length);
  }
  return at;
}

static void say_text(Subscriber *s, const char *text) { put_frame(s, OP_TEXT, text, strlen(text)); }

static void say_goodbye(Subscriber *s) {
  static const unsigned char normal[2] = {0x03, 0xe8};
  put_frame(s, OP_CLOSE, normal, sizeof normal);
}

const Protocol websocket = {
    .ask = ask, .take_head = take_head, .take = take_frames, .say_text = say_text, .say_goodbye = say_goodbye,
};
