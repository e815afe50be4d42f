/* SPDX-License-Identifier: ISC */
/* show vpn-sessiondb [detail] [l2l | ra-ikev1-ipsec | ra-ikev2-ipsec | remote], as on an ASA */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "algo_names.h"
#include "cmd_table.h"
#include "sessions.h"
#include "units.h"

enum { ESP = 50 };

struct shown {
	struct cli *cli;
	const struct cli_segment *segment;
	struct ipm_session session;
	struct ipm_ike_sa ike; /* index 0: it has none now */
	unsigned tunnels;
	struct ipm_tunnel tunnel; /* its newest; index 0: none */
};

/* ---- how an ASA writes it ---- */

#define ASA_TEXT_MAX 64

/* Two fields of one line. The second may be NULL. */
static void
print_pair(FILE *f, const char *indent, const char *name, const char *value, const char *name2, const char *value2)
{
	if (!name2)
		fprintf(f, "%s%-13s: %s\n", indent, name, value);
	else
		fprintf(f, "%s%-13s: %-22s %-13s: %s\n", indent, name, value, name2, value2);
}

/* "15:14:22 UTC Fri Jul 11 2014": a moment of CLOCK_BOOTTIME in local time. */
static const char *
asa_moment(uint64_t then_ns, char out[ASA_TEXT_MAX])
{
	struct tm tm;
	time_t when = time(NULL) - (time_t)(ipm_now_ns() / NS_PER_SECOND) + (time_t)(then_ns / NS_PER_SECOND);
	if (!localtime_r(&when, &tm) || strftime(out, ASA_TEXT_MAX, "%H:%M:%S %Z %a %b %e %Y", &tm) == 0)
		snprintf(out, ASA_TEXT_MAX, "-");
	return out;
}

static const char *
asa_encr(const struct ipm_proposal *p, char out[ASA_TEXT_MAX])
{
	char name[ALGO_NAME_MAX];
	const char *plain = algo_name(ALGO_ENCR, p->encr, p->encr_bits, name);
	if (p->encr == IPM_ENCR_AES_CBC)
		snprintf(out, ASA_TEXT_MAX, "AES%u", p->encr_bits);
	else if (p->encr == IPM_ENCR_AES_GCM_16)
		snprintf(out, ASA_TEXT_MAX, "AES-GCM-%u", p->encr_bits);
	else
		snprintf(out, ASA_TEXT_MAX, "%s", plain ? plain : "-");
	return out;
}

/* The hash; an AEAD cipher has none. */
static const char *
asa_hash(const struct ipm_proposal *p, char out[ASA_TEXT_MAX])
{
	static const struct {
		uint16_t integ;
		const char *name;
	} hashes[] = { { IPM_INTEG_HMAC_MD5_96, "MD5" },
		       { IPM_INTEG_HMAC_SHA1_96, "SHA1" },
		       { IPM_INTEG_HMAC_SHA2_256_128, "SHA256" },
		       { IPM_INTEG_HMAC_SHA2_384_192, "SHA384" },
		       { IPM_INTEG_HMAC_SHA2_512_256, "SHA512" } };
	char name[ALGO_NAME_MAX];
	const char *plain = algo_name(ALGO_INTEG, p->integ, 0, name);
	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++)
		if (p->integ == hashes[i].integ)
			plain = hashes[i].name;
	snprintf(out, ASA_TEXT_MAX, "%s", plain ? plain : p->encr ? "none" : "-");
	return out;
}

static const char *
asa_ipsec(const struct shown *s)
{
	return s->tunnel.udp_encap || s->ike.nat_local || s->ike.nat_remote ? "IPsecOverNatT" : "IPsec";
}

/* "IKEv2: (1)AES256  IPsec: (2)AES256" */
static void
asa_suites(const struct shown *s, const char *(*of)(const struct ipm_proposal *p, char out[ASA_TEXT_MAX]),
	   char out[4 * ASA_TEXT_MAX])
{
	char name[ASA_TEXT_MAX], name2[ASA_TEXT_MAX];
	size_t n = 0;
	out[0] = '\0';
	if (s->ike.index)
		n = (size_t)snprintf(out, ASA_TEXT_MAX * 2, "IKEv%u: (1)%s", s->ike.version,
				     of(&s->ike.proposal, name));
	if (s->tunnel.index)
		snprintf(out + n, ASA_TEXT_MAX * 2, "%s%s: (%u)%s", n ? "  " : "", asa_ipsec(s), s->tunnels,
			 of(&s->tunnel.out_sa, name2));
	if (out[0] == '\0')
		snprintf(out, ASA_TEXT_MAX, "-");
}

