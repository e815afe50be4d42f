/* SPDX-License-Identifier: ISC */
/* ipsecmond: feeds on one side, a model segment on the other. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_exec.h"
#include "daemon.h"
#include "feed.h"
#include "feed_reconcile.h"
#include "index_state.h"
#include "place.h"
#include "service.h"

#define FEEDS_MAX      16
#define INTERFACES_MAX 256
#define ENGINES_MAX    16
#define POOLS_MAX      1024

/* Everything that lives from start to end. */
struct program {
	struct conf *conf;
	gid_t group; /* its members may read segments and send requests */
	char *segment_path, *control_path, *state_path, *indexes_path;
	struct event *term, *interrupt, *alive, *second;
	struct index_state indexes;
	struct control_exec exec;
	struct control_server *control;
	struct feed_env env;
};

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	(void)number;
	(void)what;
	event_base_loopbreak(arg);
}

static void
on_alive(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	service_alive();
}

/* By a timer of this loop: the service manager hears from us only while the loop turns. */
static bool
watch_loop(struct program *p)
{
	uint64_t us = service_interval_ns() / 1000;
	struct timeval interval = { .tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000) };

	if (us == 0)
		return true;
	p->alive = event_new(p->env.base, -1, EV_PERSIST, on_alive, NULL);
	return p->alive && event_add(p->alive, &interval) == 0;
}

static void
on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	index_state_keep(arg);
}

/* Before feeds assign the first index. */
static bool
open_indexes(struct program *p)
{
	const struct timeval second = { .tv_sec = 1 };

	index_state_open(&p->indexes, p->env.writer, p->indexes_path, p->group);
	p->second = event_new(p->env.base, -1, EV_PERSIST, on_second, &p->indexes);
	return p->second && event_add(p->second, &second) == 0;
}

static bool
make_paths(struct program *p)
{
	p->segment_path = conf_run_path(p->conf, CONF_SEGMENT);
	p->control_path = conf_run_path(p->conf, CONF_CONTROL);
	p->state_path = conf_state_path(p->conf, CONF_STATE);
	p->indexes_path = conf_state_path(p->conf, CONF_INDEXES);
	if (p->segment_path && p->control_path && p->state_path && p->indexes_path)
		return true;
	log_error("out of memory");
	return false;
}

static bool
open_segment(struct program *p)
{
	return place_segment(&p->env.writer, p->conf, p->group,
			     (struct ipm_writer_options){ .path = p->segment_path,
							  .name = "gateway",
							  .control = p->control_path,
							  .index_first = p->conf->first_index,
							  .capacity = { .ike_sas = p->conf->capacity.ike_sas,
									.feeds = FEEDS_MAX,
									.interfaces = INTERFACES_MAX,
									.engines = ENGINES_MAX,
									.pools = POOLS_MAX } });
}

static bool
open_loop(struct program *p)
{
	struct event_base *base = event_base_new();

	p->env.base = base;
	if (!base)
		return false;
	p->term = evsignal_new(base, SIGTERM, on_signal, base);
	p->interrupt = evsignal_new(base, SIGINT, on_signal, base);
	return p->term && p->interrupt && event_add(p->term, NULL) == 0 && event_add(p->interrupt, NULL) == 0;
}

/* --- feeds ------------------------------------------------------------------------------------------------------ */

static struct feed *
feed_in_slot(const struct program *p, uint32_t slot)
{
	struct feed *feed = p->env.feeds;
	while (feed && feed->slot != slot)
		feed = feed->next;
	return feed;
}

/* Have the feed that knows these SAs close them. */
static int
terminate(void *arg, const struct control_target *target, control_terminated *done, void *done_arg)
{
	const struct program *p = arg;
	struct feed *feed = feed_in_slot(p, target->feed);
	int rc = feed && feed->ops->terminate ? feed->ops->terminate(feed, target, done, done_arg) : -ENOTSUP;

	if (rc == -ENOTSUP)
		log_warn("control: feed %s cannot close it", ipm_feed_peek(p->env.writer, target->feed)->name);
	return rc;
}

static bool
open_control(struct program *p)
{
	struct control_server_options opt = {
		.path = p->control_path, .group = p->group, .handler = control_exec_handle, .arg = &p->exec
	};

	p->exec = (struct control_exec){ .writer = p->env.writer,
					 .state_path = p->state_path,
					 .group = p->group,
					 .allow_destroy = p->conf->allow_destroy,
					 .terminate = terminate,
					 .terminate_arg = p };
	control_exec_restore(&p->exec);
	int rc = control_server_open(&p->control, p->env.base, &opt);
	if (rc < 0)
		log_error("%s: %s", p->control_path, strerror(-rc));
	return rc == 0;
}

static bool
open_feeds(struct program *p)
{
	for (const struct feed_ops *const *ops = feed_list; *ops; ops++)
		for (uint32_t n = 0; n < (*ops)->count(p->conf); n++)
			if (!feed_open(&p->env, *ops, n))
				return false;
	return true;
}

/* End the records of feeds that are no longer in the configuration: nothing else would ever end them. */
static void
retire_feeds(struct program *p)
{
	struct ipm_writer *w = p->env.writer;
	struct feed gone = { .writer = w };
	struct ipm_walk walk;

	ipm_walk_all(&walk, ipm_writer_segment(w), IPM_FEEDS);
	while (ipm_walk_next(&walk, &gone.record) > 0) {
		gone.slot = walk.slot;
		if (feed_in_slot(p, walk.slot))
			continue;
		feed_enter_state(&gone, IPM_FEED_DOWN);
		feed_error(&gone, "it is no longer in the configuration");
		feed_publish(&gone);
		feed_stop_all(w, walk.slot, IPM_REASON_SOURCE_LOST);
	}
}

/* --- start and end ---------------------------------------------------------------------------------------------- */

static void
close_all(struct program *p)
{
	while (p->env.feeds)
		feed_close(p->env.feeds);
	control_server_close(p->control);
	if (p->term)
		event_free(p->term);
	if (p->interrupt)
		event_free(p->interrupt);
	if (p->alive)
		event_free(p->alive);
	if (p->second)
		event_free(p->second);
	if (p->env.base)
		event_base_free(p->env.base);
	index_state_close(&p->indexes);
	ipm_writer_close(p->env.writer);
	free(p->segment_path);
	free(p->control_path);
	free(p->state_path);
	free(p->indexes_path);
	conf_free(p->conf);
}

int
main(int argc, char **argv)
{
	struct daemon_options opt;
	struct program p = { 0 };
	char error[512];
	int status = EXIT_FAILURE;

	daemon_options(argc, argv, "ipsecmond", "Collect the IPsec state of this gateway.", &opt);
	log_open("ipsecmond", true); /* errors in the configuration go to the terminal */
	p.conf = conf_load(opt.conf_file, error, sizeof(error));
	if (!p.conf) {
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	p.env.conf = p.conf;
	if (!place_group(p.conf, &p.group) || !place_run_dir(p.conf, p.group) || !make_paths(&p))
		goto out;
	daemon_start(&opt);
	signal(SIGPIPE, SIG_IGN);
	if (!open_segment(&p) || !open_loop(&p) || !open_indexes(&p) || !open_control(&p))
		goto out;
	if (!open_feeds(&p))
		goto out;
	retire_feeds(&p);
	log_open("ipsecmond", opt.foreground);
	daemon_ready();
	if (!watch_loop(&p))
		goto out;
	event_base_dispatch(p.env.base);
	service_stopping();
	status = EXIT_SUCCESS;
out:
	close_all(&p);
	return status;
}
