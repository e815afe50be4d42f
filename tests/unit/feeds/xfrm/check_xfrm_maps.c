/* SPDX-License-Identifier: ISC */
/*
 * Outbound policies as crypto map entries, beside entries from charon, in any order; and the engines of SAs. Given as
 * structs, read back through the segment.
 */
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INDEXES 32768
#include "model_fixture.h"
#include "vici_maps.h"
#include "vici_model.h"
#include "xfrm_kernel_fixture.h"

static struct xfrm_model *model;
static struct vici_model *vici;
static struct vici_maps *vici_maps;
static struct ipm_feed feed;
static const char *feed_name;

/* --- the host: we are on eth0, ipsec7 is the XFRM interface 7, nic0 encrypts ------------------------------ */

enum { ETH0 = 2, IPSEC7 = 4, NIC0 = 5 };

static bool
with_index(void *arg, uint32_t ifindex, struct ipm_interface *out)
{
	static const char *const names[] = { [ETH0] = "eth0", [IPSEC7] = "ipsec7", [NIC0] = "nic0" };
	(void)arg;
	if (ifindex != ETH0 && ifindex != IPSEC7 && ifindex != NIC0)
		return false;
	*out = (struct ipm_interface){ .ifindex = ifindex };
	snprintf(out->name, sizeof(out->name), "%s", names[ifindex]);
	return true;
}

static bool
is_local(void *arg, const struct ipm_addr *addr)
{
	const struct ipm_addr here = HERE;
	(void)arg;
	return ipm_addr_same(addr, &here);
}

static bool
with_addr(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	return is_local(arg, addr) && with_index(arg, ETH0, out);
}

static bool
with_if_id(void *arg, uint32_t if_id, struct ipm_interface *out)
{
	return if_id == 7 && with_index(arg, IPSEC7, out);
}

static bool
way_to(void *arg, const struct ipm_addr *addr, struct ipm_interface *out)
{
	(void)addr;
	return with_index(arg, ETH0, out);
}

/* --- the gateway ------------------------------------------------------------------------------------------ */

static void
writer_opens(void)
{
	uint32_t slot = writer_opens_for(feed_name);
	const struct feed_host host = { .feed = slot,
					.is_local = is_local,
					.way_to = way_to,
					.with_addr = with_addr,
					.with_if_id = with_if_id,
					.with_index = with_index };
	int vici_slot = ipm_feed_open(writer, "vici");
	struct ipm_feed knows_ike = *ipm_feed_peek(writer, (uint32_t)vici_slot);
	knows_ike.caps = IPM_CAP_IDENTITIES;
	ipm_feed_put(writer, (uint32_t)vici_slot, &knows_ike);
	feed = *ipm_feed_peek(writer, slot);
	model = xfrm_model_new(writer, slot, &host, (struct xfrm_kept *)feed.kept);
	ck_assert(model && vici_slot >= 0);
	xfrm_model_engine(model, "kernel", "Linux 6.1");
	vici = vici_model_new(writer, (uint32_t)vici_slot);
	vici_maps = vici_maps_new(writer, (uint32_t)vici_slot, &host);
	ck_assert(vici && vici_maps);
}

static void
writer_closes(void)
{
	xfrm_model_free(model);
	vici_model_free(vici);
	vici_maps_free(vici_maps);
	ipm_writer_close(writer);
}

static void
given_a_gateway_of(uint32_t entries)
{
	gateway_begins((struct ipm_capacity){ .ike_sas = 8,
					      .tunnels = entries,
					      .selectors = entries * 2,
					      .sas = entries * 4,
					      .maps = entries,
					      .access = entries * 2,
					      .interfaces = 8,
					      .engines = 8 });
}

static void
given_a_gateway(void)
{
	feed_name = "xfrm";
	given_a_gateway_of(64);
}

static void
given_another_namespace(void)
{
	gateway_ends();
	feed_name = "xfrm /run/netns/blue";
	given_a_gateway_of(64);
}

static void
seconds_pass(unsigned seconds)
{
	skipped_s += seconds;
	xfrm_model_settle(model);
}

