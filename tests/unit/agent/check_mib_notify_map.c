/* SPDX-License-Identifier: ISC */
/* Notifications of crypto maps, engines and configured tunnels, and their switches. */
#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipm_writer.h"
#include "mib_notify.h"
#include "mib_set.h"
#include "mib_table.h"
#include "views.h"
#include "scratch.h"

#define SECOND 1000000000ull
#define MS     1000000ull
#define FAST   10000
#define OFF    2

static struct mib_notify *notify;
static struct mib *mib;
static struct ipm_writer *w;
static struct mib_notification sent[256];
static unsigned sent_count;

#define MANY_MAPS 2000 /* building their groups takes a while */

/* --- helpers ------------------------------------------------------------------------------------------------------ */

static void
collect(void *arg, const struct mib_notification *one)
{
	(void)arg;
	ck_assert_uint_lt(sent_count, MIB_COUNT(sent));
	sent[sent_count++] = *one;
}

static void
switch_all(uint32_t to)
{
	uint32_t *all = (uint32_t *)(void *)&mib_controls;
	for (size_t i = 0; i < MIB_CONTROLS; i++)
		all[i] = to;
	for (unsigned i = 0; i < MIB_NOTIFICATIONS; i++) /* not what this is about */
		mib_controls.notify[i] = OFF;
}

static void
given_room_for(uint32_t maps)
{
	char path[SCRATCH_PATH];
	struct ipm_error err;
	path_in_scratch(path);
	struct ipm_writer_options opt = { .path = path, .name = "gw", .mode = 0640 };
	opt.capacity = (struct ipm_capacity){ .ike_sas = 4,
					      .tunnels = 8,
					      .sas = 4,
					      .feeds = 1,
					      .events = 256,
					      .history = 16,
					      .failures = 16,
					      .maps = maps,
					      .engines = 2 };
	ck_assert_msg(ipm_writer_open(&w, &opt, &err) == 0, "%s", err.text);
	const struct ipm_segment *seg = ipm_writer_segment(w);
	mib = mib_new(mib_views, mib_view_count);
	ck_assert_int_eq(mib_serve(mib, &seg, 1), 0);
	notify = mib_notify_new(FAST, mib, collect, NULL);
	ck_assert_ptr_nonnull(notify);
	mib_notify_serve(notify, &seg, 1);
	sent_count = 0;
	switch_all(1);
}

static void
given_a_followed_segment(void)
{
	given_room_for(6);
}

static void
all_gone(void)
{
	mib_notify_free(notify);
	mib_free(mib);
	ipm_writer_close(w);
}

/* Until nothing waits. */
static void
tell_all(void)
{
	uint64_t give_up = ipm_now_ns() + 20 * SECOND;
	do {
		nanosleep(&(struct timespec){ .tv_nsec = MS }, NULL);
		mib_notify_poll(notify);
	} while (mib_notify_stats(notify).waiting && ipm_now_ns() < give_up);
	ck_assert_uint_eq(mib_notify_stats(notify).waiting, 0);
}

static void
from_now_on(void)
{
	tell_all();
	sent_count = 0;
}

