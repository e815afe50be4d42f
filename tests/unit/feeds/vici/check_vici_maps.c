/* SPDX-License-Identifier: ISC */
/* Charon's configuration as crypto map entries: given as structs, read back through the segment. */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INDEXES 8192
#include "feed_map.h"
#include "model_fixture.h"
#include "vici_maps.h"
#include "vici_model.h"

static struct vici_model *model;
static struct vici_maps *maps;

/* --- the host: 192.0.2.1 is on eth0, all peers are behind wan0, ipsec7 is the XFRM interface 7 ------------ */

enum { ETH0 = 2, WAN0 = 3, IPSEC7 = 4 };

static bool
link_named(uint32_t ifindex, struct ipm_interface *out)
{
	static const char *const names[] = { [ETH0] = "eth0", [WAN0] = "wan0", [IPSEC7] = "ipsec7" };
	if (ifindex < ETH0 || ifindex > IPSEC7)
		return false;
	*out = (struct ipm_interface){ .ifindex = ifindex };
	snprintf(out->name, sizeof(out->name), "%s", names[ifindex]);
	return true;
}

static bool
with_addr(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	const struct ipm_addr here = ip4(192, 0, 2, 1);
	(void)arg;
	return ipm_addr_same(addr, &here) && link_named(ETH0, out);
}

static bool
way_to(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	(void)arg;
	return addr->bytes[0] == 192 && link_named(WAN0, out);
}

static bool
with_if_id(void *arg, uint32_t if_id, struct ipm_interface *out)
{
	(void)arg;
	return if_id == 7 && link_named(IPSEC7, out);
}

static bool
with_index(void *arg, uint32_t ifindex, struct ipm_interface *out)
{
	(void)arg;
	return link_named(ifindex, out);
}

static uint32_t
if_id(void *arg, uint32_t ifindex)
{
	(void)arg;
	return ifindex == IPSEC7 ? 7 : 0;
}

/* --- the gateway ------------------------------------------------------------------------------------------ */

static void
writer_opens(void)
{
	uint32_t feed = writer_opens_for("vici");
	const struct feed_host host = { .feed = feed,
					.with_addr = with_addr,
					.way_to = way_to,
					.with_if_id = with_if_id,
					.with_index = with_index,
					.if_id = if_id };
	model = vici_model_new(writer, feed);
	maps = vici_maps_new(writer, feed, &host);
	ck_assert(model && maps);
	vici_model_set_host(model, &host);
}

static void
writer_closes(void)
{
	vici_model_free(model);
	vici_maps_free(maps);
	ipm_writer_close(writer);
}

static void
given_a_gateway_of(uint32_t entries)
{
	gateway_begins((struct ipm_capacity){ .ike_sas = 8,
					      .tunnels = 16,
					      .selectors = 64,
					      .sas = 64,
					      .maps = entries,
					      .access = entries * 2,
					      .interfaces = 8,
					      .engines = 2 });
}

static void
given_a_gateway(void)
{
	given_a_gateway_of(32);
}

/* --- what charon says ------------------------------------------------------------------------------------- */

static struct vici_conn_child *
conn_child(const char *name)
{
	static struct vici_conn_child child;
	memset(&child, 0, sizeof(child));
	snprintf(child.name, sizeof(child.name), "%s", name);
	child.encap = IPM_ENCAP_TUNNEL;
	child.rekey_s = 3600;
	child.local_count = child.remote_count = 1;
	child.local_ts[0] = subnet(10, 1, 0);
	child.remote_ts[0] = subnet(10, 2, 0);
	return &child;
}

/* From 192.0.2.1 to 192.0.2.2, IKEv2. */
static struct vici_conn
conn(const char *name)
{
	struct vici_conn c = { .version = 2,
			       .remote_auth = IPM_AUTH_PSK,
			       .local = ip4(192, 0, 2, 1),
			       .peer = { ip4(192, 0, 2, 2) },
			       .peers = 1,
			       .peer_text = "192.0.2.2",
			       .ike_rekey_s = 14400 };
	snprintf(c.name, sizeof(c.name), "%s", name);
	return c;
}

