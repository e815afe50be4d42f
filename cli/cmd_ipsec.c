/* SPDX-License-Identifier: ISC */
/* show crypto ipsec sa [interface NAME | map NAME | peer ADDRESS] */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "algo_names.h"
#include "cmd_table.h"
#include "ipm_hash.h"
#include "out.h"
#include "units.h"
#include "values.h"
#include "via.h"

#define LIST_TRIES 8 /* the writer may change a tunnel's lists while we walk them: then walk them again */

enum { ESP = 50, AH = 51, IPCOMP = 108 };

/* Filters: show tunnels that match every filter that is set. NULL, or an address of length 0, matches all. */
struct asked {
	const char *interface, *map;
	struct ipm_addr peer;
	struct cli_vias vias;
	size_t found;
};

struct sa_details {
	struct ipm_sa sa;
	uint32_t slot;
};

/* A tunnel with its selectors and SAs. The arrays can be reused for another tunnel. */
struct tunnel_details {
	struct ipm_tunnel tunnel;
	struct ipm_selector *sel;
	struct sa_details *sa;
	size_t sels, sas, sel_room, sa_room;
};

static void
details_free(struct tunnel_details *w)
{
	free(w->sel);
	free(w->sa);
}

static int
by_sel_index(const void *a, const void *b)
{
	const struct ipm_selector *x = a, *y = b;
	return (x->index > y->index) - (x->index < y->index);
}

static int
by_sa_index(const void *a, const void *b)
{
	const struct sa_details *x = a, *y = b;
	return (x->sa.index > y->sa.index) - (x->sa.index < y->sa.index);
}

/* Read both lists. False when memory ran out or a list changed during the walk. */
static bool
details_read_lists(const struct cli_segment *s, struct tunnel_details *w)
{
	struct ipm_walk walk;
	struct ipm_selector sel;
	struct sa_details sa;
	int rc;

	w->sels = w->sas = 0;
	ipm_walk_selectors(&walk, s->seg, &w->tunnel);
	while ((rc = ipm_walk_next(&walk, &sel)) > 0) {
		struct ipm_selector *more = cli_grow(w->sel, w->sels, &w->sel_room, sizeof(*more));
		if (!more)
			return false;
		w->sel = more;
		w->sel[w->sels++] = sel;
	}
	if (rc < 0)
		return false;
	ipm_walk_sas(&walk, s->seg, &w->tunnel);
	while ((rc = ipm_walk_next(&walk, &sa.sa)) > 0) {
		struct sa_details *more = cli_grow(w->sa, w->sas, &w->sa_room, sizeof(*more));
		if (!more)
			return false;
		w->sa = more;
		sa.slot = walk.slot;
		w->sa[w->sas++] = sa;
	}
	return rc == 0;
}

/* Read a tunnel and its lists. False when the tunnel is gone. */
static bool
details_read(struct cli *cli, const struct cli_row *row, struct tunnel_details *w)
{
	bool good = false;
	for (int i = 0; i < LIST_TRIES && !good; i++) {
		if (!cli_row_read(cli, row, &w->tunnel) || w->tunnel.state == IPM_TUNNEL_HELD)
			return false;
		good = details_read_lists(row->segment, w);
		cli->reads += w->sels + w->sas;
	}
	if (!good)
		cli->unread++; /* show the part that was read */
	if (w->sels > 1)
		qsort(w->sel, w->sels, sizeof(*w->sel), by_sel_index);
	if (w->sas > 1)
		qsort(w->sa, w->sas, sizeof(*w->sa), by_sa_index);
	return true;
}

/* ---- text ---- */

/* Tunnels under one heading get the same number. A collision only prints a heading twice. */
static uint64_t
heading_of(const struct ipm_tunnel *t, const struct cli_via *via)
{
	uint64_t hash = ipm_hash64(IPM_HASH64_BEGIN, via->ifname, strnlen(via->ifname, sizeof(via->ifname)));
	hash = ipm_hash64(hash, via->tag, strnlen(via->tag, sizeof(via->tag)));
	return ipm_hash64(hash, &t->local, sizeof(t->local));
}

