/* SPDX-License-Identifier: ISC */
/*
 * The tracker of IKE SAs as a state machine. The laws of laws.h hold and every message is counted once, for any order
 * of messages, late timers, changes that another feed makes, and restarts. check_ike_laws chooses the steps at random;
 * fuzz_ike_track lets the fuzzer choose them.
 */
#ifndef IKE_MACHINE_H
#define IKE_MACHINE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ike_track.h"
#include "laws.h"
#include "segment_remove.h"

#define MACHINE_PEERS  4
#define MACHINE_SECOND NS_PER_SECOND

/* One IKE SA with a peer, and its progress. */
struct machine_ike {
	uint8_t version, mode; /* mode: enum ipm_ike_mode */
	bool ours;             /* we began it */
	uint64_t spi[2];
	unsigned next;   /* message of the negotiation, from 1; 0: it is over */
	uint32_t id[2];  /* IKEv2: message ids of either side's requests */
	bool answers[2]; /* who owes an answer: [0] we do */
	struct ike_message last;
	uint64_t last_digest;
	bool last_out;
};

struct machine {
	uint32_t (*choose)(void *arg, uint32_t below);
	void *arg;
	char path[128];
	struct ipm_writer *writer;
	struct ike_track *track;
	uint32_t feed, other;
	uint64_t now_ns, spis, digests;
	uint64_t in, out; /* messages so far */
	struct machine_ike peer[MACHINE_PEERS];
	struct laws laws;
	const char *broken; /* the law that is */
};

static inline void
machine_opens(struct machine *m)
{
	struct ipm_writer_options opt = {
		.path = m->path,
		.name = "machine",
		.capacity = { .ike_sas = 16, .feeds = 2, .history = 8, .failures = 8, .events = 64 },
		.mode = 0600
	};
	struct ipm_error err;
	if (ipm_writer_open(&m->writer, &opt, &err) < 0)
		abort();
	m->feed = (uint32_t)ipm_feed_open(m->writer, "ikewatch");
	m->other = (uint32_t)ipm_feed_open(m->writer, "vici");
}

static inline void
machine_tracks(struct machine *m)
{
	m->track = ike_track_new(m->writer, m->feed, m->now_ns);
	if (!m->track)
		abort();
}

static inline void
machine_begins(struct machine *m, const char *path, uint32_t (*choose)(void *arg, uint32_t below), void *arg)
{
	memset(m, 0, sizeof(*m));
	m->choose = choose;
	m->arg = arg;
	snprintf(m->path, sizeof(m->path), "%s", path);
	m->now_ns = 1000 * MACHINE_SECOND;
	machine_opens(m);
	machine_tracks(m);
}

static inline void
machine_ends(struct machine *m)
{
	ike_track_free(m->track);
	ipm_writer_close(m->writer);
	laws_forget(&m->laws);
	segment_remove(m->path);
}

/* --- what has to hold ----------------------------------------------------------------------------------------- */

/* Messages that must have been counted. Those that wait until their IKE SA is known are not counted yet. */
static inline void
machine_counted(struct machine *m, uint64_t *in, uint64_t *out)
{
	const struct ipm_totals *t = ipm_writer_totals(m->writer);
	*in = t->ike_in.pkts + t->ike_in.drops;
	*out = t->ike_out.pkts + t->ike_out.drops;
}

static inline void
machine_checks(struct machine *m)
{
	uint64_t in, out;

	if (m->broken)
		return;
	ipm_writer_commit(m->writer);
	m->broken = laws_broken(&m->laws, ipm_writer_segment(m->writer));
	machine_counted(m, &in, &out);
	if (!m->broken && (in > m->in || out > m->out))
		m->broken = law_says(&m->laws, "%" PRIu64 " in, %" PRIu64 " out counted of %" PRIu64 ", %" PRIu64, in,
				     out, m->in, m->out);
}

static inline void
machine_waits(struct machine *m, unsigned seconds)
{
	while (seconds-- > 0) {
		m->now_ns += MACHINE_SECOND;
		ike_track_tick(m->track, m->now_ns);
	}
}