/* A list with one connection and its children. */
static void
list_of(struct vici_conn c, struct vici_conn_child *first, const char *second)
{
	vici_maps_begin(maps);
	vici_maps_conn(maps, &c);
	if (first)
		vici_maps_child(maps, &c, first);
	if (second)
		vici_maps_child(maps, &c, conn_child(second));
	vici_maps_end(maps, true);
}

static void
list(const char *name, const char *first, const char *second)
{
	list_of(conn(name), conn_child(first), second);
}

static void
list_nothing(void)
{
	vici_maps_begin(maps);
	vici_maps_end(maps, true);
}

static struct vici_ike
ike(uint8_t version)
{
	return (struct vici_ike){ .name = "site",
				  .uniqueid = 1,
				  .version = version,
				  .state = VICI_IKE_ESTABLISHED,
				  .local_host = ip4(192, 0, 2, 1),
				  .remote_host = ip4(192, 0, 2, 9),
				  .local_id = "a",
				  .remote_id = "b",
				  .spi_initiator = 1,
				  .established = 0,
				  .rekey_time = VICI_UNSET,
				  .reauth_time = VICI_UNSET };
}

static struct vici_child *
child(uint32_t uid, uint16_t group)
{
	static struct vici_child c;
	memset(&c, 0, sizeof(c));
	c = (struct vici_child){ .name = "net",
				 .uniqueid = uid,
				 .reqid = 1,
				 .state = VICI_CHILD_INSTALLED,
				 .encap = IPM_ENCAP_TUNNEL,
				 .protocol = IPPROTO_ESP,
				 .spi_in = 2 * uid,
				 .spi_out = 2 * uid + 1,
				 .proposal = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 128, .group = group },
				 .rekey_time = 3600,
				 .life_time = 3960 };
	return &c;
}

static void
comes_up(uint8_t version, uint16_t group)
{
	struct vici_ike sa = ike(version);
	vici_model_ike(model, &sa);
	vici_model_child(model, &sa, child(1, group));
}

static void
is_rekeyed(uint8_t version, uint16_t group)
{
	struct vici_ike sa = ike(version);
	struct vici_child old = *child(1, 0);
	vici_model_child_rekey(model, &sa, &old, child(2, group));
}

static void
goes_down(uint32_t uid)
{
	struct vici_ike sa = ike(2);
	vici_model_child_down(model, &sa, child(uid, 0));
}

/* --- what is expected ------------------------------------------------------------------------------------- */

static int
slot_of(const char *name, const char *child_name)
{
	return ipm_map_named(writer, name, child_name);
}

static struct ipm_map_entry
entry(const char *name, const char *child_name)
{
	struct ipm_map_entry map = { 0 };
	int slot = slot_of(name, child_name);
	ck_assert_msg(slot >= 0, "no entry %s/%s", name, child_name);
	ck_assert_int_eq(ipm_map_read(seg, (uint32_t)slot, &map), 0);
	return map;
}

static uint32_t
events_of(enum ipm_event_kind kind)
{
	struct ipm_event e = { 0 };
	uint32_t n = 0;
	while (ipm_event_next(seg, e.serial, &e) == 0)
		n += e.kind == kind;
	return n;
}

/* The newest entry of its access list. */
static struct ipm_access
access_of(const char *name, const char *child_name)
{
	struct ipm_access access = { 0 };
	uint32_t at = entry(name, child_name).access_head;
	ck_assert_uint_ne(at, 0);
	ck_assert_int_eq(ipm_access_read(seg, at - 1, &access), 0);
	return access;
}

static void
expect_addr(struct ipm_addr a, struct ipm_addr b)
{
	ck_assert(ipm_addr_same(&a, &b));
}

/* --- entries ---------------------------------------------------------------------------------------------- */

