/* SPDX-License-Identifier: ISC */
/* Columns that no feed knows, several segments, and writers that are busy or died. */

#include "mib_gateway.h"

static void
serve_both(struct ipm_writer *one, struct ipm_writer *two)
{
	const struct ipm_segment *seg[] = { ipm_writer_segment(one), ipm_writer_segment(two) };
	ipm_writer_commit(one);
	ipm_writer_commit(two);
	ck_assert_int_eq(mib_serve(mib, seg, 2), 0);
}

/* The writer starts or ends a change of a record. In between, readers see what they see after its death. */
static void
half_written(struct ipm_writer *writer, enum ipm_section_kind kind, uint32_t slot)
{
	atomic_fetch_add(&ipm_record_at(ipm_writer_segment(writer), kind, slot)->seq, 1);
}

static void
whole_again(struct ipm_writer *writer, enum ipm_section_kind kind, uint32_t slot)
{
	half_written(writer, kind, slot); /* the sequence number is even again */
}

/* --- what can be known --------------------------------------------------- */

/* A row of each table, all from feed 0. */
static void
given_rows_of_feed_0(void)
{
	given_tables();
	w = given_segment();
	feed_knows(w, ALL_CAPS, UINT64_MAX);
	uint32_t ike = given_ike(w), tunnel = given_tunnel(w);
	ipm_tunnel_stop(w, given_tunnel(w), IPM_REASON_NORMAL);
	ipm_ike_stop(w, given_ike(w), IPM_REASON_NORMAL);
	given_sa(w, tunnel, 0x1001);
	given_selectors(w, tunnel, 1, 1);
	(void)ike;
	serve(w);
	mib_request(mib, master_ns);
}

/* The cells of a walk whose columns need a capability. No column needs what another one has by itself. */
START_TEST(a_column_has_cells_if_and_only_if_a_feed_can_know_one_of_the_things_it_shows)
{
	unsigned checked = 0;
	for (unsigned t = 0; t < flow_view_count(); t++)
		for (unsigned c = 0; c < mib_views[t]->ncols; c++) {
			const struct mib_col *col = &mib_views[t]->cols[c];
			const char *cell = at_row(col->name, mib_views[t]->key ? 1 : 0);
			struct name from = name_of(col->name), found;
			struct mib_value value;
			if (!col->caps && !col->drops)
				continue;
			feed_knows(w, ALL_CAPS & ~col->caps, ~col->drops);
			mib_request(mib, master_ns);
			expect_no_instance(cell);
			if (next(&from, false, &nothing, &found, &value) == MIB_OK)
				ck_assert_msg(memcmp(from.id, found.id, from.len * sizeof(from.id[0])) != 0,
					      "%s: GETNEXT has it", col->name);
			for (unsigned bit = 0; bit < 64; bit++) {
				uint64_t only = UINT64_C(1) << bit;
				if (!((col->caps | col->drops) & only))
					continue;
				feed_knows(w, col->caps & only ? only : IPM_CAP_TUNNELS, col->drops & only);
				mib_request(mib, master_ns);
				expect_number(cell, 0);
				checked++;
			}
		}
	ck_assert_uint_gt(checked, 100);
}
END_TEST

START_TEST(with_charon_alone_no_drops_are_known_and_of_ike_only_the_octets_that_pollers_cannot_do_without)
{
	feed_knows(w, IPM_CAP_IKE_SAS | IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS, 0);
	mib_request(mib, master_ns);
	expect_next("cikeTunTotalRefreshes.1", "cikeTunInOctets.1");
	expect_next("cikeTunInOctets.1", "cikeTunOutOctets.1");
	expect_next("cikeTunOutOctets.1", "cikeTunStatus.1");
	expect_next("cikeGlobalPreviousTunnels.0", "cikeGlobalInitTunnels.0");
	expect_next("cikePhase1GWRespTunnelFails.1", "cipSecGlobalActiveTunnels.0");
	expect_next("cipSecGlobalInPkts.0", "cipSecGlobalInAuths.0");
	expect_next("cipSecPhase2GWOutEncrypts.1", "cipSecHistTableSize.0");
	expect_next("cipSecTunInPkts.1", "cipSecTunInAuths.1");
	expect_next("cipSecTunOutPkts.1", "cipSecTunOutAuths.1");
	expect_next("cipSecTunOutEncrypts.1", "cipSecTunStatus.1");
	expect_next("cikeTunHistTotalSas.1", "cipSecTunHistTermReason.1");
	expect_no_instance("cikeGlobalSysCapFails.0");
	expect_no_instance("cikeGlobalDecryptFails.0");
	expect_no_instance("cipSecTunOutDropPkts.1");
	expect_number("cikeTunInOctets.1", 0);
}
END_TEST

