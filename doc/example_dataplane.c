/* SPDX-License-Identifier: ISC */
/* A data plane in small: two threads count an SA's packets while it is rekeyed. Usage: example_dataplane FILE */
#include <pthread.h>
#include <stdio.h>

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
		ipm_worker_pass(&me); /* "sa" is not used beyond this */
	}
	ipm_worker_leave(&me);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct ipm_writer_options opt = { .path = argc > 1 ? argv[1] : "", .name = "example", .mode = 0640 };
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .encap = IPM_ENCAP_TUNNEL, .protocol = 50 };
	struct ipm_sa sa = { .direction = IPM_OUT, .protocol = 50, .spi = 0x1001, .proposal = { .encr = 20 } };
	struct ipm_error err;
	pthread_t thread[2];

	opt.capacity = (struct ipm_capacity){
		.tunnels = 8, .sas = 64, .feeds = 1, .events = 16, .history = 16, .lanes = 2
	};
	if (ipm_writer_open(&writer, &opt, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	int slot = ipm_tunnel_start(writer, &tunnel), old = ipm_sa_start(writer, (uint32_t)slot, &sa);
	table = (uint32_t)old;
	for (int i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	sa.spi++; /* a rekey: the new SA into the table, the old one out of it, and only then stopped */
	table = (uint32_t)ipm_sa_start(writer, (uint32_t)slot, &sa);
	ipm_tunnel_refresh(writer, (uint32_t)slot);
	ipm_sa_stop(writer, (uint32_t)old);
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	ipm_writer_commit(writer); /* at least once a second, in life */
	ipm_writer_close(writer);
	return 0;
}
