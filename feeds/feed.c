/* SPDX-License-Identifier: ISC */
/* What all feeds do alike. */
#include "feed.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"

#define RETRY_FIRST_MS 250

/* --- open and close -------------------------------------------------------------------------------------------- */

/* "KIND", or "KIND NETNS". */
static void
record_name(const struct feed_ops *ops, const char *netns, char out[IPM_NAME_MAX])
{
	size_t len = strlen(netns), room = IPM_NAME_MAX - strlen(ops->kind) - sizeof(" ");

	/* Of a long path the end tells more. */
	snprintf(out, IPM_NAME_MAX, "%s%s%s", ops->kind, len ? " " : "", netns + (len > room ? len - room : 0));
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct feed *feed = arg;
	(void)fd;
	(void)what;
	feed->ops->connect(feed);
}

static bool
start(struct feed *feed, uint32_t slot, uint32_t n)
{
	feed->slot = slot;
	feed->record = *ipm_feed_peek(feed->writer, slot);
	feed->record.caps = feed->ops->caps;
	feed->retry_ms = RETRY_FIRST_MS;
	feed_enter_state(feed, IPM_FEED_DOWN);
	feed->retry = evtimer_new(feed->env->base, on_retry, feed);
	return feed->retry && feed->ops->open(feed, n);
}

struct feed *
feed_open(struct feed_env *env, const struct feed_ops *ops, uint32_t n)
{
	const char *netns = ops->netns ? ops->netns(env->conf, n) : "";
	char name[IPM_NAME_MAX];

	record_name(ops, netns, name);
	int slot = ipm_feed_open(env->writer, name);
	if (slot < 0) {
		log_error("%s: no room for another feed", name);
		return NULL;
	}
	struct feed *feed = calloc(1, ops->size);
	if (feed)
		*feed = (struct feed){ .ops = ops, .env = env, .writer = env->writer, .netns = netns };
	if (!feed || !start(feed, (uint32_t)slot, n)) {
		log_error("%s: out of memory", name);
		feed_close(feed);
		return NULL;
	}
	feed->next = env->feeds;
	env->feeds = feed;
	return feed;
}

void
feed_close(struct feed *feed)
{
	if (!feed)
		return;
	struct feed **at = &feed->env->feeds;
	while (*at && *at != feed)
		at = &(*at)->next;
	if (*at)
		*at = feed->next;
	if (feed->retry) { /* else it was never opened */
		feed->ops->close(feed);
		event_free(feed->retry);
	}
	free(feed);
}

void
feed_drain_all(struct feed_env *env)
{
	for (struct feed *feed = env->feeds; feed; feed = feed->next)
		if (feed->ops->drain)
			feed->ops->drain(feed);
}

/* --- the record ------------------------------------------------------------------------------------------------ */

void
feed_publish(struct feed *feed)
{
	ipm_feed_put(feed->writer, feed->slot, &feed->record);
	ipm_writer_commit(feed->writer);
}

void
feed_enter_state(struct feed *feed, enum ipm_feed_state state)
{
	if (feed->record.state == state)
		return;
	feed->record.state = (uint8_t)state;
	feed->record.since_ns = ipm_now_ns();
}

static void
note_error(struct feed *feed, const char *what)
{
	snprintf(feed->record.error, sizeof(feed->record.error), "%s", what);
	feed->record.errored_ns = ipm_now_ns();
}

void
feed_error(struct feed *feed, const char *format, ...)
{
	char what[IPM_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	note_error(feed, what);
}

void
feed_complain(struct feed *feed, const char *format, ...)
{
	char what[IPM_TEXT_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	if (!feed->complained || strcmp(feed->record.error, what) != 0)
		log_warn("%s: %s", feed->record.name, what);
	feed->complained = true;
	feed->record.errors++;
	note_error(feed, what);
}

/* --- trying again ---------------------------------------------------------------------------------------------- */

void
feed_reached(struct feed *feed)
{
	feed->retry_ms = RETRY_FIRST_MS;
	feed->record.connects++;
}

void
feed_retry(struct feed *feed, unsigned most_ms)
{
	feed_timer_in_ms(feed->retry, feed->retry_ms);
	feed->retry_ms = feed->retry_ms * 2 > most_ms ? most_ms : feed->retry_ms * 2;
}

void
feed_timer_in_ms(struct event *timer, unsigned ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };
	event_add(timer, &in);
}

/* --- other feeds ----------------------------------------------------------------------------------------------- */

const struct ipm_feed *
feed_that_knows(const struct ipm_writer *writer, uint64_t caps)
{
	struct ipm_walk walk;
	struct ipm_feed record;

	ipm_walk_all(&walk, ipm_writer_segment(writer), IPM_FEEDS);
	while (ipm_walk_next(&walk, &record) > 0)
		if (record.state == IPM_FEED_UP && (record.caps & caps) == caps)
			return ipm_feed_peek(writer, walk.slot);
	return NULL;
}

/* A feed that connects to an IKE daemon finds it in our own namespace, as far as can be told. */
const struct ipm_feed *
feed_of_daemon(const struct ipm_writer *writer, const char *netns)
{
	return netns[0] ? NULL : feed_that_knows(writer, IPM_CAP_IDENTITIES);
}

const char *
feed_record_netns(const struct ipm_feed *record)
{
	const char *space = strchr(record->name, ' ');
	return space ? space + 1 : "";
}
