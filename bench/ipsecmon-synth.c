/* SPDX-License-Identifier: ISC */
/*
 * ipsecmon-synth: write a segment like that of a busy gateway, for benches and to try the agent without a gateway.
 *
 *   ipsecmon-synth -i 1000 -t 10000 -m 10000 -u 50 -d 30
 *   ipsecmon-synth -i 8 -t 10 -m 10 -f
 *
 * All values are computed from the numbers on the command line, so two runs serve the same tables. It replaces
 * ipsecmond: both write the same file, and the second writer gets an error.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf.h"
#include "ipm_writer.h"
#include "units.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define NAME            "synth.example.net"
#define MOST_DROPS      64
#define MOST_TUNNELS    (1u << 20) /* the number of /28 in 10.0.0.0/8 */
#define MOST_IKE_SAS    1000000u   /* ids have six digits */
#define SELECTORS_OF(t) ((t) % 16 == 15 ? 3u : 1u)

static struct {
	const char *conf_file;
	uint32_t ike_sas, sessions, tunnels, maps, churn;
	uint32_t drop_after[MOST_DROPS], drops; /* seconds */
	bool remove, told;
} opt;

/* Our own data about a tunnel. */
static struct {
	struct ipm_writer *w;
	uint32_t feed, engine;   /* engine: slot + 1, 0: none */
	uint32_t *ike, *tunnel;  /* slots, by our numbers */
	uint32_t (*retiring)[2]; /* SA slots of the pairs replaced in this second */
	uint32_t retirings, next_rekey, last_dropped;
	uint64_t began_ns;
	uint64_t passes, counted, pass_ns, pass_min_ns, pass_max_ns;
} synth;

/* --- plausible values ---------------------------------------------------------------------------------------- */

static const struct ipm_proposal suites[] = {
	{ .encr = IPM_ENCR_AES_CBC,
	  .encr_bits = 128,
	  .prf = IPM_PRF_HMAC_SHA2_256,
	  .integ = IPM_INTEG_HMAC_SHA2_256_128,
	  .group = IPM_GROUP_MODP_2048 },
	{ .encr = IPM_ENCR_AES_GCM_16,
	  .encr_bits = 256,
	  .prf = IPM_PRF_HMAC_SHA2_384,
	  .group = IPM_GROUP_ECP_384,
	  .esn = 1 },
	{ .encr = IPM_ENCR_AES_CBC,
	  .encr_bits = 256,
	  .prf = IPM_PRF_HMAC_SHA2_256,
	  .integ = IPM_INTEG_HMAC_SHA2_256_128,
	  .group = IPM_GROUP_ECP_256 },
	{ .encr = IPM_ENCR_CHACHA20_POLY1305,
	  .encr_bits = 256,
	  .prf = IPM_PRF_HMAC_SHA2_512,
	  .group = IPM_GROUP_CURVE25519,
	  .esn = 1 },
	{ .encr = IPM_ENCR_AES_CBC,
	  .encr_bits = 256,
	  .prf = IPM_PRF_HMAC_SHA2_512,
	  .integ = IPM_INTEG_HMAC_SHA2_512_256,
	  .group = IPM_GROUP_MODP_4096 },
	{ .encr = IPM_ENCR_3DES,
	  .prf = IPM_PRF_HMAC_SHA1,
	  .integ = IPM_INTEG_HMAC_SHA1_96,
	  .group = IPM_GROUP_MODP_1024 },
	{ .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 128, .prf = IPM_PRF_HMAC_SHA2_256, .group = IPM_GROUP_CURVE25519 },
	{ .encr = IPM_ENCR_AES_CTR,
	  .encr_bits = 128,
	  .prf = IPM_PRF_HMAC_SHA2_256,
	  .integ = IPM_INTEG_HMAC_SHA2_256_128,
	  .group = IPM_GROUP_MODP_2048 },
};

static struct ipm_addr
v4(uint32_t host_order)
{
	return (struct ipm_addr){ .len = 4,
				  .bytes = { (uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16),
					     (uint8_t)(host_order >> 8), (uint8_t)host_order } };
}

/* 2001:db8:NET::HOST */
static struct ipm_addr
v6(uint32_t net, uint32_t host)
{
	return (struct ipm_addr){ .len = 16,
				  .bytes = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(net >> 24), (uint8_t)(net >> 16),
					     (uint8_t)(net >> 8), (uint8_t)net, 0, 0, 0, 0, (uint8_t)(host >> 24),
					     (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host } };
}