static uint32_t
ok(int slot)
{
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static uint32_t
given_map(const char *name, const char *child, uint32_t seq)
{
	struct ipm_map_entry map = {
		.kind = IPM_MAP_STATIC, .key_type = IPM_KEY_IKE, .seq = seq, .peer_text = "peer.example"
	};
	map.peers = 1;
	map.peer[0] = (struct ipm_addr){ .len = 4, .bytes = { 198, 51, 100, 7 } };
	snprintf(map.name, sizeof(map.name), "%s", name);
	snprintf(map.child, sizeof(map.child), "%s", child);
	return ok(ipm_map_open(w, &map));
}

static uint32_t
given_tunnel(const char *conn, const char *child)
{
	struct ipm_tunnel tunnel = { .state = IPM_TUNNEL_UP, .protocol = 50 };
	tunnel.remote = (struct ipm_addr){ .len = 4, .bytes = { 203, 0, 113, 9 } };
	snprintf(tunnel.conn, sizeof(tunnel.conn), "%s", conn);
	snprintf(tunnel.name, sizeof(tunnel.name), "%s", child);
	return ok(ipm_tunnel_start(w, &tunnel));
}

/* Varbind @p i of notification @p n has object @p column with index @p index. */
static const struct mib_value *
varbind(unsigned n, unsigned i, const char *column, const char *index)
{
	ck_assert_uint_lt(n, sent_count);
	ck_assert_msg(i < sent[n].count, "notification %u has %u varbinds, no %s", n, sent[n].count, column);
	const struct mib_varbind *vb = &sent[n].varbind[i];
	for (unsigned t = 0; t < mib_view_count; t++)
		for (unsigned c = 0; c < mib_views[t]->ncols; c++) {
			const struct mib_table *table = mib_views[t];
			char text[512] = "";
			size_t at = 0;
			if (strcmp(table->cols[c].name, column) != 0)
				continue;
			ck_assert_msg(vb->name_len > table->oid_len + 1 &&
					      memcmp(vb->name, table->oid, table->oid_len * sizeof(vb->name[0])) == 0 &&
					      vb->name[table->oid_len] == table->cols[c].id,
				      "varbind %u of notification %u is not %s", i, n, column);
			for (size_t k = table->oid_len + 1; k < vb->name_len; k++)
				at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%lu", at ? "." : "",
						       vb->name[k]);
			ck_assert_str_eq(text, index);
			ck_assert_int_eq(vb->value.type, table->cols[c].type);
			return &vb->value;
		}
	ck_abort_msg("no column %s", column);
}

static void
expect_number(unsigned n, unsigned i, const char *column, const char *index, uint64_t number)
{
	ck_assert_uint_eq(varbind(n, i, column, index)->number, number);
}

static void
expect_text(unsigned n, unsigned i, const char *column, const char *index, const char *text)
{
	const struct mib_value *value = varbind(n, i, column, index);
	ck_assert_msg(value->len == strlen(text) && memcmp(value->octets, text, value->len) == 0,
		      "%s: \"%.*s\", expected \"%s\"", column, (int)value->len, value->octets, text);
}

static void
expect_kind(unsigned n, enum mib_notify_module module, unsigned number, unsigned count)
{
	ck_assert_msg(n < sent_count, "%u notifications, no %u", sent_count, n);
	ck_assert_uint_eq(sent[n].module, module);
	ck_assert_uint_eq(sent[n].number, number);
	ck_assert_uint_eq(sent[n].count, count);
}

/* --- configured tunnels ------------------------------------------------------------------------------------------- */

START_TEST(a_tunnel_that_comes_up_and_goes_down_is_told_by_its_names)
{
	given_map("site", "net", 10);
	from_now_on();
	uint32_t tunnel = given_tunnel("site", "net");
	tell_all();
	ck_assert_uint_eq(sent_count, 1);
	expect_kind(0, MIB_NOTIFY_OWN, 2, 6);
	expect_text(0, 0, "ipsecmonTunnelName", "1", "site");
	expect_text(0, 1, "ipsecmonTunnelChild", "1", "net");
	expect_text(0, 2, "ipsecmonTunnelPeer", "1", "peer.example");
	expect_text(0, 3, "ipsecmonTunnelRemoteAddr", "1", "203.0.113.9");
	expect_number(0, 4, "ipsecmonTunnelPhase2Index", "1", 1);
	expect_number(0, 5, "ipsecmonTunnelUps", "1", 1);
	ipm_tunnel_stop(w, tunnel, IPM_REASON_PEER_LOST);
	ipm_fail(w, IPM_IKE_FAILURES,
		 &(struct ipm_failure){ .reason = IPM_FAIL_PEER_LOST, .conn = "site", .text = "no answer" });
	tell_all();
	ck_assert_uint_eq(sent_count, 2);
	expect_kind(1, MIB_NOTIFY_OWN, 1, 8);
	expect_text(1, 0, "ipsecmonTunnelName", "1", "site");
	expect_text(1, 1, "ipsecmonTunnelChild", "1", "net");
	expect_text(1, 2, "ipsecmonTunnelPeer", "1", "peer.example");
	expect_text(1, 3, "ipsecmonTunnelRemoteAddr", "1", "198.51.100.7");
	expect_number(1, 4, "ipsecmonTunnelDownReason", "1", IPM_REASON_PEER_LOST + 2);
	expect_number(1, 5, "ipsecmonTunnelLastFailure", "1", IPM_FAIL_PEER_LOST + 2);
	expect_text(1, 6, "ipsecmonTunnelLastFailText", "1", "no answer");
	expect_number(1, 7, "ipsecmonTunnelFlaps", "1", 1);
}
END_TEST

