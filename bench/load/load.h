/*
 * A WebSocket load generator for push servers on the same machine (Linux, epoll, one thread).
 *
 *   main.c        the phases of a run: connect, warm up, measure, drain, report, reset
 *   options.c     command line
 *   subscriber.c  WebSocket clients that count what arrives, and the bystander who pings
 *   publisher.c   HTTP keep-alive connections that post messages, in a closed or an open loop
 *   server.c      CPU time and memory of the server, taken from /proc
 *   histogram.c   latencies
 *
 * A message carries the time it was posted as "sentUs":"<16 digits>" (CLOCK_MONOTONIC, microseconds): every text frame
 * with this mark is a delivery. The fixed width keeps all messages of a run equally long.
 * Only loopback: no TLS, no compression, no fragmented messages; each of these ends the connection with a note.
 */
#ifndef LOAD_H
#define LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAMP_MARK "\"sentUs\":\""
#define STAMP_DIGITS 16

/* ---- options.c */
typedef struct {
  struct sockaddr_in address;
  char authority[128], path[1024];
} Endpoint;

typedef struct {
  Endpoint subscribe, publish;
  int connections, handshakes_in_flight, slow_readers, server_pid;
  double connects_per_second;         /* 0: as fast as handshakes_in_flight allows */
  const char *token_file;             /* line i is the bearer token of connection i, and again from the top */
  const char *ready_text;             /* a connection counts as ready when a frame with this text has come; NULL: after the 101 */
  bool engine_io;                     /* Socket.IO framing on the websocket transport */
  int publishers, window, users;      /* window: most publishes whose deliveries are not all in (closed loop) */
  double publishes_per_second;        /* 0: closed loop */
  long publish_count;                 /* most publishes after the warm-up; -1: until the time is over */
  int expect;                         /* deliveries of one publish; -1: every connection that reads */
  const char *body_file, *publish_token;
  const char *ping_text, *pong_text;  /* the bystander's question and a part of its answer; NULL: no bystander */
  double ping_gap_s;
  const char *collect_path;           /* POST here makes the server collect its garbage, before memory is read */
  double warm_up_s, duration_s, drain_s, settle_s, timeout_s;
  bool spin;
} Options;

extern Options opt;
void parse_options(int argc, char **argv);
char *read_file(const char *path, size_t *length);
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- histogram.c: log-linear, an error below 1 % */
#define HISTOGRAM_BUCKETS (40 * 128)
typedef struct {
  uint64_t bucket[HISTOGRAM_BUCKETS], count, max;
} Histogram;
void histogram_add(Histogram *h, uint64_t value);
void histogram_print(const char *name, const Histogram *h); /* as a JSON member, with a comma after it */

/* ---- server.c */
typedef struct {
  double user_s, system_s, machine_busy_s; /* machine: all processes on all cores */
  long rss_kb;
} Sample;
Sample take_sample(void);

/* ---- what is counted; starts afresh when the warm-up is over */
typedef struct {
  uint64_t deliveries, payload_bytes, other_frames, published, answered, publish_errors;
  Histogram latency, answer, ping;
} Tally;
extern Tally tally;

/* ---- main.c */
enum { SOURCE_SUBSCRIBER, SOURCE_PUBLISHER };
uint64_t now_us(void);
void watch(int fd, int source, int index, uint32_t events, bool again);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- subscriber.c */
typedef struct {
  int started, pending, ready, failed, closed;
} Census;
extern Census census;
extern uint64_t delivered_in_all; /* with those of the warm-up: drives the closed loop */
extern Histogram connect_time;
void subscribers_prepare(void);
void subscriber_start(void);
void subscriber_event(int index);
void bystander_turn(uint64_t now, bool broadcast_under_way);
int slow_readers_cut_off(void);
void subscribers_close(void);

/* ---- publisher.c */
extern uint64_t published_in_all;
void publishers_prepare(void);
bool publisher_post(uint64_t stamp_us); /* false: every connection still waits for an answer */
void publisher_event(int index, uint32_t events);
void publisher_collect(void); /* blocks until the server has collected */

#endif
