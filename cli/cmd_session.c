/* SPDX-License-Identifier: ISC */
/* show crypto session [brief | detail] [username NAME | remote ADDRESS | group NAME] */
#include <inttypes.h>
#include <string.h>

#include "cmd_table.h"
#include "sessions.h"
#include "units.h"
#include "via.h"

struct shown {
	struct cli *cli;
	const struct cli_segment *segment;
	struct ipm_session session;
	bool has_ike;
	struct ipm_ike_sa ike;
	struct cli_via via; /* of its newest tunnel */
	bool detail;
};

static const char *
uptime(const struct shown *s, char out[OUT_AGE_MAX])
{
	uint64_t now_ns = cli_segment_now(s->segment);
	return out_age_ios(now_ns > s->session.started_ns ? now_ns - s->session.started_ns : 0, out);
}

/* A session's status in IOS's words, and in the letters of the brief list. */
struct status {
	const char *words, *letters;
};

static struct status
status(const struct shown *s)
{
	bool tunnels = s->session.tunnels > 0;
	if (s->session.state == IPM_SESSION_HELD)
		return (struct status){ "DOWN", "D" };
	if (s->has_ike && s->ike.state == IPM_IKE_NEGOTIATING)
		return (struct status){ "DOWN-NEGOTIATING", "DN" };
	if (s->has_ike && s->ike.state == IPM_IKE_ESTABLISHED)
		return tunnels ? (struct status){ "UP-ACTIVE", "UA" } : (struct status){ "UP-IDLE", "UI" };
	return tunnels ? (struct status){ "UP-NO-IKE", "UK" } : (struct status){ "DOWN", "D" };
}

/* Read a session, its IKE SA, and the interface of its newest tunnel. False: it is gone. */
static bool
shown_read(struct cli *cli, const struct cli_row *row, struct cli_vias *vias, struct shown *out)
{
	struct ipm_walk walk;
	struct ipm_tunnel tunnel;
	*out = (struct shown){ .cli = cli, .segment = row->segment };
	if (!cli_row_read(cli, row, &out->session))
		return false;
	out->has_ike = cli_session_ike(cli, row->segment, &out->session, &out->ike);
	ipm_walk_session(&walk, row->segment->seg, &out->session);
	if (cli_walk_next(cli, &walk, &tunnel))
		out->via = cli_via(cli, vias, row->segment, &tunnel);
	return true;
}

/* ---- one line each ---- */

static void
print_brief(const struct shown *s)
{
	char peer[OUT_ADDR_MAX], name[OUT_TEXT_MAX], user[OUT_TEXT_MAX], group[OUT_TEXT_MAX], up[OUT_AGE_MAX];
	fprintf(s->cli->out, "%-15s %-10s %-16s %-18s %-8s %s\n", out_addr(&s->session.remote, peer),
		s->via.ifname[0] ? OUT_CLEAN(s->via.ifname, name) : "-",
		s->session.user[0] ? OUT_CLEAN(s->session.user, user) : "-",
		s->session.group[0] ? OUT_CLEAN(s->session.group, group) : OUT_CLEAN(s->session.peer_id, group),
		uptime(s, up), status(s).letters);
}

/* ---- in full ---- */

/* One side of a flow, as IOS writes it: "host A", "A/MASK", with " port N" behind. */
static void
flow_side(const struct ipm_sel_side *side, char out[OUT_IDENT_MAX])
{
	char ident[OUT_IDENT_MAX], *end;
	bool all_ports = side->port_first == 0 && side->port_last == 65535;
	unsigned bits = side->first.len * 8u;
	out_ident(side, ident);
	for (int cut = 0; cut < 2 && (end = strrchr(ident, '/')); cut++) /* protocol and port */
		*end = '\0';
	end = strchr(ident, '/');
	bool host = side->type == IPM_SEL_SINGLE || (side->type == IPM_SEL_SUBNET && side->prefix == bits);
	if (end && (host || side->type == IPM_SEL_RANGE))
		*end = '\0';
	size_t len = (size_t)snprintf(out, OUT_IDENT_MAX, "%s%s", host ? "host " : "", ident);
	if (!all_ports && len < OUT_IDENT_MAX)
		snprintf(out + len, OUT_IDENT_MAX - len,
			 side->port_first == side->port_last ? " port %u" : " port %u-%u", side->port_first,
			 side->port_last);
}