/* --- what the kernel says --------------------------------------------------------------------------------- */

static struct xfrm_policy
of_reqid(struct xfrm_policy p, uint32_t reqid)
{
	p.tmpl[0].reqid = reqid;
	return p;
}

static struct xfrm_policy
to_peer(struct xfrm_policy p, struct ipm_addr peer)
{
	p.tmpl[0].dst = peer;
	return p;
}

static void
say_policy(enum xfrm_kind kind, struct xfrm_policy p)
{
	struct xfrm_msg msg = { .kind = kind };
	msg.policy = p;
	xfrm_model_message(model, &msg, false);
	xfrm_model_settle(model);
}

static void
policy_there(struct xfrm_policy p)
{
	say_policy(XFRM_POLICY_THERE, p);
}

static void
policy_gone(struct xfrm_policy p)
{
	say_policy(XFRM_POLICY_GONE, p);
}

/* A policy that has existed for a while. */
static void
given_policy(struct xfrm_policy p)
{
	policy_there(p);
	seconds_pass(2);
}

static struct xfrm_sa
sa_of(uint32_t spi, enum ipm_direction direction)
{
	return (struct xfrm_sa){
		.key = { .dst = direction == IPM_IN ? HERE : PEER(2), .spi = spi, .protocol = IPPROTO_ESP },
		.src = direction == IPM_IN ? PEER(2) : HERE,
		.encap = IPM_ENCAP_TUNNEL,
		.reqid = 1,
		.proposal = { .encr = IPM_ENCR_AES_CBC, .encr_bits = 256, .integ = IPM_INTEG_HMAC_SHA2_256_128 },
		.added = 1000
	};
}

static void
say(enum xfrm_kind kind, struct xfrm_sa sa)
{
	struct xfrm_msg msg = { .kind = kind, .has_sa = kind == XFRM_SA_GONE };
	msg.sa = sa;
	xfrm_model_message(model, &msg, false);
	xfrm_model_settle(model);
}

static void
pair_there(uint32_t spi)
{
	say(XFRM_SA_THERE, sa_of(spi, IPM_IN));
	say(XFRM_SA_THERE, sa_of(spi + 1, IPM_OUT));
}

/* A poll. The SAs of pair_there(spi) exist, unless that is 0. */
static void
poll_comes(uint32_t spi)
{
	struct xfrm_msg msg = { .kind = XFRM_SA_THERE };
	xfrm_model_sas_begin(model);
	for (enum ipm_direction d = IPM_IN; spi && d <= IPM_OUT; d++) {
		msg.sa = sa_of(d == IPM_IN ? spi : spi + 1, d);
		xfrm_model_message(model, &msg, true);
	}
	xfrm_model_sas_end(model);
}

static void
pair_gone(uint32_t spi)
{
	say(XFRM_SA_GONE, sa_of(spi, IPM_IN));
	say(XFRM_SA_GONE, sa_of(spi + 1, IPM_OUT));
}

/* --- what charon says ------------------------------------------------------------------------------------- */

/* A list with the connection "site" and its child "net", of policy(n)'s selectors and peer. */
static void
charon_has(uint8_t n)
{
	static struct vici_conn_child child;
	struct vici_conn c = {
		.name = "site", .version = 2, .local = HERE, .peer = { PEER(2) }, .peers = 1, .peer_text = "192.0.2.2"
	};
	memset(&child, 0, sizeof(child));
	strcpy(child.name, "net");
	child.local_count = child.remote_count = 1;
	child.local_ts[0] = subnet(10, 1, n);
	child.remote_ts[0] = subnet(10, 2, n);
	vici_maps_begin(vici_maps);
	vici_maps_conn(vici_maps, &c);
	vici_maps_child(vici_maps, &c, &child);
	vici_maps_end(vici_maps, true);
}

static void
charon_has_nothing(void)
{
	vici_maps_begin(vici_maps);
	vici_maps_end(vici_maps, true);
}