START_TEST(a_tunnel_has_what_its_own_feeds_can_know_and_the_totals_what_any_can)
{
	uint32_t slot = ok(ipm_feed_open(w, "other"));
	struct ipm_feed other = *ipm_feed_peek(w, slot);
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50, .feed = slot };
	other.state = IPM_FEED_UP;
	other.caps = IPM_CAP_TUNNELS;
	other.drops = IPM_SA_DROPS(IPM_IN, IPM_DROPPED(REPLAY));
	ipm_feed_put(w, slot, &other);
	feed_knows(w, IPM_CAP_TUNNELS, 0);
	ok(ipm_tunnel_start(w, &tunnel)); /* 3 */
	tunnel.feed = 0;
	tunnel.named_by = slot + 1; /* 4: of one, named by the other */
	ok(ipm_tunnel_start(w, &tunnel));
	ipm_writer_commit(w);
	expect_row_soon("cipSecTunStatus.4");
	expect_no_instance("cipSecTunInReplayDropPkts.1");
	expect_number("cipSecTunInReplayDropPkts.3", 0);
	expect_number("cipSecTunInReplayDropPkts.4", 0);
	expect_no_instance("cipSecTunInDropPkts.3");
	expect_next("cipSecTunInReplayDropPkts", "cipSecTunInReplayDropPkts.3");
	expect_number("cipSecGlobalInReplayDrops.0", 0);
	expect_no_instance("cipSecGlobalInDrops.0");
}
END_TEST

START_TEST(of_a_feed_that_does_not_say_a_column_is_there_once_it_has_counted)
{
	feed_knows(w, 0, 0);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecTunInReplayDropPkts.1");
	expect_no_instance("cipSecGlobalInReplayDrops.0");
	expect_next("cipSecTunInPkts.1", "cipSecTunInAuths.1");
	struct ipm_traffic now = { .pkts = 1, .drops = { [IPM_DROP_REPLAY] = 3 } };
	ipm_sa_count(w, 0, &now);
	ipm_writer_commit(w);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInReplayDropPkts.1", 3);
	expect_number("cipSecGlobalInReplayDrops.0", 3);
	expect_no_instance("cipSecTunInDropPkts.1");
	expect_next("cipSecTunInPkts.1", "cipSecTunInReplayDropPkts.1");
}
END_TEST

START_TEST(without_a_feed_a_column_is_there_once_it_was_counted)
{
	struct ipm_writer *bare = given_segment();
	counts(bare, given_sa(bare, given_tunnel(bare), 1), 1, 100);
	serve(bare);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInPkts.1", 1);
	expect_no_instance("cipSecTunInReplayDropPkts.1");
	ipm_dropped(bare, IPM_IN, IPM_DROP_NO_SA, 2);
	ipm_writer_commit(bare);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalNoSaFails.0", 2);
	expect_number("cipSecGlobalInDrops.0", 2);
	expect_no_instance("cipSecGlobalOutDrops.0");
	mib_serve(mib, NULL, 0);
	ipm_writer_close(bare);
}
END_TEST

START_TEST(a_feed_whose_source_has_never_answered_can_know_nothing_and_one_that_is_away_still_what_it_told)
{
	struct ipm_feed feed = *ipm_feed_peek(w, 0);
	feed.state = IPM_FEED_DOWN;
	ipm_feed_put(w, 0, &feed);
	mib_request(mib, master_ns);
	expect_no_instance("cikeGlobalAuthFails.0");
	expect_no_instance("cikePhase1GWAuthFails.1");
	feed.updated_ns = 1;
	ipm_feed_put(w, 0, &feed);
	mib_request(mib, master_ns);
	expect_number("cikeGlobalAuthFails.0", 0);
	expect_number("cikePhase1GWAuthFails.1", 0);
}
END_TEST

