/* SPDX-License-Identifier: ISC */
/* What the files of the writer share. Not installed. */
#ifndef IPM_WRITER_INT_H
#define IPM_WRITER_INT_H

#include "ipm_int.h"
#include "ipm_writer.h"

/* Slots that were given back, longest free first. */
struct slot_queue {
	uint32_t *slot;
	uint32_t head, count, room;
};

/* So many slots rest before one of them is used again, so that a reader's stale slot finds nothing, not another. */
#define SLOTS_AT_REST 16

struct ipm_writer {
	struct ipm_segment seg;
	int fd;
	struct ipm_totals totals; /* ours; ipm_writer_commit() publishes it */
	struct slot_queue free[IPM_SECTIONS];
	bool wrapped; /* an index has wrapped: look before one is given */
	/* IKE SAs by their two identities: chains of slots + 1. */
	uint32_t *peer_bucket, *peer_next, peer_buckets;
	/* SAs by protocol and SPI, likewise. */
	uint32_t *spi_bucket, *spi_next, spi_buckets;
};

void ipm_record_put(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot, const void *payload);
void ipm_section_changed(struct ipm_writer *w, enum ipm_section_kind kind);
int ipm_slot_take(struct ipm_writer *w, enum ipm_section_kind kind);

static inline void *
ipm_payload_at(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t slot)
{
	return ipm_payload(ipm_record_at(&w->seg, kind, slot));
}

/* ipm_writer_peer.c: give each IKE SA a number among those with the same identities. */
int ipm_peers_open(struct ipm_writer *w);
void ipm_peers_close(struct ipm_writer *w);
void ipm_peer_add(struct ipm_writer *w, uint32_t slot);
void ipm_peer_remove(struct ipm_writer *w, uint32_t slot);
uint32_t ipm_peer_number(const struct ipm_writer *w, const struct ipm_ike_sa *sa);

/* ipm_writer_spi.c: find an SA by its SPI. */
int ipm_spis_open(struct ipm_writer *w);
void ipm_spis_close(struct ipm_writer *w);
void ipm_spi_add(struct ipm_writer *w, uint32_t slot);
void ipm_spi_remove(struct ipm_writer *w, uint32_t slot);

/* ipm_writer_ring.c: what has been. */
void ipm_event_push(struct ipm_writer *w, enum ipm_event_kind kind, uint32_t reason, uint32_t slot, uint32_t index);
void ipm_ike_remember(struct ipm_writer *w, const struct ipm_ike_sa *sa, enum ipm_reason reason);
void ipm_tunnel_remember(struct ipm_writer *w, const struct ipm_tunnel *tunnel, enum ipm_reason reason);
void ipm_rings_recover(struct ipm_writer *w);

#endif