/* Its CHILD_SA "net" is up, with the SAs of pair_there(spi). */
static void
charon_tells(uint32_t spi)
{
	struct vici_ike ike = { .name = "site",
				.uniqueid = 1,
				.version = 2,
				.state = VICI_IKE_ESTABLISHED,
				.local_host = HERE,
				.remote_host = PEER(2),
				.local_id = "a",
				.remote_id = "b",
				.spi_initiator = 1,
				.rekey_time = VICI_UNSET,
				.reauth_time = VICI_UNSET };
	static struct vici_child child;
	child = (struct vici_child){ .name = "net",
				     .uniqueid = 1,
				     .reqid = 1,
				     .state = VICI_CHILD_INSTALLED,
				     .encap = IPM_ENCAP_TUNNEL,
				     .protocol = IPPROTO_ESP,
				     .spi_in = spi,
				     .spi_out = spi + 1,
				     .has_counts = true,
				     .packets_in = 7,
				     .bytes_in = 700 };
	vici_model_ike(vici, &ike);
	vici_model_child(vici, &ike, &child);
}

/* --- what is expected ------------------------------------------------------------------------------------- */

static struct ipm_map_entry
entry(const char *name, const char *child)
{
	struct ipm_map_entry map = { 0 };
	int slot = ipm_map_named(writer, name, child);
	ck_assert_msg(slot >= 0, "no entry %s/%s", name, child);
	ck_assert_int_eq(ipm_map_read(seg, (uint32_t)slot, &map), 0);
	return map;
}

#define POLICY "xfrm-192.0.2.2", "reqid-1-192.0.2.1"

static uint32_t
entries(void)
{
	uint32_t n = 0;
	struct ipm_map_entry map;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_MAPS); slot++)
		n += ipm_map_read(seg, slot, &map) == 0 && map.state != IPM_MAP_REMOVED;
	return n;
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

static uint32_t
lines(struct ipm_map_entry map)
{
	struct ipm_access access;
	uint32_t n = 0;
	for (uint32_t at = map.access_head; at; at = access.next, n++)
		ck_assert_int_eq(ipm_access_read(seg, at - 1, &access), 0);
	return n;
}

static struct ipm_engine
engine_named(const char *name)
{
	struct ipm_engine engine;
	for (uint32_t slot = 0; slot < ipm_segment_used(seg, IPM_ENGINES); slot++)
		if (ipm_engine_read(seg, slot, &engine) == 0 && strcmp(engine.name, name) == 0)
			return engine;
	ck_abort_msg("no engine \"%s\"", name);
	return (struct ipm_engine){ 0 };
}

/* --- policies --------------------------------------------------------------------------------------------- */

START_TEST(a_policy_that_wants_an_sa_is_an_entry)
{
	given_policy(policy(1, 0));
	struct ipm_map_entry map = entry(POLICY);
	const struct ipm_addr peer = PEER(2), here = HERE;
	ck_assert_uint_eq(map.state, IPM_MAP_DOWN);
	ck_assert_uint_eq(map.kind, IPM_MAP_STATIC);
	ck_assert_uint_eq(map.seq, 10);
	ck_assert_uint_eq(map.key_type, IPM_KEY_MANUAL);
	ck_assert_uint_eq(map.protocol, IPPROTO_ESP);
	ck_assert_uint_eq(map.encap, IPM_ENCAP_TUNNEL);
	ck_assert_uint_eq(map.peers, 1);
	ck_assert(ipm_addr_same(&map.peer[0], &peer) && ipm_addr_same(&map.local, &here));
	ck_assert_str_eq(map.peer_text, "192.0.2.2");
	ck_assert_uint_eq(map.ifindex, ETH0);
	ck_assert_uint_eq(map.soft_ns + map.hard_ns + map.ike_ns, 0);
	ck_assert_uint_eq(lines(map), 1);
}
END_TEST

START_TEST(others_make_none)
{
	struct xfrm_policy in = policy(1, 0), block = policy(2, 0), plain = policy(3, 0);
	in.direction = XFRM_IN;
	block.block = true;
	plain.tmpls = 0;
	given_policy(in);
	given_policy(block);
	given_policy(plain);
	ck_assert_uint_eq(entries(), 0);
}
END_TEST