static void
print_flows(const struct shown *s, const struct ipm_tunnel *tunnel)
{
	struct ipm_walk walk;
	struct ipm_selector sel;
	ipm_walk_selectors(&walk, s->segment->seg, tunnel);
	while (cli_walk_next(s->cli, &walk, &sel)) {
		char local[OUT_IDENT_MAX], remote[OUT_IDENT_MAX], protocol[16] = "ip";
		if (sel.local.protocol)
			snprintf(protocol, sizeof(protocol), "%u", sel.local.protocol);
		flow_side(&sel.local, local);
		flow_side(&sel.remote, remote);
		fprintf(s->cli->out, "  IPSEC FLOW: permit %s %s %s\n", protocol, local, remote);
	}
}

static void
print_direction(const struct shown *s, const char *title, const struct ipm_traffic *t, const struct ipm_sa *sa)
{
	char kilobytes[32] = "KB Vol Rekey Disabled", seconds[24] = "-";
	int64_t left = sa->index ? out_remaining_ns(s->cli->now_ns, sa->installed_ns, sa->hard_ns) : -1;
	if (sa->hard_octets)
		snprintf(kilobytes, sizeof(kilobytes), "%" PRIu64,
			 sa->count.octets < sa->hard_octets ? (sa->hard_octets - sa->count.octets) / 1024 : 0);
	if (left >= 0)
		snprintf(seconds, sizeof(seconds), "%" PRId64, left / (int64_t)NS_PER_SECOND);
	fprintf(s->cli->out, "        %s %" PRIu64 " drop %" PRIu64 " life (KB/Sec) %s/%s\n", title, t->pkts,
		ipm_traffic_drops(t), kilobytes, seconds);
}

static void
print_tunnel(const struct shown *s, const struct ipm_tunnel *tunnel, const struct cli_via *via)
{
	struct ipm_walk walk;
	struct ipm_sa sa, in = { .index = 0 }, out = { .index = 0 };
	unsigned sas = 0;
	print_flows(s, tunnel);
	ipm_walk_sas(&walk, s->segment->seg, tunnel);
	while (cli_walk_next(s->cli, &walk, &sa)) {
		struct ipm_sa *newest = sa.direction == IPM_IN ? &in : &out;
		if (newest->index == 0) /* the walk begins with the newest */
			*newest = sa;
		sas++;
	}
	fprintf(s->cli->out, "        Active SAs: %u, origin: %s\n", sas,
		!via->known                        ? "-"
		: via->map_kind == IPM_MAP_DYNAMIC ? "dynamic crypto map"
						   : "crypto map");
	if (!s->detail)
		return;
	print_direction(s, "Inbound:  #pkts dec'ed", &tunnel->in, &in);
	print_direction(s, "Outbound: #pkts enc'ed", &tunnel->out, &out);
}

static const char *
capabilities(const struct shown *s, char out[8])
{
	size_t n = 0;
	if (s->session.virtuals > 0)
		out[n++] = 'C';
	if (s->ike.nat_local || s->ike.nat_remote)
		out[n++] = 'N';
	if (s->session.version == 1 && s->session.has_user)
		out[n++] = 'X';
	out[n] = '\0';
	return n ? out : "(none)";
}

static void
print_ike(const struct shown *s)
{
	const struct ipm_ike_sa *ike = &s->ike;
	char local[OUT_ADDR_MAX], remote[OUT_ADDR_MAX], caps[8], time[OUT_AGE_MAX] = "-";
	int64_t left = out_remaining_ns(s->cli->now_ns, ike->established_ns, ike->hard_ns);
	fprintf(s->cli->out, "  IKEv%u SA: local %s/%u remote %s/%u %s\n", ike->version, out_addr(&ike->local, local),
		ike->local_port, out_addr(&ike->remote, remote), ike->remote_port,
		ike->state == IPM_IKE_ESTABLISHED && !ike->held ? "Active" : "Inactive");
	if (!s->detail)
		return;
	fprintf(s->cli->out, "          Capabilities:%s connid:%" PRIu32 " lifetime:%s\n", capabilities(s, caps),
		ike->index, left >= 0 ? out_age_ios((uint64_t)left, time) : time);
}