START_TEST(a_tunnel_that_is_up_again_by_now_is_told_as_it_was)
{
	given_map("site", "net", 10);
	uint32_t tunnel = given_tunnel("site", "net");
	from_now_on();
	ipm_tunnel_stop(w, tunnel, IPM_REASON_PEER_DELETE);
	given_tunnel("site", "net");
	tell_all();
	ck_assert_uint_eq(sent_count, 2);
	expect_kind(0, MIB_NOTIFY_OWN, 1, 8);
	expect_number(0, 4, "ipsecmonTunnelDownReason", "1", IPM_REASON_PEER_DELETE + 2);
	expect_text(0, 3, "ipsecmonTunnelRemoteAddr", "1", "198.51.100.7");
	expect_kind(1, MIB_NOTIFY_OWN, 2, 6);
	expect_number(1, 4, "ipsecmonTunnelPhase2Index", "1", 2);
}
END_TEST

START_TEST(one_of_several_tunnels_that_ends_is_told_to_nobody)
{
	given_map("rw", "any", 10);
	uint32_t one = given_tunnel("rw", "any"), two = given_tunnel("rw", "any");
	from_now_on();
	ipm_tunnel_stop(w, one, IPM_REASON_PEER_LOST);
	ipm_tunnel_refresh(w, two);
	tell_all();
	ck_assert_uint_eq(sent_count, 0);
	ipm_tunnel_stop(w, two, IPM_REASON_PEER_LOST);
	tell_all();
	ck_assert_uint_eq(sent_count, 1);
	expect_kind(0, MIB_NOTIFY_OWN, 1, 8);
}
END_TEST

START_TEST(a_tunnel_that_nobody_configured_is_told_to_nobody)
{
	ipm_tunnel_stop(w, given_tunnel("site", "net"), IPM_REASON_PEER_LOST);
	tell_all();
	ck_assert_uint_eq(sent_count, 0);
}
END_TEST

/* --- crypto maps ----------------------------------------------------------------------------------------------------
 */

#define SITE "4.115.105.116.101"

START_TEST(entries_that_come_and_go_are_told_and_a_policy_with_the_first_and_the_last)
{
	uint32_t one = given_map("site", "a", 10);
	tell_all();
	ck_assert_uint_eq(sent_count, 2);
	expect_kind(0, MIB_NOTIFY_CIPS, 3, 2);
	expect_number(0, 0, "cipsStaticCryptomapType", SITE ".10", 2);
	expect_number(0, 1, "cipsStaticCryptomapSetSize", SITE, 1);
	expect_kind(1, MIB_NOTIFY_CIPS, 1, 1);
	expect_number(1, 0, "cipsNumIsakmpPolicies", "0", 1);
	uint32_t two = given_map("site", "b", 20);
	tell_all();
	ck_assert_uint_eq(sent_count, 3);
	expect_kind(2, MIB_NOTIFY_CIPS, 3, 2);
	expect_number(2, 0, "cipsStaticCryptomapType", SITE ".20", 2);
	expect_number(2, 1, "cipsStaticCryptomapSetSize", SITE, 2);
	ipm_map_remove(w, one);
	tell_all();
	ck_assert_uint_eq(sent_count, 4);
	expect_kind(3, MIB_NOTIFY_CIPS, 4, 1);
	expect_number(3, 0, "cipsStaticCryptomapSetSize", SITE, 1);
	ipm_map_remove(w, two);
	tell_all();
	ck_assert_uint_eq(sent_count, 6);
	expect_kind(4, MIB_NOTIFY_CIPS, 4, 1);
	expect_number(4, 0, "cipsStaticCryptomapSetSize", SITE, 0);
	expect_kind(5, MIB_NOTIFY_CIPS, 2, 1);
	expect_number(5, 0, "cipsNumIsakmpPolicies", "0", 0);
}
END_TEST

/* The cost doesn't matter here: no poll rebuilds the groups this soon. */
START_TEST(a_notification_is_no_older_than_its_event)
{
	all_gone();
	given_room_for(MANY_MAPS + 3);
	switch_all(OFF);
	for (uint32_t i = 0; i < MANY_MAPS; i++) {
		char child[16];
		snprintf(child, sizeof(child), "c%u", i);
		given_map("site", child, i + 1);
	}
	from_now_on();
	switch_all(1);
	for (uint32_t more = 1; more <= 3; more++) {
		given_map("site", more == 1 ? "x" : more == 2 ? "y" : "z", MANY_MAPS + more);
		tell_all();
		ck_assert_uint_eq(sent_count, more);
		expect_number(more - 1, 1, "cipsStaticCryptomapSetSize", SITE, MANY_MAPS + more);
	}
}
END_TEST

