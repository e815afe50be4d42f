/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: the laws of the segment hold, whatever charon reports in any order.
 *
 * The input is a list of steps of four octets: an event and its object. There are only a few connections, IKE SAs and
 * CHILD_SAs, so that events meet, and the segment is small, so that it fills up. Between the steps, a list of all SAs
 * may arrive, charon may be away, another feed may keep some of the SAs, and ipsecmond may restart. The laws are
 * checked after each step. Counters of an SA only grow, as those of charon do.
 *
 *   fuzz_vici_model -max_len=1024 CORPUS...      (libFuzzer)
 *   fuzz_vici_model FILE...                      (with FUZZ_MAIN: runs these)
 *   fuzz_vici_model                              (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_vici_model --corpus DIR                 (with FUZZ_MAIN: writes the corpus)
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz_must.h"
#include "laws.h"
#include "vici_failure.h"
#include "vici_model.h"
#include "segment_remove.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEP     4
#define IKES     8  /* unique ids */
#define CHILDREN 16 /* likewise */
#define SECOND   1000000000ull

static char segment_path[64];
static struct ipm_writer *writer;
static struct ipm_segment *seg;
static struct vici_model *model;
static struct vici_failures *failures;
static struct laws laws;
static uint64_t now_ns;
static struct {
	uint64_t in, out;
} carried[2][CHILDREN]; /* by charon and unique id */
static uint32_t charon; /* the number of this charon: it is restarted sometimes */
static uint32_t kernel; /* the slot of the other feed */

static void
fail(const char *what)
{
	perror(what);
	abort();
}

static void
daemon_starts(void)
{
	struct ipm_writer_options opt = { .path = segment_path, .name = "gw", .mode = 0600 };
	struct ipm_error err;

	opt.capacity = (struct ipm_capacity){ .ike_sas = 6,
					      .tunnels = 8,
					      .selectors = 12,
					      .sas = 24,
					      .feeds = 2,
					      .history = 16,
					      .failures = 16,
					      .events = 64 };
	if (ipm_writer_open(&writer, &opt, &err) < 0 || ipm_segment_attach(&seg, segment_path, &err) < 0)
		fail(err.text);
	int feed = ipm_feed_open(writer, "vici");
	kernel = (uint32_t)ipm_feed_open(writer, "xfrm");
	model = vici_model_new(writer, (uint32_t)feed);
	failures = vici_failures_new(writer, model);
	if (feed < 0 || !model || !failures)
		fail("no room");
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, slot);
		tunnel.claimed = 0; /* as xfrm_model.c does, until an IKE daemon's feed reports it again */
		if (tunnel.index && tunnel.feed == kernel)
			ipm_tunnel_put(writer, slot, &tunnel);
	}
}

static void
daemon_ends(void)
{
	vici_failures_flush(failures, now_ns);
	vici_failures_free(failures);
	vici_model_free(model);
	ipm_segment_close(seg);
	ipm_writer_close(writer);
}

static void
look(void)
{
	ipm_writer_commit(writer);
	const char *broken = laws_broken(&laws, seg);
	if (broken)
		must(0, broken);
}

/* --- what charon says ----------------------------------------------------------------------------------------------
 */

static struct ipm_addr
ip4(uint8_t last)
{
	return (struct ipm_addr){ .len = 4, .bytes = { 192, 0, 2, last } };
}

static struct vici_ike
ike_of(const uint8_t *step)
{
	static const enum vici_ike_state states[] = { VICI_IKE_CONNECTING, VICI_IKE_ESTABLISHED, VICI_IKE_REKEYING,
						      VICI_IKE_REKEYED,    VICI_IKE_DELETING,    VICI_IKE_ESTABLISHED,
						      VICI_IKE_CREATED,    VICI_IKE_ESTABLISHED };
	uint32_t uid = step[1] % IKES + 1, conn = uid % 3;
	struct vici_ike ike = { .uniqueid = uid,
				.version = (uint8_t)(1 + conn % 2),
				.state = states[step[1] >> 3 & 7],
				.initiator = step[1] & 0x40,
				.local_host = ip4(1),
				.remote_host = ip4((uint8_t)(10 + conn + (step[1] >> 7))),
				.local_port = 4500,
				.remote_port = 4500,
				.local_id = "us",
				.remote_id = "peer",
				.spi_initiator = charon << 16 | uid,
				.spi_responder = charon << 16 | uid | 0x8000,
				.proposal.encr = IPM_ENCR_AES_CBC,
				.established = step[3] & 15,
				.rekey_time = VICI_UNSET,
				.reauth_time = VICI_UNSET };
	snprintf(ike.name, sizeof(ike.name), "conn%u", conn);
	switch (step[3] >> 4 & 7) { /* what it is at */
	case 1:
		ike.active = VICI_TASK_CHILD_REKEY;
		break;
	case 2:
		ike.active = ike.passive = VICI_TASK_CHILD_REKEY;
		break;
	case 3:
		ike.active = VICI_TASK_IKE_DELETE;
		break;
	case 4:
		ike.passive = VICI_TASK_INFORMATIONAL;
		break;
	case 5:
		ike.queued = VICI_TASK_REAUTH_COMPLETE;
		break;
	default:
		break;
	}
	return ike;
}