START_TEST(a_connection_that_is_loaded_has_an_entry_for_each_child)
{
	list("site", "net", "net2");
	struct ipm_map_entry map = entry("site", "net");
	ck_assert_uint_eq(map.state, IPM_MAP_DOWN);
	ck_assert_uint_eq(map.kind, IPM_MAP_STATIC);
	ck_assert_uint_eq(map.seq, 10);
	ck_assert_uint_eq(map.key_type, IPM_KEY_IKE);
	ck_assert_uint_eq(map.ike_version, 2);
	ck_assert_uint_eq(map.auth, IPM_AUTH_PSK);
	ck_assert_uint_eq(map.encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(map.peers, 1);
	expect_addr(map.peer[0], ip4(192, 0, 2, 2));
	expect_addr(map.local, ip4(192, 0, 2, 1));
	ck_assert_str_eq(map.peer_text, "192.0.2.2");
	ck_assert_uint_eq(map.soft_ns, 3600000000000);
	ck_assert_uint_eq(map.ike_ns, 14400000000000);
	ck_assert_uint_eq(entry("site", "net2").seq, 20);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_ADDED), 2);
	struct ipm_access access = access_of("site", "net");
	expect_addr(access.local.first, ip4(10, 1, 0, 0));
	expect_addr(access.remote.last, ip4(10, 2, 0, 255));
}
END_TEST

START_TEST(what_is_not_told_is_not_known)
{
	list("site", "net", NULL);
	struct ipm_map_entry map = entry("site", "net");
	ck_assert_uint_eq(map.protocol, 0);
	ck_assert_uint_eq(map.pfs, IPM_PFS_UNKNOWN);
	ck_assert_uint_eq(map.transforms, 0);
	ck_assert_uint_eq(map.hard_ns, 0);
}
END_TEST

START_TEST(the_same_list_again_is_no_news)
{
	list("site", "net", "net2");
	uint64_t change = ipm_segment_change(seg, IPM_MAPS), access = ipm_segment_change(seg, IPM_ACCESS);
	uint32_t index = entry("site", "net").index;
	list("site", "net", "net2");
	ck_assert_uint_eq(ipm_segment_change(seg, IPM_MAPS), change);
	ck_assert_uint_eq(ipm_segment_change(seg, IPM_ACCESS), access);
	ck_assert_uint_eq(entry("site", "net").index, index);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_ADDED), 2);
}
END_TEST

START_TEST(what_a_list_leaves_out_is_not_configured_any_more)
{
	list("site", "net", "net2");
	list("site", "net2", NULL);
	ck_assert_int_lt(slot_of("site", "net"), 0);
	ck_assert_uint_eq(entry("site", "net2").seq, 10);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_REMOVED), 1);
	list_nothing();
	ck_assert_int_lt(slot_of("site", "net2"), 0);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_REMOVED), 2);
}
END_TEST

START_TEST(a_list_that_was_not_understood_removes_nothing)
{
	list("site", "net", NULL);
	vici_maps_begin(maps);
	vici_maps_end(maps, false);
	ck_assert_int_ge(slot_of("site", "net"), 0);
}
END_TEST

START_TEST(a_child_that_lets_packets_pass_has_no_entry)
{
	struct vici_conn_child *shunt = conn_child("bypass");
	shunt->shunt = true;
	list_of(conn("site"), shunt, "net");
	ck_assert_int_lt(slot_of("site", "bypass"), 0);
	ck_assert_uint_eq(entry("site", "net").seq, 10);
}
END_TEST

START_TEST(of_two_that_look_alike_the_first_one_has_the_entry)
{
	struct vici_conn one = conn("b?ro"), two = one;
	two.remote_auth = IPM_AUTH_EAP;
	for (int round = 0; round < 2; round++) {
		vici_maps_begin(maps);
		vici_maps_conn(maps, &one);
		vici_maps_child(maps, &one, conn_child("net"));
		vici_maps_conn(maps, &two);
		vici_maps_child(maps, &two, conn_child("net"));
		vici_maps_end(maps, true);
		ck_assert_uint_eq(entry("b?ro", "net").auth, IPM_AUTH_PSK);
	}
}
END_TEST

