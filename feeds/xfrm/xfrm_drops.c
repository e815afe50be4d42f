/* SPDX-License-Identifier: ISC */
/* Drops by reason, and by interface. */
#include <stdio.h>

#include "xfrm_drops.h"

/* --- packets that found no SA -------------------------------------------------------------------------------- */

void
xfrm_drops_asked(struct xfrm_drops *d, const struct ipm_addr *peer, bool larval)
{
	for (uint32_t i = 0; i < d->asked_count; i++)
		if (ipm_addr_same(&d->asked[i].peer, peer)) {
			d->asked[i].larval |= larval;
			return;
		}
	if (d->asked_count == XFRM_ASKED_MAX) {
		d->asked_more = true;
		return;
	}
	struct xfrm_asked *asked = &d->asked[d->asked_count++];
	*asked = (struct xfrm_asked){ .peer = *peer, .larval = larval };
	if (!d->host.way_to(d->host.arg, peer, &asked->way))
		asked->way = (struct ipm_interface){ 0 };
}

/* The outgoing interface of all these packets; ifindex 0: not known, or several. */
static struct ipm_interface
common_interface(const struct xfrm_drops *d)
{
	static const struct ipm_interface unknown;
	for (uint32_t i = 1; i < d->asked_count; i++)
		if (d->asked[i].way.ifindex != d->asked[0].way.ifindex)
			return unknown;
	return d->asked_count && !d->asked_more ? d->asked[0].way : unknown;
}

/* Peers with a larval SA still drop packets. The others have their SA, or have given up. */
static void
keep_larval_peers(struct xfrm_drops *d)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < d->asked_count; i++)
		if (d->asked[i].larval) {
			d->asked[kept] = d->asked[i];
			d->asked[kept++].larval = false;
		}
	d->asked_count = kept;
	d->asked_more = false;
}

uint64_t
xfrm_drops_told(bool stat)
{
	uint64_t told = IPM_SA_DROPS(IPM_IN, IPM_DROPPED(REPLAY) | IPM_DROPPED(WINDOW) | IPM_DROPPED(AUTH));
	for (size_t i = 0; stat && i < XFRM_STAT_COUNT; i++)
		told |= IPM_GATEWAY_DROPS(xfrm_stat_lines[i].direction, UINT64_C(1) << xfrm_stat_lines[i].reason);
	return told;
}

/* --- lines --------------------------------------------------------------------------------------------------- */

static void
record_unknown_spi(struct xfrm_drops *d, uint64_t pkts, uint64_t now_ns)
{
	struct ipm_failure failure = { .reason = IPM_FAIL_NO_SA };
	if (d->told_ns && now_ns - d->told_ns < XFRM_FAILURE_NS)
		return;
	d->told_ns = now_ns;
	snprintf(failure.text, sizeof(failure.text), "%llu packet(s) for an SPI that there is not",
		 (unsigned long long)pkts);
	ipm_fail(d->w, IPM_TUNNEL_FAILURES, &failure);
}

/* Count the part of a line that no SA has counted. */
static void
stat_rest(struct xfrm_drops *d, enum xfrm_stat line, uint64_t told, uint64_t *rest, enum ipm_drop why)
{
	uint64_t all = d->kept->stat[line];
	if (all <= told + *rest)
		return;
	ipm_dropped(d->w, xfrm_stat_lines[line].direction, why, all - told - *rest);
	*rest = all - told;
}

static bool
went_back(const struct xfrm_kept *kept, const uint64_t stat[XFRM_STAT_COUNT], uint64_t lines)
{
	for (int i = 0; i < XFRM_STAT_COUNT; i++)
		if (lines >> i & 1 && stat[i] < kept->stat[i])
			return true;
	return false;
}

#define LINES(count) ((UINT64_C(1) << (count)) - 1)
#define ALL_LINES    LINES(XFRM_STAT_COUNT)
#define COLLECTORS   (UINT64_C(1) << XFRM_STAT_IN_UNKNOWN | UINT64_C(1) << XFRM_STAT_OUT_UNKNOWN)

/*
 * The version that kept these counts did not know all lines that we know: they were in its collectors. What has come
 * since is counted as it would have done. If it knew more lines than we do, our collectors begin now.
 */
