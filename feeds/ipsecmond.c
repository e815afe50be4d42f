/* SPDX-License-Identifier: ISC */
/* ipsecmond: feeds on one side, a model segment on the other. */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_exec.h"
#include "daemon.h"
#include "feed.h"
#include "feed_record.h"
#include "place.h"
#include "service.h"
#if WITH_VICI
#include "vici/vici_terminate.h"
#endif

#define FEEDS_MAX      16
#define INTERFACES_MAX 256
#define ENGINES_MAX    16

/* All that there is between start and end. */
struct program {
	struct conf *conf;
	gid_t group; /* of those who may read and ask */
	char *segment_path, *control_path, *state_path;
	struct ipm_writer *writer;
	struct event_base *base;
	struct event *term, *interrupt, *alive;
	struct control_exec exec;
	struct control_server *control;
#if WITH_VICI
	struct vici_terminator *terminator;
	struct feed_vici *vici;
#endif
#if WITH_XFRM
	struct feed_xfrm *xfrm[CONF_XFRM_MAX];
#endif
#if WITH_IKEWATCH
	struct feed_ikewatch *ikewatch[CONF_IKEWATCH_MAX];
#endif
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

/* By a timer of this loop, so that a service manager hears it as long as the loop turns. */
static bool
watch_loop(struct program *p)
{
	uint64_t us = service_interval_ns() / 1000;
	struct timeval interval = { .tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000) };

	if (us == 0)
		return true;
	p->alive = event_new(p->base, -1, EV_PERSIST, on_alive, NULL);
	return p->alive && event_add(p->alive, &interval) == 0;
}

static bool
make_paths(struct program *p)
{
	p->segment_path = conf_run_path(p->conf, CONF_SEGMENT);
	p->control_path = conf_run_path(p->conf, CONF_CONTROL);
	p->state_path = conf_state_path(p->conf, CONF_STATE);
	if (p->segment_path && p->control_path && p->state_path)
		return true;
	log_error("out of memory");
	return false;
}

static bool
open_segment(struct program *p)
{
	return place_segment(&p->writer, p->conf, p->group,
			     (struct ipm_writer_options){ .path = p->segment_path,
							  .name = "gateway",
							  .control = p->control_path,
							  .capacity = { .ike_sas = p->conf->capacity.ike_sas,
									.feeds = FEEDS_MAX,
									.interfaces = INTERFACES_MAX,
									.engines = ENGINES_MAX } });
}

static bool
open_loop(struct program *p)
{
	p->base = event_base_new();
	if (!p->base)
		return false;
	p->term = evsignal_new(p->base, SIGTERM, on_signal, p->base);
	p->interrupt = evsignal_new(p->base, SIGINT, on_signal, p->base);
	return p->term && p->interrupt && event_add(p->term, NULL) == 0 && event_add(p->interrupt, NULL) == 0;
}

/* Have the feed that knows these SAs close them. */
static int
terminate(void *arg, const struct control_target *target, control_terminated *done, void *done_arg)
{
	struct program *p = arg;
	const struct ipm_feed *feed = ipm_feed_peek(p->writer, target->feed);

#if WITH_VICI
	if (strcmp(feed->name, "vici") == 0 && target->count > 0)
		return vici_terminate(p->terminator, feed->source, target->ike, target->uids, target->count, done,
				      done_arg);
#endif
#if WITH_XFRM
	for (uint32_t i = 0; i < p->conf->xfrms && !target->ike; i++)
		if (p->xfrm[i] && feed_xfrm_slot(p->xfrm[i]) == target->feed) {
			int rc = feed_xfrm_destroy(p->xfrm[i], target->slot);
			if (rc == 0)
				done(done_arg, true, "");
			return rc;
		}
#endif
	(void)done, (void)done_arg;
	log_warn("control: feed %s cannot close it", feed->name);
	return -ENOTSUP;
}

static bool
open_control(struct program *p)
{
	struct control_server_options opt = {
		.path = p->control_path, .group = p->group, .handler = control_exec_handle, .arg = &p->exec
	};

	p->exec = (struct control_exec){ .writer = p->writer,
					 .state_path = p->state_path,
					 .group = p->group,
					 .allow_destroy = p->conf->allow_destroy,
					 .terminate = terminate,
					 .terminate_arg = p };
	control_exec_restore(&p->exec);
#if WITH_VICI
	p->terminator = vici_terminator_new(p->base);
	if (!p->terminator)
		return false;
#endif
	int rc = control_server_open(&p->control, p->base, &opt);
	if (rc < 0)
		log_error("%s: %s", p->control_path, strerror(-rc));
	return rc == 0;
}

/*
 * Kernel and wire are asked first: what they know of an SA is there when an IKE daemon tells whose it is, or that it
 * has ended.
 */
static void
before_vici(void *arg)
{
	struct program *p = arg;
#if WITH_XFRM
	for (uint32_t i = 0; i < p->conf->xfrms; i++)
		if (p->xfrm[i])
			feed_xfrm_drain(p->xfrm[i]);
#endif
#if WITH_IKEWATCH
	for (uint32_t i = 0; i < p->conf->ikewatches; i++)
		if (p->ikewatch[i])
			feed_ikewatch_drain(p->ikewatch[i]);
#endif
	(void)p;
}