/* When no negotiation is open, every message has been counted. */
static inline void
machine_settles(struct machine *m)
{
	uint64_t in, out;

	machine_waits(m, (unsigned)(IKE_UNKNOWN_NS / MACHINE_SECOND) + 1);
	machine_checks(m);
	machine_counted(m, &in, &out);
	if (!m->broken && (in != m->in || out != m->out))
		m->broken = law_says(&m->laws,
				     "settled, and %" PRIu64 " in, %" PRIu64 " out counted of %" PRIu64 ", %" PRIu64,
				     in, out, m->in, m->out);
}

/* --- messages --------------------------------------------------------------------------------------------------- */

static inline void
machine_hears(struct machine *m, unsigned who, bool out, const struct ike_message *msg, enum ike_fault fault,
	      uint64_t digest)
{
	const struct ike_datagram d = { .msg = msg,
					.fault = fault,
					.direction = out ? IPM_OUT : IPM_IN,
					.local = { .len = 4, .bytes = { 192, 0, 2, 1 } },
					.remote = { .len = 4, .bytes = { 198, 51, 100, (uint8_t)who } },
					.local_port = 500,
					.remote_port = 500,
					.octets = msg->length,
					.digest = digest,
					.now_ns = m->now_ns };
	*(out ? &m->out : &m->in) += 1;
	ike_track_message(m->track, &d);
}

static inline void
machine_sends(struct machine *m, unsigned who, bool out, struct ike_message msg)
{
	struct machine_ike *ike = &m->peer[who];

	msg.major = ike->version;
	msg.spi_initiator = ike->spi[0];
	msg.by_initiator = ike->version == 2 && out == ike->ours;
	if (msg.length == 0)
		msg.length = 100 + m->choose(m->arg, 200);
	m->now_ns += 1000000;
	ike->last = msg;
	ike->last_out = out;
	ike->last_digest = ++m->digests;
	machine_hears(m, who, out, &msg, IKE_FAULT_NONE, ike->last_digest);
}

/* Begin an IKE SA with this peer. @p next: its first message; 0: it was created within another IKE SA. */
static inline void
machine_meets(struct machine *m, unsigned who, uint8_t version, uint8_t mode, bool ours, unsigned next)
{
	m->peer[who] = (struct machine_ike){
		.version = version, .mode = mode, .ours = ours, .spi = { ++m->spis, ++m->spis }, .next = next
	};
}

/* The next message of a negotiation. */
static inline void
machine_negotiates(struct machine *m, unsigned who)
{
	struct machine_ike *ike = &m->peer[who];
	unsigned n = ike->next++, of = ike->version == 2 ? 4 : ike->mode == IPM_MODE_MAIN ? 6 : 3;
	struct ike_message msg = { .spi_responder = n > 1 ? ike->spi[1] : 0 };

	if (ike->version == 2) {
		msg.exchange = n <= 2 ? IKE_V2_SA_INIT : IKE_V2_AUTH;
		msg.response = n % 2 == 0;
		msg.message_id = n <= 2 ? 0 : 1;
		msg.encrypted = n > 2;
		msg.payloads = n <= 2 ? IKE_HAS_SA | IKE_HAS_KE : 0;
		ike->id[!ike->ours] = 2;
	} else {
		bool main = ike->mode == IPM_MODE_MAIN;
		msg.exchange = main ? IKE_V1_MAIN : IKE_V1_AGGRESSIVE;
		msg.encrypted = n > (main ? 4 : 2);
		msg.payloads = n <= 2 ? IKE_HAS_SA : main && n <= 4 ? IKE_HAS_KE : 0;
	}
	if (n == of)
		ike->next = 0;
	machine_sends(m, who, (n % 2 == 1) == ike->ours, msg);
}

static inline void
machine_quick(struct machine *m, unsigned who, bool by_us)
{
	struct ike_message msg = { .exchange = IKE_V1_QUICK,
				   .encrypted = true,
				   .spi_responder = m->peer[who].spi[1],
				   .message_id = (uint32_t)++m->digests };
	for (int n = 0; n < 3; n++)
		machine_sends(m, who, (n % 2 == 0) == by_us, msg);
}

