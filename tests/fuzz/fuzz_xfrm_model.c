/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: the model of the kernel's SAs as a state machine. The laws of a segment must hold.
 *
 * The first octet of the input gives the source. 0, 2, ...: anything. Each 8 octets are a message of an event or of a
 * dump, with a few SAs and policies: no order of messages may break a law. 1, 3, ...: a kernel. Each 4 octets are an
 * action of a kernel that reports the truth, in events at once, and in dumps that may be outdated when they are read.
 * After a dump without changes, each packet has been counted once.
 *
 *   fuzz_xfrm_model -max_len=512 CORPUS...       (libFuzzer)
 *   fuzz_xfrm_model FILE...                      (with FUZZ_MAIN: runs these)
 *   fuzz_xfrm_model                              (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_xfrm_model --corpus DIR                 (with FUZZ_MAIN: writes the corpus)
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <unistd.h>

#include "fuzz_must.h"
#include "laws.h"
#include "ipm_writer.h"
#include "xfrm_model.h"
#include "segment_remove.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KERNEL_SAS 12

static struct ipm_writer *writer;
static struct xfrm_model *model;
static struct ipm_feed feed;
static uint32_t feed_slot;
static struct laws laws;
static char segment_path[64];

/* --- the model --- */

static struct ipm_addr
addr(uint8_t last)
{
	return (struct ipm_addr){ .len = 4, .bytes = { 192, 0, 2, last } };
}

static bool
is_local(void *arg, const struct ipm_addr *a)
{
	(void)arg;
	return a->bytes[3] == 1;
}

static bool
way_to(void *arg, const struct ipm_addr *a, struct ipm_interface *out)
{
	(void)arg;
	*out = (struct ipm_interface){ .ifindex = a->bytes[3] };
	return a->bytes[3] < 4;
}

static void
model_begins(void)
{
	const struct feed_host host = { .is_local = is_local, .way_to = way_to };
	model = xfrm_model_new(writer, feed_slot, &host, (struct xfrm_kept *)feed.kept);
	must(model != NULL, "there is memory");
}

static void
writer_opens(void)
{
	struct ipm_error err;
	struct ipm_writer_options opt = { .path = segment_path, .name = "fuzz", .mode = 0600 };
	opt.capacity = (struct ipm_capacity){ .ike_sas = 2,
					      .tunnels = 8,
					      .selectors = 16,
					      .sas = 16,
					      .feeds = 2,
					      .interfaces = 4,
					      .events = 64,
					      .maps = 8,
					      .access = 16,
					      .engines = 4,
					      .history = 8,
					      .failures = 8 };
	must(ipm_writer_open(&writer, &opt, &err) == 0, "a segment can be made");
	feed_slot = (uint32_t)ipm_feed_open(writer, "xfrm");
	feed = *ipm_feed_peek(writer, feed_slot);
	model_begins();
}

static void
daemon_restarts(bool and_writer)
{
	xfrm_model_free(model);
	if (and_writer) {
		ipm_feed_put(writer, feed_slot, &feed);
		ipm_writer_close(writer);
		writer_opens();
	} else {
		model_begins();
	}
}

static void
all_is_lawful(void)
{
	xfrm_model_settle(model);
	ipm_writer_commit(writer);
	const char *broken = laws_broken(&laws, ipm_writer_segment(writer));
	must(broken == NULL, broken ? broken : "");
}

/* --- anybody --- */

static struct xfrm_sa
some_sa(const uint8_t *b)
{
	static const uint8_t protocols[] = { IPPROTO_ESP, IPPROTO_ESP, IPPROTO_AH, IPPROTO_COMP };
	bool out = b[1] & 1;
	struct xfrm_sa sa = { .key = { .dst = out ? addr(2 + (b[1] >> 1 & 1)) : addr(1),
				       .spi = 1 + (b[2] & 3),
				       .protocol = protocols[b[1] >> 2 & 3] },
			      .src = out ? addr(1) : addr(2 + (b[1] >> 1 & 1)),
			      .encap = 1 + (b[1] >> 4) % 3,
			      .reqid = b[2] >> 2 & 3,
			      .if_id = b[2] >> 4 & 1,
			      .mark = b[2] >> 5 & 1,
			      .mark_mask = b[2] >> 6 & 1,
			      .larval = (b[1] & 0xc0) == 0xc0,
			      .added = 1000 + (b[3] & 7),
			      .proposal = { .encr = IPM_ENCR_AES_CBC, .integ = IPM_INTEG_HMAC_SHA2_256_128 },
			      .soft_pkts = b[3] & 8 ? 20 : 0,
			      .hard_add_s = b[3] & 16 ? 60 : 0,
			      .pkts = b[4],
			      .octets = (uint64_t)b[4] * 100 + b[5],
			      .replays = b[6] & 15,
			      .behind = b[6] >> 4,
			      .auth_fails = b[7] & 15 };
	if (b[7] & 0x40) {
		sa.has_sel = true;
		sa.src_sel = sa.dst_sel =
			(struct ipm_sel_side){ .type = IPM_SEL_SINGLE, .first = addr(b[7]), .last = addr(b[7]) };
	}
	return sa;
}

static struct xfrm_policy
some_policy(const uint8_t *b)
{
	struct xfrm_policy p = { .index = (uint32_t)(b[1] & 7) << 3 | XFRM_OUT,
				 .direction = b[1] & 0x80 ? XFRM_SOCKET_OUT : XFRM_OUT,
				 .block = (b[1] & 0x70) == 0x70,
				 .if_id = b[2] & 1,
				 .mark = b[2] >> 1 & 1,
				 .mark_mask = b[2] >> 2 & 1,
				 .tmpls = b[3] & 3 };
	p.src = (struct ipm_sel_side){ .type = IPM_SEL_SINGLE, .first = addr(1), .last = addr(1) };
	p.dst = (struct ipm_sel_side){ .type = IPM_SEL_SINGLE, .first = addr(b[4]), .last = addr(b[4]) };
	for (uint32_t i = 0; i < p.tmpls; i++)
		p.tmpl[i] = (struct xfrm_tmpl){ .src = b[5] & 1 ? addr(1) : (struct ipm_addr){ 0 },
						.dst = b[5] & 2 ? addr(2 + (b[5] >> 2 & 1)) : (struct ipm_addr){ 0 },
						.reqid = b[5] >> 3 & 3,
						.protocol = i ? IPPROTO_AH : IPPROTO_ESP,
						.encap = 1 + (b[5] >> 5) % 3 };
	return p;
}

static void
anybody_says(const uint8_t *b)
{
	static const enum xfrm_kind kinds[] = { XFRM_SA_THERE,        XFRM_SA_UPDATED,  XFRM_SA_GONE,
						XFRM_SA_EXPIRED,      XFRM_SA_THERE,    XFRM_SAS_FLUSHED,
						XFRM_POLICY_THERE,    XFRM_POLICY_GONE, XFRM_ACQUIRED,
						XFRM_POLICIES_FLUSHED };
	uint64_t stat[XFRM_STAT_COUNT] = { 0 };
	uint8_t what = b[0] & 15;

	if (what < sizeof(kinds) / sizeof(kinds[0])) {
		struct xfrm_msg msg = { .kind = kinds[what], .hard = b[0] & 32, .has_sa = b[0] & 64 };
		if (what >= 6 && what <= 7)
			msg.policy = some_policy(b);
		else
			msg.sa = some_sa(b);
		if (kinds[what] == XFRM_SAS_FLUSHED && b[0] & 32)
			msg.sa.key.protocol = 0;
		if (kinds[what] == XFRM_ACQUIRED || (kinds[what] == XFRM_SA_EXPIRED && b[0] & 128))
			msg.sa.key.spi = 0;
		xfrm_model_message(model, &msg, b[0] & 16 && (kinds[what] == XFRM_SA_THERE || what == 6));
		return;
	}
	switch (what) {
	case 10:
		xfrm_model_sas_begin(model);
		break;
	case 11:
		(void)xfrm_model_sas_end(model);
		break;
	case 12:
		xfrm_model_policies_begin(model);
		if (b[0] & 16)
			(void)xfrm_model_policies_end(model);
		break;
	case 13:
		daemon_restarts(b[0] & 16);
		break;
	case 14:
		stat[b[1] % XFRM_STAT_COUNT] = b[2];
		xfrm_model_stat(model, stat);
		break;
	default:
		xfrm_model_ike_known(model, b[0] & 16);
		break;
	}
}

/* --- a kernel --- */

static struct {
	struct xfrm_sa sa[KERNEL_SAS];
	bool alive[KERNEL_SAS], listed[KERNEL_SAS];
	struct xfrm_sa filled[KERNEL_SAS]; /* unread messages of the dump */
	bool waits[KERNEL_SAS];
	uint64_t second, before; /* before: packets of removed SAs */
	bool dumping, clean;
} kernel;

static void
kernel_says(enum xfrm_kind kind, const struct xfrm_sa *sa, bool hard, bool dumped)
{
	struct xfrm_msg msg = { .kind = kind, .hard = hard, .has_sa = true };
	msg.sa = *sa;
	xfrm_model_message(model, &msg, dumped);
}

static void
kernel_adds(uint32_t n, uint8_t how)
{
	uint8_t b[8] = { 0, (uint8_t)((n & 1) | (n & 2)), 0, 0, 0, 0, 0, 0 };
	struct xfrm_sa *sa = &kernel.sa[n];
	if (kernel.alive[n])
		return;
	*sa = some_sa(b);
	sa->key.spi = 100 + n;
	sa->reqid = 1 + how % 2;
	sa->added = kernel.second;
	sa->soft_pkts = how & 4 ? 40 : 0;
	kernel.alive[n] = true;
	kernel_says(how & 2 ? XFRM_SA_UPDATED : XFRM_SA_THERE, sa, false, false);
}

static void
kernel_deletes(uint32_t n, bool hard)
{
	if (!kernel.alive[n])
		return;
	kernel.alive[n] = false;
	kernel.before += kernel.sa[n].pkts;
	kernel_says(hard ? XFRM_SA_EXPIRED : XFRM_SA_GONE, &kernel.sa[n], hard, false);
}

static void
kernel_updates(uint32_t n)
{
	struct xfrm_sa asked = kernel.sa[n];
	if (!kernel.alive[n])
		return;
	asked.added = kernel.second;
	asked.pkts = asked.octets = 0;
	asked.replays = asked.behind = asked.auth_fails = 0;
	kernel_says(XFRM_SA_UPDATED, &asked, false, false);
}

static void
kernel_fills(void)
{
	for (uint32_t n = 0; n < KERNEL_SAS; n++)
		if (kernel.listed[n]) {
			kernel.listed[n] = false;
			kernel.waits[n] = kernel.alive[n];
			kernel.filled[n] = kernel.sa[n];
		}
}

static void
dump_begins(void)
{
	xfrm_model_sas_begin(model);
	kernel.dumping = kernel.clean = true;
	for (uint32_t n = 0; n < KERNEL_SAS; n++) {
		kernel.listed[n] = kernel.alive[n];
		kernel.waits[n] = false;
	}
}

static void
dump_ends(void)
{
	struct ipm_totals totals;
	uint64_t all = kernel.before;

	kernel_fills();
	for (uint32_t n = KERNEL_SAS; n-- > 0;)
		if (kernel.waits[n]) {
			kernel.waits[n] = false;
			kernel_says(XFRM_SA_THERE, &kernel.filled[n], false, true);
		}
	(void)xfrm_model_sas_end(model);
	kernel.dumping = false;
	all_is_lawful();
	if (!kernel.clean)
		return;
	for (uint32_t n = 0; n < KERNEL_SAS; n++)
		all += kernel.alive[n] ? kernel.sa[n].pkts : 0;
	must(ipm_totals_read(ipm_writer_segment(writer), &totals) == 0, "totals can be read");
	must(totals.in.pkts + totals.out.pkts == all, "each packet is counted once");
}

static void
kernel_flushes(void)
{
	struct xfrm_sa none = { 0 };
	if (kernel.dumping)
		dump_ends();
	dump_begins();
	dump_ends();
	for (uint32_t n = 0; n < KERNEL_SAS; n++)
		if (kernel.alive[n]) {
			kernel.before += kernel.sa[n].pkts;
			kernel.alive[n] = false;
		}
	kernel_says(XFRM_SAS_FLUSHED, &none, false, false);
}

static void
kernel_does(const uint8_t *b)
{
	uint32_t n = b[1] % KERNEL_SAS;
	kernel.second += b[3] & 1;
	kernel.clean = kernel.clean && (b[0] & 15) >= 11;
	switch (b[0] & 15) {
	case 0:
	case 1:
	case 2:
		kernel_adds(n, b[2]);
		break;
	case 3:
		kernel_deletes(n, b[2] & 1);
		break;
	case 4:
	case 5:
		kernel_updates(n);
		break;
	case 6: /* another SA of that name */
		kernel_deletes(n, false);
		kernel_adds(n, b[2]);
		break;
	case 7:
		if (kernel.alive[n])
			kernel_says(XFRM_SA_EXPIRED, &kernel.sa[n], false, false);
		break;
	case 8:
		kernel_flushes();
		break;
	case 9:
	case 10:
		if (kernel.alive[n]) {
			kernel.sa[n].pkts += b[2];
			kernel.sa[n].octets += (uint64_t)b[2] * 100;
		}
		break;
	case 11:
		if (!kernel.dumping)
			daemon_restarts(b[2] & 1);
		break;
	case 12:
		kernel_fills();
		break;
	default:
		if (kernel.dumping)
			dump_ends();
		else
			dump_begins();
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	snprintf(segment_path, sizeof(segment_path), "/dev/shm/fuzz_xfrm_model.%d", (int)getpid());
	unlink(segment_path);
	memset(&kernel, 0, sizeof(kernel));
	kernel.second = 1000;
	laws_forget(&laws);
	laws.unbroken = true;
	writer_opens();
	bool truthful = data[0] & 1;
	size_t step = truthful ? 4 : 8;
	for (data++, size--; size >= step; data += step, size -= step) {
		if (truthful)
			kernel_does(data);
		else
			anybody_says(data);
		all_is_lawful();
	}
	xfrm_model_free(model);
	ipm_writer_close(writer);
	segment_remove(segment_path);
	return 0;
}

#ifdef FUZZ_MAIN

#define FUZZ_SEEDS     16u
#define FUZZ_MUTATIONS 4000
#include "fuzz_main.h"

static size_t
fuzz_seed(uint32_t n, uint8_t *out)
{
	for (uint32_t i = 0; i < 257; i++)
		out[i] = (uint8_t)rnd(256);
	out[0] = (uint8_t)n;
	return 257;
}

static size_t
fuzz_mutation(uint8_t *out)
{
	return fuzz_seed(rnd(FUZZ_SEEDS), out);
}

#endif