static const struct {
	uint8_t peers;
	bool named;
	enum ipm_map_kind kind;
} kinds[] = {
	{ 1, false, IPM_MAP_STATIC },
	{ 0, true, IPM_MAP_STATIC },
	{ 0, false, IPM_MAP_DYNAMIC }, /* %any, a range, a subnet */
};

START_TEST(without_a_peer_to_begin_with_it_is_a_template)
{
	struct vici_conn c = conn("site");
	c.peers = kinds[_i].peers;
	c.peer_named = kinds[_i].named;
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").kind, kinds[_i].kind);
}
END_TEST

START_TEST(the_sooner_of_rekey_and_reauthentication_is_the_lifetime_of_an_ike_sa)
{
	struct vici_conn c = conn("site");
	c.ike_reauth_s = 7200;
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").ike_ns, 7200000000000);
	c.ike_reauth_s = 0;
	c.ike_rekey_s = 0;
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").ike_ns, 0);
	c.ike_rekey_s = UINT64_MAX;
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").ike_ns, 0);
}
END_TEST

/* --- access lists ----------------------------------------------------------------------------------------- */

static struct vici_conn_child *
dynamic_child(void)
{
	struct vici_conn_child *c = conn_child("net");
	c->local_ts[0] = (struct ipm_sel_side){ .protocol = IPPROTO_TCP, .port_first = 80, .port_last = 80 };
	c->remote_ts[0] = (struct ipm_sel_side){ .port_last = 65535 };
	return c;
}

START_TEST(dynamic_stands_for_the_configured_addresses)
{
	list_of(conn("site"), dynamic_child(), NULL);
	struct ipm_access access = access_of("site", "net");
	ck_assert_uint_eq(access.local.type, IPM_SEL_SINGLE);
	ck_assert_uint_eq(access.local.prefix, 32);
	ck_assert_uint_eq(access.local.protocol, IPPROTO_TCP);
	ck_assert_uint_eq(access.local.port_first, 80);
	expect_addr(access.local.first, ip4(192, 0, 2, 1));
	expect_addr(access.remote.first, ip4(192, 0, 2, 2));
}
END_TEST

START_TEST(dynamic_is_any_where_no_address_is_configured)
{
	struct vici_conn c = conn("site");
	c.local.len = 0;
	c.peers = 0;
	list_of(c, dynamic_child(), NULL);
	struct ipm_access access = access_of("site", "net");
	ck_assert_uint_eq(access.local.type, IPM_SEL_SUBNET);
	ck_assert_uint_eq(access.local.prefix, 0);
	expect_addr(access.local.first, ip4(0, 0, 0, 0));
	expect_addr(access.local.last, ip4(255, 255, 255, 255));
	expect_addr(access.remote.last, ip4(255, 255, 255, 255));
}
END_TEST

START_TEST(pairs_are_of_one_family_and_no_two_protocols)
{
	struct vici_conn_child *c = conn_child("net");
	c->local_ts[0].protocol = IPPROTO_TCP;
	c->local_ts[1] = subnet(10, 1, 1);
	c->remote_ts[0].protocol = IPPROTO_UDP;
	c->remote_ts[1] = (struct ipm_sel_side){ .type = IPM_SEL_SUBNET, .first.len = 16, .last.len = 16 };
	c->local_count = c->remote_count = 2;
	list_of(conn("site"), c, NULL);
	struct ipm_access access = access_of("site", "net");
	expect_addr(access.local.first, ip4(10, 1, 1, 0));
	ck_assert_uint_eq(access.next, 0);
}
END_TEST

/* --- interfaces ------------------------------------------------------------------------------------------- */

START_TEST(the_interface_with_our_address_uses_it)
{
	list("site", "net", "net2");
	ck_assert_uint_eq(entry("site", "net").ifindex, ETH0);
	ck_assert_str_eq(entry("site", "net").ifname, "eth0");
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_ATTACHED), 1);
	struct ipm_interface interface;
	ck_assert_int_eq(ipm_interface_read(seg, 0, &interface), 0);
	ck_assert_str_eq(interface.name, "eth0");
	ck_assert_uint_eq(interface.ifindex, ETH0);
}
END_TEST