START_TEST(those_of_one_sa_are_one_entry)
{
	given_policy(policy(1, 0));
	given_policy(policy(2, 1));
	ck_assert_uint_eq(entries(), 1);
	ck_assert_uint_eq(lines(entry(POLICY)), 2);
	policy_gone(policy(1, 0));
	ck_assert_uint_eq(lines(entry(POLICY)), 1);
	policy_gone(policy(2, 1));
	ck_assert_uint_eq(entries(), 0);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_REMOVED), 1);
}
END_TEST

START_TEST(those_to_one_peer_are_a_map)
{
	struct xfrm_policy by_interface = policy(3, 2);
	by_interface.if_id = 7;
	given_policy(policy(1, 0));
	given_policy(of_reqid(policy(2, 1), 0));
	given_policy(by_interface);
	given_policy(to_peer(policy(4, 3), PEER(3)));
	given_policy(to_peer(policy(5, 4), (struct ipm_addr){ 0 }));
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "any-192.0.2.1").seq, 20);
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "reqid-1-192.0.2.1-if-7").seq, 30);
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "reqid-1-192.0.2.1-if-7").ifindex, IPSEC7);
	ck_assert_uint_eq(entry("xfrm-192.0.2.3", "reqid-1-192.0.2.1").seq, 10);
	ck_assert_uint_eq(entry("xfrm-any", "reqid-1-192.0.2.1").kind, IPM_MAP_DYNAMIC);
}
END_TEST

START_TEST(names_that_are_too_long_stay_two)
{
	struct xfrm_policy p = policy(1, 0);
	p.tmpl[0].src = (struct ipm_addr){ .len = 16 };
	memset(p.tmpl[0].src.bytes, 0xfd, 16);
	p.tmpl[0].dst = p.tmpl[0].src;
	p.tmpl[0].reqid = UINT32_MAX;
	p.if_id = UINT32_MAX;
	p.mark = p.mark_mask = UINT32_MAX;
	given_policy(p);
	p.index += 8;
	p.mark--;
	given_policy(p);
	ck_assert_uint_eq(entries(), 2);
}
END_TEST

START_TEST(a_policy_that_changes_its_template_changes_its_entry)
{
	given_policy(policy(1, 0));
	policy_there(to_peer(policy(1, 0), PEER(3)));
	ck_assert_int_lt(ipm_map_named(writer, POLICY), 0);
	seconds_pass(2);
	entry("xfrm-192.0.2.3", "reqid-1-192.0.2.1");
}
END_TEST

/* --- tunnels ---------------------------------------------------------------------------------------------- */

START_TEST(its_sas_take_an_entry_up_and_down)
{
	given_policy(policy(1, 0));
	pair_there(0x100);
	ck_assert_uint_eq(entry(POLICY).state, IPM_MAP_UP);
	ck_assert_uint_eq(entry(POLICY).transform[0].proposal.encr, 12);
	pair_gone(0x100);
	ck_assert_uint_eq(entry(POLICY).state, IPM_MAP_DOWN);
	ck_assert_uint_eq(entry(POLICY).ups, 1);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_UP), 1);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_DOWN), 1);
}
END_TEST

START_TEST(sas_that_were_there_before_it_are_found)
{
	pair_there(0x100);
	given_policy(policy(1, 0));
	ck_assert_uint_eq(entry(POLICY).state, IPM_MAP_UP);
	struct ipm_tunnel t;
	ck_assert_uint_eq(tunnels_in(IPM_TUNNEL_UP, "", &t), 1); /* its names are unchanged */
	ck_assert_str_eq(t.conn, "");
}
END_TEST

/* The kernel drops packets of such a policy: it needs SAs without a reqid. */
START_TEST(an_entry_without_reqid_is_down_beside_sas_with_one)
{
	struct xfrm_sa sa = sa_of(0x2000, IPM_OUT);
	given_policy(of_reqid(policy(1, 1), 0));
	pair_there(0x1000);
	poll_comes(0x1000);
	ck_assert_uint_eq(entries(), 1);
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "any-192.0.2.1").state, IPM_MAP_DOWN);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_UP), 0);
	sa.reqid = 0;
	say(XFRM_SA_THERE, sa);
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "any-192.0.2.1").state, IPM_MAP_UP);
}
END_TEST

