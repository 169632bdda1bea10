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

#define READ_ROOM (4u << 20)
#define SLOW_RECEIVE_BYTES 4096

Census census;
Histogram connect_time;
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

int index_of(const Subscriber *s) { return (int)(s - subscribers); }

const char *token_of(const Subscriber *s) { return token_count > 0 ? tokens[index_of(s) % token_count] : NULL; }

static void forget_rest(Subscriber *s) {
  free(s->rest);
  s->rest = NULL;
  s->rest_length = 0;
}

void lose(Subscriber *s, const char *reason) {
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
  forget_rest(s);
}

/* What a client sends here is small: a socket that does not take it at once is broken. */
bool put(Subscriber *s, const void *bytes, size_t length) {
  if (send(s->fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length) return true;
  lose(s, "cannot be written to");
  return false;
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

void connect_all(void) {
  uint64_t start = now_us();
  while (census.ready + census.failed + census.closed < opt.connections) {
    double elapsed_s = (double)(now_us() - start) * 1e-6;
    if (elapsed_s > opt.timeout_s) {
      note("%d connections were not ready in time", census.pending);
      return;
    }
    while (census.started < opt.connections && census.pending < opt.handshakes_in_flight &&
           (opt.connects_per_second <= 0 || census.started < elapsed_s * opt.connects_per_second)) {
      subscriber_start();
    }
    turn(opt.connects_per_second > 0 ? 1000 : LONGEST_WAIT_US);
  }
}

void become_ready(Subscriber *s) {
  s->state = READY;
  census.ready++;
  census.pending--;
  histogram_add(&connect_time, now_us() - s->started_us);
  if (s->slow) watch(s->fd, SOURCE_SUBSCRIBER, index_of(s), 0, true); /* and is never read again */
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
  ssize_t got = recv(s->fd, room + had, READ_ROOM - had - 1, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    lose(s, got == 0 ? "ended by the server" : strerror(errno));
    return;
  }
  uint64_t now = now_us();
  if (had > 0) memcpy(room, s->rest, had);
  size_t length = had + (size_t)got, wrapped_from = had, taken = 0;
  room[length] = 0; /* so that heads can be searched as text */
  if (s->state == OPENING) {
    wrapped_from = taken = opt.protocol->take_head(s, room, length);
    if (taken == 0 && s->state == OPENING) keep_rest(s, room, length);
    if (taken == 0) return;
  }
  if (s->slow && s->state == READY) return;
  if (opt.protocol->unwrap != NULL) length = wrapped_from + opt.protocol->unwrap(s, room + wrapped_from, length - wrapped_from);
  if (s->state == CLOSED) return;
  taken += opt.protocol->take(s, room + taken, length - taken, now);
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
  s->state = OPENING;
  opt.protocol->ask(s);
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
    opt.protocol->say_text(s, opt.ping_text);
  }
  if (bystander.waits && s->state == READY) read_subscriber(s);
}

bool is_bystander_waiting(const Subscriber *s) { return s == subscribers && bystander.waits; }

void bystander_answered(uint64_t now) {
  if (bystander.counts) histogram_add(&tally.ping, now - bystander.asked_us);
  bystander.waits = false;
  bystander.next_us = now + (uint64_t)(opt.ping_gap_s * 1e6);
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

/* A goodbye where the transport has one, so that the server ends in its usual way; what is open at the exit is reset. */
void subscribers_close(void) {
  if (opt.protocol->say_goodbye == NULL) return;
  for (int i = 0; i < census.started; i++) {
    if (subscribers[i].state == READY && !subscribers[i].slow) opt.protocol->say_goodbye(&subscribers[i]);
  }
}

void subscribers_cut(bool resume) {
  for (int i = 0; i < census.started; i++) {
    Subscriber *s = &subscribers[i];
    if (s->state != CLOSED) close(s->fd);
    forget_rest(s);
    s->state = IDLE;
    s->resumes = resume;
    s->caught_up = 0;
  }
  census = (Census){0};
}
