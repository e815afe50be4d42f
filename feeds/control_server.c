/* SPDX-License-Identifier: ISC */
/* The server of the control socket, on libevent. */
#include "control_server.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>

#include "clean.h"
#include "daemon.h"

#define GROUPS_MAX 256                    /* of one user that we look at */
#define READ_MAX   (2 * CONTROL_LINE_MAX) /* octets at a time: enough to recognize a line that is too long */

struct control_call {
	struct control_server *server;
	struct client *client; /* NULL: it has gone */
	struct control_call *next;
};

struct client {
	struct control_server *server;
	struct bufferevent *bev; /* NULL: this place is free */
	struct event *deadline;
	struct control_call *call; /* the request in hand; the next one waits */
	bool ending;               /* disconnect when everything is written */
	bool eof;                  /* the client will send nothing more */
};

struct control_server {
	struct control_server_options opt;
	char *path;
	bool bound;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *pause; /* after accept() failed */
	struct client clients[CONTROL_CLIENTS_MAX];
	struct control_call *calls; /* those without an answer */
};

/* --- clients --------------------------------------------------------------------------------------------------- */

static void
client_free(struct client *c)
{
	if (c->call)
		c->call->client = NULL;
	if (c->deadline)
		event_free(c->deadline);
	if (c->bev)
		bufferevent_free(c->bev);
	*c = (struct client){ 0 };
}

static void
set_deadline(struct client *c, unsigned ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };
	event_add(c->deadline, &in);
}

/* Write one line. What does not fit into the socket follows as the client reads. */
static void
write_line(struct client *c, bool ok, const char *text)
{
	char line[2 * CONTROL_LINE_MAX], clean[sizeof(line) - sizeof("error \n")];
	text_clean(text, SIZE_MAX, clean, sizeof(clean));
	int len = snprintf(line, sizeof(line), "%s%s%s\n", ok ? "ok" : "error", *clean ? " " : "", clean);
	bufferevent_write(c->bev, line, (size_t)len);
}

/* Write this line, then disconnect. */
static void
write_last_line(struct client *c, const char *text)
{
	write_line(c, false, text);
	c->ending = true;
	bufferevent_disable(c->bev, EV_READ);
}

/* A client that has hung up counts its request as failed: take it back. */
static bool
has_hung_up(const struct client *c)
{
	struct pollfd state = { .fd = bufferevent_getfd(c->bev) };
	return poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR));
}

static void
ask_handler(struct client *c, const char *line, size_t len)
{
	struct control_server *server = c->server;
	struct control_command command;
	const char *why;

	if (has_hung_up(c)) {
		log_info("control: a request was taken back");
		return;
	}
	if (control_parse(line, len, &command, &why) < 0) {
		write_line(c, false, why);
		return;
	}
	struct control_call *call = calloc(1, sizeof(*call));
	if (!call) {
		write_line(c, false, "out of memory");
		return;
	}
	call->server = server;
	call->client = c;
	call->next = server->calls;
	server->calls = call;
	c->call = call;
	set_deadline(c, CONTROL_HANDLER_MS);
	server->opt.handler(server->opt.arg, &command, call);
}

/* Serve the requests that have come in. */
static void
take_requests(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev), *out = bufferevent_get_output(c->bev);

	/* Not before the client has read the last answer. A client that does not read runs into its deadline. */
	while (!c->ending && !c->call && evbuffer_get_length(out) == 0) {
		struct evbuffer_ptr end = evbuffer_search_eol(in, NULL, NULL, EVBUFFER_EOL_LF);
		size_t len = end.pos < 0 ? evbuffer_get_length(in) : (size_t)end.pos;
		char line[CONTROL_LINE_MAX];
		if (len >= sizeof(line)) {
			write_last_line(c, "the line is too long");
			return;
		}
		if (end.pos < 0)
			return;
		evbuffer_remove(in, line, len);
		evbuffer_drain(in, 1);
		set_deadline(c, c->server->opt.slow_ms);
		ask_handler(c, line, len);
	}
}

