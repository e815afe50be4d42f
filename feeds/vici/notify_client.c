/* SPDX-License-Identifier: ISC */
/* The stream from error-notify. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"
#include "feed.h"
#include "notify_client.h"
#include "notify_decode.h"

#define RETRY_MOST_MS 8000
#define READ_BUDGET   256 /* records per wake-up */

struct notify_client {
	struct feed feed;
	int fd; /* -1: closed */
	struct event *readable;
	notify_alert *callback;
	void *arg;
	uint8_t record[NOTIFY_RECORD];
	size_t have; /* octets of it */
};

static void
client_shut(struct notify_client *c)
{
	if (c->readable)
		event_free(c->readable);
	c->readable = NULL;
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->have = 0;
}

/* The connection ended or failed because of @p why. The same sentence is logged once. */
static void
client_down(struct notify_client *c, const char *why, bool normal)
{
	bool again = c->feed.record.state != IPM_FEED_UP && strcmp(c->feed.record.error, why) == 0;

	if (!again && normal)
		log_info("error-notify: %s", why);
	else if (!again)
		log_warn("error-notify: %s; trying again", why);
	client_shut(c);
	c->feed.record.errors++;
	feed_error(&c->feed, "%s", why);
	feed_enter_state(&c->feed, IPM_FEED_DOWN);
	feed_publish(&c->feed);
	feed_retry(&c->feed, RETRY_MOST_MS);
}

static void
on_record(struct notify_client *c)
{
	struct vici_alert alert;
	int rc = notify_decode(c->record, sizeof(c->record), &alert);

	c->feed.record.events++;
	if (rc == 0) {
		c->callback(c->arg, &alert);
		return;
	}
	c->feed.record.rejected++;
	feed_error(&c->feed, "%s", rc == -ENOENT ? "a record of an unknown type" : "an invalid record");
}

static void
client_read(struct notify_client *c)
{
	uint64_t events = c->feed.record.events;

	for (int budget = READ_BUDGET; budget > 0; budget--) {
		ssize_t got = recv(c->fd, c->record + c->have, sizeof(c->record) - c->have, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (got <= 0) {
			c->feed.record.rejected += c->have > 0; /* cut off in the middle of a record */
			client_down(c, got < 0 ? strerror(errno) : "charon closed the connection", false);
			return;
		}
		c->have += (size_t)got;
		if (c->have == sizeof(c->record)) {
			c->have = 0;
			on_record(c);
		}
	}
	if (c->feed.record.events != events) {
		c->feed.record.updated_ns = ipm_now_ns();
		feed_publish(&c->feed);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_read(arg);
}

void
notify_client_drain(struct notify_client *c)
{
	if (c && c->fd >= 0)
		client_read(c);
}

/* Connecting to a Unix socket succeeds or fails at once. */
static int
client_connect(struct notify_client *c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(c->feed.record.source) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, c->feed.record.source, strlen(c->feed.record.source));
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	c->readable = event_new(c->feed.env->base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	return c->readable && event_add(c->readable, NULL) == 0 ? 0 : -ENOMEM;
}

static void
notify_connect(struct feed *feed)
{
	struct notify_client *c = (struct notify_client *)feed;
	char why[IPM_TEXT_MAX];
	int rc = client_connect(c);

	if (rc == -ENOENT || rc == -ECONNREFUSED) {
		snprintf(why, sizeof(why), "nobody listens at %.60s: is charon's plugin error-notify loaded?",
			 c->feed.record.source);
		client_down(c, why, true);
	} else if (rc < 0) {
		snprintf(why, sizeof(why), "%.60s: %s", c->feed.record.source, strerror(-rc));
		client_down(c, why, false);
	} else {
		feed_reached(feed);
		c->feed.record.updated_ns = ipm_now_ns();
		feed_enter_state(&c->feed, IPM_FEED_UP);
		log_info("error-notify: listening at %s", c->feed.record.source);
		feed_publish(&c->feed);
	}
}

static bool
notify_open(struct feed *feed, uint32_t n)
{
	struct notify_client *c = (struct notify_client *)feed;
	(void)n;

	c->fd = -1;
	feed->record.error[0] = '\0'; /* of an earlier run */
	snprintf(feed->record.source, sizeof(feed->record.source), "%s", feed->env->conf->vici.error_socket);
	feed_timer_in_ms(feed->retry, 0);
	feed_publish(feed);
	return true;
}

static void
notify_close(struct feed *feed)
{
	client_shut((struct notify_client *)feed);
}

static const struct feed_ops notify_ops = {
	.kind = "error-notify",
	.size = sizeof(struct notify_client),
	.caps = IPM_CAP_FAILURES | IPM_CAP_LOGIN_FAILURES | IPM_CAP_IKE_AUTH_FAILS | IPM_CAP_IKE_NO_SA_FAILS,
	.open = notify_open,
	.close = notify_close,
	.connect = notify_connect,
};

struct notify_client *
notify_client_open(struct feed_env *env, notify_alert *callback, void *arg)
{
	struct notify_client *c = (struct notify_client *)feed_open(env, &notify_ops, 0);
	if (c) {
		c->callback = callback;
		c->arg = arg;
	}
	return c;
}

void
notify_client_close(struct notify_client *c)
{
	feed_close(c ? &c->feed : NULL);
}