/* Groups of four unique ids are CHILD_SAs of the same tunnel. */
static void
child_of(const uint8_t *step, uint32_t uid, struct vici_child *child)
{
	static const enum vici_child_state states[] = { VICI_CHILD_INSTALLED, VICI_CHILD_INSTALLED, VICI_CHILD_REKEYING,
							VICI_CHILD_REKEYED,   VICI_CHILD_DELETING,  VICI_CHILD_DELETED,
							VICI_CHILD_CREATED,   VICI_CHILD_UPDATING };
	uint32_t at = uid - 1, config = at / 4;

	memset(child, 0, sizeof(*child));
	snprintf(child->name, sizeof(child->name), "child%u", config);
	child->uniqueid = uid;
	child->reqid = config + 1;
	child->state = states[step[2] >> 4 & 7];
	child->encap = IPM_ENCAP_TUNNEL;
	child->protocol = IPPROTO_ESP;
	child->spi_in = 0xc0000000 + (charon << 8) + 2 * uid;
	child->spi_out = child->spi_in + 1;
	if (step[2] & 0x80) {
		child->cpi_in = child->spi_in & 0xffff;
		child->cpi_out = child->spi_out & 0xffff;
	}
	carried[charon & 1][at].in += step[3] & 3;
	carried[charon & 1][at].out += step[3] >> 2 & 3;
	child->packets_in = carried[charon & 1][at].in;
	child->packets_out = carried[charon & 1][at].out;
	child->bytes_in = 100 * child->packets_in;
	child->bytes_out = 100 * child->packets_out;
	child->has_counts = true;
	child->rekey_time = child->life_time = child->install_time = VICI_UNSET;
	child->local_count = child->remote_count = 1;
	child->local_ts[0] = child->remote_ts[0] = (struct ipm_sel_side){ .type = IPM_SEL_SINGLE,
									  .prefix = 32,
									  .port_last = UINT16_MAX,
									  .first = ip4((uint8_t)(100 + config)),
									  .last = ip4((uint8_t)(100 + config)) };
}

/* The kernel's feed learns the SAs of a CHILD_SA, and keeps its tunnel. */
static void
kernel_keeps(const uint8_t *step)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP,
				     .protocol = IPPROTO_ESP,
				     .encap = IPM_ENCAP_TUNNEL,
				     .feed = kernel,
				     .local = ip4(1),
				     .remote = ip4(10) };
	struct vici_child child;
	child_of(step, step[2] % CHILDREN + 1, &child);
	int slot = ipm_tunnel_start(writer, &tunnel);
	for (uint8_t direction = IPM_IN; slot >= 0 && direction <= IPM_OUT; direction++) {
		struct ipm_sa sa = { .spi = direction == IPM_IN ? child.spi_in : child.spi_out,
				     .direction = direction,
				     .protocol = IPPROTO_ESP,
				     .state = IPM_SA_ACTIVE };
		ipm_sa_start(writer, (uint32_t)slot, &sa);
	}
}

/* The SAs of the kernel's tunnel in this slot expire. */
static void
kernel_expires(uint32_t slot)
{
	const struct ipm_tunnel *tunnel = ipm_tunnel_peek(writer, slot);
	while (tunnel->index && tunnel->feed == kernel && tunnel->sa_head)
		ipm_sa_stop(writer, tunnel->sa_head - 1);
}

/* As xfrm_model.c does: end a tunnel without SAs, unless an IKE daemon reports one. */
static void
kernel_settles(void)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++) {
		struct ipm_tunnel tunnel = *ipm_tunnel_peek(writer, slot);
		if (tunnel.index == 0 || tunnel.feed != kernel || tunnel.sas)
			continue;
		tunnel.state = IPM_TUNNEL_HELD;
		if (tunnel.claimed)
			ipm_tunnel_put(writer, slot, &tunnel);
		else
			ipm_tunnel_stop(writer, slot, (enum ipm_reason)tunnel.verdict);
	}
}