START_TEST(all_entries_of_a_map_at_once_are_one_policy)
{
	uint32_t slot[3];
	for (uint32_t i = 0; i < 3; i++)
		slot[i] = given_map("site", i == 0 ? "a" : i == 1 ? "b" : "c", 10 * (i + 1));
	tell_all();
	ck_assert_uint_eq(sent_count, 4);
	for (uint32_t i = 0; i < 3; i++)
		ipm_map_remove(w, slot[i]);
	tell_all();
	ck_assert_uint_eq(sent_count, 8);
	expect_kind(7, MIB_NOTIFY_CIPS, 2, 1);
}
END_TEST

START_TEST(a_map_that_is_keyed_by_hand_is_no_policy)
{
	ok(ipm_map_open(w,
			&(struct ipm_map_entry){ .kind = IPM_MAP_STATIC, .key_type = IPM_KEY_MANUAL, .name = "hand" }));
	tell_all();
	ck_assert_uint_eq(sent_count, 1);
	expect_kind(0, MIB_NOTIFY_CIPS, 3, 2);
}
END_TEST

START_TEST(an_interface_that_begins_to_use_a_map_and_ends_is_told)
{
	uint32_t slot = given_map("site", "a", 10);
	given_map("site", "b", 20);
	from_now_on();
	struct ipm_map_entry map = *ipm_map_peek(w, slot);
	map.ifindex = 7;
	ipm_map_put(w, slot, &map);
	tell_all();
	ck_assert_uint_eq(sent_count, 1);
	expect_kind(0, MIB_NOTIFY_CIPS, 5, 3);
	expect_number(0, 0, "cipsStaticCryptomapSetSize", SITE, 2);
	expect_number(0, 1, "cipsStaticCryptomapSetNumIsakmp", SITE, 2);
	expect_number(0, 2, "cipsStaticCryptomapSetNumDynamic", SITE, 0);
	map.ifindex = 0;
	ipm_map_put(w, slot, &map);
	tell_all();
	ck_assert_uint_eq(sent_count, 2);
	expect_kind(1, MIB_NOTIFY_CIPS, 6, 1);
	expect_number(1, 0, "cipsStaticCryptomapSetSize", SITE, 2);
}
END_TEST

START_TEST(too_many_sas_are_told_with_how_many_there_may_be)
{
	uint32_t tunnel = given_tunnel("", "");
	for (uint32_t spi = 1; spi <= 5; spi++)
		ipm_sa_start(w, tunnel, &(struct ipm_sa){ .direction = IPM_IN, .protocol = 50, .spi = spi });
	tell_all();
	ck_assert_uint_eq(sent_count, 1);
	expect_kind(0, MIB_NOTIFY_CIPS, 7, 1);
	expect_number(0, 0, "cipsMaxSAs", "0", 4);
}
END_TEST

START_TEST(an_entry_whose_slot_another_has_by_now_is_suppressed)
{
	for (unsigned i = 0; i < 20; i++) { /* the section has room for six entries, including removed ones */
		char child[8];
		snprintf(child, sizeof(child), "%u", i);
		ipm_map_remove(w, given_map("site", child, 10));
	}
	tell_all();
	ck_assert_uint_gt(mib_notify_stats(notify).suppressed, 0);
	ck_assert_uint_eq(mib_notify_stats(notify).suppressed + mib_notify_stats(notify).sent, 20 * 4);
}
END_TEST

/* --- engines
 * ---------------------------------------------------------------------------------------------------------- */