/* A request has come in, or an answer was given or written. */
static void
on_progress(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	take_requests(c);
	/* If we left the buffer full, libevent would call us again at once. */
	if (evbuffer_get_length(bufferevent_get_input(bev)) >= READ_MAX)
		bufferevent_disable(bev, EV_READ);
	else if (!c->ending && !c->eof)
		bufferevent_enable(bev, EV_READ);
	if ((c->ending || c->eof) && !c->call && evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		client_free(c);
}

static void
on_state(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;
	if ((what & BEV_EVENT_EOF) && !(what & BEV_EVENT_ERROR)) {
		c->eof = true; /* it may still read the answer */
		on_progress(bev, c);
	} else {
		client_free(c);
	}
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	client_free(arg);
}

/* --- who may --------------------------------------------------------------------------------------------------- */

static bool
group_among(gid_t group, const gid_t *groups, int count)
{
	for (int i = 0; i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* Check the groups of the process, then those of its user. */
static bool
in_group(int fd, const struct ucred *peer, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof(groups);
	struct passwd user, *found = NULL;
	char text[4096];
	int count = GROUPS_MAX;

	if (group == (gid_t)-1)
		return false;
	if (peer->gid == group)
		return true;
#ifdef SO_PEERGROUPS
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0 &&
	    group_among(group, groups, (int)(size / sizeof(groups[0]))))
		return true;
#else
	(void)fd;
	(void)size;
#endif
	return getpwuid_r(peer->uid, &user, text, sizeof(text), &found) == 0 && found &&
	       getgrouplist(found->pw_name, found->pw_gid, groups, &count) >= 0 && group_among(group, groups, count);
}

static bool
may_ask(const struct control_server *server, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid() || in_group(fd, &peer, server->opt.group))
		return true;
	log_warn("control: uid %u (process %d) may not ask", (unsigned)peer.uid, (int)peer.pid);
	return false;
}

/* --- the socket ------------------------------------------------------------------------------------------------ */

/* Tell a client that there is no place for it, if that fits into the socket. */
static void
refuse_client(int fd, const char *line)
{
	ssize_t sent = send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)sent;
	evutil_closesocket(fd);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr, int len, void *arg)
{
	struct control_server *server = arg;
	struct client *c = NULL;
	(void)listener;
	(void)addr;
	(void)len;

	for (int i = 0; i < CONTROL_CLIENTS_MAX && !c; i++)
		if (!server->clients[i].bev)
			c = &server->clients[i];
	if (!c) {
		refuse_client(fd, "error too many clients\n");
		return;
	}
	c->server = server;
	c->bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev) {
		refuse_client(fd, "error out of memory\n");
		return;
	}
	c->deadline = evtimer_new(server->base, on_deadline, c);
	if (!c->deadline) {
		client_free(c);
		return;
	}
	bufferevent_setcb(c->bev, on_progress, on_progress, on_state, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, READ_MAX);
	set_deadline(c, server->opt.slow_ms);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	if (!may_ask(server, fd))
		write_last_line(c, "not allowed");
}

/* Probably out of descriptors. Without a pause, the loop would spin. */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct control_server *server = arg;
	const struct timeval in = { .tv_sec = 1 };
	log_warn("control: %s", strerror(errno));
	evconnlistener_disable(listener);
	event_add(server->pause, &in);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct control_server *server = arg;
	(void)fd;
	(void)what;
	evconnlistener_enable(server->listener);
}

static int
bind_socket(struct control_server *server)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	gid_t group = server->opt.group;
	struct stat st;

	if (strlen(server->path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, server->path, strlen(server->path) + 1);
	if (lstat(server->path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return -EEXIST;
		if (unlink(server->path) < 0)
			return -errno;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Closed to others until its group is set. */
	mode_t mask = umask(0177);
	int rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	umask(mask);
	server->bound = rc == 0;
	if (rc == 0 && group != (gid_t)-1 &&
	    (chown(server->path, (uid_t)-1, group) < 0 || chmod(server->path, 0660) < 0))
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	server->listener = evconnlistener_new(server->base, on_accept, server,
					      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, CONTROL_CLIENTS_MAX, fd);
	if (!server->listener) {
		close(fd);
		return -ENOMEM;
	}
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	return 0;
}

int
control_server_open(struct control_server **out, struct event_base *base, const struct control_server_options *opt)
{
	struct control_server *server = calloc(1, sizeof(*server));
	int rc = -ENOMEM;

	if (!server || !(server->path = strdup(opt->path)))
		goto fail;
	server->opt = *opt;
	server->opt.path = server->path;
	if (!server->opt.slow_ms)
		server->opt.slow_ms = CONTROL_SLOW_MS;
	server->base = base;
	server->pause = evtimer_new(base, on_pause_over, server);
	if (!server->pause)
		goto fail;
	rc = bind_socket(server);
	if (rc < 0)
		goto fail;
	*out = server;
	return 0;
fail:
	control_server_close(server);
	return rc;
}

void
control_server_close(struct control_server *server)
{
	if (!server)
		return;
	if (server->listener)
		evconnlistener_free(server->listener);
	if (server->pause)
		event_free(server->pause);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		client_free(&server->clients[i]);
	for (struct control_call *call = server->calls, *next; call; call = next) {
		next = call->next;
		free(call);
	}
	if (server->bound)
		unlink(server->path);
	free(server->path);
	free(server);
}

void
control_answer(struct control_call *call, bool ok, const char *text)
{
	struct client *c = call->client;
	struct control_call **at = &call->server->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	free(call);
	if (!c)
		return;
	c->call = NULL;
	set_deadline(c, c->server->opt.slow_ms);
	write_line(c, ok, text);
	/* Further requests of this client are served when this is written. */
}