static bool
pick_shown(const struct cli_segment *s, const void *record, uint64_t *group)
{
	const struct ipm_tunnel *t = record;
	struct asked *asked = s->cli->asked;
	if (t->state == IPM_TUNNEL_HELD || (asked->peer.len && !ipm_addr_same(&asked->peer, &t->remote)))
		return false;
	struct cli_via via = cli_via(s->cli, &asked->vias, s, t);
	*group = heading_of(t, &via);
	if ((asked->interface && strcmp(asked->interface, via.ifname) != 0) ||
	    (asked->map && strcmp(asked->map, via.tag) != 0))
		return false;
	asked->found++;
	return true;
}

/* Sort headings by their first tunnel instead of by hash. */
static void
order_headings(struct cli_rows *rows)
{
	cli_rows_sort(rows);
	for (size_t i = 0, first = 0; i < rows->n; i++) {
		uint64_t heading = rows->row[i].group;
		first = rows->row[i].index;
		for (; i < rows->n && rows->row[i].group == heading; i++)
			rows->row[i].group = first;
		i--;
	}
	cli_rows_sort(rows);
}

/* Scripts expect a word here: print "-" when there is no tag. */
static const char *
tag_text(const struct cli_via *via, char out[OUT_TEXT_MAX])
{
	return via->tag[0] ? OUT_CLEAN(via->tag, out) : "-";
}

static void
print_timing(FILE *f, uint64_t now_ns, const struct ipm_sa *sa)
{
	char seconds[24] = "-";
	int64_t left = out_remaining_ns(now_ns, sa->installed_ns, sa->hard_ns);
	if (left >= 0)
		snprintf(seconds, sizeof(seconds), "%" PRId64, left / (int64_t)NS_PER_SECOND);
	fprintf(f, "        sa timing: remaining key lifetime ");
	if (sa->hard_octets) {
		uint64_t octets = sa->count.octets < sa->hard_octets ? sa->hard_octets - sa->count.octets : 0;
		fprintf(f, "(k/sec): (%" PRIu64 "/%s)\n", octets / 1024, seconds);
	} else {
		fprintf(f, "(sec): %s\n", seconds);
	}
}

static void
print_sa(FILE *f, uint64_t now_ns, uint32_t ordinal, const struct ipm_tunnel *t, const struct cli_via *via,
	 const struct sa_details *details)
{
	const struct ipm_sa *sa = &details->sa;
	static const char *const encaps[] = { "", "Tunnel", "Transport", "BEET" };
	char transform[ALGO_TRANSFORM_MAX], tag[OUT_TEXT_MAX];
	int iv = sa->protocol == ESP ? algo_iv_octets(sa->proposal.encr) : 0;
	fprintf(f, "      spi: 0x%" PRIX32 "(%" PRIu32 ")\n", sa->spi, sa->spi);
	fprintf(f, "        transform: %s ,\n", algo_transform(sa->protocol, &sa->proposal, transform));
	fprintf(f, "        in use settings ={%s%s, }\n", t->encap < 4 ? encaps[t->encap] : "",
		t->udp_encap ? " UDP-Encaps" : "");
	fprintf(f, "        slot: %" PRIu32 ", conn id: %" PRIu32 ", flow_id: %" PRIu32 ", crypto map: %s\n", ordinal,
		OUT_CONN_ID + details->slot, t->index, tag_text(via, tag));
	print_timing(f, now_ns, sa);
	if (iv >= 0)
		fprintf(f, "        IV size: %d bytes\n", iv);
	else
		fprintf(f, "        IV size: -\n");
	fprintf(f, "        replay detection support: %s\n", sa->replay_window ? "Y" : "-");
}