START_TEST(uncompressed_octets_that_no_one_counted_have_no_cell)
{
	struct ipm_traffic now = { .pkts = 1, .octets = 100 };
	expect_number("cipSecTunHcInDecompOctets.1", 0); /* no packets yet, and none of them was compressed */
	ipm_sa_count(w, 0, &now);
	mib_request(mib, master_ns);
	expect_number("cipSecTunHcInOctets.1", 100);
	expect_no_instance("cipSecTunHcInDecompOctets.1");
	expect_no_instance("cipSecTunInDecompOctets.1");
	expect_no_instance("cipSecTunInDecompOctWraps.1");
	/* The SA of IPComp is counted, too. It has decompressed nothing. */
	ck_assert_int_eq(sa_of(0, IPM_IN, 108, 0x1234), 1);
	now = (struct ipm_traffic){ 0 };
	ipm_sa_count(w, 1, &now);
	mib_request(mib, master_ns);
	expect_number("cipSecTunHcInDecompOctets.1", 0);
	expect_number("cipSecTunInDecompOctets.1", 0);
	expect_number("cipSecTunInDecompOctWraps.1", 0);
	expect_number("cipSecGlobalHcInDecompOctets.0", 0);
	expect_number("cipSecTunHcInOctets.1", 100);
}
END_TEST

/* --- segments ------------------------------------------------------------ */

/* The trap controls belong to the agent: they exist without segments. */
static void
expect_only_trap_controls(void)
{
	static struct cell found[MIB_COUNT(cells)];
	ck_assert_uint_eq(walk(found, MIB_COUNT(found)), 13);
	for (unsigned i = 0; i < 13; i++) {
		struct name control = { { FLOW_MIB, 1, 6, i + 1, 0 }, 13 };
		ck_assert_msg(name_order(&found[i].name, &control) == 0, "%s", name_text(&found[i].name));
		ck_assert_uint_eq(found[i].value.number, 2);
	}
}

START_TEST(without_a_segment_nothing_is_served_but_the_trap_controls)
{
	mib_request(mib, master_ns);
	expect_only_trap_controls();
	expect_no_instance("cipSecMibLevel.0");
	expect_no_instance("cipSecGlobalActiveTunnels.0");
	expect_no_instance("cipSecHistTableSize.0");
	expect_no_instance("cikePhase1GWActiveTunnels.1");
	expect_no_instance("cipSecTunStatus.1");
}
END_TEST

START_TEST(when_the_last_segment_goes_nothing_is_served_but_the_trap_controls)
{
	given_tunnel(w);
	expect_row_soon("cipSecTunStatus.1");
	mib_serve(mib, NULL, 0);
	expect_no_instance("cipSecTunStatus.1"); /* at once: the segment may be unmapped */
	expect_only_trap_controls();
	serve(w);
	expect_row_soon("cipSecTunStatus.1");
}
END_TEST

START_TEST(an_empty_segment_has_its_scalars)
{
	mib_request(mib, master_ns);
	expect_number("cipSecMibLevel.0", 1);
	expect_number("cipSecGlobalActiveTunnels.0", 0);
	expect_next("cikeGlobalNoSaFails.0", "cikePhase1GWActiveTunnels.1");
	expect_next("cikePhase1GWNoSaFails.1", "cipSecGlobalActiveTunnels.0");
	expect_next("cipSecGlobalSysCapFails.0", "cipSecPhase2GWActiveTunnels.1");
	expect_next("cipSecPhase2GWSysCapFails.1", "cipSecHistTableSize.0");
	expect_next("cipSecHistCheckPoint.0", "cipSecFailTableSize.0");
	expect_next("cipSecFailTableSize.0", "cipSecTrapCntlIkeTunnelStart.0");
	expect_next("cipSecMibLevel", "cipSecMibLevel.0");
}
END_TEST

