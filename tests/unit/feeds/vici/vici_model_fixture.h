/* SPDX-License-Identifier: ISC */
/*
 * The model of charon's SAs: given as structs, read back through the segment.
 *
 * The order of events and lists, and the states in them, were measured on strongSwan 5.9.8. After every step, no
 * counter of any index has gone back, and the gauges are right.
 */
#ifndef VICI_MODEL_FIXTURE_H
#define VICI_MODEL_FIXTURE_H

#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEXES 8192 /* more than any test uses */
#include "model_fixture.h"
#include "vici_ike_fixture.h"

#define FEED_NAME "vici"

static struct vici_model *model;
static bool unsure; /* what the last list said */

/* --- the model ----------------------------------------------------------- */

static inline void
writer_opens(void)
{
	uint32_t feed = writer_opens_for(FEED_NAME);
	model = vici_model_new(writer, feed);
	ck_assert_ptr_nonnull(model);
}

static inline void
writer_closes(void)
{
	vici_model_free(model);
	ipm_writer_close(writer);
	model = NULL;
	writer = NULL;
}

static inline void
given_a_gateway(void)
{
	gateway_begins((struct ipm_capacity){ .ike_sas = 64, .tunnels = 128, .selectors = 256, .sas = 1024 });
}

/* --- what holds after every step ----------------------------------------- */

static inline void
tunnel_is_true(uint32_t slot, const struct ipm_tunnel *t)
{
	(void)slot;
	ck_assert_msg(t->state == IPM_TUNNEL_UP || t->sas == 0, "held tunnel %u has SAs", t->index);
	ck_assert_msg(t->conn[0] && t->name[0], "tunnel %u is not known", t->index);
}

static inline void
all_is_true(void)
{
	struct ipm_walk walk;
	struct ipm_sa sa;
	struct ipm_ike_sa ike_sa;
	struct ipm_tunnel t;
	uint32_t up = 0;

	if (at_random)
		return;
	tunnels_are_true(tunnel_is_true);
	ipm_walk_all(&walk, seg, IPM_SAS);
	while (ipm_walk_next(&walk, &sa) > 0) {
		ck_assert_int_eq(ipm_tunnel_read(seg, sa.tunnel_slot, &t), 0);
		ck_assert_uint_eq(t.index, sa.tunnel_index);
	}
	ipm_walk_all(&walk, seg, IPM_IKE_SAS);
	while (ipm_walk_next(&walk, &ike_sa) > 0)
		up += !ike_sa.held && ike_sa.state != IPM_IKE_NEGOTIATING;
	ck_assert_uint_eq(totals().ike_active, up);
}

/* --- what charon says ---------------------------------------------------- */

static inline struct vici_ike
ike_v1(uint32_t uid, const char *name)
{
	struct vici_ike sa = ike(uid, name);
	sa.version = 1;
	return sa;
}

static inline struct vici_ike
ike_in(struct vici_ike sa, enum vici_ike_state state)
{
	sa.state = state;
	return sa;
}

static inline struct vici_ike
from_peer(struct vici_ike sa, const char *id, uint8_t last_octet)
{
	snprintf(sa.remote_id, sizeof(sa.remote_id), "%s", id);
	sa.remote_host = ip4(192, 0, 2, last_octet);
	return sa;
}

/* The same, from a new charon. */
static inline struct vici_ike
of_another_charon(struct vici_ike sa)
{
	sa.spi_initiator += 0x1000000;
	sa.spi_responder += 0x1000000;
	return sa;
}

/* A CHILD_SA that has carried nothing; its SPIs are @p spi inbound and @p spi + 1 outbound. */
static inline struct vici_child
child(uint32_t uid, const char *name, uint32_t reqid, uint32_t spi)
{
	struct vici_child sa = { .uniqueid = uid,
				 .reqid = reqid,
				 .state = VICI_CHILD_INSTALLED,
				 .encap = IPM_ENCAP_TUNNEL,
				 .protocol = IPPROTO_ESP,
				 .spi_in = spi,
				 .spi_out = spi + 1,
				 .has_counts = true,
				 .rekey_time = 3600,
				 .life_time = 3960,
				 .install_time = 0,
				 .local_count = 1,
				 .remote_count = 1 };
	sa.local_ts[0] = subnet(10, 1, (uint8_t)reqid);
	sa.remote_ts[0] = subnet(10, 2, (uint8_t)reqid);
	snprintf(sa.name, sizeof(sa.name), "%s", name);
	return sa;
}

