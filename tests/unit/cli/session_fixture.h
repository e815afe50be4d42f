/* SPDX-License-Identifier: ISC */
/* Users who are connected, for tests of commands that show them. */
#ifndef SESSION_FIXTURE_H
#define SESSION_FIXTURE_H

#include "show_fixture.h"

/* A feed that is up and knows users. */
static inline void
given_vici(void)
{
	int slot = ipm_feed_open(w, "vici");
	ck_assert_int_ge(slot, 0);
	struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)slot);
	feed.state = IPM_FEED_UP;
	feed.caps = IPM_CAP_SESSIONS | IPM_CAP_LOGIN_FAILURES | IPM_CAP_POOLS;
	ipm_feed_put(w, (uint32_t)slot, &feed);
}

static inline void
given_users(void)
{
	given_segment();
	given_vici();
}

/*
 * A session @p age seconds old: no more than a minute or two, because the machine may have booted just now. Its IKE SA
 * has the same addresses.
 */
static inline uint32_t
given_session_with(const char *user, const char *group, const char *source, const char *address, unsigned age,
		   uint8_t version)
{
	int ike = given_ike(version, IPM_IKE_ESTABLISHED, false, "192.0.2.1", source);
	struct ipm_session session = {
		.ike_slot = (uint32_t)ike,
		.ike_index = ipm_ike_peek(w, (uint32_t)ike)->index,
		.kind = address ? IPM_SESSION_REMOTE_ACCESS : IPM_SESSION_LAN_TO_LAN,
		.state = IPM_SESSION_UP,
		.user_is = address ? IPM_USER_EAP : IPM_USER_IDENTITY,
		.version = version,
		.has_user = address != NULL,
		.local_port = 4500,
		.remote_port = 4500,
		.local = addr("192.0.2.1"),
		.remote = addr(source),
		.started_ns = ipm_now_ns() - age * (uint64_t)SECOND,
		.peer_id = "CN=laptop",
	};
	snprintf(session.user, sizeof(session.user), "%s", user);
	snprintf(session.group, sizeof(session.group), "%s", group);
	if (address) {
		session.virtuals = 1;
		session.virtual_addr[0] = addr(address);
		strcpy(session.method, "EAP_MSCHAPV2");
	}
	int slot = ipm_session_open(w, &session);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static inline uint32_t
given_user(const char *user, const char *group, const char *source, const char *address, unsigned age)
{
	return given_session_with(user, group, source, address, age, 2);
}

/* A tunnel of a session that has carried this much. */
static inline void
given_carried(uint32_t session, uint64_t in, uint64_t sent)
{
	const struct ipm_session *s = ipm_session_peek(w, session);
	struct ipm_tunnel t = { .local = s->local,
				.remote = s->remote,
				.ike_slot = s->ike_slot,
				.ike_index = s->ike_index,
				.out_sa = AES256_SHA256,
				.installed_ns = ipm_now_ns() + 3600u * (uint64_t)SECOND,
				.hard_ns = 3600u * (uint64_t)SECOND,
				.conn = "rw" };
	int slot = given_tunnel(t);
	struct ipm_sel_side user = { .type = IPM_SEL_SINGLE,
				     .port_last = 65535,
				     .first = s->virtuals ? s->virtual_addr[0] : addr("10.9.0.1"),
				     .last = s->virtuals ? s->virtual_addr[0] : addr("10.9.0.1") };
	given_selector(slot, subnet("10.1.0.0", "10.1.255.255", 16), user);
	int sa_in = given_sa(slot, (struct ipm_sa){ .spi = 0x1001,
						    .direction = IPM_IN,
						    .proposal = AES256_SHA256,
						    .hard_ns = 3600u * (uint64_t)SECOND });
	int sa_out = given_sa(slot, (struct ipm_sa){ .spi = 0x2001,
						     .direction = IPM_OUT,
						     .proposal = AES256_SHA256,
						     .hard_octets = 4608000u * (uint64_t)KILOBYTE,
						     .hard_ns = 3600u * (uint64_t)SECOND });
	struct ipm_traffic carried = { .octets = in, .raw_octets = in, .pkts = in / 100 };
	carried.drops[IPM_DROP_REPLAY] = 2;
	ipm_sa_count(w, (uint32_t)sa_in, &carried);
	ipm_sa_count(w, (uint32_t)sa_out,
		     &(struct ipm_traffic){ .octets = sent, .raw_octets = sent, .pkts = sent / 100 });
}

#endif
