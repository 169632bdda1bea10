#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The nonce of RFC 6455 section 1.3 and its proof: a load generator needs no random one. */
#define NONCE "dGhlIHNhbXBsZSBub25jZQ=="
#define PROOF "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define LONGEST_FRAME (1u << 20)
#define READ_ROOM (4u << 20)
#define LONGEST_STAMP_AGE_US 600000000u
#define SLOW_RECEIVE_BYTES 4096

typedef enum { IDLE, CONNECTING, UPGRADING, WAITING, READY, CLOSED } State;
enum { OP_TEXT = 1, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

typedef struct {
  int fd;
  State state;
  bool slow;
  uint64_t started_us;
  unsigned char *rest; /* the beginning of a frame whose end has not come */
  size_t rest_length;
} Subscriber;

Census census;
Histogram connect_time;
uint64_t delivered_in_all;
static Subscriber *subscribers;
static unsigned char *room;
static char **tokens;
static int token_count;

/* The one who pings while others are served: connection 0. */
static struct {
  uint64_t asked_us, next_us;
  bool waits, counts;
} bystander;

static void load_tokens(void) {
  size_t length;
  char *text = read_file(opt.token_file, &length), *line, *place;
  tokens = calloc(length + 1, sizeof *tokens);
  if (tokens == NULL) die("out of memory");
  for (line = strtok_r(text, "\n", &place); line != NULL; line = strtok_r(NULL, "\n", &place)) tokens[token_count++] = line;
  if (token_count == 0) die("%s holds no token", opt.token_file);
}

void subscribers_prepare(void) {
  subscribers = calloc((size_t)opt.connections + 1, sizeof *subscribers);
  room = malloc(READ_ROOM);
  if (subscribers == NULL || room == NULL) die("out of memory");
  for (int i = opt.connections - opt.slow_readers; i < opt.connections; i++) subscribers[i].slow = true;
  if (opt.token_file != NULL) load_tokens();
}

static int index_of(const Subscriber *s) { return (int)(s - subscribers); }

static void lose(Subscriber *s, const char *reason) {
  if (s->state == READY) {
    census.ready--;
    census.closed++;
  } else {
    census.pending--;
    census.failed++;
  }
  note("connection %d: %s", index_of(s), reason);
  s->state = CLOSED;
  close(s->fd);
  free(s->rest);
  s->rest = NULL;
  s->rest_length = 0;
}

/* What a client sends here is small: a socket that does not take it at once is broken. */
static bool put(Subscriber *s, const void *bytes, size_t length) {
  if (send(s->fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length) return true;
  lose(s, "cannot be written to");
  return false;
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

void subscriber_start(void) {
  Subscriber *s = &subscribers[census.started++];
  int on = 1, small = SLOW_RECEIVE_BYTES;
  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (s->fd < 0) die("socket: %s (the limit of open files, ulimit -n, is the usual reason)", strerror(errno));
  setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  /* Every end is a reset: thousands of sockets in TIME_WAIT would use up the ports of the next runs. */
  setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
  if (s->slow) setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  s->state = CONNECTING;
  s->started_us = now_us();
  census.pending++;
  if (connect(s->fd, (struct sockaddr *)&opt.subscribe.address, sizeof opt.subscribe.address) < 0 && errno != EINPROGRESS) {
    lose(s, strerror(errno));
    return;
  }
  watch(s->fd, SOURCE_SUBSCRIBER, index_of(s), EPOLLOUT, false);
}

static void send_upgrade(Subscriber *s) {
  char request[16384];
  const char *token = token_count > 0 ? tokens[index_of(s) % token_count] : NULL;
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " NONCE
                        "\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
                        opt.subscribe.path, opt.subscribe.authority, token ? "Authorization: Bearer " : "", token ? token : "",
                        token ? "\r\n" : "");
  s->state = UPGRADING;
  put(s, request, (size_t)length);
}

static void become_ready(Subscriber *s) {
  s->state = READY;
  census.ready++;
  census.pending--;
  histogram_add(&connect_time, now_us() - s->started_us);
  if (s->slow) watch(s->fd, SOURCE_SUBSCRIBER, index_of(s), 0, true); /* and is never read again */
}

/* Reads the answer to the upgrade. Returns its length, 0 while it is not complete or after the connection was lost. */
static size_t take_upgrade(Subscriber *s, unsigned char *bytes, size_t length) {
  unsigned char *end = memmem(bytes, length, "\r\n\r\n", 4);
  char *head = (char *)bytes;
  if (end == NULL) return 0;
  *end = 0;
  if (strncmp(head, "HTTP/1.1 101", 12) != 0) {
    char reason[96];
    snprintf(reason, sizeof reason, "refused: %.60s", head);
    reason[strcspn(reason, "\r")] = 0;
    lose(s, reason);
    return 0;
  }
  if (strstr(head, PROOF) == NULL || strcasestr(head, "\r\nSec-WebSocket-Extensions:") != NULL) {
    lose(s, "a wrong answer to the upgrade");
    return 0;
  }
  if (opt.ready_text != NULL || opt.engine_io) s->state = WAITING;
  else become_ready(s);
  return (size_t)(end - bytes) + 4;
}

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

static bool holds(const unsigned char *payload, size_t length, const char *text) {
  return memmem(payload, length, text, strlen(text)) != NULL;
}

static void take_pong(uint64_t now) {
  if (bystander.counts) histogram_add(&tally.ping, now - bystander.asked_us);
  bystander.waits = false;
  bystander.next_us = now + (uint64_t)(opt.ping_gap_s * 1e6);
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
  const unsigned char *digits = s->state == READY ? find_stamp(payload, length) : NULL;
  if (digits != NULL) {
    uint64_t sent_us = 0;
    for (int i = 0; i < STAMP_DIGITS; i++) sent_us = sent_us * 10 + (uint64_t)(digits[i] - '0');
    tally.deliveries++;
    tally.payload_bytes += length;
    delivered_in_all++;
    if (sent_us <= now && now - sent_us < LONGEST_STAMP_AGE_US) histogram_add(&tally.latency, now - sent_us);
    return;
  }
  if (opt.engine_io && take_engine_io(s, payload, length)) return;
  if (s->state == WAITING && opt.ready_text != NULL && holds(payload, length, opt.ready_text)) become_ready(s);
  else if (s == subscribers && bystander.waits && holds(payload, length, opt.pong_text)) take_pong(now);
  else tally.other_frames++;
}

static void take_close(Subscriber *s, const unsigned char *payload, size_t length) {
  char reason[64];
  snprintf(reason, sizeof reason, "closed with code %d", length >= 2 ? payload[0] << 8 | payload[1] : 1005);
  lose(s, reason);
}

/* Handles every whole frame and returns how many bytes they were. */
static size_t take_frames(Subscriber *s, const unsigned char *bytes, size_t length, uint64_t now) {
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

static void keep_rest(Subscriber *s, const unsigned char *bytes, size_t length) {
  if (length > 0) {
    unsigned char *rest = realloc(s->rest, length);
    if (rest == NULL) die("out of memory");
    memcpy(rest, bytes, length);
    s->rest = rest;
  }
  s->rest_length = length;
}

static void read_subscriber(Subscriber *s) {
  size_t had = s->rest_length;
  ssize_t got = recv(s->fd, room + had, READ_ROOM - had, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    lose(s, got == 0 ? "ended by the server" : strerror(errno));
    return;
  }
  uint64_t now = now_us();
  if (had > 0) memcpy(room, s->rest, had);
  size_t length = had + (size_t)got, taken = 0;
  if (s->state == UPGRADING) {
    taken = take_upgrade(s, room, length);
    if (taken == 0 && s->state == UPGRADING) keep_rest(s, room, length);
    if (taken == 0) return;
  }
  if (s->slow && s->state == READY) return;
  taken += take_frames(s, room + taken, length - taken, now);
  if (s->state != CLOSED) keep_rest(s, room + taken, length - taken);
}

static void finish_connect(Subscriber *s) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    lose(s, strerror(error));
    return;
  }
  watch(s->fd, SOURCE_SUBSCRIBER, index_of(s), EPOLLIN, true);
  send_upgrade(s);
}

void subscriber_event(int index) {
  Subscriber *s = &subscribers[index];
  if (s->state == IDLE || s->state == CLOSED) return;
  if (s->state == CONNECTING) finish_connect(s);
  else read_subscriber(s);
}

/* Asks, and looks for the answer before any other socket is read: its time is the server's, not that of our own backlog. */
void bystander_turn(uint64_t now, bool broadcast_under_way) {
  Subscriber *s = subscribers;
  if (opt.ping_text == NULL || s->state != READY) return;
  if (!bystander.waits && now >= bystander.next_us) {
    bystander.waits = true;
    bystander.counts = broadcast_under_way;
    bystander.asked_us = now;
    if (!put_frame(s, OP_TEXT, opt.ping_text, strlen(opt.ping_text))) return;
  }
  if (bystander.waits) read_subscriber(s);
}

int slow_readers_cut_off(void) {
  int cut = 0;
  for (int i = 0; i < opt.connections; i++) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (!subscribers[i].slow || subscribers[i].state != READY) continue;
    if (getsockopt(subscribers[i].fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state != TCP_ESTABLISHED) cut++;
  }
  return cut;
}

/* A close frame, so that the server ends in its usual way; what is still open at the exit is reset. */
void subscribers_close(void) {
  static const unsigned char normal[2] = {0x03, 0xe8};
  for (int i = 0; i < census.started; i++) {
    if (subscribers[i].state == READY && !subscribers[i].slow) put_frame(&subscribers[i], OP_CLOSE, normal, sizeof normal);
  }
}
