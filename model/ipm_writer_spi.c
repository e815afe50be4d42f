/* SPDX-License-Identifier: ISC */
/* SAs by what their packets are named with: protocol and SPI. */
#include <errno.h>

#include "ipm_writer_int.h"

static uint32_t
hash_spi(uint8_t protocol, uint32_t spi)
{
	uint32_t hash = (spi ^ protocol) * 2654435761u; /* SPIs that were given by hand come in order */
	return hash ^ hash >> 16;
}

int
ipm_sa_named(const struct ipm_writer *w, uint8_t protocol, uint32_t spi, int after)
{
	uint32_t hash = hash_spi(protocol, spi), at = ipm_chain_next(&w->spis, hash, after);
	while (at && (ipm_sa_peek(w, at - 1)->spi != spi || ipm_sa_peek(w, at - 1)->protocol != protocol))
		at = ipm_chain_next(&w->spis, hash, (int)(at - 1));
	return at ? (int)(at - 1) : -ENOENT;
}

void
ipm_spi_add(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	ipm_chain_add(&w->spis, hash_spi(sa->protocol, sa->spi), slot);
}

void
ipm_spi_remove(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	ipm_chain_remove(&w->spis, hash_spi(sa->protocol, sa->spi), slot);
}

int
ipm_spis_open(struct ipm_writer *w)
{
	int rc = ipm_chains_open(&w->spis, w->seg.section[IPM_SAS].capacity);
	for (uint32_t slot = 0; rc == 0 && slot < ipm_segment_used(&w->seg, IPM_SAS); slot++)
		if (ipm_sa_peek(w, slot)->index)
			ipm_spi_add(w, slot);
	return rc;
}