static inline void
machine_informs(struct machine *m, unsigned who, bool out)
{
	machine_sends(m, who, out,
		      (struct ike_message){ .exchange = IKE_V1_INFORMATIONAL,
					    .encrypted = true,
					    .spi_responder = m->peer[who].spi[1],
					    .message_id = (uint32_t)++m->digests });
}

/* A request of IKEv2, and its answer. */
static inline void
machine_asks(struct machine *m, unsigned who, bool by_us, uint8_t exchange, bool answered)
{
	struct machine_ike *ike = &m->peer[who];
	struct ike_message msg = { .exchange = exchange,
				   .encrypted = true,
				   .length = 200,
				   .spi_responder = ike->spi[1],
				   .message_id = ike->id[!by_us]++ };
	machine_sends(m, who, by_us, msg);
	msg.response = true;
	if (answered)
		machine_sends(m, who, !by_us, msg);
}

/* --- whatever happens ------------------------------------------------------------------------------------------- */

static inline void
machine_talks(struct machine *m, unsigned who)
{
	struct machine_ike *ike = &m->peer[who];
	bool by_us = m->choose(m->arg, 2);

	if (ike->version == 0) {
		machine_meets(m, who, (uint8_t)(1 + m->choose(m->arg, 2)), (uint8_t)(1 + m->choose(m->arg, 2)), by_us,
			      1);
		machine_negotiates(m, who);
	} else if (ike->next) {
		machine_negotiates(m, who);
	} else if (ike->version == 1) {
		switch (m->choose(m->arg, 4)) {
		case 0: /* once more */
			machine_meets(m, who, 1, ike->mode, by_us, 1);
			machine_negotiates(m, who);
			break;
		case 1:
			machine_quick(m, who, by_us);
			break;
		default:
			machine_informs(m, who, by_us);
		}
	} else {
		uint32_t what = m->choose(m->arg, 4);
		machine_asks(m, who, by_us, what < 2 ? IKE_V2_CREATE_CHILD_SA : IKE_V2_INFORMATIONAL,
			     m->choose(m->arg, 8) != 0);
		if (what == 0) /* a rekey of the IKE SA */
			machine_meets(m, who, 2, 0, by_us, 0);
		else if (what == 2 && m->choose(m->arg, 4) == 0)
			ike->version = 0;
	}
}

/* A message without a negotiation, or octets that are no message. */
static inline void
machine_disturbs(struct machine *m, unsigned who)
{
	struct machine_ike *ike = &m->peer[who];
	bool out = m->choose(m->arg, 2);
	struct ike_message msg = { .major = 2,
				   .exchange = IKE_V2_INFORMATIONAL,
				   .encrypted = m->choose(m->arg, 2),
				   .by_initiator = m->choose(m->arg, 2),
				   .length = 80,
				   .spi_initiator = 1000 + m->choose(m->arg, 8),
				   .spi_responder = m->choose(m->arg, 2) };
	switch (m->choose(m->arg, 4)) {
	case 0: /* the last one again */
		if (ike->last.length)
			machine_hears(m, who, ike->last_out, &ike->last, IKE_FAULT_NONE, ike->last_digest);
		break;
	case 1: /* malformed */
		machine_hears(m, who, out, ike->last.length && m->choose(m->arg, 2) ? &ike->last : &msg,
			      m->choose(m->arg, 2) ? IKE_FAULT_SHORT : IKE_FAULT_VERSION, ++m->digests);
		break;
	case 2: /* a flood of beginnings */
		msg = (struct ike_message){ .major = 2,
					    .exchange = IKE_V2_SA_INIT,
					    .by_initiator = true,
					    .payloads = IKE_HAS_SA,
					    .length = 300 };
		for (uint32_t n = m->choose(m->arg, 8); n > 0; n--) {
			msg.spi_initiator = ++m->spis;
			machine_hears(m, who, false, &msg, IKE_FAULT_NONE, ++m->digests);
		}
		break;
	default: /* SPIs that nobody knows */
		machine_hears(m, who, out, &msg, IKE_FAULT_NONE, ++m->digests);
	}
}

