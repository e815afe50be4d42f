/* SPDX-License-Identifier: ISC */
/* A data plane in small: two threads count an SA's packets while it is rekeyed. Usage: example_dataplane FILE */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "ipm_writer.h"

static struct ipm_writer *writer;
static _Atomic uint32_t table; /* what a lookup by SPI would find: here always the one SA */

static void *
work(void *unused)
{
	struct ipm_worker me;
	if (ipm_worker_join(ipm_writer_fast(writer), &me) < 0)
		return unused;
	for (int burst = 0; burst < 1000; burst++) {
		uint32_t sa = atomic_load(&table);
		for (int packet = 0; packet < 32; packet++)
			ipm_lane_count(ipm_worker_lane(&me, sa), 1, 1400);
		ipm_worker_quiescent(&me); /* "sa" is not used beyond this */
	}
	ipm_worker_leave(&me);
	return NULL;
}

/* No record, no SA: say why. */
static int
refused(const char *what, int rc)
{
	struct ipm_error why;
	fprintf(stderr, "%s: %s\n", what, ipm_writer_refused(writer, &why) ? why.text : strerror(-rc));
	ipm_writer_close(writer);
	return 1;
}

int
main(int argc, char **argv)
{
	struct ipm_writer_options opt = { .path = argc > 1 ? argv[1] : "", .name = "example", .mode = 0640 };
	struct ipm_tunnel tunnel = {
		.key_type = IPM_KEY_MANUAL
	}; /* up, in tunnel mode, with ESP, unless you say otherwise */
	struct ipm_sa sa = { .direction = IPM_OUT, .spi = 0x1001, .proposal = { .encr = IPM_ENCR_AES_GCM_16 } };
	struct ipm_error err;
	pthread_t thread[2];
	int started = 0;

	opt.capacity =
		(struct ipm_capacity){ .tunnels = 8, .sas = 64, .feeds = 1, .events = 16, .history = 16, .lanes = 2 };
	if (ipm_writer_open(&writer, &opt, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	int source = ipm_feed_open(writer, "example");
	if (source < 0)
		return refused("feed", source);
	struct ipm_feed feed = *ipm_feed_peek(writer, (uint32_t)source);
	feed.state = IPM_FEED_UP;
	feed.caps = IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS; /* and no drops: they are not known, which is not 0 */
	ipm_feed_put(writer, (uint32_t)source, &feed);
	tunnel.feed = (uint32_t)source;
	int slot = ipm_tunnel_start(writer, &tunnel);
	if (slot < 0)
		return refused("tunnel", slot);
	int old = ipm_sa_start(writer, (uint32_t)slot, &sa);
	if (old < 0)
		return refused("SA", old);
	table = (uint32_t)old;
	while (started < 2 && pthread_create(&thread[started], NULL, work, NULL) == 0)
		started++;
	sa.spi++; /* a rekey: the new SA into the table, the old one out of it, and only then stopped */
	int new = ipm_sa_start(writer, (uint32_t)slot, &sa);
	if (new >= 0) { /* else the old one goes on */
		table = (uint32_t) new;
		ipm_tunnel_refresh(writer, (uint32_t)slot);
		ipm_sa_stop(writer, (uint32_t)old);
	}
	for (int i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	ipm_writer_commit(writer); /* at least once a second, in life */
	ipm_writer_close(writer);
	return started == 2 && new >= 0 ? 0 : 1;
}
