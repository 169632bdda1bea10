#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Options opt = {
    .protocol = &websocket, .poll_wait_s = 25, .missed = 20, .connections = 100, .handshakes_in_flight = 128, .publishers = 1, .window = 1, .publish_count = -1, .expect = -1,
    .ping_gap_s = 0.015, .duration_s = 2, .drain_s = 5, .settle_s = 0.2, .timeout_s = 60,
};

void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(2);
}

char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) die("%s: %s", path, strerror(errno));
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  char *text = malloc((size_t)size + 1);
  if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) die("%s cannot be read", path);
  fclose(file);
  text[size] = 0;
  *length = (size_t)size;
  return text;
}

/* "127.0.0.1:3000/path": any other host is refused, this is a tool for a server on the same machine. */
static Endpoint parse_endpoint(const char *text) {
  Endpoint endpoint = {0};
  unsigned port;
  char ip[64];
  const char *slash = strchr(text, '/');
  if (slash == NULL || sscanf(text, "%63[0-9.]:%u/", ip, &port) != 2) die("%s is not <ip>:<port>/<path>", text);
  snprintf(endpoint.authority, sizeof endpoint.authority, "%.*s", (int)(slash - text), text);
  snprintf(endpoint.path, sizeof endpoint.path, "%s", slash);
  endpoint.address.sin_family = AF_INET;
  endpoint.address.sin_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, ip, &endpoint.address.sin_addr) != 1 || strncmp(ip, "127.", 4) != 0) die("%s is not a loopback address", ip);
  return endpoint;
}

enum {
  SUBSCRIBE = 1, TRANSPORT, POLL_WAIT, STORM, MISSED, CONNECTIONS, HANDSHAKES, CONNECT_RATE, TOKENS, READY_TEXT, ENGINE_IO, SLOW,
  PUBLISH, PUBLISHERS, WINDOW, USERS, RATE, COUNT, EXPECT, BODY, PUBLISH_TOKEN, PING, PONG, PING_GAP, COLLECT, WARM_UP, DURATION, DRAIN, SETTLE, TIMEOUT, PID, SPIN,
};

static const struct option names[] = {
    {"subscribe", 1, 0, SUBSCRIBE},         /* IP:PORT/PATH that the clients ask for */
    {"transport", 1, 0, TRANSPORT},         /* ws (default), sse or poll */
    {"poll-wait", 1, 0, POLL_WAIT},         /* seconds that a long poll asks for */
    {"storm", 0, 0, STORM},                 /* a reconnect storm in the place of a usual run */
    {"missed", 1, 0, MISSED},               /* storm: messages that each client must get after its return */
    {"connections", 1, 0, CONNECTIONS},     /* subscribers */
    {"handshakes", 1, 0, HANDSHAKES},       /* most handshakes under way */
    {"connect-rate", 1, 0, CONNECT_RATE},   /* handshakes a second (0: as fast as they go) */
    {"token-file", 1, 0, TOKENS},           /* one bearer token a line */
    {"ready-text", 1, 0, READY_TEXT},          /* part of the frame that makes a connection ready */
    {"engine-io", 0, 0, ENGINE_IO},         /* Socket.IO framing */
    {"slow-readers", 1, 0, SLOW},           /* the last N connections never read once they are ready */
    {"publish", 1, 0, PUBLISH},             /* IP:PORT/PATH to post to; "%u" in it becomes five digits that go round the users */
    {"publishers", 1, 0, PUBLISHERS},       /* keep-alive connections */
    {"window", 1, 0, WINDOW},               /* closed loop: publishes in flight */
    {"users", 1, 0, USERS},                 /* "%u" goes from 00000 to USERS - 1 */
    {"publish-rate", 1, 0, RATE},           /* open loop: publishes a second */
    {"publish-count", 1, 0, COUNT},         /* most publishes */
    {"expect", 1, 0, EXPECT},               /* deliveries of one publish (default: all who read) */
    {"body-file", 1, 0, BODY},              /* JSON; every "sentUs":"<16 digits>" in it is stamped */
    {"publish-token", 1, 0, PUBLISH_TOKEN}, /* bearer token of the publisher */
    {"ping-text", 1, 0, PING},              /* frame of the bystander, who is connection 0 */
    {"pong-text", 1, 0, PONG},              /* part of its answer */
    {"ping-gap", 1, 0, PING_GAP},           /* seconds from an answer to the next question */
    {"collect", 1, 0, COLLECT},             /* path that makes the server collect its garbage */
    {"warm-up", 1, 0, WARM_UP},
    {"duration", 1, 0, DURATION},
    {"drain", 1, 0, DRAIN},                 /* longest wait for deliveries after the last publish */
    {"settle", 1, 0, SETTLE},               /* rest between connecting and publishing */
    {"timeout", 1, 0, TIMEOUT},             /* longest wait for all connections */
    {"pid", 1, 0, PID},                     /* the server, for its CPU time and memory */
    {"spin", 0, 0, SPIN},                   /* never sleep: the server then never pays for waking this process */
    {0, 0, 0, 0},
};