static void
print_head(const struct shown *s)
{
	const struct ipm_session *session = &s->session;
	FILE *f = s->cli->out;
	char text[OUT_TEXT_MAX], peer[OUT_ADDR_MAX], up[OUT_AGE_MAX];
	fprintf(f, "\nInterface: %s\n", s->via.ifname[0] ? OUT_CLEAN(s->via.ifname, text) : "-");
	if (session->user[0] && session->kind != IPM_SESSION_LAN_TO_LAN)
		fprintf(f, "Username: %s\n", OUT_CLEAN(session->user, text));
	if (session->group[0])
		fprintf(f, "%s: %s\n", session->kind == IPM_SESSION_LAN_TO_LAN ? "Profile" : "Group",
			OUT_CLEAN(session->group, text));
	for (size_t i = 0; i < session->virtuals && i < IPM_SESSION_ADDRS; i++)
		fprintf(f, "Assigned address: %s\n", out_addr(&session->virtual_addr[i], peer));
	if (s->detail)
		fprintf(f, "Uptime: %s\n", uptime(s, up));
	fprintf(f, "Session status: %s\n", status(s).words);
	fprintf(f, "Peer: %s port %u%s\n", out_addr(&session->remote, peer), session->remote_port,
		s->detail ? " fvrf: (none) ivrf: (none)" : "");
	if (s->detail)
		fprintf(f, "      Phase1_id: %s\n      Desc: (none)\n",
			session->peer_id[0] ? OUT_CLEAN(session->peer_id, text) : "-");
	fprintf(f, "  Session ID: %" PRIu32 "\n", session->index);
}

static void
print_full(const struct shown *s, struct cli_vias *vias)
{
	struct ipm_walk walk;
	struct ipm_tunnel tunnel;
	print_head(s);
	if (s->has_ike)
		print_ike(s);
	ipm_walk_session(&walk, s->segment->seg, &s->session);
	while (cli_walk_next(s->cli, &walk, &tunnel)) {
		struct cli_via via = cli_via(s->cli, vias, s->segment, &tunnel);
		if (tunnel.state != IPM_TUNNEL_HELD)
			print_tunnel(s, &tunnel, &via);
	}
}

/* ---- the command ---- */

static void
print_title(FILE *f, bool brief, bool detail)
{
	if (brief) {
		fprintf(f, "Status: A- Active, U - Up, D - Down, I - Idle, S - Standby, N - Negotiating\n"
			   "        K - No IKE\n"
			   "ivrf = (none)\n");
		fprintf(f, "%-15s %-10s %-16s %-18s %-8s %s\n", "Peer", "I/F", "Username", "Group/Phase1_id", "Uptime",
			"Status");
		return;
	}
	fprintf(f, "Crypto session current status\n");
	if (detail)
		fprintf(f, "\nCode: C - IKE Configuration mode, N - NAT-traversal,\n"
			   "X - IKE Extended Authentication\n");
}

static void
print_sessions(struct cli *cli, bool brief, bool detail, bool filtered)
{
	struct cli_rows rows = { 0 };
	struct cli_vias vias = { NULL };
	struct shown s;
	cli_rows_collect_all(cli, &rows, IPM_SESSIONS, cli_session_pick);
	print_title(cli->out, brief, detail);
	if (rows.n == 0)
		cli_sessions_none(cli, filtered, filtered ? "there is no such session" : "nobody is connected",
				  IPM_CAP_SESSIONS);
	for (size_t i = 0; i < rows.n; i++) {
		if (!shown_read(cli, &rows.row[i], &vias, &s))
			continue;
		s.detail = detail;
		if (brief)
			print_brief(&s);
		else
			print_full(&s, &vias);
	}
	cli_vias_free(cli, &vias);
	cli_rows_free(&rows);
}

static void
show(struct cli *cli, struct cli_asked *asked, const struct cmd_match *match)
{
	static const struct out_json_list list = { .key = "sessions",
						   .kind = IPM_SESSIONS,
						   .pick = cli_session_pick,
						   .row = cli_session_json,
						   .head = cli_sessions_json_head };
	cli->asked = asked;
	if (cli->json)
		out_json_segments(cli, &list, 1);
	else
		print_sessions(cli, cmd_has(match, "brief"), cmd_has(match, "detail"),
			       asked->user || asked->group || asked->remote.len);
}

void
cmd_session(struct cli *cli, const struct cmd_match *match)
{
	const char *remote = cmd_value(match, "remote");
	struct cli_asked asked = { .user = cmd_value(match, "username"), .group = cmd_value(match, "group") };
	if (!remote || cli_address(cli, remote, &asked.remote))
		show(cli, &asked, match);
}