START_TEST(without_an_address_of_ours_it_is_the_one_that_leads_to_the_peer)
{
	struct vici_conn c = conn("site");
	c.local.len = 0;
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").ifindex, WAN0);
	c.peers = 0;
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").ifindex, 0);
	ck_assert_str_eq(entry("site", "net").ifname, "");
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_DETACHED), 1);
}
END_TEST

START_TEST(an_xfrm_interface_is_known_once_a_tunnel_has_told_of_it)
{
	struct vici_ike sa = ike(2);
	struct vici_child *c = child(1, 0);
	c->if_id_in = c->if_id_out = 7;
	list("site", "net", NULL);
	vici_model_ike(model, &sa);
	vici_model_child(model, &sa, c);
	ck_assert_uint_eq(entry("site", "net").ifindex, IPSEC7);
	goes_down(1);
	list("site", "net", NULL);
	ck_assert_uint_eq(entry("site", "net").ifindex, IPSEC7);
	ck_assert_str_eq(entry("site", "net").ifname, "ipsec7");
}
END_TEST

/* --- tunnels ---------------------------------------------------------------------------------------------- */

START_TEST(its_tunnel_takes_it_up_and_down)
{
	list("site", "net", "net2");
	comes_up(2, 0);
	ck_assert_uint_eq(entry("site", "net").state, IPM_MAP_UP);
	ck_assert_uint_eq(entry("site", "net2").state, IPM_MAP_DOWN);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_UP), 1);
	goes_down(1);
	ck_assert_uint_eq(entry("site", "net").state, IPM_MAP_DOWN);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_DOWN), 1);
}
END_TEST

START_TEST(a_tunnel_that_was_up_before_the_list_is_tied_to_it)
{
	comes_up(2, 14);
	list("site", "net", NULL);
	ck_assert_uint_eq(entry("site", "net").state, IPM_MAP_UP);
	ck_assert_uint_eq(entry("site", "net").pfs_group, 14);
}
END_TEST

START_TEST(the_suite_is_the_one_that_was_negotiated_last)
{
	list("site", "net", NULL);
	comes_up(2, 0);
	goes_down(1);
	list("site", "net", NULL);
	struct ipm_map_entry map = entry("site", "net");
	ck_assert_uint_eq(map.protocol, IPPROTO_ESP);
	ck_assert_uint_eq(map.transforms, 1);
	ck_assert_uint_eq(map.transform[0].protocol, IPPROTO_ESP);
	ck_assert_uint_eq(map.transform[0].proposal.encr, 20);
	ck_assert_uint_eq(map.transform[0].proposal.encr_bits, 128);
}
END_TEST

static const struct {
	uint8_t version;
	uint16_t first, then; /* groups */
	bool rekey;
	enum ipm_pfs pfs;
} pfs_cases[] = {
	{ 2, 0, 0, false, IPM_PFS_UNKNOWN }, /* it came with its IKE SA */
	{ 2, 0, 0, true, IPM_PFS_NO },       { 2, 0, 14, true, IPM_PFS_YES },  { 2, 14, 0, false, IPM_PFS_YES },
	{ 1, 0, 0, false, IPM_PFS_NO },      { 1, 14, 0, false, IPM_PFS_YES },
};

START_TEST(pfs_is_known_from_an_exchange_of_its_own)
{
	struct vici_conn c = conn("site");
	c.version = pfs_cases[_i].version;
	list_of(c, conn_child("net"), NULL);
	comes_up(c.version, pfs_cases[_i].first);
	if (pfs_cases[_i].rekey)
		is_rekeyed(c.version, pfs_cases[_i].then);
	ck_assert_uint_eq(entry("site", "net").pfs, pfs_cases[_i].pfs);
	ck_assert_uint_eq(entry("site", "net").pfs_group,
			  pfs_cases[_i].rekey ? pfs_cases[_i].then : pfs_cases[_i].first);
}
END_TEST