static void
adapt_lines(struct xfrm_drops *d, uint64_t known, const uint64_t stat[XFRM_STAT_COUNT])
{
	struct xfrm_kept *kept = d->kept;
	uint64_t collected[XFRM_STAT_COUNT] = { [XFRM_STAT_IN_UNKNOWN] = stat[XFRM_STAT_IN_UNKNOWN],
						[XFRM_STAT_OUT_UNKNOWN] = stat[XFRM_STAT_OUT_UNKNOWN] };
	bool knew_more = known & ~ALL_LINES;

	for (int i = 0; i < XFRM_STAT_COUNT; i++)
		if (!(known >> i & 1))
			collected[xfrm_stat_collector(i)] += stat[i];
	if (went_back(kept, stat, known & ~COLLECTORS) || (!knew_more && went_back(kept, collected, COLLECTORS)))
		return; /* restart_if_smaller() sees it, too */
	for (int i = 0; i < XFRM_STAT_COUNT; i++) {
		bool collector = COLLECTORS >> i & 1;
		if (collector && !knew_more && collected[i] > kept->stat[i])
			ipm_dropped(d->w, xfrm_stat_lines[i].direction, xfrm_stat_lines[i].reason,
				    collected[i] - kept->stat[i]);
		if (collector || !(known >> i & 1))
			kept->stat[i] = stat[i];
	}
}

/* A count that went back shows another namespace of the same name. The counts of its SAs so far are not known. */
static void
restart_if_smaller(struct xfrm_kept *kept, const uint64_t stat[XFRM_STAT_COUNT])
{
	if (went_back(kept, stat, ALL_LINES))
		*kept = (struct xfrm_kept){ .begun = 1,
					    .auth_fails = stat[XFRM_STAT_IN_PROTO],
					    .replays = stat[XFRM_STAT_IN_SEQ] };
}

/* The packets that this line has more than at the last look. One that finds an SA of the other direction is in two
 * lines. */
static uint64_t
line_growth(const struct xfrm_kept *kept, const uint64_t stat[XFRM_STAT_COUNT], int line)
{
	uint64_t more = stat[line] - kept->stat[line];
	if (line != XFRM_STAT_OUT_POLICY)
		return more;
	uint64_t twice = stat[XFRM_STAT_OUT_DIRECTION] - kept->stat[XFRM_STAT_OUT_DIRECTION];
	return more > twice ? more - twice : 0;
}

void
xfrm_drops_stat(struct xfrm_drops *d, const uint64_t stat[XFRM_STAT_COUNT], uint64_t now_ns)
{
	struct xfrm_kept *kept = d->kept;
	uint64_t known = kept->known ? kept->known : LINES(XFRM_STAT_FIRST);
	bool first = !kept->begun;

	if (!first && known != ALL_LINES)
		adapt_lines(d, known, stat);
	restart_if_smaller(kept, stat);
	for (int i = 0; i < XFRM_STAT_COUNT; i++) {
		uint64_t more = line_growth(kept, stat, i);
		kept->stat[i] = stat[i];
		if (more == 0 || i == XFRM_STAT_IN_PROTO || i == XFRM_STAT_IN_SEQ)
			continue;
		const struct xfrm_stat_line *line = &xfrm_stat_lines[i];
		(line->late ? ipm_failed : ipm_dropped)(d->w, line->direction, line->reason, more);
		if (i == XFRM_STAT_IN_NO_STATES && !first)
			record_unknown_spi(d, more, now_ns);
		if (i == XFRM_STAT_OUT_NO_STATES) {
			struct ipm_interface way = common_interface(d);
			way.feed = d->feed;
			ipm_interface_dropped(d->w, &way, IPM_DROP_NOT_UP, more);
		}
	}
	/* The failures of SAs that we never saw are not known. */
	stat_rest(d, XFRM_STAT_IN_PROTO, kept->auth_fails, &kept->proto_rest, first ? IPM_DROP_OTHER : IPM_DROP_CRYPT);
	stat_rest(d, XFRM_STAT_IN_SEQ, kept->replays, &kept->replay_rest, IPM_DROP_REPLAY);
	kept->begun = 1;
	kept->known = ALL_LINES;
	keep_larval_peers(d);
}