static void
print_sas(struct cli *cli, uint32_t ordinal, const struct tunnel_details *w, const struct cli_via *via)
{
	static const struct {
		uint8_t direction, protocol;
		const char *title;
	} lists[] = {
		{ IPM_IN, ESP, "inbound esp" },   { IPM_IN, AH, "inbound ah" },   { IPM_IN, IPCOMP, "inbound pcp" },
		{ IPM_OUT, ESP, "outbound esp" }, { IPM_OUT, AH, "outbound ah" }, { IPM_OUT, IPCOMP, "outbound pcp" },
	};
	for (size_t l = 0; l < sizeof(lists) / sizeof(lists[0]); l++) {
		fprintf(cli->out, "     %s sas:\n", lists[l].title);
		for (size_t i = 0; i < w->sas; i++)
			if (w->sa[i].sa.direction == lists[l].direction && w->sa[i].sa.protocol == lists[l].protocol)
				print_sa(cli->out, cli->now_ns, ordinal, &w->tunnel, via, &w->sa[i]);
		fputc('\n', cli->out);
	}
}

/* SPI of the newest outbound SA. An active SA wins over an expiring one. */
static uint32_t
outbound_spi(const struct tunnel_details *w)
{
	const struct ipm_sa *best = NULL;
	for (size_t i = 0; i < w->sas; i++) {
		const struct ipm_sa *sa = &w->sa[i].sa;
		if (sa->direction == IPM_OUT && sa->protocol != IPCOMP &&
		    (!best || sa->state == IPM_SA_ACTIVE || best->state != IPM_SA_ACTIVE))
			best = sa;
	}
	return best ? best->spi : 0;
}

/*
 * The flags IOS prints. A tunnel made from a template doesn't come from an access list. A transport mode tunnel is its
 * own parent.
 */
static const char *
flags_of(const struct ipm_tunnel *t, const struct cli_via *via)
{
	bool transport = t->encap == IPM_ENCAP_TRANSPORT;
	if (via->map_index && via->map_kind == IPM_MAP_DYNAMIC)
		return transport ? "transport_parent,parent_is_transport," : "";
	return transport ? "origin_is_acl,transport_parent,parent_is_transport," : "origin_is_acl,";
}

/* Print one pair of selectors. @p sel is NULL if the tunnel's selectors are unknown. */
static void
print_pair(struct cli *cli, uint32_t ordinal, const struct tunnel_details *w, const struct cli_via *via,
	   const struct ipm_selector *sel)
{
	const struct ipm_tunnel *t = &w->tunnel;
	FILE *f = cli->out;
	char local[OUT_ADDR_MAX], remote[OUT_ADDR_MAX], ident[OUT_IDENT_MAX];
	uint64_t bad = t->in.drops[IPM_DROP_AUTH];
	uint64_t verified = t->in.auths > bad ? t->in.auths - bad : 0;
	out_addr(&t->local, local);
	out_addr(&t->remote, remote);
	fprintf(f, "\n   local  ident (addr/mask/prot/port): (%s)\n", sel ? out_ident(&sel->local, ident) : "-/-/-/-");
	fprintf(f, "   remote ident (addr/mask/prot/port): (%s)\n", sel ? out_ident(&sel->remote, ident) : "-/-/-/-");
	fprintf(f, "   current_peer: %s\n", remote);
	fprintf(f, "     PERMIT, flags={%s}\n", flags_of(t, via));
	fprintf(f, "    #pkts encaps: %" PRIu64 ", #pkts encrypt: %" PRIu64 ", #pkts digest %" PRIu64 "\n", t->out.pkts,
		t->out.crypts, t->out.auths);
	fprintf(f, "    #pkts decaps: %" PRIu64 ", #pkts decrypt: %" PRIu64 ", #pkts verify %" PRIu64 "\n", t->in.pkts,
		t->in.crypts, verified);
	fprintf(f, "    #pkts compressed: %" PRIu64 ", #pkts decompressed: %" PRIu64 "\n", t->ipcomp ? t->out.pkts : 0,
		t->ipcomp ? t->in.pkts : 0);
	fprintf(f, "    #pkts not compressed: 0, #pkts compr. failed: 0, #pkts decompress failed: 0\n");
	fprintf(f, "    #send errors %" PRIu64 ", #recv errors %" PRIu64 "\n\n", ipm_traffic_drops(&t->out),
		ipm_traffic_drops(&t->in));
	fprintf(f, "     local crypto endpt.: %s, remote crypto endpt.: %s\n", local, remote);
	fprintf(f, "     path mtu -, media mtu -\n");
	fprintf(f, "     current outbound spi: %" PRIX32 "\n\n", outbound_spi(w));
	print_sas(cli, ordinal, w, via);
}

