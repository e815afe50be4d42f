/* SPDX-License-Identifier: ISC */
/* The connection to charon, on a libevent bufferevent. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "vici_client.h"

#define REQUESTS_MAX 64
#define ANSWER_MS    60000 /* a gateway with 100,000 SAs needs time for a list */

struct vici_client {
	struct event_base *base;
	struct bufferevent *bev; /* NULL: closed */
	char *path;
	struct vici_client_ops ops;
	void *arg;
	/* The callbacks of requests without an answer. Charon answers in order. */
	vici_reply *reply[REQUESTS_MAX];
	unsigned head, pending;
	bool *freed; /* set to true when a callback of the client frees it; or NULL */
};

static void
client_close(struct vici_client *c, const char *why)
{
	if (!c->bev)
		return;
	bufferevent_free(c->bev);
	c->bev = NULL;
	c->head = c->pending = 0;
	c->ops.closed(c->arg, why);
}

static void
close_for_errno(struct vici_client *c)
{
	char why[256];
	snprintf(why, sizeof(why), "%s: %s", c->path, strerror(errno));
	client_close(c, why);
}

static void
set_deadline(struct vici_client *c)
{
	unsigned ms = c->ops.answer_ms ? c->ops.answer_ms : ANSWER_MS;
	const struct timeval deadline = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };
	bufferevent_set_timeouts(c->bev, c->pending ? &deadline : NULL, NULL);
}

static void
request_answered(struct vici_client *c, const struct vici_packet *packet)
{
	if (c->pending == 0) {
		client_close(c, "charon sent an answer without a request");
		return;
	}
	vici_reply *reply = c->reply[c->head];
	c->head = (c->head + 1) % REQUESTS_MAX;
	c->pending--;
	set_deadline(c);
	if (reply)
		reply(c->arg, packet->type == VICI_CMD_RESPONSE || packet->type == VICI_EVENT_CONFIRM, packet->msg);
}

static void
on_frame(struct vici_client *c, const uint8_t *frame, size_t len)
{
	struct vici_packet packet;
	const char *why;

	if (vici_packet(frame, len, &packet, &why) < 0) {
		client_close(c, why);
		return;
	}
	switch (packet.type) {
	case VICI_EVENT:
		c->ops.event(c->arg, packet.name, packet.msg);
		break;
	case VICI_CMD_RESPONSE:
	case VICI_CMD_UNKNOWN:
	case VICI_EVENT_CONFIRM:
	case VICI_EVENT_UNKNOWN:
		request_answered(c, &packet);
		break;
	default:
		client_close(c, "charon sent a request");
	}
}

/* Process the first frame, if it is complete. The bufferevent outlives its own callback, the client may not. */
static bool
take_frame(struct vici_client *c, struct evbuffer *in)
{
	const char *why;
	const uint8_t *head = evbuffer_pullup(in, 4);
	/* Pull up no more than the length field. */
	ssize_t len = head ? vici_frame(head, evbuffer_get_length(in), &why) : 0;
	if (len < 0)
		client_close(c, why);
	if (len <= 0)
		return false;
	on_frame(c, evbuffer_pullup(in, len), (size_t)len);
	evbuffer_drain(in, (size_t)len);
	return true;
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct vici_client *c = arg;
	bool freed = false;

	c->freed = &freed;
	while (take_frame(c, bufferevent_get_input(bev)) && !freed && c->bev == bev)
		;
	if (!freed)
		c->freed = NULL;
}

static void
on_state(struct bufferevent *bev, short what, void *arg)
{
	struct vici_client *c = arg;
	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		c->ops.connected(c->arg);
	} else if (what & BEV_EVENT_TIMEOUT) {
		client_close(c, "charon does not answer");
	} else if (what & BEV_EVENT_EOF) {
		client_close(c, "charon closed the connection");
	} else {
		close_for_errno(c);
	}
}

struct vici_client *
vici_client_new(struct event_base *base, const char *path, const struct vici_client_ops *ops, void *arg)
{
	struct vici_client *c = calloc(1, sizeof(*c));
	if (!c || !(c->path = strdup(path))) {
		free(c);
		return NULL;
	}
	c->base = base;
	c->ops = *ops;
	c->arg = arg;
	return c;
}

void
vici_client_free(struct vici_client *c)
{
	if (!c)
		return;
	if (c->freed)
		*c->freed = true;
	if (c->bev)
		bufferevent_free(c->bev);
	free(c->path);
	free(c);
}

void
vici_client_open(struct vici_client *c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(c->path) >= sizeof(addr.sun_path)) {
		c->ops.closed(c->arg, "the socket's path is longer than a Unix socket's may be");
		return;
	}
	memcpy(addr.sun_path, c->path, strlen(c->path) + 1);
	c->bev = bufferevent_socket_new(c->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev) {
		c->ops.closed(c->arg, "out of memory");
		return;
	}
	bufferevent_setcb(c->bev, on_readable, NULL, on_state, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	/* libevent reports a refused connection to on_state(), but a missing socket at once. */
	if (bufferevent_socket_connect(c->bev, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		close_for_errno(c);
}

static void
send_packet(struct vici_client *c, struct vici_out *out, vici_reply *reply)
{
	if (!c->bev)
		return;
	if (vici_out_end(out) < 0 || c->pending == REQUESTS_MAX || bufferevent_write(c->bev, out->buf, out->len) < 0) {
		client_close(c, "a request could not be sent");
		return;
	}
	c->reply[(c->head + c->pending) % REQUESTS_MAX] = reply;
	c->pending++;
	set_deadline(c);
}

void
vici_client_register(struct vici_client *c, const char *event, vici_reply *reply)
{
	uint8_t buf[128];
	struct vici_out out = { .buf = buf, .cap = sizeof(buf) };
	vici_out_begin(&out, VICI_EVENT_REGISTER, event);
	send_packet(c, &out, reply);
}

void
vici_client_command(struct vici_client *c, const char *command, const char *key, const char *value, vici_reply *reply)
{
	uint8_t buf[512];
	struct vici_out out = { .buf = buf, .cap = sizeof(buf) };
	vici_out_begin(&out, VICI_CMD_REQUEST, command);
	if (key)
		vici_out_value(&out, key, value);
	send_packet(c, &out, reply);
}

unsigned
vici_client_pending(const struct vici_client *c)
{
	return c->pending;
}