START_TEST(the_address_of_a_named_peer_is_the_one_that_was_in_use_last)
{
	struct vici_conn c = conn("site");
	c.peers = 0;
	c.peer_named = true;
	strcpy(c.peer_text, "gw.example.net");
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").peers, 0);
	comes_up(2, 0);
	goes_down(1);
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").peers, 1);
	ck_assert_uint_eq(entry("site", "net").peer_learnt, 1);
	expect_addr(entry("site", "net").peer[0], ip4(192, 0, 2, 9));
	strcpy(c.peer_text, "other.example.net");
	list_of(c, conn_child("net"), NULL);
	ck_assert_uint_eq(entry("site", "net").peers, 0);
	list("site", "net", NULL);
	comes_up(2, 0);
	expect_addr(entry("site", "net").peer[0], ip4(192, 0, 2, 2)); /* as configured */
}
END_TEST

START_TEST(the_peer_of_a_template_is_not_its_tunnels)
{
	struct vici_conn c = conn("site");
	c.peers = 0;
	list_of(c, conn_child("net"), NULL);
	comes_up(2, 0);
	ck_assert_uint_eq(entry("site", "net").state, IPM_MAP_UP);
	ck_assert_uint_eq(entry("site", "net").peers, 0);
}
END_TEST

/* --- charon is away, the daemon restarts ------------------------------------------------------------------ */

START_TEST(while_charon_is_away_what_is_configured_stays)
{
	list("site", "net", "net2");
	comes_up(2, 0);
	hold_until = ipm_now_ns() + HOLD_NS;
	vici_model_hold(model, hold_until);
	vici_model_expire(model, hold_until);
	ck_assert_uint_eq(entry("site", "net").state, IPM_MAP_DOWN);
	ck_assert_uint_eq(entry("site", "net").reason, IPM_REASON_SOURCE_LOST);
	ck_assert_uint_eq(entry("site", "net2").state, IPM_MAP_DOWN);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_REMOVED), 0);
}
END_TEST

START_TEST(the_next_run_goes_on_with_its_entries)
{
	list("site", "net", "net2");
	comes_up(2, 0);
	struct ipm_map_entry before = entry("site", "net");
	writer_closes();
	writer_opens();
	ck_assert_uint_eq(entry("site", "net").index, before.index);
	list("site", "net", NULL); /* net2 was removed meanwhile */
	struct ipm_map_entry after = entry("site", "net");
	ck_assert_uint_eq(after.index, before.index);
	ck_assert_uint_eq(after.ups, before.ups);
	ck_assert_uint_eq(after.created_ns, before.created_ns);
	ck_assert_uint_eq(after.transforms, 1);
	ck_assert_int_lt(slot_of("site", "net2"), 0);
}
END_TEST

/* --- engines ---------------------------------------------------------------------------------------------- */

START_TEST(sas_of_charon_are_on_the_engine_that_it_says)
{
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "charon libipsec" }, read;
	comes_up(2, 0);
	int slot = ipm_engine_open(writer, &engine);
	ck_assert_int_ge(slot, 0);
	vici_model_set_engine(model, (uint32_t)slot + 1);
	ck_assert_int_eq(ipm_engine_read(seg, (uint32_t)slot, &read), 0);
	ck_assert_uint_eq(read.sas, 2);
	is_rekeyed(2, 0);
	ck_assert_int_eq(ipm_engine_read(seg, (uint32_t)slot, &read), 0);
	ck_assert_uint_eq(read.sas_created, 4);
	ck_assert_uint_eq(read.rekeys, 1);
}
END_TEST

/* --- many ------------------------------------------------------------------------------------------------- */