static void
print_text(struct cli *cli, struct asked *asked)
{
	struct cli_rows rows = { 0 };
	struct tunnel_details w = { 0 };
	struct ipm_tunnel heading = { 0 }; /* the tunnel whose heading was printed last */
	struct cli_via heading_via = { 0 };
	for (size_t i = 0; i < cli->segments; i++)
		cli_rows_collect(cli, &rows, &cli->segment[i], IPM_TUNNELS, pick_shown);
	order_headings(&rows);
	for (size_t i = 0; i < rows.n; i++) {
		const struct cli_row *row = &rows.row[i];
		if (!details_read(cli, row, &w))
			continue;
		const struct ipm_tunnel *t = &w.tunnel;
		struct cli_via via = cli_via(cli, &asked->vias, row->segment, t);
		if (!heading.index || strcmp(heading_via.tag, via.tag) != 0 ||
		    memcmp(&heading.local, &t->local, sizeof(t->local)) != 0 ||
		    strcmp(heading_via.ifname, via.ifname) != 0) {
			char tag[OUT_TEXT_MAX], local[OUT_ADDR_MAX], ifname[OUT_TEXT_MAX];
			fprintf(cli->out, "\ninterface: %s\n    Crypto map tag: %s, local addr. %s\n",
				via.ifname[0] ? OUT_CLEAN(via.ifname, ifname) : "-", tag_text(&via, tag),
				out_addr(&t->local, local));
			heading = *t;
			heading_via = via;
		}
		for (size_t n = 0; n < w.sels; n++)
			print_pair(cli, row->segment->ordinal, &w, &via, &w.sel[n]);
		if (w.sels == 0)
			print_pair(cli, row->segment->ordinal, &w, &via, NULL);
	}
	details_free(&w);
	cli_rows_free(&rows);
}

/* ---- JSON ---- */

static json_t *
json_selector(const struct ipm_selector *sel)
{
	json_t *o = json_object();
	out_json_u64(o, "index", sel->index);
	json_object_set_new(o, "local", out_json_side(&sel->local));
	json_object_set_new(o, "remote", out_json_side(&sel->remote));
	return o;
}

static json_t *
json_sa(const struct cli *cli, const struct sa_details *details)
{
	const struct ipm_sa *sa = &details->sa;
	json_t *o = json_object();
	char spi[16];
	snprintf(spi, sizeof(spi), "0x%08" PRIx32, sa->spi);
	out_json_u64(o, "index", sa->index);
	out_json_u64(o, "conn_id", OUT_CONN_ID + details->slot);
	out_json_string(o, "spi", spi);
	out_json_string(o, "direction", sa->direction == IPM_IN ? "in" : "out");
	out_json_string(o, "protocol", out_protocol(sa->protocol));
	out_json_string(o, "state", sa->state == IPM_SA_ACTIVE ? "active" : "expiring");
	out_json_proposal(o, "proposal", &sa->proposal);
	out_json_limit(o, "replay_window", sa->replay_window);
	out_json_since(o, "age", cli->now_ns, sa->installed_ns);
	out_json_lifetime(o, cli->now_ns, sa->installed_ns, sa->hard_ns);
	out_json_limit(o, "lifetime_octets", sa->hard_octets);
	out_json_limit(o, "lifetime_pkts", sa->hard_pkts);
	out_json_limit(o, "sequence", sa->seq);
	out_json_traffic(o, "count", &sa->count);
	return o;
}

static void
json_lists(const struct cli *cli, json_t *o, const struct tunnel_details *w)
{
	json_t *sels = json_array(), *sas = json_array();
	for (size_t i = 0; i < w->sels; i++)
		json_array_append_new(sels, json_selector(&w->sel[i]));
	for (size_t i = 0; i < w->sas; i++)
		json_array_append_new(sas, json_sa(cli, &w->sa[i]));
	json_object_set_new(o, "selectors", sels);
	json_object_set_new(o, "sas", sas);
}