START_TEST(rows_of_two_segments_are_merged_in_the_order_of_their_indexes)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	ipm_writer_totals(other)->next_ike = 1000;
	given_tunnel(w);
	given_ike(w);
	counts(w, given_sa(w, given_tunnel(w), 0x2001), 2, 200);
	counts(other, given_sa(other, given_tunnel(other), 0x100001), 1000, 100000);
	given_sa(other, given_tunnel(other), 0x100101);
	given_ike(other);
	given_selectors(other, 0, 443, 1);
	ipm_writer_totals(w)->next_tunnel = 2000;
	given_selectors(w, given_tunnel(w), 80, 1); /* behind all of the other's */
	serve_both(other, w);
	mib_request(mib, master_ns);
	expect_next("cipSecTunInPkts", "cipSecTunInPkts.1");
	expect_next("cipSecTunInPkts.1", "cipSecTunInPkts.2");
	expect_next("cipSecTunInPkts.2", "cipSecTunInPkts.1000");
	expect_next("cipSecTunInPkts.1000", "cipSecTunInPkts.1001");
	expect_next("cipSecTunInPkts.1001", "cipSecTunInPkts.2000");
	expect_next("cipSecTunInPkts.2000", "cipSecTunInDropPkts.1");
	expect_next("cikeTunStatus.1", "cikeTunStatus.1000");
	expect_next("cipSecEndPtLocalPort", "cipSecEndPtLocalPort.1000.1");
	expect_next("cipSecEndPtLocalPort.1000.1", "cipSecEndPtLocalPort.2000.1");
	expect_next("cipSecSpiValue.2.1", "cipSecSpiValue.1000.1");
	expect_number("cipSecTunInPkts.2", 2);
	expect_number("cipSecTunInPkts.1000", 1000);
	expect_number("cipSecEndPtLocalPort.1000.1", 443);
	expect_number("cipSecEndPtLocalPort.2000.1", 80);
	expect_number("cipSecSpiValue.1001.1", 0x100101);
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(a_change_in_any_of_two_segments_is_seen)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	serve_both(w, other);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecTunStatus.1");
	given_tunnel(w);
	expect_row_soon("cipSecTunStatus.1");
	uint32_t far = given_tunnel(other);
	expect_row_soon("cipSecTunStatus.1000");
	ipm_tunnel_stop(other, far, IPM_REASON_NORMAL);
	given_tunnel(w);
	expect_row_soon("cipSecTunStatus.2");
	expect_no_row_soon("cipSecTunStatus.1000");
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(scalars_are_sums_over_all_segments)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	counts(w, given_sa(w, given_tunnel(w), 1), 1, 4294967295);
	counts(other, given_sa(other, given_tunnel(other), 1), 10, 2);
	given_tunnel(other);
	given_ike(w);
	given_ike(other);
	ipm_writer_totals(w)->in.drops[IPM_DROP_CAPACITY] = 5;
	ipm_writer_totals(other)->out.drops[IPM_DROP_CAPACITY] = 6;
	ipm_writer_totals(w)->ike_out.pkts = 7;
	ipm_writer_totals(other)->ike_out.pkts = 8;
	serve_both(w, other);
	mib_request(mib, master_ns);
	expect_number("cipSecMibLevel.0", 1);
	expect_number("cipSecGlobalActiveTunnels.0", 3);
	expect_number("cikeGlobalActiveTunnels.0", 2);
	expect_number("cipSecGlobalInPkts.0", 11);
	expect_number("cipSecGlobalHcInOctets.0", 4294967297);
	expect_number("cipSecGlobalInOctets.0", 1);
	expect_number("cipSecGlobalInOctWraps.0", 1);
	expect_number("cipSecGlobalSysCapFails.0", 11);
	expect_number("cikeGlobalOutPkts.0", 15);
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(each_gateway_has_its_own_row_and_the_scalars_are_their_sums)
{
	struct ipm_writer *other = given_knowing_segment();
	ipm_writer_totals(other)->next_tunnel = 1000;
	given_ike(w);
	counts(w, given_sa(w, given_tunnel(w), 1), 1, 4294967295);
	counts(other, given_sa(other, given_tunnel(other), 1), 10, 2);
	ipm_writer_totals(other)->ike_out.pkts = 8;
	serve_both(w, other);
	mib_request(mib, master_ns);
	expect_number("cikePhase1GWActiveTunnels.1", 1);
	expect_number("cikePhase1GWActiveTunnels.2", 0);
	expect_number("cikePhase1GWOutPkts.2", 8);
	expect_number("cipSecPhase2GWInOctets.1", 4294967295);
	expect_number("cipSecPhase2GWInOctets.2", 2);
	expect_number("cipSecPhase2GWInOctWraps.1", 0);
	expect_number("cipSecGlobalInOctWraps.0", 1);
	expect_no_instance("cipSecPhase2GWInPkts.3");
	expect_next("cipSecPhase2GWInPkts.1", "cipSecPhase2GWInPkts.2");
	expect_next("cipSecPhase2GWInPkts.2", "cipSecPhase2GWInDrops.1");
	mib_serve(mib, NULL, 0);
	ipm_writer_close(other);
}
END_TEST

START_TEST(scalars_agree_within_a_request_whatever_the_writer_does)
{
	uint32_t sa = given_sa(w, given_tunnel(w), 1);
	counts(w, sa, 1, 4294967295);
	ipm_writer_commit(w);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalInOctets.0", 4294967295);
	counts(w, sa, 2, 4294967296);
	ipm_writer_commit(w);
	expect_number("cipSecGlobalInOctWraps.0", 0);
	expect_number("cipSecGlobalInPkts.0", 1);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalInOctets.0", 0);
	expect_number("cipSecGlobalInOctWraps.0", 1);
}
END_TEST