/* The peer of IKE SA @p n: an address from the documentation ranges (RFC 5737); behind NAT when they are used up. */
static struct ipm_addr
peer_v4(uint32_t n)
{
	static const uint32_t nets[] = { 0xc0000200u, 0xc6336400u, 0xcb007100u };
	uint32_t host = n % (COUNT(nets) * 253);
	return v4(nets[host / 253] + 2 + host % 253);
}

/* Numbers that look random, the same in each run. */
static uint64_t
scramble(uint64_t n)
{
	n = (n + 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
	n = (n ^ (n >> 27)) * 0x94d049bb133111ebu;
	return n ^ (n >> 31);
}

static void
ike_ids(struct ipm_ike_sa *sa, uint32_t n)
{
	const char *local = "hub.example.net";
	switch (n % 10) {
	case 3:
	case 8:
		local = "C=CH, O=Example Networks, CN=hub.example.net";
		snprintf(sa->remote_id, sizeof(sa->remote_id),
			 "C=CH, O=Example Networks, OU=Site %u, CN=gw-%06u.example.net", n % 97, n);
		break;
	case 6:
		snprintf(sa->remote_id, sizeof(sa->remote_id), "gw-%06u@example.net", n);
		break;
	default:
		snprintf(sa->remote_id, sizeof(sa->remote_id), "gw-%06u.example.net", n);
	}
	snprintf(sa->local_id, sizeof(sa->local_id), "%s", local);
	snprintf(sa->conn, sizeof(sa->conn), "site-%06u", n);
}

static struct ipm_ike_sa
ike_sa(uint32_t n)
{
	static const uint8_t auths[] = { IPM_AUTH_RSA, IPM_AUTH_PSK, IPM_AUTH_ECDSA, IPM_AUTH_PSK, IPM_AUTH_EDDSA };
	bool ipv6 = n % 8 == 7, old = n % 6 == 5, nat = !ipv6 && n >= 3 * 253;
	struct ipm_ike_sa sa = {
		.state = IPM_IKE_ESTABLISHED,
		.version = old ? 1 : 2,
		.mode = old ? (n % 12 == 5 ? IPM_MODE_MAIN : IPM_MODE_AGGRESSIVE) : IPM_MODE_UNKNOWN,
		.auth = auths[n % COUNT(auths)],
		.initiator = n % 3 == 0,
		.nat_remote = nat,
		.local_port = nat ? 4500 : 500,
		.remote_port = nat ? (uint16_t)(1024 + n / (3 * 253)) : 500,
		.local = ipv6 ? v6(0, 1) : v4(0xc0000201u),
		.remote = ipv6 ? v6(1, n) : peer_v4(n),
		.spi_initiator = scramble(2 * (uint64_t)n),
		.spi_responder = scramble(2 * (uint64_t)n + 1),
		.proposal = suites[n % COUNT(suites)],
		.feed = synth.feed,
		.uid = n + 1,
		.created_ns = synth.began_ns,
		.established_ns = synth.began_ns,
		.soft_ns = (3600 + n % 600) * 4ull * NS_PER_SECOND,
		.hard_ns = 4200 * 4ull * NS_PER_SECOND,
	};
	ike_ids(&sa, n);
	return sa;
}

/* The session of IKE SA @p n: a remote user of one of ten groups. */
static int
start_session(uint32_t n)
{
	const struct ipm_ike_sa *ike = ipm_ike_peek(synth.w, synth.ike[n]);
	struct ipm_session session = {
		.kind = IPM_SESSION_REMOTE_ACCESS,
		.state = IPM_SESSION_UP,
		.user_is = IPM_USER_EAP,
		.version = ike->version,
		.auth = ike->auth,
		.has_user = 1,
		.virtuals = 1,
		.ike_index = ike->index,
		.ike_slot = synth.ike[n],
		.feed = synth.feed,
		.local_port = ike->local_port,
		.remote_port = ike->remote_port,
		.local = ike->local,
		.remote = ike->remote,
		.virtual_addr = { v4(0x0a800000u + n) },
		.started_ns = synth.began_ns,
	};
	snprintf(session.group, sizeof(session.group), "group-%u", n % 10);
	snprintf(session.user, sizeof(session.user), "user-%06u@example.net", n);
	snprintf(session.method, sizeof(session.method), "eap-mschapv2");
	memcpy(session.peer_id, ike->remote_id, sizeof(session.peer_id));
	return ipm_session_open(synth.w, &session);
}

/* The proposal of our tunnel @p t: it has no PRF, and every second one has a group for PFS. */
static struct ipm_tunnel
tunnel_of(uint32_t t)
{
	uint32_t n = t % opt.ike_sas;
	const struct ipm_ike_sa *ike = ipm_ike_peek(synth.w, synth.ike[n]);
	struct ipm_tunnel tunnel = {
		.state = IPM_TUNNEL_UP,
		.encap = t % 32 == 31 ? IPM_ENCAP_TRANSPORT : IPM_ENCAP_TUNNEL,
		.key_type = IPM_KEY_IKE,
		.protocol = t % 64 == 63 ? 51 : 50,
		.ike_index = ike->index,
		.ike_slot = synth.ike[n],
		.udp_encap = ike->nat_remote,
		.reqid = t + 1,
		.feed = synth.feed,
		.uid = t + 1,
		.local = ike->local,
		.remote = ike->remote,
		.in_sa = suites[(n + t / opt.ike_sas) % COUNT(suites)],
		.created_ns = synth.began_ns,
		.installed_ns = synth.began_ns,
		.soft_ns = (3000 + t % 300) * NS_PER_SECOND,
		.hard_ns = 3600 * NS_PER_SECOND,
		.hard_octets = t % 4 == 0 ? 4608000ull * 1024 : 0,
	};
	tunnel.in_sa.prf = 0;
	if (t % 2)
		tunnel.in_sa.group = 0;
	if (tunnel.protocol == 51) {
		tunnel.in_sa.encr = tunnel.in_sa.encr_bits = 0;
		tunnel.in_sa.integ = IPM_INTEG_HMAC_SHA2_256_128;
	}
	tunnel.out_sa = tunnel.in_sa;
	memcpy(tunnel.conn, ike->conn, sizeof(tunnel.conn));
	snprintf(tunnel.name, sizeof(tunnel.name), "net-%u", t / opt.ike_sas);
	return tunnel;
}

/* Pair @p i of selectors: a pair of networks, one service in them, or a range of hosts. */
static struct ipm_selector
selector_of(uint32_t t, uint32_t i)
{
	struct ipm_selector sel = { .local = { .type = IPM_SEL_SUBNET, .prefix = 16, .port_last = 65535 },
				    .remote = { .type = IPM_SEL_SUBNET, .prefix = 28, .port_last = 65535 } };
	uint32_t net = 0x0a000000u | t << 4;

	if (t % opt.ike_sas % 16 == 15 && i == 0) { /* an IPv6 peer, and IPv6 inside */
		sel.local.prefix = 48;
		sel.local.first = v6(0x0100, 0);
		sel.remote.prefix = 64;
		sel.remote.first = v6(0x10000000u + t, 0);
		sel.local.last = sel.local.first;
		sel.remote.last = sel.remote.first;
		memset(sel.local.last.bytes + 6, 0xff, 10);
		memset(sel.remote.last.bytes + 8, 0xff, 8);
		return sel;
	}
	sel.local.first = v4(0x0aff0000u);
	sel.local.last = v4(0x0affffffu);
	sel.remote.first = v4(net);
	sel.remote.last = v4(net + 15);
	if (i == 1) {
		sel.local.type = IPM_SEL_SINGLE;
		sel.local.prefix = 32;
		sel.local.first = sel.local.last = v4(0x0aff0035u);
		sel.local.protocol = sel.remote.protocol = 17;
		sel.local.port_first = sel.local.port_last = 53;
	} else if (i == 2) {
		sel.remote.type = IPM_SEL_RANGE;
		sel.remote.prefix = 0;
		sel.remote.first = v4(net + 3);
		sel.remote.last = v4(net + 11);
		sel.local.protocol = sel.remote.protocol = 6;
	}
	return sel;
}

/* --- making it --------------------------------------------------------------------------------------------- */

static int
sa_pair(uint32_t slot)
{
	const struct ipm_tunnel *tunnel = ipm_tunnel_peek(synth.w, slot);
	for (uint8_t direction = IPM_IN; direction <= IPM_OUT; direction++) {
		uint64_t serial = (uint64_t)tunnel->index << 24 | tunnel->next_sa;
		struct ipm_sa sa = {
			.spi = 0xc0000000u | (uint32_t)(scramble(serial) >> 34),
			.direction = direction,
			.protocol = tunnel->protocol,
			.state = IPM_SA_ACTIVE,
			.replay_window = direction == IPM_IN ? 128 : 0,
			.uid = tunnel->uid,
			.engine = synth.engine,
			.proposal = direction == IPM_IN ? tunnel->in_sa : tunnel->out_sa,
			.installed_ns = tunnel->installed_ns,
			.soft_ns = tunnel->soft_ns,
			.hard_ns = tunnel->hard_ns,
			.hard_octets = tunnel->hard_octets,
		};
		int rc = ipm_sa_start(synth.w, slot, &sa);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/*
 * The crypto map entry of tunnel @p t, whether the tunnel exists or not. The tunnels of an IKE SA share a crypto map.
 */
static struct ipm_map_entry
map_of(uint32_t t)
{
	uint32_t n = t % opt.ike_sas, child = t / opt.ike_sas;
	const struct ipm_ike_sa *ike = ipm_ike_peek(synth.w, synth.ike[n]);
	struct ipm_map_entry map = {
		.feed = synth.feed,
		.seq = 10 * (child + 1),
		.kind = t % 16 == 5 ? IPM_MAP_DYNAMIC : IPM_MAP_STATIC,
		.key_type = IPM_KEY_IKE,
		.ike_version = ike->version,
		.protocol = 50,
		.encap = IPM_ENCAP_TUNNEL,
		.pfs = t % 2 ? IPM_PFS_NO : IPM_PFS_YES,
		.auth = ike->auth,
		.peers = t % 16 != 5,
		.transforms = 2,
		.ifindex = 2 + n % 4,
		.local = ike->local,
		.ike_ns = ike->hard_ns,
		.soft_ns = 3000 * NS_PER_SECOND,
		.hard_ns = 3600 * NS_PER_SECOND,
		.hard_octets = t % 4 == 0 ? 4608000ull * 1024 : 0,
	};
	for (uint32_t i = 0; i < 2; i++) {
		map.transform[i].protocol = 50;
		map.transform[i].proposal = suites[(n + child + i) % COUNT(suites)];
		map.transform[i].proposal.prf = 0;
	}
	if (map.pfs == IPM_PFS_YES)
		map.pfs_group = map.transform[0].proposal.group;
	if (map.peers)
		map.peer[0] = ike->remote;
	else
		strcpy(map.peer_text, "%any");
	snprintf(map.ifname, sizeof(map.ifname), "uplink%u", n % 4);
	memcpy(map.name, ike->conn, sizeof(map.name));
	snprintf(map.child, sizeof(map.child), "net-%u", child);
	return map;
}

/* Entries of existing tunnels come up with their tunnels. Of the others, every second one has failed. */
static int
populate_maps(void)
{
	struct ipm_engine engine = { .feed = synth.feed, .kind = IPM_ENGINE_KERNEL, .name = "synth", .version = "1" };
	int rc = opt.maps ? ipm_engine_open(synth.w, &engine) : 0;
	if (rc >= 0 && opt.maps)
		synth.engine = (uint32_t)rc + 1;
	for (uint32_t t = 0; t < opt.maps && rc >= 0; t++) {
		struct ipm_map_entry map = map_of(t);
		struct ipm_access access[3] = { { .deny = 0 } };
		if ((rc = ipm_map_open(synth.w, &map)) < 0)
			return rc;
		for (uint32_t i = 0; i < SELECTORS_OF(t); i++) {
			struct ipm_selector sel = selector_of(t, i);
			access[i].local = sel.local;
			access[i].remote = sel.remote;
		}
		rc = ipm_map_permit(synth.w, (uint32_t)rc, access, SELECTORS_OF(t));
	}
	for (uint32_t t = opt.tunnels; t < opt.maps && rc >= 0; t += 2) {
		struct ipm_failure failure = { .reason = IPM_FAIL_PROPOSAL, .text = "NO_PROPOSAL_CHOSEN", .setup = 1 };
		failure.time_ns = synth.began_ns;
		memcpy(failure.conn, map_of(t).name, sizeof(failure.conn));
		ipm_fail(synth.w, IPM_TUNNEL_FAILURES, &failure);
	}
	return rc;
}

static int
start_tunnel(uint32_t t)
{
	struct ipm_tunnel tunnel = tunnel_of(t);
	struct ipm_selector sel[3];
	int rc = ipm_tunnel_start(synth.w, &tunnel);
	if (rc < 0)
		return rc;
	synth.tunnel[t] = (uint32_t)rc;
	for (uint32_t i = 0; i < SELECTORS_OF(t); i++)
		sel[i] = selector_of(t, i);
	rc = ipm_tunnel_select(synth.w, synth.tunnel[t], sel, SELECTORS_OF(t));
	return rc < 0 ? rc : sa_pair(synth.tunnel[t]);
}

static int
populate(void)
{
	struct ipm_feed feed;
	int rc = ipm_feed_open(synth.w, "synth");
	if (rc < 0)
		return rc;
	synth.feed = (uint32_t)rc;
	feed = *ipm_feed_peek(synth.w, synth.feed);
	feed.state = IPM_FEED_UP;
	feed.interval_ns = NS_PER_SECOND;
	feed.connects = 1;
	feed.caps = IPM_CAP_IKE_SAS | IPM_CAP_IDENTITIES | IPM_CAP_TUNNELS | IPM_CAP_TUNNEL_COUNTERS |
		    IPM_CAP_SELECTORS | IPM_CAP_REASONS | IPM_CAP_CONFIGURATION | IPM_CAP_ENGINES |
		    (opt.sessions ? IPM_CAP_SESSIONS : 0);
	feed.drops = IPM_SA_DROPS(IPM_IN, IPM_DROPPED_ANY) | IPM_SA_DROPS(IPM_OUT, IPM_DROPPED_ANY);
	snprintf(feed.source, sizeof(feed.source), "ipsecmon-synth -i %u -t %u -m %u -u %u", opt.ike_sas, opt.tunnels,
		 opt.maps, opt.churn);
	ipm_feed_put(synth.w, synth.feed, &feed);

	for (uint32_t n = 0; n < opt.ike_sas; n++) {
		struct ipm_ike_sa sa = ike_sa(n);
		if ((rc = ipm_ike_start(synth.w, &sa)) < 0)
			return rc;
		synth.ike[n] = (uint32_t)rc;
		if (n < opt.sessions && (rc = start_session(n)) < 0)
			return rc;
	}
	if ((rc = populate_maps()) < 0)
		return rc;
	for (uint32_t t = 0; t < opt.tunnels; t++)
		if ((rc = start_tunnel(t)) < 0)
			return rc;
	ipm_writer_commit(synth.w);
	return 0;
}

/* --- each second --------------------------------------------------------------------------------------------- */

/* The traffic of an SA in a second: 1 to 1000 packets of 64 to 1424 octets, some of them dropped. */
static void
count_sa(uint32_t slot)
{
	const struct ipm_sa *sa = ipm_sa_peek(synth.w, slot);
	struct ipm_traffic now = sa->count;
	uint32_t seed = sa->tunnel_index * 2 + sa->direction;
	uint64_t pkts = 1 + seed * 7919u % 1000;

	now.pkts += pkts;
	now.octets += pkts * (64 + seed * 104729u % 1361);
	now.raw_octets = now.octets;
	if (sa->direction == IPM_IN && seed % 61 == 0)
		now.drops[seed % 2 ? IPM_DROP_REPLAY : IPM_DROP_AUTH]++;
	ipm_sa_count(synth.w, slot, &now);
	synth.counted++;
}

static void
count_all(void)
{
	uint32_t used = ipm_segment_used(ipm_writer_segment(synth.w), IPM_SAS);
	uint64_t began = ipm_now_ns();
	synth.counted = 0;
	for (uint32_t slot = 0; slot < used; slot++)
		if (ipm_sa_peek(synth.w, slot)->index)
			count_sa(slot);
	uint64_t took = ipm_now_ns() - began;
	synth.passes++;
	synth.pass_ns += took;
	if (took > synth.pass_max_ns)
		synth.pass_max_ns = took;
	if (took < synth.pass_min_ns || synth.passes == 1)
		synth.pass_min_ns = took;
}

/* Replace the SA pair of our tunnel @p t. The old pair is removed in the next second. */
static void
rekey(uint32_t t)
{
	uint32_t slot = synth.tunnel[t];
	if (slot == UINT32_MAX)
		return; /* dropped */
	struct ipm_tunnel tunnel = *ipm_tunnel_peek(synth.w, slot);
	uint32_t out = tunnel.sa_head, in = out ? ipm_sa_peek(synth.w, out - 1)->next : 0; /* newest first */
	tunnel.installed_ns = ipm_now_ns();
	tunnel.uid += opt.tunnels;
	ipm_tunnel_put(synth.w, slot, &tunnel);
	if (sa_pair(slot) < 0)
		return; /* no room: the writer counts this */
	ipm_tunnel_refresh(synth.w, slot);
	if (in && out) {
		synth.retiring[synth.retirings][0] = in - 1;
		synth.retiring[synth.retirings++][1] = out - 1;
	}
}

static void
churn(void)
{
	for (uint32_t i = 0; i < synth.retirings; i++) {
		ipm_sa_stop(synth.w, synth.retiring[i][0]);
		ipm_sa_stop(synth.w, synth.retiring[i][1]);
	}
	synth.retirings = 0;
	for (uint32_t i = 0; i < opt.churn; i++) {
		rekey(synth.next_rekey);
		synth.next_rekey = (synth.next_rekey + 1) % opt.tunnels;
	}
}

/* The peers of -d: one tunnel of each goes down, the last one first. */
static void
drop(uint32_t second)
{
	for (uint32_t i = 0; i < opt.drops; i++) {
		if (opt.drop_after[i] != second || synth.last_dropped == 0)
			continue;
		uint32_t t = --synth.last_dropped;
		for (uint32_t k = 0; k < synth.retirings; k++) { /* this also removes its old pair */
			if (ipm_sa_peek(synth.w, synth.retiring[k][0])->tunnel_slot != synth.tunnel[t])
				continue;
			synth.retirings--;
			synth.retiring[k][0] = synth.retiring[synth.retirings][0];
			synth.retiring[k][1] = synth.retiring[synth.retirings][1];
			break;
		}
		ipm_tunnel_stop(synth.w, synth.tunnel[t], IPM_REASON_PEER_LOST);
		synth.tunnel[t] = UINT32_MAX;
	}
}

/* --- what it is told to do -------------------------------------------------------------------------------------- */

static void
configure_one(uint32_t t, bool there)
{
	struct ipm_map_entry map = map_of(t);
	int slot = ipm_map_named(synth.w, map.name, map.child);
	if (there)
		ipm_map_open(synth.w, &map);
	else if (slot >= 0)
		ipm_map_remove(synth.w, (uint32_t)slot);
	ipm_maps_tie(synth.w);
}

/* "VERB TUNNEL [TEXT]"; tunnels count from 0. False: the line is something else. */
static bool
command_run(const char *line)
{
	char verb[16], text[IPM_TEXT_MAX] = "";
	unsigned t;
	if (sscanf(line, "%15s %u %127[^\n]", verb, &t, text) < 2 || t >= opt.tunnels)
		return false;
	bool up = synth.tunnel[t] != UINT32_MAX;
	struct ipm_map_entry map = map_of(t);
	int slot = ipm_map_named(synth.w, map.name, map.child);
	if (strcmp(verb, "down") == 0 && up) {
		ipm_tunnel_stop(synth.w, synth.tunnel[t], IPM_REASON_PEER_LOST);
		synth.tunnel[t] = UINT32_MAX;
	} else if (strcmp(verb, "up") == 0 && !up) {
		return start_tunnel(t) >= 0;
	} else if (strcmp(verb, "fail") == 0) {
		struct ipm_failure failure = { .reason = IPM_FAIL_AUTH };
		memcpy(failure.conn, map.name, sizeof(failure.conn));
		memcpy(failure.text, text, sizeof(failure.text));
		ipm_fail(synth.w, IPM_IKE_FAILURES, &failure);
	} else if (strcmp(verb, "add") == 0 || strcmp(verb, "remove") == 0) {
		configure_one(t, verb[0] == 'a');
	} else if ((strcmp(verb, "attach") == 0 || strcmp(verb, "detach") == 0) && slot >= 0) {
		map = *ipm_map_peek(synth.w, (uint32_t)slot);
		map.ifindex = verb[0] == 'a' ? 3 : 0;
		ipm_map_put(synth.w, (uint32_t)slot, &map);
	} else if (strcmp(verb, "count") == 0) {
		count_all();
	} else if (strcmp(verb, "engine") == 0 && synth.engine) {
		struct ipm_engine engine = { .kind = IPM_ENGINE_KERNEL, .disabled = t != 0, .version = "1" };
		ipm_engine_put(synth.w, synth.engine - 1, &engine);
	} else {
		return false;
	}
	return true;
}

/* Read lines from standard input. Answer each one when its change has been published. */
static void
listen_until(uint64_t until, const sigset_t *ends, bool *over)
{
	for (uint64_t now; (now = ipm_now_ns()) < until;) {
		struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
		struct timespec rest = { .tv_sec = 0, .tv_nsec = (long)((until - now) % NS_PER_SECOND) };
		sigset_t pending;
		char line[256];
		if (sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT))) {
			*over = true;
			return;
		}
		if (rest.tv_nsec > 50000000)
			rest.tv_nsec = 50000000;
		if (ppoll(&in, 1, &rest, ends) <= 0)
			continue;
		if (!fgets(line, sizeof(line), stdin)) {
			*over = true;
			return;
		}
		bool done = command_run(line);
		ipm_writer_commit(synth.w);
		puts(done ? "done" : "what?");
		fflush(stdout);
	}
}

static void
report_feed(void)
{
	struct ipm_feed feed = *ipm_feed_peek(synth.w, synth.feed);
	feed.updated_ns = ipm_now_ns();
	ipm_feed_put(synth.w, synth.feed, &feed);
}

/* Run until a signal. */
static void
live(const sigset_t *ends)
{
	uint64_t next = ipm_now_ns();
	for (uint32_t second = 1;; second++) {
		bool over = false;
		next += NS_PER_SECOND;
		if (opt.told)
			listen_until(next, ends, &over);
		if (over)
			return;
		for (uint64_t now; (now = ipm_now_ns()) < next;) {
			struct timespec rest = { .tv_sec = 0, .tv_nsec = (long)(next - now) };
			if (rest.tv_nsec >= (long)NS_PER_SECOND)
				rest = (struct timespec){ .tv_sec = 1 };
			if (sigtimedwait(ends, NULL, &rest) > 0)
				return;
		}
		if (!opt.told)
			count_all();
		drop(second);
		churn();
		report_feed();
		ipm_writer_commit(synth.w);
	}
}

/* --- command line ---------------------------------------------------------------------------------------------- */

static void
usage(FILE *out)
{
	fprintf(out,
		"usage: ipsecmon-synth [-c FILE] -i IKE_SAS -t TUNNELS [-s SESSIONS] [-m ENTRIES] [-u REKEYS] [-d "
		"SECONDS]... [-fx]\n"
		"Write a synthetic model segment in ipsecmond's place, and let it live until SIGTERM.\n"
		"  -c FILE     configuration (ipsecmon.conf)\n"
		"  -i IKE_SAS  so many IKE SAs\n"
		"  -t TUNNELS  so many tunnels, spread over them; an SA pair and one selector pair or three each\n"
		"  -s SESSIONS so many of the IKE SAs are sessions of remote users\n"
		"  -m ENTRIES  so many crypto map entries, one for each tunnel; those beyond them are down\n"
		"  -u REKEYS   so many rekeys a second\n"
		"  -d SECONDS  so long after the start a tunnel goes down; once for each -d\n"
		"  -f          follow lines of standard input, until its end: up, down, add, remove, attach, detach, "
		"fail,\n"
		"              each with the number of a tunnel; engine 0 or 1 (disabled), count 0 (in place of each "
		"second)\n"
		"  -x          remove the segment at the end\n"
		"  -h, -V      this text; version\n"
		"Prints \"ready\" when the segment is complete.\n");
}

static uint32_t
number(const char *text, uint32_t least, uint32_t most)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || n < least || n > most) {
		fprintf(stderr, "ipsecmon-synth: \"%s\" is no number from %u to %u\n", text, least, most);
		exit(2);
	}
	return (uint32_t)n;
}

