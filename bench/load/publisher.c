#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define USER_DIGITS 5
#define ANSWER_START 65536

/* Each publisher owns a copy of the request, in which only the digits of the stamps and of the user change. */
typedef struct {
  int fd;
  bool waits; /* for an answer */
  uint64_t posted_us;
  char *request;
  size_t unsent;
  char *answer;
  size_t answer_length, answer_room;
} Publisher;

uint64_t published_in_all;
static Publisher *publishers;
static char *request;
static size_t request_length, *stamp_at, stamps, user_at;

static void write_digits(char *at, uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; i--, value /= 10) at[i] = (char)('0' + value % 10);
}

/* The head and the body as they will be sent, and where their digits are. */
static void build_request(void) {
  size_t body_length;
  char *body = read_file(opt.body_file, &body_length), path[sizeof opt.publish.path + 16];
  char *user = strstr(opt.publish.path, "%u");
  if (user != NULL) {
    snprintf(path, sizeof path, "%.*s00000%s", (int)(user - opt.publish.path), opt.publish.path, user + 2);
    user_at = strlen("POST ") + (size_t)(user - opt.publish.path);
  } else {
    snprintf(path, sizeof path, "%s", opt.publish.path);
  }
  char *head;
  int head_length = asprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s%s%s\r\n",
                             path, opt.publish.authority, body_length, opt.publish_token ? "Authorization: Bearer " : "",
                             opt.publish_token ? opt.publish_token : "", opt.publish_token ? "\r\n" : "");
  if (head_length < 0) die("out of memory");
  request_length = (size_t)head_length + body_length;
  request = malloc(request_length);
  stamp_at = calloc(body_length / strlen(STAMP_MARK) + 1, sizeof *stamp_at);
  if (request == NULL || stamp_at == NULL) die("out of memory");
  memcpy(request, head, (size_t)head_length);
  memcpy(request + head_length, body, body_length);
  for (char *mark = body; (mark = strstr(mark, STAMP_MARK)) != NULL; mark += strlen(STAMP_MARK)) {
    stamp_at[stamps++] = (size_t)head_length + (size_t)(mark - body) + strlen(STAMP_MARK);
  }
  free(body);
  free(head);
}

static int connect_publisher(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  if (fd < 0 || connect(fd, (struct sockaddr *)&opt.publish.address, sizeof opt.publish.address) < 0) {
    die("the publish endpoint cannot be reached: %s", strerror(errno));
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
  return fd;
}

void publishers_prepare(void) {
  build_request();
  publishers = calloc((size_t)opt.publishers, sizeof *publishers);
  if (publishers == NULL) die("out of memory");
  for (int i = 0; i < opt.publishers; i++) {
    Publisher *p = &publishers[i];
    p->fd = connect_publisher();
    fcntl(p->fd, F_SETFL, O_NONBLOCK);
    p->request = malloc(request_length);
    p->answer = malloc(p->answer_room = ANSWER_START);
    if (p->request == NULL || p->answer == NULL) die("out of memory");
    memcpy(p->request, request, request_length);
    watch(p->fd, SOURCE_PUBLISHER, i, EPOLLIN, false);
  }
}

static void send_rest(Publisher *p) {
  ssize_t sent = send(p->fd, p->request + request_length - p->unsent, p->unsent, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) die("a publish cannot be sent: %s", strerror(errno));
  if (sent > 0) p->unsent -= (size_t)sent;
  bool had_rest = p->unsent > 0;
  if (had_rest || sent < 0) watch(p->fd, SOURCE_PUBLISHER, (int)(p - publishers), EPOLLIN | EPOLLOUT, true);
}

bool publisher_post(uint64_t stamp_us) {
  static int next;
  static uint64_t next_user;
  for (int tried = 0; tried < opt.publishers; tried++) {
    Publisher *p = &publishers[next];
    next = (next + 1) % opt.publishers;
    if (p->waits) continue;
    for (size_t i = 0; i < stamps; i++) write_digits(p->request + stamp_at[i], stamp_us, STAMP_DIGITS);
    if (user_at > 0) write_digits(p->request + user_at, next_user++ % (uint64_t)opt.users, USER_DIGITS);
    p->waits = true;
    p->answer_length = 0;
    p->unsent = request_length;
    p->posted_us = now_us();
    tally.published++;
    published_in_all++;
    send_rest(p);
    return true;
  }
  return false;
}

/* The length of the whole answer, 0 while its head is not complete. */
static size_t length_of_answer(const char *answer, size_t length) {
  const char *end = memmem(answer, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  size_t head = (size_t)(end - answer) + 4;
  if (strncmp(answer + 9, "204", 3) == 0) return head;
  const char *field = strcasestr(answer, "\r\ncontent-length:");
  if (field == NULL || field > end) die("an answer to a publish has no Content-Length");
  return head + (size_t)strtoul(field + strlen("\r\ncontent-length:"), NULL, 10);
}

static void finish(Publisher *p) {
  p->waits = false;
  histogram_add(&tally.answer, now_us() - p->posted_us);
  tally.answered++;
  if (p->answer[9] != '2') {
    tally.publish_errors++;
    note("publish answered %.60s", p->answer);
  }
}

void publisher_event(int index, uint32_t events) {
  Publisher *p = &publishers[index];
  if ((events & EPOLLOUT) != 0) {
    if (p->unsent > 0) send_rest(p);
    if (p->unsent == 0) watch(p->fd, SOURCE_PUBLISHER, index, EPOLLIN, true);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  if (p->answer_room - p->answer_length < ANSWER_START / 2) {
    p->answer = realloc(p->answer, p->answer_room *= 2);
    if (p->answer == NULL) die("out of memory");
  }
  ssize_t got = recv(p->fd, p->answer + p->answer_length, p->answer_room - p->answer_length - 1, 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) die("the server closed a publishing connection");
  p->answer_length += (size_t)got;
  p->answer[p->answer_length] = 0;
  size_t whole = length_of_answer(p->answer, p->answer_length);
  if (p->waits && whole > 0 && p->answer_length >= whole) finish(p);
}

void publisher_collect(void) {
  char head[1400], answer[4096] = {0};
  int fd = connect_publisher();
  int length = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                        opt.collect_path, opt.publish.authority);
  if (send(fd, head, (size_t)length, MSG_NOSIGNAL) != length || recv(fd, answer, sizeof answer - 1, 0) <= 0 || answer[9] != '2') {
    die("the server did not collect its garbage: %.80s", answer);
  }
  close(fd);
}
