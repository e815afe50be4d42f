/* SPDX-License-Identifier: ISC */
/* What all feeds do alike. */
#include "feed_record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon.h"

void
feed_publish(struct ipm_writer *writer, uint32_t slot, const struct ipm_feed *feed)
{
	ipm_feed_put(writer, slot, feed);
	ipm_writer_commit(writer);
}

void
feed_enter_state(struct ipm_feed *feed, enum ipm_feed_state state)
{
	if (feed->state == state)
		return;
	feed->state = (uint8_t)state;
	feed->since_ns = ipm_now_ns();
}

void
feed_error(struct ipm_feed *feed, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	vsnprintf(feed->error, sizeof(feed->error), format, ap);
	va_end(ap);
	feed->errored_ns = ipm_now_ns();
}

void
feed_complain(struct ipm_feed *feed, bool *complained, const char *what)
{
	if (!*complained || strcmp(feed->error, what) != 0)
		log_warn("%s: %s", feed->name, what);
	*complained = true;
	feed->errors++;
	feed_error(feed, "%s", what);
}

const struct ipm_feed *
feed_named(const struct ipm_writer *writer, const char *name)
{
	const struct ipm_segment *seg = ipm_writer_segment(writer);
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_FEEDS); slot++) {
		const struct ipm_feed *feed = ipm_feed_peek(writer, slot);
		if (feed->index && strcmp(feed->name, name) == 0)
			return feed;
	}
	return NULL;
}

void
feed_name_in(char out[IPM_NAME_MAX], const char *kind, const char *netns)
{
	size_t len = strlen(netns), room = IPM_NAME_MAX - strlen(kind) - sizeof(" ");

	/* Of a long path the end tells more. */
	snprintf(out, IPM_NAME_MAX, "%s%s%s", kind, len ? " " : "", netns + (len > room ? len - room : 0));
}

void
feed_timer_in_ms(struct event *timer, unsigned ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = (long)(ms % 1000) * 1000 };
	event_add(timer, &in);
}

void
feed_retry(struct event *timer, unsigned *ms, unsigned most_ms)
{
	feed_timer_in_ms(timer, *ms);
	*ms = *ms * 2 > most_ms ? most_ms : *ms * 2;
}