/* ---- one session ---- */

/* False: the session is gone. */
static bool
shown_read(struct cli *cli, const struct cli_row *row, struct shown *out)
{
	struct ipm_walk walk;
	struct ipm_tunnel tunnel;
	*out = (struct shown){ .cli = cli, .segment = row->segment };
	if (!cli_row_read(cli, row, &out->session))
		return false;
	if (!cli_session_ike(cli, row->segment, &out->session, &out->ike))
		out->ike = (struct ipm_ike_sa){ .index = 0 };
	ipm_walk_session(&walk, row->segment->seg, &out->session);
	while (cli_walk_next(cli, &walk, &tunnel)) {
		if (out->tunnels++ == 0)
			out->tunnel = tunnel;
	}
	return true;
}

static void
print_names(const struct shown *s)
{
	const struct ipm_session *session = &s->session;
	char user[OUT_TEXT_MAX], index[16], source[OUT_ADDR_MAX], address[OUT_ADDR_MAX] = "-";
	FILE *f = s->cli->out;
	snprintf(index, sizeof(index), "%" PRIu32, session->index);
	out_addr(&session->remote, source);
	if (session->virtuals)
		out_addr(&session->virtual_addr[0], address);
	fputc('\n', f);
	if (session->kind == IPM_SESSION_LAN_TO_LAN) {
		print_pair(f, "", "Connection", session->group[0] ? OUT_CLEAN(session->group, user) : "-", NULL, NULL);
		print_pair(f, "", "Index", index, "IP Addr", source);
		return;
	}
	print_pair(f, "", "Username", session->user[0] ? OUT_CLEAN(session->user, user) : "-", "Index", index);
	print_pair(f, "", "Assigned IP", address, "Public IP", source);
}

static void
print_session(const struct shown *s)
{
	const struct ipm_session *session = &s->session;
	char text[4 * ASA_TEXT_MAX], tx[24], rx[24], name[OUT_TEXT_MAX];
	uint64_t now_ns = cli_segment_now(s->segment);
	FILE *f = s->cli->out;
	print_names(s);
	snprintf(text, sizeof(text), "IKEv%u %s", session->version, asa_ipsec(s));
	print_pair(f, "", "Protocol", text, NULL, NULL);
	asa_suites(s, asa_encr, text);
	print_pair(f, "", "Encryption", text, NULL, NULL);
	asa_suites(s, asa_hash, text);
	print_pair(f, "", "Hashing", text, NULL, NULL);
	snprintf(tx, sizeof(tx), "%" PRIu64, session->out.octets);
	snprintf(rx, sizeof(rx), "%" PRIu64, session->in.octets);
	print_pair(f, "", "Bytes Tx", tx, "Bytes Rx", rx);
	if (session->kind != IPM_SESSION_LAN_TO_LAN)
		print_pair(f, "", "Tunnel Group", session->group[0] ? OUT_CLEAN(session->group, name) : "-", NULL,
			   NULL);
	if (session->client[0])
		print_pair(f, "", "Client Ver", OUT_CLEAN(session->client, name), NULL, NULL);
	print_pair(f, "", "Login Time", asa_moment(session->started_ns, text), NULL, NULL);
	print_pair(f, "", "Duration",
		   out_age_asa(now_ns > session->started_ns ? now_ns - session->started_ns : 0, text), NULL, NULL);
}

/* ---- detail: its IKE SA, and each tunnel ---- */

static void
print_rekey(const struct shown *s, uint64_t from_ns, uint64_t life_ns)
{
	char interval[ASA_TEXT_MAX] = "-", rest[ASA_TEXT_MAX] = "-";
	int64_t left = out_remaining_ns(s->cli->now_ns, from_ns, life_ns);
	if (life_ns)
		snprintf(interval, sizeof(interval), "%llu Seconds", (unsigned long long)(life_ns / NS_PER_SECOND));
	if (left >= 0)
		snprintf(rest, sizeof(rest), "%" PRId64 " Seconds", left / (int64_t)NS_PER_SECOND);
	print_pair(s->cli->out, "  ", "Rekey Int (T)", interval, "Rekey Left(T)", rest);
}

