/* SPDX-License-Identifier: ISC */
/* The phases of a negotiation. */
#include "ike_phase.h"

static void
reach(struct ike_progress *p, enum ipm_ike_phase phase)
{
	if (p->phase < phase)
		p->phase = (uint8_t)phase;
}

/* A message in fragments is complete with the last fragment. */
static bool
is_complete(const struct ike_message *msg)
{
	return msg->fragment == 0 || msg->fragment == msg->fragments;
}

/* Both sides have sent their authentication. */
static void
authenticate(struct ike_progress *p, enum ipm_ike_phase phase, const struct ike_sender *from)
{
	if (p->phase < phase)
		p->answered_ns = from->now_ns;
	reach(p, phase);
}

static void
main_mode(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from)
{
	bool fragmented = msg->fragment != 0;

	if (p->phase > IPM_PHASE_MM_KEY_AUTH)
		return; /* the negotiation is over, or never began */
	p->mode = IPM_MODE_MAIN;
	reach(p, IPM_PHASE_MM_NO_STATE);
	if (!is_complete(msg))
		return;
	if ((msg->payloads & IKE_HAS_SA) && !from->initiator)
		reach(p, IPM_PHASE_MM_SA_SETUP);
	/* The payloads in fragments can't be seen, but in Main Mode the order determines them. */
	if ((msg->payloads & IKE_HAS_KE) || (fragmented && p->phase == IPM_PHASE_MM_SA_SETUP)) {
		p->key[from->initiator] = true;
		if (p->key[0] && p->key[1])
			reach(p, IPM_PHASE_MM_KEY_EXCH);
	} else if ((msg->encrypted || fragmented) && p->phase >= IPM_PHASE_MM_KEY_EXCH) {
		p->auth[from->initiator] = true;
		if (p->auth[0] && p->auth[1])
			authenticate(p, IPM_PHASE_MM_KEY_AUTH, from);
	}
}

static void
aggressive_mode(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from)
{
	if (p->phase != IPM_PHASE_UNKNOWN && (p->phase < IPM_PHASE_AG_NO_STATE || p->phase > IPM_PHASE_AG_AUTH))
		return;
	p->mode = IPM_MODE_AGGRESSIVE;
	reach(p, IPM_PHASE_AG_NO_STATE);
	if (!is_complete(msg))
		return;
	if (!from->initiator && ((msg->payloads & IKE_HAS_SA) || msg->fragment)) {
		reach(p, IPM_PHASE_AG_INIT_EXCH);
	} else if (from->initiator && p->phase >= IPM_PHASE_AG_INIT_EXCH) {
		if (msg->encrypted || (msg->payloads & IKE_HAS_HASH) || msg->fragment)
			authenticate(p, IPM_PHASE_AG_AUTH, from);
	}
}

static void
quick_mode(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from)
{
	if (!msg->encrypted)
		return;
	/* As responder we send the last message of Main Mode, so we have accepted the peer. */
	bool believed = p->phase == IPM_PHASE_MM_KEY_AUTH && from->initiator;
	if (from->us || believed)
		ike_progress_adopt(p);
}

bool
ike_progress_waits(const struct ike_progress *p)
{
	return p->phase == IPM_PHASE_MM_KEY_AUTH || p->phase == IPM_PHASE_AG_AUTH;
}

void
ike_progress_adopt(struct ike_progress *p)
{
	p->phase = IPM_PHASE_QM_IDLE;
	p->up = true;
}

/* A refusal follows at once. A side that sends something later is up, with or without a Quick Mode. */
static void
v1_informational(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from)
{
	if (!ike_progress_waits(p) || !msg->encrypted)
		return;
	if (from->now_ns - p->answered_ns < IKE_DOUBT_NS)
		p->doubted_ns = from->now_ns;
	else if (from->us)
		ike_progress_adopt(p);
}

static void
sa_init(struct ike_progress *p, const struct ike_message *msg)
{
	reach(p, IPM_PHASE_V2_INIT);
	if (msg->response && (msg->payloads & IKE_HAS_SA)) {
		reach(p, IPM_PHASE_V2_AUTH);
		p->refusal = 0;
	}
}

static void
come_up(struct ike_progress *p)
{
	p->phase = IPM_PHASE_V2_READY;
	p->up = true;
	p->doubted_ns = 0;
}

static void
ike_auth(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from)
{
	reach(p, IPM_PHASE_V2_AUTH);
	if (!msg->response) {
		if (p->answered_ns && msg->message_id > p->auth_id) { /* EAP: the authentication was not over */
			p->answered_ns = p->doubted_ns = 0;
			p->phase = IPM_PHASE_V2_AUTH;
		}
		return;
	}
	if (!is_complete(msg))
		return;
	p->auth_id = msg->message_id;
	p->answered_short = msg->fragment == 0 && from->octets <= IKE_ONLY_NOTIFY_OCTETS;
	if (!p->answered_short)
		p->answered_ns = from->now_ns;
}

static void
after_auth(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from)
{
	if (!msg->encrypted || !p->answered_ns || p->up)
		return;
	if (msg->exchange == IKE_V2_CREATE_CHILD_SA)
		come_up(p);
	else if (!p->doubted_ns && from->now_ns - p->answered_ns < IKE_SETTLE_NS)
		p->doubted_ns = from->now_ns;
	else if (from->us && from->now_ns - p->doubted_ns >= IKE_DOUBT_NS)
		come_up(p);
}

/* Anybody can forge these, so they count only while nothing better is known. */
static void
note_refusal(struct ike_progress *p, const struct ike_message *msg)
{
	if (msg->encrypted || p->up)
		return;
	if (ike_has_notify(msg, IKE_N_NO_PROPOSAL_CHOSEN))
		p->refusal = IPM_FAIL_PROPOSAL;
	else if (ike_has_notify(msg, IKE_N_AUTHENTICATION_FAILED))
		p->refusal = IPM_FAIL_AUTH;
}

void
ike_progress_message(struct ike_progress *p, const struct ike_message *msg, const struct ike_sender *from)
{
	note_refusal(p, msg);
	switch (msg->exchange) {
	case IKE_V1_MAIN:
		main_mode(p, msg, from);
		break;
	case IKE_V1_AGGRESSIVE:
		aggressive_mode(p, msg, from);
		break;
	case IKE_V1_QUICK:
		quick_mode(p, msg, from);
		break;
	case IKE_V1_INFORMATIONAL:
		v1_informational(p, msg, from);
		break;
	case IKE_V1_TRANSACTION:
		p->doubted_ns = from->now_ns;
		break;
	case IKE_V2_SA_INIT:
		sa_init(p, msg);
		break;
	case IKE_V2_AUTH:
		ike_auth(p, msg, from);
		break;
	case IKE_V2_CREATE_CHILD_SA:
	case IKE_V2_INFORMATIONAL:
		after_auth(p, msg, from);
		break;
	}
}

bool
ike_progress_time(struct ike_progress *p, uint64_t now_ns)
{
	if (p->phase != IPM_PHASE_V2_AUTH || !p->answered_ns || p->doubted_ns ||
	    now_ns - p->answered_ns < IKE_SETTLE_NS)
		return false;
	come_up(p);
	return true;
}

const char *
ike_phase_text(enum ipm_ike_phase phase)
{
	static const char *const text[] = {
#define PHASE_TEXT(name, words) [IPM_PHASE_##name] = (words),
		IPM_PHASES(PHASE_TEXT)
#undef PHASE_TEXT
	};
	return (size_t)phase < sizeof(text) / sizeof(text[0]) ? text[phase] : "-";
}
