/* SPDX-License-Identifier: ISC */
/* SAs by what their packets are named with: protocol and SPI. */
#include <errno.h>
#include <stdlib.h>

#include "ipm_writer_int.h"

static uint32_t *
bucket(const struct ipm_writer *w, uint8_t protocol, uint32_t spi)
{
	uint32_t hash = (spi ^ protocol) * 2654435761u; /* SPIs that were given by hand come in order */
	return &w->spi_bucket[(hash ^ hash >> 16) % w->spi_buckets];
}

int
ipm_sa_named(const struct ipm_writer *w, uint8_t protocol, uint32_t spi, int after)
{
	uint32_t at = after < 0 ? *bucket(w, protocol, spi) : w->spi_next[after];
	while (at && (ipm_sa_peek(w, at - 1)->spi != spi || ipm_sa_peek(w, at - 1)->protocol != protocol))
		at = w->spi_next[at - 1];
	return at ? (int)(at - 1) : -ENOENT;
}

void
ipm_spi_add(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	uint32_t *head = bucket(w, sa->protocol, sa->spi);
	w->spi_next[slot] = *head;
	*head = slot + 1;
}

void
ipm_spi_remove(struct ipm_writer *w, uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(w, slot);
	uint32_t *at = bucket(w, sa->protocol, sa->spi);
	while (*at && *at != slot + 1)
		at = &w->spi_next[*at - 1];
	if (*at)
		*at = w->spi_next[slot];
}

int
ipm_spis_open(struct ipm_writer *w)
{
	uint32_t capacity = ipm_header(&w->seg)->section[IPM_SAS].capacity;
	w->spi_buckets = capacity ? capacity : 1;
	w->spi_bucket = calloc(w->spi_buckets, sizeof(*w->spi_bucket));
	w->spi_next = calloc(w->spi_buckets, sizeof(*w->spi_next));
	if (!w->spi_bucket || !w->spi_next)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_SAS); slot++)
		if (ipm_sa_peek(w, slot)->index)
			ipm_spi_add(w, slot);
	return 0;
}

void
ipm_spis_close(struct ipm_writer *w)
{
	free(w->spi_bucket);
	free(w->spi_next);
}