static void
print_ike(const struct shown *s)
{
	const struct ipm_ike_sa *ike = &s->ike;
	char id[ASA_TEXT_MAX], src[16], dst[16], encr[ASA_TEXT_MAX], hash[ASA_TEXT_MAX], group[ALGO_NAME_MAX],
		method[OUT_TEXT_MAX];
	const char *auth = out_auth(ike->auth), *dh = algo_name(ALGO_GROUP, ike->proposal.group, 0, group);
	FILE *f = s->cli->out;
	fprintf(f, "\nIKEv%u:\n", ike->version);
	snprintf(id, sizeof(id), "%" PRIu32 ".1", s->session.index);
	snprintf(src, sizeof(src), "%u", ike->remote_port);
	snprintf(dst, sizeof(dst), "%u", ike->local_port);
	print_pair(f, "  ", "Tunnel ID", id, NULL, NULL);
	print_pair(f, "  ", "UDP Src Port", src, "UDP Dst Port", dst);
	if (ike->version == 1)
		print_pair(f, "  ", "IKE Neg Mode",
			   ike->mode == IPM_MODE_MAIN         ? "Main"
			   : ike->mode == IPM_MODE_AGGRESSIVE ? "Aggressive"
							      : "-",
			   NULL, NULL);
	print_pair(f, "  ", "Rem Auth Mode",
		   s->session.method[0] ? OUT_CLEAN(s->session.method, method)
		   : auth               ? auth
					: "-",
		   NULL, NULL);
	print_pair(f, "  ", "Encryption", asa_encr(&ike->proposal, encr), "Hashing", asa_hash(&ike->proposal, hash));
	print_rekey(s, ike->established_ns, ike->hard_ns);
	print_pair(f, "  ", "D/H Group", dh ? dh : "-", NULL, NULL);
}

static void
print_selectors(const struct shown *s, const struct ipm_tunnel *tunnel)
{
	struct ipm_walk walk;
	struct ipm_selector sel;
	char text[OUT_IDENT_MAX];
	ipm_walk_selectors(&walk, s->segment->seg, tunnel);
	while (cli_walk_next(s->cli, &walk, &sel)) {
		print_pair(s->cli->out, "  ", "Local Addr", out_ident(&sel.local, text), NULL, NULL);
		print_pair(s->cli->out, "  ", "Remote Addr", out_ident(&sel.remote, text), NULL, NULL);
	}
}

static void
print_tunnel(const struct shown *s, const struct ipm_tunnel *tunnel, unsigned number)
{
	static const char *const encaps[] = { "-", "Tunnel", "Transport", "BEET" };
	char id[ASA_TEXT_MAX], encr[ASA_TEXT_MAX], hash[ASA_TEXT_MAX], tx[24], rx[24];
	FILE *f = s->cli->out;
	fprintf(f, "\n%s:\n", asa_ipsec(s));
	snprintf(id, sizeof(id), "%" PRIu32 ".%u", s->session.index, number);
	print_pair(f, "  ", "Tunnel ID", id, NULL, NULL);
	print_selectors(s, tunnel);
	print_pair(f, "  ", "Encryption", asa_encr(&tunnel->out_sa, encr), "Hashing", asa_hash(&tunnel->out_sa, hash));
	print_pair(f, "  ", "Encapsulation", encaps[tunnel->encap < 4 ? tunnel->encap : 0], NULL, NULL);
	print_rekey(s, tunnel->installed_ns, tunnel->hard_ns);
	snprintf(tx, sizeof(tx), "%" PRIu64, tunnel->out.octets);
	snprintf(rx, sizeof(rx), "%" PRIu64, tunnel->in.octets);
	print_pair(f, "  ", "Bytes Tx", tx, "Bytes Rx", rx);
	snprintf(tx, sizeof(tx), "%" PRIu64, tunnel->out.pkts);
	snprintf(rx, sizeof(rx), "%" PRIu64, tunnel->in.pkts);
	print_pair(f, "  ", "Pkts Tx", tx, "Pkts Rx", rx);
}

static void
print_detail(const struct shown *s)
{
	struct ipm_walk walk;
	struct ipm_tunnel tunnel;
	unsigned number = 2; /* the IKE SA is 1 */
	fprintf(s->cli->out, "\nIKEv%u Tunnels: %u\n%s Tunnels: %u\n", s->session.version, s->ike.index ? 1u : 0u,
		asa_ipsec(s), s->tunnels);
	if (s->ike.index)
		print_ike(s);
	ipm_walk_session(&walk, s->segment->seg, &s->session);
	while (cli_walk_next(s->cli, &walk, &tunnel))
		print_tunnel(s, &tunnel, number++);
}