START_TEST(sas_that_no_policy_wants_are_no_entrys)
{
	struct xfrm_policy other = policy(1, 0);
	other.if_id = 7;
	given_policy(other);
	pair_there(0x100);
	poll_comes(0x100);
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "reqid-1-192.0.2.1-if-7").state, IPM_MAP_DOWN);
}
END_TEST

START_TEST(an_sa_that_is_wanted_in_vain_is_the_entrys_failure)
{
	struct xfrm_sa larval = sa_of(0, IPM_OUT);
	struct xfrm_msg msg = { .kind = XFRM_SA_EXPIRED, .hard = true };
	given_policy(policy(1, 0));
	given_policy(of_reqid(policy(2, 1), 2));
	msg.sa = larval;
	xfrm_model_message(model, &msg, false);
	ck_assert_uint_eq(entry(POLICY).failures, 1);
	ck_assert_uint_eq(entry(POLICY).failure, IPM_FAIL_PEER_LOST);
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "reqid-2-192.0.2.1").failures, 0);
}
END_TEST

/* --- beside charon ---------------------------------------------------------------------------------------- */

START_TEST(what_charon_has_configured_first_makes_no_second_entry)
{
	charon_has(0);
	given_policy(policy(1, 0)); /* a trap: no SA yet */
	poll_comes(0);
	ck_assert_uint_eq(entries(), 1);
	pair_there(0x100);
	charon_tells(0x100);
	seconds_pass(5);
	poll_comes(0x100);
	ck_assert_uint_eq(entries(), 1);
	ck_assert_uint_eq(entry("site", "net").state, IPM_MAP_UP);
}
END_TEST

START_TEST(what_charon_tells_of_in_time_never_had_one)
{
	policy_there(policy(1, 0));
	pair_there(0x100);
	charon_tells(0x100);
	charon_has(0);
	seconds_pass(5);
	poll_comes(0x100);
	ck_assert_uint_eq(entries(), 1);
	ck_assert_uint_eq(events_of(IPM_EVENT_MAP_ADDED), 1);
}
END_TEST

START_TEST(what_charon_tells_of_late_is_its_own_then)
{
	given_policy(policy(1, 0));
	pair_there(0x100);
	ck_assert_uint_eq(entry(POLICY).state, IPM_MAP_UP);
	charon_tells(0x100);
	charon_has(0);
	poll_comes(0x100);
	ck_assert_uint_eq(entries(), 1);
	ck_assert_uint_eq(entry("site", "net").state, IPM_MAP_UP);
	ck_assert_uint_eq(entry("site", "net").tunnels, 1);
}
END_TEST

START_TEST(a_tunnel_that_charon_has_named_is_not_ours_without_an_entry_either)
{
	policy_there(policy(1, 0));
	pair_there(0x100);
	charon_tells(0x100); /* its connection was unloaded while the tunnel is up */
	seconds_pass(5);
	ck_assert_uint_eq(entries(), 0);
}
END_TEST

START_TEST(nor_one_that_it_has_named_late)
{
	given_policy(policy(1, 0));
	pair_there(0x100);
	charon_tells(0x100);
	poll_comes(0x100);
	ck_assert_uint_eq(entries(), 0);
}
END_TEST

START_TEST(what_charon_has_no_more_is_the_policys_again)
{
	charon_has(0);
	given_policy(policy(1, 0));
	ck_assert_uint_eq(entries(), 1);
	charon_has_nothing();
	xfrm_model_settle(model);
	ck_assert_uint_eq(entries(), 1);
	entry(POLICY);
}
END_TEST

START_TEST(other_selectors_or_another_peer_are_another_entry)
{
	charon_has(0);
	given_policy(of_reqid(policy(1, 1), 2));
	given_policy(to_peer(of_reqid(policy(2, 0), 3), PEER(3)));
	ck_assert_uint_eq(entries(), 3);
}
END_TEST