START_TEST(a_segment_that_was_replaced_leaves_nothing_behind)
{
	given_tunnel(w);
	counts(w, given_sa(w, given_tunnel(w), 0x1001), 5, 500);
	serve(w);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInPkts.2", 5);
	expect_number("cipSecGlobalInPkts.0", 5);

	struct ipm_writer *other = given_knowing_segment();
	counts(other, given_sa(other, given_tunnel(other), 0x2001), 7, 700);
	serve(other);
	ipm_writer_close(w); /* unmaps it */
	w = other;
	expect_number("cipSecTunInPkts.1", 7); /* even within the request */
	expect_no_instance("cipSecTunInPkts.2");
	expect_number("cipSecGlobalInPkts.0", 7);
	mib_request(mib, master_ns);
	expect_number("cipSecTunInPkts.1", 7);
	expect_number("cipSecSpiValue.1.1", 0x2001);
	expect_next("cipSecTunInPkts.1", "cipSecTunInDropPkts.1");
}
END_TEST

/* --- writers that are busy, or died -------------------------------------- */

START_TEST(a_record_left_half_written_is_passed_over)
{
	uint32_t one = given_tunnel(w), two = given_tunnel(w), three = given_tunnel(w);
	uint32_t ike = given_ike(w);
	given_ike(w);
	given_sa(w, one, 0x1001);
	uint32_t sa = given_sa(w, one, 0x1002);
	given_sa(w, three, 0x3001);
	expect_row_soon("cipSecTunStatus.3");
	expect_row_soon("cipSecSpiStatus.3.1");
	half_written(w, IPM_TUNNELS, two); /* without rebuilding the rows, which contain it */
	half_written(w, IPM_IKE_SAS, ike);
	half_written(w, IPM_SAS, sa);
	for (int i = 0; i < 2; i++) {
		mib_request(mib, master_ns);
		expect_no_instance("cipSecTunStatus.2");
		expect_number("cipSecTunStatus.3", 1);
		expect_next("cipSecTunStatus.1", "cipSecTunStatus.3");
		expect_next("cipSecTunStatus.2", "cipSecTunStatus.3");
		expect_no_instance("cikeTunStatus.1");
		expect_next("cikeTunStatus", "cikeTunStatus.2");
		expect_no_instance("cipSecSpiStatus.1.2");
		expect_next("cipSecSpiStatus.1.1", "cipSecSpiStatus.3.1");
		serve(w); /* and now build the rows without it */
	}
	whole_again(w, IPM_TUNNELS, two);
	whole_again(w, IPM_IKE_SAS, ike);
	whole_again(w, IPM_SAS, sa);
}
END_TEST

START_TEST(totals_left_half_written_are_not_served_and_everything_else_is)
{
	given_tunnel(w);
	serve(w);
	half_written(w, IPM_TOTALS, 0);
	mib_request(mib, master_ns);
	expect_no_instance("cipSecGlobalInOctets.0");
	expect_next("cikeTunLocalType", "cipSecTunIkeTunnelAlive.1");
	expect_number("cipSecTunStatus.1", 1);
	whole_again(w, IPM_TOTALS, 0);
	mib_request(mib, master_ns);
	expect_number("cipSecGlobalActiveTunnels.0", 1);
}
END_TEST

START_TEST(a_row_that_was_being_written_when_rows_were_made_shows_once_it_is_written)
{
	given_tunnel(w);
	uint32_t two = given_tunnel(w);
	half_written(w, IPM_TUNNELS, two);
	expect_row_soon("cipSecTunStatus.1");
	expect_no_instance("cipSecTunStatus.2");
	whole_again(w, IPM_TUNNELS, two); /* like counters: no row came or went */
	expect_row_soon("cipSecTunStatus.2");
}
END_TEST

START_TEST(selectors_and_sas_of_a_tunnel_that_was_being_written_when_rows_were_made_show_too)
{
	uint32_t one = given_tunnel(w), two = given_tunnel(w);
	given_sa(w, one, 0x1001);
	given_sa(w, two, 0x2001);
	given_selectors(w, one, 80, 1);
	given_selectors(w, two, 443, 1);
	half_written(w, IPM_TUNNELS, two);
	expect_row_soon("cipSecEndPtLocalPort.1.1");
	expect_row_soon("cipSecSpiValue.1.1");
	whole_again(w, IPM_TUNNELS, two);
	expect_row_soon("cipSecEndPtLocalPort.2.1");
	expect_row_soon("cipSecSpiValue.2.1");
}
END_TEST

