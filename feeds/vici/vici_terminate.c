/* SPDX-License-Identifier: ISC */
/* Have charon close SAs. */
#include "vici_terminate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "vici_wire.h"

#define NO_MATCH "no matching SAs to terminate found" /* as in charon's vici_control.c */

struct talk {
	struct vici_terminator *owner;
	struct talk *next;
	struct bufferevent *bev;
	struct event *deadline;
	size_t waiting, closed; /* missing answers; successful requests */
	char why[160];          /* the first error */
	vici_terminated *done;
	void *arg;
};

struct vici_terminator {
	struct event_base *base;
	struct talk *talks;
};

static void
talk_free(struct talk *talk)
{
	struct talk **at = &talk->owner->talks;
	while (*at && *at != talk)
		at = &(*at)->next;
	if (*at)
		*at = talk->next;
	if (talk->deadline)
		event_free(talk->deadline);
	if (talk->bev)
		bufferevent_free(talk->bev);
	free(talk);
}

static void
finish(struct talk *talk, bool ok, const char *why)
{
	vici_terminated *done = talk->done;
	void *arg = talk->arg;
	char text[sizeof(talk->why)];
	snprintf(text, sizeof(text), "%s", why);
	talk_free(talk);
	done(arg, ok, text);
}

static void
note_error(struct talk *talk, const char *why, size_t len)
{
	if (!talk->why[0])
		snprintf(talk->why, sizeof(talk->why), "%.*s", (int)len, why);
}

/* The answer to one of our requests. */
static void
take_answer(struct talk *talk, const struct vici_packet *packet)
{
	struct vici_slice success = { 0 }, why = { 0 };

	talk->waiting--;
	if (packet->type != VICI_CMD_RESPONSE) {
		note_error(talk, "charon does not know the command terminate", 128);
	} else if (vici_find(packet->msg, "success", &success) == 0 && vici_is(success, "yes")) {
		talk->closed++;
	} else if (vici_find(packet->msg, "errmsg", &why) < 0) {
		note_error(talk, "charon could not", 128);
	} else if (!vici_is(why, NO_MATCH)) {
		note_error(talk, (const char *)why.at, why.len < sizeof(talk->why) ? why.len : sizeof(talk->why) - 1);
	}
	if (talk->waiting > 0)
		return;
	if (talk->why[0])
		finish(talk, false, talk->why);
	else
		finish(talk, talk->closed > 0, talk->closed > 0 ? "" : "charon has no such SA any more");
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	struct talk *talk = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	for (;;) {
		struct vici_packet packet;
		const char *why;
		const uint8_t *head = evbuffer_pullup(in, 4);
		ssize_t len = head ? vici_frame(head, evbuffer_get_length(in), &why) : 0;
		if (len == 0)
			return;
		const uint8_t *frame = len > 0 ? evbuffer_pullup(in, len) : NULL;
		if (!frame || vici_packet(frame, (size_t)len, &packet, &why) < 0) {
			finish(talk, false, len < 0 || frame ? why : "out of memory");
			return;
		}
		bool last = talk->waiting == 1;
		if (packet.type == VICI_CMD_RESPONSE || packet.type == VICI_CMD_UNKNOWN) {
			take_answer(talk, &packet);
			if (last)
				return;
		}
		evbuffer_drain(in, (size_t)len);
	}
}

static void
on_state(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	finish(arg, false, what & BEV_EVENT_EOF ? "charon closed the connection" : strerror(errno));
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, false, "charon does not answer");
}

/* Connecting to a Unix socket succeeds or fails at once. */
static int
connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

static int
send_request(struct talk *talk, bool ike, uint32_t uid)
{
	uint8_t buf[128];
	char text[16];
	struct vici_out out = { .buf = buf, .cap = sizeof(buf) };

	snprintf(text, sizeof(text), "%u", uid);
	vici_out_begin(&out, VICI_CMD_REQUEST, "terminate");
	vici_out_value(&out, ike ? "ike-id" : "child-id", text);
	vici_out_value(&out, "timeout", "-1"); /* answer without waiting for the peer */
	int rc = vici_out_end(&out);
	if (rc == 0 && bufferevent_write(talk->bev, out.buf, out.len) < 0)
		rc = -ENOMEM;
	return rc;
}

struct vici_terminator *
vici_terminator_new(struct event_base *base)
{
	struct vici_terminator *t = calloc(1, sizeof(*t));
	if (t)
		t->base = base;
	return t;
}

void
vici_terminator_free(struct vici_terminator *t)
{
	while (t && t->talks)
		talk_free(t->talks);
	free(t);
}

int
vici_terminate(struct vici_terminator *t, const char *path, bool ike, const uint32_t *uids, size_t count,
	       vici_terminated *done, void *arg)
{
	static const struct timeval deadline = { VICI_TERMINATE_MS / 1000, VICI_TERMINATE_MS % 1000 * 1000 };
	if (count == 0 || count > VICI_TERMINATE_MAX)
		return -E2BIG;
	int fd = connect_to(path);
	if (fd < 0)
		return fd;
	struct talk *talk = calloc(1, sizeof(*talk));
	if (!talk) {
		close(fd);
		return -ENOMEM;
	}
	*talk = (struct talk){ .owner = t, .next = t->talks, .done = done, .arg = arg };
	t->talks = talk;
	talk->bev = bufferevent_socket_new(t->base, fd, BEV_OPT_CLOSE_ON_FREE);
	talk->deadline = evtimer_new(t->base, on_deadline, talk);
	int rc = talk->bev && talk->deadline ? 0 : -ENOMEM;
	if (!talk->bev)
		close(fd);
	for (size_t i = 0; i < count && rc == 0; i++, talk->waiting++)
		rc = send_request(talk, ike, uids[i]);
	if (rc < 0) {
		talk_free(talk);
		return rc;
	}
	event_add(talk->deadline, &deadline);
	bufferevent_setcb(talk->bev, on_readable, NULL, on_state, talk);
	bufferevent_enable(talk->bev, EV_READ | EV_WRITE);
	return 0;
}
