/*
 * A load generator for push servers on the same machine, over WebSocket, SSE or long polling (Linux, epoll, one thread).
 *
 *   main.c         the phases of a usual run: connect, warm up, measure, drain, report, reset
 *   storm.c        the phases of a reconnect storm
 *   loop.c         the event loop, its clock and the notes of what went wrong
 *   options.c      command line
 *   subscriber.c   the clients: connecting, reading, losing and cutting them, and the bystander who pings
 *   websocket.c, event-stream.c, long-poll.c   what they speak, each behind a Protocol
 *   http.c         requests, and heads and bodies of answers
 *   message.c      what a text that has arrived is counted as
 *   pace.c         publishing in a closed or an open loop
 *   publisher.c    the HTTP keep-alive connections that messages are posted on
 *   report.c       the report of a usual run
 *   server.c       CPU time and memory of the server, taken from /proc
 *   histogram.c    latencies
 *
 * A message carries the time it was posted as "sentUs":"<16 digits>" (CLOCK_MONOTONIC, microseconds): every text frame,
 * SSE event or member of a poll's answer with this mark is a delivery. The fixed width keeps all messages of a run equally
 * long. Only loopback: no TLS, no compression, no fragmented messages; each of these ends the connection with a note.
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
typedef struct Protocol Protocol;

typedef struct {
  struct sockaddr_in address;
  char authority[128], path[1024];
} Endpoint;

typedef struct {
  Endpoint subscribe, publish;
  const Protocol *protocol;           /* of the subscribers */
  int poll_wait_s;                    /* what a long poll asks for */
  int connections, handshakes_in_flight, slow_readers, server_pid;
  double connects_per_second;         /* 0: as fast as handshakes_in_flight allows */
  const char *token_file;             /* line i is the bearer token of connection i, and again from the top */
  const char *ready_text;             /* a connection counts as ready when a frame with this text has come; NULL: after the 101 */
  bool engine_io;                     /* Socket.IO framing on the websocket transport */
  bool storm;                         /* cut all, publish, let all come back with their cursors */
  int missed;                         /* storm: how many messages each client must get after its return */
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
  uint64_t deliveries, payload_bytes, other_frames, published, answered, publish_errors, poll_answers;
  Histogram latency, answer, ping;
} Tally;
extern Tally tally;

/* ---- loop.c */
enum { SOURCE_SUBSCRIBER, SOURCE_PUBLISHER };
#define LONGEST_WAIT_US 20000
extern uint64_t handling_us; /* spent on events: with --spin the CPU time of this process says nothing */
extern long peak_rss_kb;
extern bool is_closing; /* what ends from now on is meant to: no notes */
void loop_prepare(void);
uint64_t now_us(void);
double own_cpu_s(void);
void watch(int fd, int source, int index, uint32_t events, bool again);
void turn(uint64_t wait_us);
void turn_for(uint64_t us);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void notes_print(void); /* as the last JSON member */

/* ---- subscriber.c */
typedef enum { IDLE, CONNECTING, OPENING, WAITING, READY, CLOSED } State; /* OPENING: asked, the answer is not whole yet */
#define LONGEST_CURSOR 128

typedef struct {
  int fd;
  State state;
  bool slow;
  uint64_t started_us;
  unsigned char *rest; /* the beginning of a frame, event or answer whose end has not come */
  size_t rest_length;
  struct { /* of an answer with a chunked body: what of the present chunk is still to come */
    bool is_chunked, in_data, has_size, in_extension;
    uint64_t left;
  } body;
  char cursor[LONGEST_CURSOR]; /* the last that came; kept for storms and polls only */
  bool resumes;                /* asks for what came after its cursor */
  int caught_up;               /* storm: messages since the return */
} Subscriber;

typedef struct {
  int started, pending, ready, failed, closed;
} Census;
extern Census census;
extern Histogram connect_time;
void subscribers_prepare(void);
void subscriber_start(void);
void connect_all(void);
void subscriber_event(int index);
int index_of(const Subscriber *s);
const char *token_of(const Subscriber *s); /* NULL without --token-file */
void become_ready(Subscriber *s);
void lose(Subscriber *s, const char *reason);
bool put(Subscriber *s, const void *bytes, size_t length);
void bystander_turn(uint64_t now, bool broadcast_under_way);
void bystander_answered(uint64_t now);
bool is_bystander_waiting(const Subscriber *s);
int slow_readers_cut_off(void);
void subscribers_close(void);
/* Resets every connection at once, so that all can be started again; keeps their cursors. */
void subscribers_cut(bool resume);

/* ---- websocket.c, event-stream.c, long-poll.c */
struct Protocol {
  void (*ask)(Subscriber *s); /* the connection is there: send the request */
  /* Reads the head of the answer; returns its length, 0 while it is not whole or after the connection was lost. */
  size_t (*take_head)(Subscriber *s, unsigned char *bytes, size_t length);
  /* Makes what was just received plain where the transport frames it, in place; returns the length left. NULL: as it is. */
  size_t (*unwrap)(Subscriber *s, unsigned char *bytes, size_t length);
  /* Handles every whole message and returns how many bytes they were. */
  size_t (*take)(Subscriber *s, unsigned char *bytes, size_t length, uint64_t now);
  void (*say_text)(Subscriber *s, const char *text); /* NULL where a client cannot speak */
  void (*say_goodbye)(Subscriber *s);                /* NULL where the reset is the goodbye */
};
extern const Protocol websocket, event_stream, long_poll;

/* ---- http.c */
/* Length of the head, 0 while it is not whole; the byte before the end is made 0 so that it can be searched as text. */
size_t close_head(unsigned char *bytes, size_t length);
bool is_chunked(const char *head);
size_t unwrap_chunks(Subscriber *s, unsigned char *bytes, size_t length);
void refuse(Subscriber *s, const char *head); /* loses the connection and notes the status line */
void ask_for(Subscriber *s, const char *path, const char *fields); /* sends a GET with the bearer token */

/* ---- message.c */
extern uint64_t delivered_in_all; /* with those of the warm-up: drives the closed loop */
void take_message(Subscriber *s, const unsigned char *text, size_t length, uint64_t now);
bool take_stamped(const unsigned char *text, size_t length, uint64_t now); /* true: it was a delivery */
void keep_cursor(Subscriber *s, const unsigned char *text, size_t length);

/* ---- pace.c */
extern uint64_t expect_each;
uint64_t outstanding(void);
void publish_for(double seconds, uint64_t start);
uint64_t drain(void); /* deliveries and answers under way still count; returns the time of the last one */

/* ---- publisher.c */
extern uint64_t published_in_all;
void publishers_prepare(void);
bool publisher_post(uint64_t stamp_us); /* false: every connection still waits for an answer */
void publisher_event(int index, uint32_t events);
void publisher_collect(void); /* blocks until the server has collected */

/* ---- report.c */
typedef struct {
  Sample idle, connected, start, end; /* of the server */
  double rest_s, rest_cpu_s;          /* of a run that publishes nothing: its duration, and what the server used in it */
  double own_start_s, own_end_s;      /* CPU time of this process */
  uint64_t connect_us, begun_us, run_us; /* a run that publishes nothing begins with the first connection */
  int connected_count;
} Measures;
double per(double amount, double count);
void report(const Measures *m);

/* ---- storm.c */
bool ride_storm(void); /* true when every connection held */
void storm_note_message(Subscriber *s, uint64_t now);
void storm_note_text(const unsigned char *text, size_t length); /* what is no delivery: a welcome, a gap */

#endif