static double
cpu_of_lists(uint32_t conns, uint32_t children)
{
	struct timespec from, to;
	char name[IPM_NAME_MAX];

	given_a_gateway_of(conns * children);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int round = 0; round < 2; round++) { /* all are new; all are known */
		vici_maps_begin(maps);
		for (uint32_t i = 0; i < conns; i++) {
			snprintf(name, sizeof(name), "site-%u", i);
			struct vici_conn c = conn(name);
			vici_maps_conn(maps, &c);
			for (uint32_t n = 0; n < children; n++) {
				snprintf(name, sizeof(name), "net-%u", n);
				vici_maps_child(maps, &c, conn_child(name));
			}
		}
		vici_maps_end(maps, true);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ck_assert_uint_eq(rows(IPM_MAPS), conns * children);
	gateway_ends();
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static double
cpu_at_best(uint32_t conns, uint32_t children)
{
	double best = cpu_of_lists(conns, children);
	for (int i = 0; i < 2; i++) {
		double again = cpu_of_lists(conns, children);
		best = again < best ? again : best;
	}
	return best;
}

/* Eight times as many entries cost about eight times as much; a quadratic cost would be 64 times as much. */
START_TEST(ten_thousand_connections_cost_no_square)
{
	double few = cpu_at_best(1250, 1), many = cpu_at_best(10000, 1);
	ck_assert_msg(many < 24 * few, "%f s of CPU time for 10000, %f s for 1250", many, few);
}
END_TEST

START_TEST(nor_do_ten_thousand_children_of_one)
{
	double few = cpu_at_best(1, 1250), many = cpu_at_best(1, 10000);
	ck_assert_msg(many < 24 * few, "%f s of CPU time for 10000, %f s for 1250", many, few);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("vici_maps");
	TCase *tc = tcase_create("maps"), *many = tcase_create("many");

	tcase_add_checked_fixture(tc, given_a_gateway, gateway_ends);
	tcase_add_test(tc, a_connection_that_is_loaded_has_an_entry_for_each_child);
	tcase_add_test(tc, what_is_not_told_is_not_known);
	tcase_add_test(tc, the_same_list_again_is_no_news);
	tcase_add_test(tc, what_a_list_leaves_out_is_not_configured_any_more);
	tcase_add_test(tc, a_list_that_was_not_understood_removes_nothing);
	tcase_add_test(tc, a_child_that_lets_packets_pass_has_no_entry);
	tcase_add_test(tc, of_two_that_look_alike_the_first_one_has_the_entry);
	tcase_add_loop_test(tc, without_a_peer_to_begin_with_it_is_a_template, 0, COUNT(kinds));
	tcase_add_test(tc, the_sooner_of_rekey_and_reauthentication_is_the_lifetime_of_an_ike_sa);
	tcase_add_test(tc, dynamic_stands_for_the_configured_addresses);
	tcase_add_test(tc, dynamic_is_any_where_no_address_is_configured);
	tcase_add_test(tc, pairs_are_of_one_family_and_no_two_protocols);
	tcase_add_test(tc, the_interface_with_our_address_uses_it);
	tcase_add_test(tc, without_an_address_of_ours_it_is_the_one_that_leads_to_the_peer);
	tcase_add_test(tc, an_xfrm_interface_is_known_once_a_tunnel_has_told_of_it);
	tcase_add_test(tc, its_tunnel_takes_it_up_and_down);
	tcase_add_test(tc, a_tunnel_that_was_up_before_the_list_is_tied_to_it);
	tcase_add_test(tc, the_suite_is_the_one_that_was_negotiated_last);
	tcase_add_loop_test(tc, pfs_is_known_from_an_exchange_of_its_own, 0, COUNT(pfs_cases));
	tcase_add_test(tc, the_address_of_a_named_peer_is_the_one_that_was_in_use_last);
	tcase_add_test(tc, the_peer_of_a_template_is_not_its_tunnels);
	tcase_add_test(tc, while_charon_is_away_what_is_configured_stays);
	tcase_add_test(tc, the_next_run_goes_on_with_its_entries);
	tcase_add_test(tc, sas_of_charon_are_on_the_engine_that_it_says);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(many, 120);
	tcase_add_test(many, ten_thousand_connections_cost_no_square);
	tcase_add_test(many, nor_do_ten_thousand_children_of_one);
	suite_add_tcase(suite, many);
	return run_in_scratch("check_vici_maps", suite);
}