START_TEST(an_engine_that_comes_and_is_disabled_is_told)
{
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "esp" };
	uint32_t slot = ok(ipm_engine_open(w, &engine));
	tell_all();
	ck_assert_uint_eq(sent_count, 2);
	expect_kind(0, MIB_NOTIFY_ENGINE, 1, 1);
	expect_number(0, 0, "ccaAcclSlot", "1", 1);
	expect_kind(1, MIB_NOTIFY_ENGINE, 3, 1);
	expect_number(1, 0, "ccaAcclSlot", "1", 1);
	engine.disabled = 1;
	ipm_engine_put(w, slot, &engine);
	tell_all();
	ck_assert_uint_eq(sent_count, 3);
	expect_kind(2, MIB_NOTIFY_ENGINE, 4, 3);
	expect_number(2, 0, "ccaAcclSlot", "1", 1);
	expect_number(2, 1, "ccaAcclStatus", "1", 3);
	expect_number(2, 2, "ccaAcclActiveTime", "1", 0);
}
END_TEST

/* --- what the MIBs say
 * -------------------------------------------------------------------------------------------------- */

/* Every event once: each notification is sent, except ciscoCryAccelRemoved, which never occurs. */
#define KINDS 12
static void
everything_happens(unsigned round)
{
	char name[16];
	snprintf(name, sizeof(name), "round %u", round);
	struct ipm_map_entry map = {
		.kind = IPM_MAP_STATIC, .key_type = IPM_KEY_IKE, .seq = 10, .ifindex = 3, .child = "c"
	};
	snprintf(map.name, sizeof(map.name), "%s", name);
	uint32_t slot = ok(ipm_map_open(w, &map));
	uint32_t tunnel = given_tunnel(name, "c");
	while (round == 0 &&
	       ipm_sa_start(w, tunnel, &(struct ipm_sa){ .direction = IPM_IN, .protocol = 50, .spi = 1 }) >= 0)
		;
	ipm_tunnel_stop(w, tunnel, IPM_REASON_PEER_LOST);
	ipm_map_remove(w, slot);
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "esp" };
	if (round > 0)
		return;
	uint32_t at = ok(ipm_engine_open(w, &engine));
	engine.disabled = 1;
	ipm_engine_put(w, at, &engine);
}

static bool
published_oid(FILE *file, const char *name, char *oid, size_t size)
{
	char line[1024];
	size_t len = strlen(name);
	rewind(file);
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, name, len) == 0 && line[len] == '\t') {
			snprintf(oid, size, "%.*s", (int)strcspn(line + len + 1, "\t"), line + len + 1);
			return true;
		}
	return false;
}