/* ---- the commands ---- */

static const struct type {
	const char *word, *title;
	uint8_t kind, version;
} types[] = {
	{ "l2l", "LAN-to-LAN", IPM_SESSION_LAN_TO_LAN, 0 },
	{ "ra-ikev1-ipsec", "IKEv1 IPsec", IPM_SESSION_REMOTE_ACCESS, 1 },
	{ "ra-ikev2-ipsec", "IKEv2 IPsec Remote-Access", IPM_SESSION_REMOTE_ACCESS, 2 },
	{ "remote", "IPsec Remote-Access", IPM_SESSION_REMOTE_ACCESS, 0 },
};

static void
print_type(struct cli *cli, const struct type *type, bool detail)
{
	struct cli_rows rows = { 0 };
	struct shown s;
	cli_rows_collect_all(cli, &rows, IPM_SESSIONS, cli_session_pick);
	if (rows.n == 0)
		cli_sessions_none(cli, false, "INFO: There are presently no active sessions of the type specified",
				  IPM_CAP_SESSIONS);
	else
		fprintf(cli->out, "Session Type: %s%s\n", type->title, detail ? " Detailed" : "");
	for (size_t i = 0; i < rows.n; i++) {
		if (!shown_read(cli, &rows.row[i], &s))
			continue;
		print_session(&s);
		if (detail)
			print_detail(&s);
	}
	cli_rows_free(&rows);
}

static const struct out_json_list sessions_json = { .key = "sessions",
						    .kind = IPM_SESSIONS,
						    .pick = cli_session_pick,
						    .row = cli_session_json,
						    .head = cli_sessions_json_head };

static void
show(struct cli *cli, struct cli_asked *asked, const struct type *type, bool detail)
{
	cli->asked = asked;
	if (cli->json)
		out_json_segments(cli, &sessions_json, 1);
	else
		print_type(cli, type, detail);
}

void
cmd_sessiondb(struct cli *cli, const struct cmd_match *match)
{
	const struct type *type = types;
	while (strcmp(type->word, match->word->word) != 0)
		type++;
	show(cli, &(struct cli_asked){ .kind = type->kind, .version = type->version }, type, cmd_has(match, "detail"));
}

static void
totals_add(struct ipm_session_totals *sum, const struct ipm_session_totals *more)
{
	sum->active += more->active;
	sum->total += more->total;
	sum->peak += more->peak; /* of several segments: at most so many at a time */
}

static void
print_totals(FILE *f, const char *name, const struct ipm_session_totals *t)
{
	fprintf(f, "%-27s : %6" PRIu64 " : %10" PRIu64 " : %11" PRIu64 "\n", name, t->active, t->total, t->peak);
}

#define RULE "---------------------------------------------------------------------------"

void
cmd_sessiondb_summary(struct cli *cli, const struct cmd_match *match)
{
	static const struct out_json_list none = {
		.key = "sessions", .kind = IPM_SESSIONS, .row = cli_session_json, .head = cli_sessions_json_head
	};
	struct ipm_session_totals remote = { 0 }, lan = { 0 }, all = { 0 };
	struct ipm_totals totals;
	(void)match;
	if (cli->json) {
		out_json_segments(cli, &none, 1);
		return;
	}
	for (size_t i = 0; i < cli->segments; i++)
		if (ipm_totals_read(cli->segment[i].seg, &totals) == 0) {
			totals_add(&remote, &totals.remote_access);
			totals_add(&lan, &totals.lan_to_lan);
			totals_add(&all, &totals.sessions);
		}
	if (all.total == 0 && !cli_some_feed_knows(cli, IPM_CAP_SESSIONS)) {
		cli_sessions_none(cli, false, "", IPM_CAP_SESSIONS);
		return;
	}
	fprintf(cli->out, RULE "\nVPN Session Summary\n" RULE "\n");
	fprintf(cli->out, "%-27s   %6s : %10s : %11s\n", "", "Active", "Cumulative", "Peak Concur");
	print_totals(cli->out, "IPsec Remote Access", &remote);
	print_totals(cli->out, "Site-to-Site VPN", &lan);
	fprintf(cli->out, RULE "\n");
	print_totals(cli->out, "Total", &all);
	fprintf(cli->out, RULE "\n");
}
