/* SPDX-License-Identifier: ISC */
/* What the agent itself finds out about remote users. */
#include "mib_ras.h"

#include <string.h>

#define NS_PER_MS 1000000u

struct mib_ras mib_ras;

void
mib_load_add(struct mib_load *load, uint64_t now_ns, uint64_t octets)
{
	if (load->count && octets < load->sample[load->count - 1].octets)
		*load = (struct mib_load){ 0 }; /* a segment was replaced */
	else if (load->count && now_ns - load->sample[load->count - 1].at_ns < MIB_LOAD_EVERY_NS)
		return;
	if (load->count == MIB_LOAD_SAMPLES)
		memmove(load->sample, load->sample + 1, --load->count * sizeof(load->sample[0]));
	load->sample[load->count].at_ns = now_ns;
	load->sample[load->count++].octets = octets;
	uint64_t time_ns = now_ns - load->sample[0].at_ns;
	load->known = time_ns >= MIB_LOAD_LEAST_NS;
	if (load->known) /* in milliseconds, so that the product fits */
		load->rate = (octets - load->sample[0].octets) * 1000 / (time_ns / NS_PER_MS);
}