static inline struct vici_child
child_in(struct vici_child sa, enum vici_child_state state)
{
	sa.state = state;
	return sa;
}

/* So many packets so far. */
static inline struct vici_child
with_packets(struct vici_child sa, uint64_t in, uint64_t out)
{
	sa.packets_in = in;
	sa.packets_out = out;
	sa.bytes_in = in * OCTETS;
	sa.bytes_out = out * OCTETS;
	return sa;
}

static inline void
tell_ike(struct vici_ike sa)
{
	vici_model_ike(model, &sa);
	all_is_true();
}

static inline void
tell_child(struct vici_ike parent, struct vici_child sa)
{
	vici_model_child(model, &parent, &sa);
	all_is_true();
}

/* Report an SA as events and lists do: the IKE SA first. */
static inline void
tell_both(struct vici_ike parent, struct vici_child sa)
{
	tell_ike(parent);
	tell_child(parent, sa);
}

/* child-rekey: the IKE SA comes first. */
static inline void
child_rekey(struct vici_ike parent, struct vici_child old, struct vici_child now)
{
	tell_ike(parent);
	vici_model_child_rekey(model, &parent, &old, &now);
	all_is_true();
}

static inline void
ike_rekey(struct vici_ike old, struct vici_ike now)
{
	vici_model_ike_rekey(model, &old, &now);
	all_is_true();
}

static inline void
ike_down(struct vici_ike sa)
{
	sa.state = VICI_IKE_DELETING;
	vici_model_ike_down(model, &sa);
	all_is_true();
}

static inline void
child_down(struct vici_ike parent, struct vici_child sa)
{
	vici_model_child_down(model, &parent, &sa);
	all_is_true();
}

/* A list of all SAs: the statements in the braces. */
#define LIST(...)                                    \
	do {                                         \
		vici_model_list_begin(model);        \
		__VA_ARGS__;                         \
		unsure = vici_model_list_end(model); \
		all_is_true();                       \
	} while (0)

#define LIST_TWICE(...)            \
	do {                       \
		LIST(__VA_ARGS__); \
		LIST(__VA_ARGS__); \
	} while (0)

static inline void
charon_is_away(void)
{
	hold_until = ipm_now_ns() + HOLD_NS;
	vici_model_hold(model, hold_until);
	all_is_true();
}

static inline void
hold_time_is_over(void)
{
	vici_model_expire(model, hold_until);
	all_is_true();
}

/* ipsecmond ends and starts again. */
static inline void
daemon_restarts(void)
{
	writer_closes();
	writer_opens();
	charon_is_away();
}

/* --- what is expected ---------------------------------------------------- */

/* The one tunnel of this name that is up. */
static inline struct ipm_tunnel
tunnel(const char *name)
{
	struct ipm_tunnel t = { 0 };
	uint32_t n = tunnels_in(IPM_TUNNEL_UP, name, &t);
	ck_assert_msg(n == 1, "%u tunnels \"%s\" are up, not one", n, name);
	return t;
}

static inline uint32_t
ikes(const char *name, struct ipm_ike_sa *last)
{
	uint32_t n = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++) {
		struct ipm_ike_sa sa;
		if (ipm_ike_read(seg, slot, &sa) == 0 && !sa.held && (!name || strcmp(sa.conn, name) == 0)) {
			n++;
			*last = sa;
		}
	}
	return n;
}

static inline void
expect_ikes(uint32_t n)
{
	struct ipm_ike_sa sa;
	ck_assert_uint_eq(ikes(NULL, &sa), n);
}

static inline struct ipm_ike_sa
ike_row(const char *name)
{
	struct ipm_ike_sa sa = { 0 };
	uint32_t n = ikes(name, &sa);
	ck_assert_msg(n == 1, "%u IKE SAs \"%s\", not one", n, name);
	return sa;
}

/* The SA with this SPI; state 0: there is none. */
static inline enum ipm_sa_state
sa_state(uint32_t spi)
{
	enum ipm_sa_state state = 0;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_SAS); slot++) {
		struct ipm_sa sa;
		if (ipm_sa_read(seg, slot, &sa) == 0 && sa.spi == spi)
			state = sa.state;
	}
	return state;
}

static const uint32_t OLD = 0xc1000000, NEW = 0xc2000000; /* SPIs */

#endif