static const Protocol *parse_transport(const char *name) {
  if (strcmp(name, "ws") == 0) return &websocket;
  if (strcmp(name, "sse") == 0) return &event_stream;
  if (strcmp(name, "poll") == 0) return &long_poll;
  die("%s is not a transport: ws, sse, poll", name);
}

static void take_option(int code, const char *value) {
  switch (code) {
    case SUBSCRIBE: opt.subscribe = parse_endpoint(value); break;
    case TRANSPORT: opt.protocol = parse_transport(value); break;
    case POLL_WAIT: opt.poll_wait_s = atoi(value); break;
    case STORM: opt.storm = true; break;
    case MISSED: opt.missed = atoi(value); break;
    case CONNECTIONS: opt.connections = atoi(value); break;
    case HANDSHAKES: opt.handshakes_in_flight = atoi(value); break;
    case CONNECT_RATE: opt.connects_per_second = atof(value); break;
    case TOKENS: opt.token_file = value; break;
    case READY_TEXT: opt.ready_text = value; break;
    case ENGINE_IO: opt.engine_io = true; break;
    case SLOW: opt.slow_readers = atoi(value); break;
    case PUBLISH: opt.publish = parse_endpoint(value); break;
    case PUBLISHERS: opt.publishers = atoi(value); break;
    case WINDOW: opt.window = atoi(value); break;
    case USERS: opt.users = atoi(value); break;
    case RATE: opt.publishes_per_second = atof(value); break;
    case COUNT: opt.publish_count = atol(value); break;
    case EXPECT: opt.expect = atoi(value); break;
    case BODY: opt.body_file = value; break;
    case PUBLISH_TOKEN: opt.publish_token = value; break;
    case PING: opt.ping_text = value; break;
    case PONG: opt.pong_text = value; break;
    case PING_GAP: opt.ping_gap_s = atof(value); break;
    case COLLECT: opt.collect_path = value; break;
    case WARM_UP: opt.warm_up_s = atof(value); break;
    case DURATION: opt.duration_s = atof(value); break;
    case DRAIN: opt.drain_s = atof(value); break;
    case SETTLE: opt.settle_s = atof(value); break;
    case TIMEOUT: opt.timeout_s = atof(value); break;
    case PID: opt.server_pid = atoi(value); break;
    case SPIN: opt.spin = true; break;
    default: exit(2); /* getopt has said why */
  }
}

void parse_options(int argc, char **argv) {
  for (int code; (code = getopt_long(argc, argv, "", names, NULL)) != -1;) take_option(code, optarg);
  if (optind < argc) die("unexpected argument %s", argv[optind]);
  if (opt.connections < 0 || opt.publishers < 1 || opt.window < 1 || opt.handshakes_in_flight < 1) die("a number is out of range");
  if (opt.connections > 0 && opt.subscribe.authority[0] == 0) die("--subscribe is missing");
  if (opt.publish.authority[0] != 0 && opt.body_file == NULL) die("--body-file is missing");
  if (opt.collect_path != NULL && opt.publish.authority[0] == 0) opt.publish = opt.subscribe;
  if ((opt.ping_text == NULL) != (opt.pong_text == NULL)) die("--ping-text and --pong-text go together");
  if (opt.ping_text != NULL && opt.protocol->say_text == NULL) die("only a WebSocket client can ping");
  if (opt.storm && (opt.protocol == &long_poll || opt.ready_text == NULL || opt.body_file == NULL || opt.publish_count < 1)) {
    die("a storm needs ws or sse, --ready-text, --body-file and --publish-count");
  }
  if (opt.storm && (opt.slow_readers > 0 || opt.missed < 1)) die("a storm has no slow readers, and something to miss");
  if (opt.slow_readers > opt.connections) die("more slow readers than connections");
}