static void
options(int argc, char **argv)
{
	for (int c; (c = getopt(argc, argv, "c:i:s:t:m:u:d:fxhV")) != -1;) {
		switch (c) {
		case 'c':
			opt.conf_file = optarg;
			break;
		case 'i':
			opt.ike_sas = number(optarg, 1, MOST_IKE_SAS);
			break;
		case 's':
			opt.sessions = number(optarg, 0, MOST_IKE_SAS);
			break;
		case 't':
			opt.tunnels = number(optarg, 1, MOST_TUNNELS);
			break;
		case 'm':
			opt.maps = number(optarg, 0, MOST_TUNNELS);
			break;
		case 'u':
			opt.churn = number(optarg, 0, MOST_TUNNELS);
			break;
		case 'd':
			if (opt.drops < MOST_DROPS)
				opt.drop_after[opt.drops++] = number(optarg, 1, UINT32_MAX);
			break;
		case 'f':
			opt.told = true;
			break;
		case 'x':
			opt.remove = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case 'V':
			printf("ipsecmon-synth %s\n", PACKAGE_VERSION);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
}

static void
options_check(int argc)
{
	if (optind == argc && opt.ike_sas && opt.tunnels && opt.churn <= opt.tunnels)
		return;
	if (opt.churn > opt.tunnels)
		fprintf(stderr, "ipsecmon-synth: more rekeys a second than tunnels\n");
	usage(stderr);
	exit(2);
}

static uint32_t
most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Don't overwrite a real gateway's segment: its indexes and totals would be lost. */
static int
refuse_anothers(const char *path, struct ipm_error *err)
{
	struct ipm_segment *seg;
	struct ipm_error ignored;
	char name[IPM_NAME_MAX];
	int rc = 0;
	if (ipm_segment_attach(&seg, path, &ignored) < 0)
		return 0;
	if (strcmp(ipm_segment_name(seg, name), NAME) != 0) {
		snprintf(err->text, sizeof(err->text), "%.200s: not made by ipsecmon-synth: remove it first", path);
		rc = -EEXIST;
	}
	ipm_segment_close(seg);
	return rc;
}

/* Create an empty segment. Its capacity is that of the options, or of the configuration if that is larger. */
static int
open_segment(const struct conf *conf, const char *path, struct ipm_error *err)
{
	struct ipm_writer_options wo = { .path = path, .name = NAME, .mode = 0640 };
	wo.capacity.ike_sas = most(conf->capacity.ike_sas, opt.ike_sas);
	wo.capacity.tunnels = most(conf->capacity.tunnels, opt.tunnels);
	wo.capacity.sas = most(conf->capacity.sas, 2 * (opt.tunnels + 2 * opt.churn) + 32);
	wo.capacity.selectors = 2 * wo.capacity.tunnels + 16;
	wo.capacity.feeds = 8;
	wo.capacity.sessions = opt.sessions;
	wo.capacity.maps = opt.maps;
	wo.capacity.access = opt.maps ? 2 * opt.maps + 16 : 0;
	wo.capacity.engines = opt.maps ? 1 : 0;
	wo.capacity.failures = 64;
	wo.capacity.events = 4096;
	int rc = refuse_anothers(path, err);
	if (rc == 0)
		rc = ipm_writer_open(&synth.w, &wo, err);
	if (rc == 0 && ipm_segment_used(ipm_writer_segment(synth.w), IPM_TUNNELS) > 0) {
		ipm_writer_close(synth.w); /* an earlier run's segment: two runs must serve the same */
		rc = unlink(path) < 0 ? -errno : ipm_writer_open(&synth.w, &wo, err);
	}
	return rc;
}

static void
report_ready(const char *path)
{
	fprintf(stderr, "ipsecmon-synth: %s: %u IKE SAs, %u tunnels in %.0f ms\n", path, opt.ike_sas, opt.tunnels,
		(double)(ipm_now_ns() - synth.began_ns) / 1e6);
	puts("ready");
	fflush(stdout);
}

static void
report(void)
{
	if (synth.passes)
		fprintf(stderr, "ipsecmon-synth: counted %llu SAs, %llu times: %.1f ms (%.1f to %.1f)\n",
			(unsigned long long)synth.counted, (unsigned long long)synth.passes,
			(double)synth.pass_ns / 1e6 / (double)synth.passes, (double)synth.pass_min_ns / 1e6,
			(double)synth.pass_max_ns / 1e6);
}

/* Block SIGTERM and SIGINT until live() waits for them. */
static void
block_ends(sigset_t *ends)
{
	sigemptyset(ends);
	sigaddset(ends, SIGTERM);
	sigaddset(ends, SIGINT);
	sigprocmask(SIG_BLOCK, ends, NULL);
}

int
main(int argc, char **argv)
{
	char error[512] = "";
	struct ipm_error err = { "" };
	sigset_t ends;
	int rc;

	options(argc, argv);
	options_check(argc);
	struct conf *conf = conf_load(opt.conf_file, error, sizeof(error));
	char *path = conf ? conf_run_path(conf, CONF_SEGMENT) : NULL;
	synth.ike = calloc(opt.ike_sas, sizeof(*synth.ike));
	synth.tunnel = calloc(opt.tunnels, sizeof(*synth.tunnel));
	synth.retiring = calloc(opt.churn + 1, sizeof(*synth.retiring));
	if (!path || !synth.ike || !synth.tunnel || !synth.retiring) {
		fprintf(stderr, "ipsecmon-synth: %s\n", error[0] ? error : "out of memory");
		return 1;
	}
	block_ends(&ends);
	setvbuf(stdin, NULL, _IONBF, 0);
	synth.began_ns = ipm_now_ns();
	synth.last_dropped = opt.tunnels;
	rc = open_segment(conf, path, &err);
	if (rc == 0)
		rc = populate();
	if (rc < 0) {
		fprintf(stderr, "ipsecmon-synth: %s\n", err.text[0] ? err.text : strerror(-rc));
		return 1;
	}
	report_ready(path);
	live(&ends);
	report();
	ipm_writer_close(synth.w);
	if (opt.remove)
		unlink(path);
	free(path);
	conf_free(conf);
	free(synth.ike);
	free(synth.tunnel);
	free(synth.retiring);
	return 0;
}