static bool
open_feeds(struct program *p)
{
#if WITH_XFRM
	for (uint32_t i = 0; i < p->conf->xfrms; i++)
		if (!(p->xfrm[i] = feed_xfrm_open(p->base, p->writer, &p->conf->xfrm[i])))
			return false;
#endif
#if WITH_IKEWATCH
	for (uint32_t i = 0; i < p->conf->ikewatches; i++)
		if (!(p->ikewatch[i] =
			      feed_ikewatch_open(p->base, p->writer, &p->conf->ikewatch[i], p->conf->ikewatches == 1)))
			return false;
#endif
#if WITH_VICI
	if (p->conf->vici.enabled && !(p->vici = feed_vici_open(p->base, p->writer, p->conf, before_vici, p)))
		return false;
#endif
	(void)before_vici;
	return true;
}

static bool
is_open(const struct program *p, uint32_t slot)
{
#if WITH_VICI
	const char *name = ipm_feed_peek(p->writer, slot)->name;
	if (p->vici && (strcmp(name, "vici") == 0 || strcmp(name, "error-notify") == 0))
		return true;
#endif
#if WITH_XFRM
	for (uint32_t i = 0; i < p->conf->xfrms; i++)
		if (feed_xfrm_slot(p->xfrm[i]) == slot)
			return true;
#endif
#if WITH_IKEWATCH
	for (uint32_t i = 0; i < p->conf->ikewatches; i++)
		if (feed_ikewatch_slot(p->ikewatch[i]) == slot)
			return true;
#endif
	(void)p, (void)slot;
	return false;
}

/* What an earlier run had from a feed that is not in the configuration any more, nobody would ever end. */
static void
retire_feeds(struct program *p)
{
	const struct ipm_segment *seg = ipm_writer_segment(p->writer);

	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_FEEDS); slot++) {
		struct ipm_feed feed = *ipm_feed_peek(p->writer, slot);
		if (!feed.index || is_open(p, slot))
			continue;
		feed_enter_state(&feed, IPM_FEED_DOWN);
		feed_error(&feed, "it is not in the configuration any more");
		feed_publish(p->writer, slot, &feed);
		for (uint32_t t = 0; t < ipm_segment_used(seg, IPM_TUNNELS); t++)
			if (ipm_tunnel_peek(p->writer, t)->index && ipm_tunnel_peek(p->writer, t)->feed == slot)
				ipm_tunnel_stop(p->writer, t, IPM_REASON_SOURCE_LOST);
		for (uint32_t i = 0; i < ipm_segment_used(seg, IPM_IKE_SAS); i++)
			if (ipm_ike_peek(p->writer, i)->index && ipm_ike_peek(p->writer, i)->feed == slot)
				ipm_ike_stop(p->writer, i, IPM_REASON_SOURCE_LOST);
		for (uint32_t m = 0; m < ipm_segment_used(seg, IPM_MAPS); m++) {
			const struct ipm_map *map = ipm_map_peek(p->writer, m);
			if (map->index && map->state != IPM_MAP_REMOVED && map->feed == slot)
				ipm_map_remove(p->writer, m);
		}
	}
}

static void
close_all(struct program *p)
{
#if WITH_VICI
	feed_vici_close(p->vici);
	vici_terminator_free(p->terminator);
#endif
#if WITH_XFRM
	for (int i = 0; i < CONF_XFRM_MAX; i++)
		feed_xfrm_close(p->xfrm[i]);
#endif
#if WITH_IKEWATCH
	for (int i = 0; i < CONF_IKEWATCH_MAX; i++)
		feed_ikewatch_close(p->ikewatch[i]);
#endif
	control_server_close(p->control);
	if (p->term)
		event_free(p->term);
	if (p->interrupt)
		event_free(p->interrupt);
	if (p->alive)
		event_free(p->alive);
	if (p->base)
		event_base_free(p->base);
	ipm_writer_close(p->writer);
	free(p->segment_path);
	free(p->control_path);
	free(p->state_path);
	conf_free(p->conf);
}

int
main(int argc, char **argv)
{
	struct daemon_options opt;
	struct program p = { 0 };
	char error[512];
	int status = EXIT_FAILURE;

	daemon_options(argc, argv, "ipsecmond", "Keep the model of this gateway's IPsec state.", &opt);
	log_open("ipsecmond", true); /* what is wrong with the configuration goes to the terminal */
	p.conf = conf_load(opt.conf_file, error, sizeof(error));
	if (!p.conf) {
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	if (!place_group(p.conf, &p.group) || !place_run_dir(p.conf, p.group) || !make_paths(&p))
		goto out;
	daemon_start(&opt);
	signal(SIGPIPE, SIG_IGN);
	if (!open_segment(&p) || !open_loop(&p) || !open_control(&p))
		goto out;
	if (!open_feeds(&p))
		goto out;
	retire_feeds(&p);
	log_open("ipsecmond", opt.foreground);
	daemon_ready();
	if (!watch_loop(&p))
		goto out;
	event_base_dispatch(p.base);
	service_stopping();
	status = EXIT_SUCCESS;
out:
	close_all(&p);
	return status;
}