/* --- many ---------------------------------------------------------------- */

#define MANY 20000

START_TEST(a_walk_through_20000_tunnels_visits_each_once_and_in_order)
{
	static uint32_t slot[MANY];
	mib_serve(mib, NULL, 0);
	ipm_writer_close(w);
	capacity.tunnels = MANY;
	w = given_knowing_segment();
	for (uint32_t i = 0; i < MANY; i++)
		slot[i] = given_tunnel(w);
	for (uint32_t i = 0; i < MANY; i += 10) /* so slots are not in the order of indexes */
		ipm_tunnel_stop(w, slot[i], IPM_REASON_NORMAL);
	for (uint32_t i = 0; i < MANY; i += 10)
		given_tunnel(w);
	serve(w);
	struct name at = name_of("cipSecTunHcInOctets"), found;
	struct mib_value value;
	const size_t column = at.len;
	uint32_t visits = 0;
	for (mib_subid index = 1; index <= MANY + MANY / 10; index++) {
		if (index <= MANY && index % 10 == 1)
			continue; /* stopped */
		mib_request(mib, master_ns);
		ck_assert_int_eq(next(&at, false, &nothing, &found, &value), MIB_OK);
		ck_assert_uint_eq(found.len, column + 1);
		ck_assert_uint_eq(found.id[column], index);
		ck_assert_uint_eq(found.id[column - 1], at.id[column - 1]);
		at = found;
		visits++;
	}
	ck_assert_uint_eq(visits, MANY);
	ck_assert_int_eq(next(&at, false, &nothing, &found, &value), MIB_OK);
	ck_assert_uint_eq(found.id[column - 1], at.id[column - 1] + 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("views_known");
	TCase *tc = tests_of(suite, "known", given_rows_of_feed_0);
	tcase_add_test(tc, a_column_has_cells_if_and_only_if_a_feed_can_know_one_of_the_things_it_shows);
	tcase_add_test(tc,
		       with_charon_alone_no_drops_are_known_and_of_ike_only_the_octets_that_pollers_cannot_do_without);
	tcase_add_test(tc, a_tunnel_has_what_its_own_feeds_can_know_and_the_totals_what_any_can);
	tcase_add_test(tc, of_a_feed_that_does_not_say_a_column_is_there_once_it_has_counted);
	tcase_add_test(tc, without_a_feed_a_column_is_there_once_it_was_counted);
	tcase_add_test(tc,
		       a_feed_whose_source_has_never_answered_can_know_nothing_and_one_that_is_away_still_what_it_told);
	tcase_add_test(tc, uncompressed_octets_that_no_one_counted_have_no_cell);
	tc = tests_of(suite, "no segment", given_tables);
	tcase_add_test(tc, without_a_segment_nothing_is_served_but_the_trap_controls);
	tc = tests_of(suite, "segments", given_a_served_segment);
	tcase_add_test(tc, when_the_last_segment_goes_nothing_is_served_but_the_trap_controls);
	tcase_add_test(tc, an_empty_segment_has_its_scalars);
	tcase_add_test(tc, rows_of_two_segments_are_merged_in_the_order_of_their_indexes);
	tcase_add_test(tc, a_change_in_any_of_two_segments_is_seen);
	tcase_add_test(tc, scalars_are_sums_over_all_segments);
	tcase_add_test(tc, each_gateway_has_its_own_row_and_the_scalars_are_their_sums);
	tcase_add_test(tc, scalars_agree_within_a_request_whatever_the_writer_does);
	tcase_add_test(tc, a_segment_that_was_replaced_leaves_nothing_behind);
	tc = tests_of(suite, "busy writers", given_a_served_segment);
	tcase_add_test(tc, a_record_left_half_written_is_passed_over);
	tcase_add_test(tc, totals_left_half_written_are_not_served_and_everything_else_is);
	tcase_add_test(tc, a_row_that_was_being_written_when_rows_were_made_shows_once_it_is_written);
	tcase_add_test(tc, selectors_and_sas_of_a_tunnel_that_was_being_written_when_rows_were_made_show_too);
	tc = tests_of(suite, "many", given_a_served_segment);
	tcase_add_test(tc, a_walk_through_20000_tunnels_visits_each_once_and_in_order);
	return run_in_scratch("check_views_known", suite);
}