/* Another feed, that of an IKE daemon, changes the records. */
static inline void
machine_daemon(struct machine *m, unsigned who)
{
	const struct machine_ike *ike = &m->peer[who];
	int slot = ipm_ike_named(m->writer, ike->spi[0], ike->spi[1], -1);
	struct ipm_ike_sa sa = { .state = IPM_IKE_ESTABLISHED,
				 .version = ike->version,
				 .feed = m->other,
				 .spi_initiator = ike->spi[0],
				 .spi_responder = ike->spi[1] };

	if (ike->version == 0) {
		ike_track_daemon(m->track, m->choose(m->arg, 2));
	} else if (slot < 0) {
		ipm_ike_make_room(m->writer);
		ipm_ike_start(m->writer, &sa);
	} else if (ipm_ike_peek(m->writer, (uint32_t)slot)->feed == m->feed) {
		struct ipm_ike_sa there = *ipm_ike_peek(m->writer, (uint32_t)slot);
		if (m->choose(m->arg, 4) == 0) { /* it begins its own */
			ipm_ike_start(m->writer, &sa);
			return;
		}
		there.feed = m->other;
		there.state = IPM_IKE_ESTABLISHED;
		ipm_ike_put(m->writer, (uint32_t)slot, &there);
	} else {
		struct ipm_ike_sa there = *ipm_ike_peek(m->writer, (uint32_t)slot);
		switch (m->choose(m->arg, 4)) {
		case 0:
			ipm_ike_stop(m->writer, (uint32_t)slot, IPM_REASON_NORMAL);
			break;
		case 1: /* a rekey: what comes next has other SPIs */
			machine_meets(m, who, ike->version, ike->mode, ike->ours, 0);
			there.spi_initiator = ike->spi[0];
			there.spi_responder = ike->spi[1];
			ipm_ike_put(m->writer, (uint32_t)slot, &there);
			ipm_ike_refresh(m->writer, (uint32_t)slot);
			break;
		case 2:
			there.held = !there.held;
			ipm_ike_put(m->writer, (uint32_t)slot, &there);
			break;
		default:
			ike_track_daemon(m->track, m->choose(m->arg, 2));
		}
	}
}

static inline void
machine_time(struct machine *m)
{
	static const uint32_t ms[] = { 1, 200, 1000, 3000, 11000, 31000, 91000, 200000, 4000000 };
	uint64_t ns = ms[m->choose(m->arg, sizeof(ms) / sizeof(ms[0]))] * (MACHINE_SECOND / 1000);

	if (m->choose(m->arg, 2) && ns < 300 * MACHINE_SECOND) {
		machine_waits(m, (unsigned)(ns / MACHINE_SECOND));
	} else { /* the machine was busy with other things */
		m->now_ns += ns;
		if (m->choose(m->arg, 2))
			ike_track_tick(m->track, m->now_ns);
	}
}

static inline void
machine_again(struct machine *m)
{
	ike_track_free(m->track);
	if (m->choose(m->arg, 2)) {
		ipm_writer_close(m->writer);
		machine_opens(m);
	}
	machine_tracks(m);
}

static inline void
machine_step(struct machine *m)
{
	unsigned who = m->choose(m->arg, MACHINE_PEERS);

	switch (m->choose(m->arg, 16)) {
	case 0:
	case 1:
		machine_time(m);
		break;
	case 2:
	case 3:
		machine_disturbs(m, who);
		break;
	case 4:
	case 5:
		machine_daemon(m, who);
		break;
	case 6:
		if (m->choose(m->arg, 8) == 0)
			machine_again(m);
		else if (m->choose(m->arg, 8) == 0)
			machine_settles(m);
		break;
	default:
		machine_talks(m, who);
	}
	machine_checks(m);
}

#endif