static json_t *
json_tunnel(struct cli *cli, const struct cli_row *row)
{
	struct asked *asked = cli->asked;
	struct tunnel_details w = { 0 };
	const struct ipm_tunnel *t = &w.tunnel;
	if (!details_read(cli, row, &w)) {
		details_free(&w);
		return NULL;
	}
	struct cli_via via = cli_via(cli, &asked->vias, row->segment, t);
	json_t *o = json_object();
	out_json_u64(o, "index", t->index);
	OUT_JSON_TEXT(o, "conn", t->conn);
	OUT_JSON_TEXT(o, "name", t->name);
	OUT_JSON_TEXT(o, "interface", via.ifname);
	OUT_JSON_TEXT(o, "map", via.tag);
	out_json_limit(o, "map_index", via.map_index);
	out_json_limit(o, "map_seq", via.map_seq);
	out_json_string(o, "protocol", out_protocol(t->protocol));
	out_json_string(o, "encap", out_encap(t->encap));
	out_json_bool(o, "udp_encap", t->udp_encap);
	out_json_bool(o, "ipcomp", t->ipcomp);
	out_json_string(o, "keying", t->key_type == IPM_KEY_MANUAL ? "manual" : "ike");
	out_json_addr(o, "local", &t->local);
	out_json_addr(o, "remote", &t->remote);
	out_json_u64(o, "ike_index", t->ike_index);
	out_json_bool(o, "ike_alive", ipm_tunnel_ike_alive(row->segment->seg, t));
	out_json_u64(o, "reqid", t->reqid);
	out_json_u64(o, "if_id_in", t->if_id_in);
	out_json_u64(o, "if_id_out", t->if_id_out);
	out_json_u64(o, "mark_in", t->mark_in);
	out_json_u64(o, "mark_out", t->mark_out);
	out_json_u64(o, "refreshes", t->refreshes);
	out_json_u64(o, "sas_retired", t->sas_retired);
	out_json_since(o, "age", cli->now_ns, t->created_ns);
	out_json_traffic(o, "in", &t->in);
	out_json_traffic(o, "out", &t->out);
	json_lists(cli, o, &w);
	details_free(&w);
	return o;
}

static void
show(struct cli *cli, struct asked *asked)
{
	static const struct out_json_list list = {
		.key = "tunnels", .kind = IPM_TUNNELS, .pick = pick_shown, .row = json_tunnel
	};
	cli->asked = asked;
	if (cli->json)
		out_json_segments(cli, &list, 1);
	else
		print_text(cli, asked);
	cli_vias_free(cli, &asked->vias);
	if (asked->found > 0 ||
	    (asked->interface && !cli_name_known(cli, "interface", asked->interface, CMD_INTERFACES)) ||
	    (asked->map && !cli_name_known(cli, "crypto map", asked->map, CMD_MAPS)))
		return;
	if (!cli->json)
		fprintf(cli->out, "none\n");
}

void
cmd_ipsec_sa(struct cli *cli, const struct cmd_match *match)
{
	(void)match;
	show(cli, &(struct asked){ 0 });
}

void
cmd_ipsec_sa_interface(struct cli *cli, const struct cmd_match *match)
{
	show(cli, &(struct asked){ .interface = match->argument[0] });
}

void
cmd_ipsec_sa_map(struct cli *cli, const struct cmd_match *match)
{
	show(cli, &(struct asked){ .map = match->argument[0] });
}

void
cmd_ipsec_sa_peer(struct cli *cli, const struct cmd_match *match)
{
	struct asked asked = { .peer = { .len = 0 } };
	if (inet_pton(AF_INET, match->argument[0], asked.peer.bytes) == 1)
		asked.peer.len = 4;
	else if (inet_pton(AF_INET6, match->argument[0], asked.peer.bytes) == 1)
		asked.peer.len = 16;
	if (asked.peer.len) {
		show(cli, &asked);
		return;
	}
	cli_fail(cli, "\"%s\" is neither an IPv4 nor an IPv6 address", match->argument[0]);
	cli->status = 2;
}