static void
say(const uint8_t *step)
{
	static struct vici_child child, other;
	struct vici_ike ike = ike_of(step);
	uint32_t uid = step[2] % CHILDREN + 1, near = ((uid - 1) ^ (step[0] >> 6 & 3)) + 1;
	struct vici_alert alert = { 0 };
	struct vici_ike next;

	switch (step[0] % 20) {
	default:
		vici_failures_ike_seen(failures, &ike, now_ns);
		vici_model_ike(model, &ike);
		break;
	case 1:
	case 2:
	case 3:
		child_of(step, uid, &child);
		vici_model_ike(model, &ike);
		vici_model_child(model, &ike, &child);
		break;
	case 4:
	case 5:
	case 6:
		child_of(step, uid, &child);
		child_of(step, near, &other);
		other.state = VICI_CHILD_INSTALLED;
		vici_model_ike(model, &ike);
		vici_model_child_rekey(model, &ike, &child, &other);
		break;
	case 7:
		child_of(step, uid, &child);
		vici_model_child_down(model, &ike, &child);
		break;
	case 8:
		vici_failures_ike_down(failures, &ike, now_ns);
		vici_model_ike_down(model, &ike);
		break;
	case 9:
	case 10:
		next = ike;
		next.uniqueid = (ike.uniqueid + 2) % IKES + 1; /* of the same connection, or of another one */
		next.spi_initiator = charon << 16 | next.uniqueid;
		next.state = VICI_IKE_ESTABLISHED;
		vici_model_ike_rekey(model, &ike, &next);
		break;
	case 11:
		vici_model_list_begin(model);
		break;
	case 12:
		vici_model_list_end(model);
		break;
	case 13:
		vici_model_hold(model, now_ns + (step[3] & 3) * SECOND);
		if (step[3] & 4) { /* another charon, which counts from 1 again */
			charon++;
			memset(carried[charon & 1], 0, sizeof(carried[0]));
		}
		break;
	case 14:
		now_ns += step[3] * SECOND / 8;
		vici_model_expire(model, now_ns);
		break;
	case 15:
		alert.kind = (enum vici_alert_kind)(step[2] % VICI_ALERT_KINDS);
		alert.remote = ike.remote_host;
		alert.remote_port = 4500;
		snprintf(alert.conn, sizeof(alert.conn), "%s", step[3] & 1 ? ike.name : "");
		vici_failures_alert(failures, &alert, now_ns);
		break;
	case 16:
		vici_failures_ike_up(failures, &ike, now_ns);
		vici_model_ike(model, &ike);
		break;
	case 17:
		kernel_keeps(step);
		break;
	case 18:
		kernel_expires(step[3] & 7);
		break;
	case 19:
		if (step[3] & 1) {
			daemon_ends();
			daemon_starts();
			vici_model_hold(model, now_ns + 2 * SECOND);
		}
		break;
	}
	vici_failures_run(failures, now_ns);
	kernel_settles();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char dir[] = "/dev/shm/fuzz_vici_model.XXXXXX";

	if (!mkdtemp(dir))
		fail(dir);
	snprintf(segment_path, sizeof(segment_path), "%s/gw.model", dir);
	charon = 0;
	memset(carried, 0, sizeof(carried));
	laws_forget(&laws);
	now_ns = ipm_now_ns();
	daemon_starts();
	for (size_t at = 0; at + STEP <= size; at += STEP) {
		say(data + at);
		look();
	}
	/* After any events: if charon never comes back, none of its records remain. */
	vici_model_hold(model, now_ns);
	vici_model_expire(model, UINT64_MAX);
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		kernel_expires(slot);
	kernel_settles();
	look();
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_TUNNELS); slot++)
		must(ipm_tunnel_peek(writer, slot)->index == 0, "no tunnel is left for ever");
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_IKE_SAS); slot++)
		must(ipm_ike_peek(writer, slot)->index == 0, "no IKE SA is left for ever");
	daemon_ends();
	segment_remove(segment_path);
	rmdir(dir);
	return 0;
}

#ifdef FUZZ_MAIN
#define FUZZ_SEEDS     8
#define FUZZ_MUTATIONS 2000 /* each makes a segment */
#include "fuzz_main.h"

/* Run a story, then the story with one step changed. */
static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	static const uint8_t story[] = {
		0,  0x48, 0,    0,    /* an IKE SA, */
		1,  0x48, 0,    3,    /* a CHILD_SA, */
		4,  0x48, 0x20, 0x17, /* its rekey, */
		69, 0x48, 0x20, 0x27, /* a collision */
		11, 0,    0,    0,    /* a list */
		1,  0x48, 0x30, 0x15, 12, 0,    0, 0,    11, 0,    0, 0, 1,  0x48, 0x31, 5,  12, 0, 0, 0,
		9,  0x48, 0,    0,                      /* the IKE SA's rekey */
		17, 0,    4,    0,                      /* the kernel's feed */
		1,  0x48, 4,    7,    13, 0,    0, 6,   /* a crash */
		1,  0x48, 0,    3,    14, 0,    0, 200, /* time passes */
		7,  0x48, 0,    0,    8,  0x48, 0, 0x30, 15, 0x40, 4, 1, 14, 0,    0,    90, 19, 0, 0, 1,
	};
	memcpy(out, story, sizeof(story));
	for (uint32_t i = 0; i < n; i++)
		out[(i * 37 + n * 11) % sizeof(story)] ^= (uint8_t)(1u << (i + n) % 8);
	return sizeof(story);
}

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = STEP * (1 + rnd(128));
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)rnd(256);
	return len;
}
#endif
