/* SPDX-License-Identifier: ISC */
/* show crypto isakmp sa */
#include <inttypes.h>

#include "cmd_table.h"
#include "out.h"

enum { FAMILY_4, FAMILY_6 }; /* row groups */

static const char *
phase_text(const struct ipm_ike_sa *sa)
{
	static const char *const text[] = {
#define PHASE_TEXT(name, words) [IPM_PHASE_##name] = (words),
		IPM_PHASES(PHASE_TEXT)
#undef PHASE_TEXT
	};
	return sa->phase < sizeof(text) / sizeof(text[0]) ? text[sa->phase] : text[IPM_PHASE_UNKNOWN];
}

/* IOS's MM_ and AG_ states need a feed that watches the wire. Without one we cannot tell them apart. */
static const char *
state_ios(const struct ipm_ike_sa *sa)
{
	bool waits = sa->phase == IPM_PHASE_MM_KEY_AUTH || sa->phase == IPM_PHASE_AG_AUTH;
	switch (sa->state) {
	case IPM_IKE_ESTABLISHED: /* exchanges missed on the wire before this no longer matter */
		return sa->version != 1 ? "READY" : waits ? phase_text(sa) : "QM_IDLE";
	case IPM_IKE_NEGOTIATING:
		return sa->phase ? phase_text(sa) : "IN-NEG";
	case IPM_IKE_DELETING:
		return "DELETE";
	}
	return "-";
}

static bool
pick_family(const struct cli_segment *s, const void *record, uint64_t *group)
{
	const struct ipm_ike_sa *sa = record;
	(void)s;
	*group = sa->remote.len == 16 || sa->local.len == 16 ? FAMILY_6 : FAMILY_4;
	return true;
}

static void
print_sa(struct cli *cli, const struct cli_row *row, const struct ipm_ike_sa *sa)
{
	char dst[OUT_ADDR_MAX], src[OUT_ADDR_MAX];
	out_addr(sa->initiator ? &sa->remote : &sa->local, dst); /* the responder */
	out_addr(sa->initiator ? &sa->local : &sa->remote, src); /* the initiator */
	if (row->group == FAMILY_4)
		fprintf(cli->out, "%-15s %-15s %-14s %7" PRIu32 " %4" PRIu32 "\n", dst, src, state_ios(sa),
			ipm_ike_index(sa), row->segment->ordinal);
	else
		fprintf(cli->out, " dst: %s\n src: %s\n state: %-14s conn-id: %7" PRIu32 " slot: %4" PRIu32 "\n\n", dst,
			src, state_ios(sa), ipm_ike_index(sa), row->segment->ordinal);
}

static void
print_text(struct cli *cli)
{
	struct cli_rows rows = { 0 };
	cli_rows_collect_all(cli, &rows, IPM_IKE_SAS, pick_family);
	bool both = rows.n > 0 && rows.row[rows.n - 1].group == FAMILY_6, head6 = false;
	if (both)
		fprintf(cli->out, "IPv4 Crypto ISAKMP SA\n");
	fprintf(cli->out, "%-15s %-15s %-14s %s\n", "dst", "src", "state", "conn-id slot");
	for (size_t i = 0; i < rows.n; i++) {
		struct ipm_ike_sa sa;
		if (rows.row[i].group == FAMILY_6 && !head6) {
			fprintf(cli->out, "\nIPv6 Crypto ISAKMP SA\n\n");
			head6 = true;
		}
		if (cli_row_read(cli, &rows.row[i], &sa))
			print_sa(cli, &rows.row[i], &sa);
	}
	cli_rows_free(&rows);
}

static void
json_spi(json_t *object, const char *key, uint64_t spi)
{
	char text[24];
	snprintf(text, sizeof(text), "0x%016" PRIx64, spi);
	out_json_string(object, key, text);
}

#define NAME_OF(table, n) ((n) < sizeof(table) / sizeof((table)[0]) ? (table)[n] : NULL)

static json_t *
json_sa(struct cli *cli, const struct cli_row *row)
{
	static const char *const states[] = { NULL, "negotiating", "established", "deleting" };
	static const char *const modes[] = { NULL, "main", "aggressive" };
	static const char *const auths[] = { NULL, "psk", "rsa", "ecdsa", "eddsa", "eap", "pubkey" };
	struct ipm_ike_sa sa;
	if (!cli_row_read(cli, row, &sa))
		return NULL;
	json_t *o = json_object();
	out_json_limit(o, "index", ipm_ike_index(&sa));
	out_json_string(o, "state", NAME_OF(states, sa.state));
	out_json_string(o, "ios_state", state_ios(&sa));
	out_json_string(o, "phase", sa.phase ? phase_text(&sa) : NULL);
	out_json_bool(o, "held", sa.held);
	out_json_u64(o, "version", sa.version);
	out_json_string(o, "mode", NAME_OF(modes, sa.mode));
	out_json_string(o, "auth", NAME_OF(auths, sa.auth));
	out_json_bool(o, "initiator", sa.initiator);
	OUT_JSON_TEXT(o, "conn", sa.conn);
	out_json_addr(o, "local", &sa.local);
	out_json_u64(o, "local_port", sa.local_port);
	OUT_JSON_TEXT(o, "local_id", sa.local_id);
	out_json_bool(o, "local_nat", sa.nat_local);
	out_json_addr(o, "remote", &sa.remote);
	out_json_u64(o, "remote_port", sa.remote_port);
	OUT_JSON_TEXT(o, "remote_id", sa.remote_id);
	out_json_bool(o, "remote_nat", sa.nat_remote);
	json_spi(o, "spi_initiator", sa.spi_initiator);
	json_spi(o, "spi_responder", sa.spi_responder);
	out_json_proposal(o, "proposal", &sa.proposal);
	out_json_u64(o, "refreshes", sa.refreshes);
	out_json_since(o, "age", cli->now_ns, sa.created_ns);
	out_json_since(o, "established_age", cli->now_ns, sa.established_ns);
	out_json_lifetime(o, cli->now_ns, sa.established_ns, sa.hard_ns);
	out_json_ike_traffic(o, "in", &sa.in);
	out_json_ike_traffic(o, "out", &sa.out);
	return o;
}

void
cmd_isakmp_sa(struct cli *cli, const struct cmd_match *match)
{
	static const struct out_json_list list = { .key = "ike_sas", .kind = IPM_IKE_SAS, .row = json_sa };
	(void)match;
	if (cli->json)
		out_json_segments(cli, &list, 1);
	else
		print_text(cli);
}