START_TEST(charon_is_not_in_other_namespaces)
{
	given_another_namespace();
	charon_has(0);
	given_policy(policy(1, 0));
	ck_assert_uint_eq(entries(), 2);
	entry("xfrm@blue-192.0.2.2", "reqid-1-192.0.2.1");
}
END_TEST

START_TEST(patience_is_as_long_as_it_is_told)
{
	xfrm_model_patience(model, 10 * 1000000000ull);
	given_policy(policy(1, 0));
	ck_assert_uint_eq(entries(), 0);
	seconds_pass(9);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

/* --- the next run ----------------------------------------------------------------------------------------- */

static void
daemon_restarts(void)
{
	writer_closes();
	writer_opens();
}

START_TEST(the_next_run_goes_on_with_its_entries)
{
	given_policy(policy(1, 0));
	given_policy(of_reqid(policy(2, 1), 2));
	pair_there(0x100);
	struct ipm_map_entry before = entry(POLICY);
	daemon_restarts();
	ck_assert_uint_eq(entry(POLICY).index, before.index);
	xfrm_model_policies_begin(model);
	struct xfrm_msg msg = { .kind = XFRM_POLICY_THERE };
	msg.policy = policy(1, 0); /* the other one has disappeared meanwhile */
	xfrm_model_message(model, &msg, true);
	ck_assert(!xfrm_model_policies_end(model));
	struct ipm_map_entry after = entry(POLICY);
	ck_assert_uint_eq(after.index, before.index);
	ck_assert_uint_eq(after.seq, before.seq);
	ck_assert_uint_eq(after.ups, before.ups);
	ck_assert_uint_eq(after.state, IPM_MAP_UP);
	ck_assert_uint_eq(entries(), 1);
	given_policy(of_reqid(policy(3, 2), 3));
	ck_assert_uint_eq(entry("xfrm-192.0.2.2", "reqid-3-192.0.2.1").seq, 20);
}
END_TEST

/* --- engines ---------------------------------------------------------------------------------------------- */

START_TEST(sas_are_on_the_kernel)
{
	pair_there(0x100);
	struct ipm_engine kernel = engine_named("kernel");
	ck_assert_uint_eq(kernel.kind, IPM_ENGINE_KERNEL);
	ck_assert_str_eq(kernel.version, "Linux 6.1");
	ck_assert_uint_eq(kernel.sas, 2);
	pair_gone(0x100);
	ck_assert_uint_eq(engine_named("kernel").sas, 0);
	ck_assert_uint_eq(engine_named("kernel").sas_deleted, 2);
}
END_TEST

START_TEST(a_device_that_encrypts_is_an_engine)
{
	struct xfrm_sa crypto = sa_of(0x100, IPM_IN), packets = sa_of(0x101, IPM_OUT);
	crypto.offload_ifindex = packets.offload_ifindex = NIC0;
	packets.offload_packets = true;
	say(XFRM_SA_THERE, crypto);
	say(XFRM_SA_THERE, packets);
	ck_assert_uint_eq(engine_named("nic0 crypto").kind, IPM_ENGINE_HARDWARE);
	ck_assert_uint_eq(engine_named("nic0 crypto").sas, 1);
	ck_assert_uint_eq(engine_named("nic0 packets").sas, 1);
	ck_assert_uint_eq(engine_named("kernel").sas, 0);
	crypto.offload_ifindex = 0; /* the device has gone: the kernel goes on */
	say(XFRM_SA_THERE, crypto);
	ck_assert_uint_eq(engine_named("nic0 crypto").sas, 0);
	ck_assert_uint_eq(engine_named("kernel").sas, 1);
}
END_TEST

START_TEST(what_charon_counted_of_an_sa_is_the_kernels_too)
{
	struct xfrm_sa sa = sa_of(0x100, IPM_IN);
	charon_tells(0x100);
	ck_assert_uint_eq(engine_named("kernel").sas, 0);
	sa.pkts = 9;
	sa.octets = 900;
	say(XFRM_SA_THERE, sa);
	ck_assert_uint_eq(engine_named("kernel").sas, 1);
	ck_assert_uint_eq(engine_named("kernel").in.pkts, 9);
}
END_TEST

/* --- many ------------------------------------------------------------------------------------------------- */

static double
cpu_of_policies(uint32_t n)
{
	struct timespec from, to;

	feed_name = "xfrm";
	given_a_gateway_of(n);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	for (int round = 0; round < 2; round++) {
		xfrm_model_policies_begin(model);
		for (uint32_t i = 0; i < n; i++) {
			struct xfrm_msg msg = { .kind = XFRM_POLICY_THERE };
			msg.policy = of_reqid(policy(i + 1, (uint8_t)i), i + 1);
			xfrm_model_message(model, &msg, true);
		}
		xfrm_model_policies_end(model);
		skipped_s += 2;
		poll_comes(0);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
		to.tv_sec -= 2 * (round + 1);
	}
	ck_assert_uint_eq(entries(), n);
	gateway_ends();
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static double
cpu_at_best(uint32_t n)
{
	double best = cpu_of_policies(n);
	for (int i = 0; i < 2; i++) {
		double again = cpu_of_policies(n);
		best = again < best ? again : best;
	}
	return best;
}

/* Eight times as many policies cost about eight times as much; a quadratic cost would be 64 times as much. */
START_TEST(ten_thousand_policies_cost_no_square)
{
	double few = cpu_at_best(1250), many = cpu_at_best(10000);
	ck_assert_msg(many < 24 * few, "%f s of CPU time for 10000, %f s for 1250", many, few);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("xfrm_maps");
	TCase *tc = tcase_create("maps"), *many = tcase_create("many");

	tcase_add_checked_fixture(tc, given_a_gateway, gateway_ends);
	tcase_add_test(tc, a_policy_that_wants_an_sa_is_an_entry);
	tcase_add_test(tc, others_make_none);
	tcase_add_test(tc, those_of_one_sa_are_one_entry);
	tcase_add_test(tc, those_to_one_peer_are_a_map);
	tcase_add_test(tc, names_that_are_too_long_stay_two);
	tcase_add_test(tc, a_policy_that_changes_its_template_changes_its_entry);
	tcase_add_test(tc, its_sas_take_an_entry_up_and_down);
	tcase_add_test(tc, sas_that_were_there_before_it_are_found);
	tcase_add_test(tc, an_entry_without_reqid_is_down_beside_sas_with_one);
	tcase_add_test(tc, sas_that_no_policy_wants_are_no_entrys);
	tcase_add_test(tc, an_sa_that_is_wanted_in_vain_is_the_entrys_failure);
	tcase_add_test(tc, what_charon_has_configured_first_makes_no_second_entry);
	tcase_add_test(tc, what_charon_tells_of_in_time_never_had_one);
	tcase_add_test(tc, what_charon_tells_of_late_is_its_own_then);
	tcase_add_test(tc, a_tunnel_that_charon_has_named_is_not_ours_without_an_entry_either);
	tcase_add_test(tc, nor_one_that_it_has_named_late);
	tcase_add_test(tc, what_charon_has_no_more_is_the_policys_again);
	tcase_add_test(tc, other_selectors_or_another_peer_are_another_entry);
	tcase_add_test(tc, charon_is_not_in_other_namespaces);
	tcase_add_test(tc, patience_is_as_long_as_it_is_told);
	tcase_add_test(tc, the_next_run_goes_on_with_its_entries);
	tcase_add_test(tc, sas_are_on_the_kernel);
	tcase_add_test(tc, a_device_that_encrypts_is_an_engine);
	tcase_add_test(tc, what_charon_counted_of_an_sa_is_the_kernels_too);
	suite_add_tcase(suite, tc);
	tcase_set_timeout(many, 120);
	tcase_add_test(many, ten_thousand_policies_cost_no_square);
	suite_add_tcase(suite, many);
	return run_in_scratch("check_xfrm_maps", suite);
}