/* A name as "1.2.3". Our own MIB is shown at the OID that tests/data has. */
static const char *
oid_text(const mib_subid *oid, size_t len)
{
	static const mib_subid own[] = { IPSECMON_MIB };
	static char text[1024];
	size_t at = 0, from = 0;
	if (len > MIB_COUNT(own) && memcmp(oid, own, sizeof(own)) == 0) {
		at = (size_t)snprintf(text, sizeof(text), "@");
		from = MIB_COUNT(own);
	}
	for (size_t i = from; i < len; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%lu", at ? "." : "", oid[i]);
	return text;
}

/* Did the notification with this name have the objects of the list "a,b,c", in this order? False: it was not sent. */
static bool
sent_with(FILE *file, const char *oid, char *list)
{
	mib_subid name[MIB_NAME_MAX];
	unsigned n = 0, i = 0;
	for (; n < sent_count; n++)
		if (strcmp(oid_text(name, mib_notification_oid(&sent[n], name)), oid) == 0)
			break;
	if (n == sent_count)
		return false;
	for (char *save, *object = strtok_r(list, ",\n", &save); object; object = strtok_r(NULL, ",\n", &save), i++) {
		char at[128];
		ck_assert_msg(published_oid(file, object, at, sizeof(at)), "no object %s", object);
		ck_assert_msg(i < sent[n].count, "%s: no %s", oid, object);
		const char *got = oid_text(sent[n].varbind[i].name, sent[n].varbind[i].name_len);
		ck_assert_msg(strncmp(got, at, strlen(at)) == 0 && got[strlen(at)] == '.', "%s: %s, expected %s (%s)",
			      oid, got, object, at);
	}
	ck_assert_uint_eq(sent[n].count, i);
	return true;
}

START_TEST(every_published_notification_is_sent_with_its_objects_in_their_order)
{
	unsigned found = 0, missing = 0;
	everything_happens(0);
	tell_all();
	for (unsigned m = 1; m < MIB_MODULES; m++) {
		char path[512], line[1024], name[64], oid[64];
		const char *top = getenv("top_srcdir");
		snprintf(path, sizeof(path), "%s/tests/data/%s.objects", top ? top : ".", mib_modules[m].name);
		FILE *file = fopen(path, "r");
		ck_assert_msg(file != NULL, "%s is not there", path);
		while (fgets(line, sizeof(line), file)) {
			/* check_mib_notify_ras.c has those about users. */
			if (!strstr(line, "\tnotification\t") || strncmp(line, "ciscoRas", 8) == 0 ||
			    strncmp(line, "ipsecmonSession", 15) == 0)
				continue;
			ck_assert_int_eq(sscanf(line, "%63s %63s", name, oid), 2);
			long at = ftell(file);
			if (sent_with(file, oid, strrchr(line, '\t') + 1)) {
				found++;
			} else {
				ck_assert_str_eq(name, "ciscoCryAccelRemoved");
				missing++;
			}
			fseek(file, at, SEEK_SET);
		}
		fclose(file);
	}
	ck_assert_uint_eq(found, KINDS);
	ck_assert_uint_eq(missing, 1);
	ck_assert_uint_eq(sent_count, KINDS);
}
END_TEST

START_TEST(what_is_switched_off_is_counted_and_not_sent)
{
	uint32_t *const off[] = { &mib_controls.cips[0], &mib_controls.cips[1], &mib_controls.cips[2],
				  &mib_controls.cips[3], &mib_controls.cips[4], &mib_controls.cips[5],
				  &mib_controls.own[0],  &mib_controls.own[1] };
	mib_controls.cips[6] = OFF; /* no second warning within a minute */
	everything_happens(0);
	from_now_on();
	for (unsigned i = 0; i < MIB_COUNT(off); i++) {
		uint64_t disabled = mib_notify_stats(notify).disabled;
		switch_all(1);
		everything_happens(i + 1);
		tell_all();
		unsigned all = sent_count;
		disabled = mib_notify_stats(notify).disabled - disabled; /* of the other module */
		sent_count = 0;
		uint64_t before = mib_notify_stats(notify).disabled;
		*off[i] = OFF;
		everything_happens(i + 101);
		tell_all();
		ck_assert_uint_eq(sent_count, all - 1);
		ck_assert_uint_eq(mib_notify_stats(notify).disabled - before, disabled + 1);
		sent_count = 0;
	}
}
END_TEST

START_TEST(all_switches_are_off_at_first_and_cost_nothing)
{
	switch_all(OFF);
	everything_happens(0);
	tell_all();
	ck_assert_uint_eq(sent_count, 0);
	ck_assert_uint_eq(mib_notify_stats(notify).sent, 0);
	ck_assert_uint_ge(mib_notify_stats(notify).disabled, KINDS);
}
END_TEST

static Suite *
notify_suite(void)
{
	Suite *s = suite_create("notify_maps");
	TCase *tc = tcase_create("events");
	tcase_add_checked_fixture(tc, given_a_followed_segment, all_gone);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(s, tc);
	tcase_add_test(tc, a_tunnel_that_comes_up_and_goes_down_is_told_by_its_names);
	tcase_add_test(tc, a_tunnel_that_is_up_again_by_now_is_told_as_it_was);
	tcase_add_test(tc, one_of_several_tunnels_that_ends_is_told_to_nobody);
	tcase_add_test(tc, a_tunnel_that_nobody_configured_is_told_to_nobody);
	tcase_add_test(tc, entries_that_come_and_go_are_told_and_a_policy_with_the_first_and_the_last);
	tcase_add_test(tc, a_notification_is_no_older_than_its_event);
	tcase_add_test(tc, all_entries_of_a_map_at_once_are_one_policy);
	tcase_add_test(tc, a_map_that_is_keyed_by_hand_is_no_policy);
	tcase_add_test(tc, an_interface_that_begins_to_use_a_map_and_ends_is_told);
	tcase_add_test(tc, too_many_sas_are_told_with_how_many_there_may_be);
	tcase_add_test(tc, an_entry_whose_slot_another_has_by_now_is_suppressed);
	tcase_add_test(tc, an_engine_that_comes_and_is_disabled_is_told);
	tcase_add_test(tc, every_published_notification_is_sent_with_its_objects_in_their_order);
	tcase_add_test(tc, what_is_switched_off_is_counted_and_not_sent);
	tcase_add_test(tc, all_switches_are_off_at_first_and_cost_nothing);
	return s;
}

int
main(void)
{
	return run_in_scratch("check_mib_notify_map", notify_suite());
}
