/* SPDX-License-Identifier: ISC */
/*
 * Text, as other programs read it: state machines as TextFSM runs them, with the states and fields of templates for
 * IOS. The examples in the manual page, and values.
 */
#include <regex.h>

#include "cli_fixture.h"
#include "out.h"

/* ---- a state machine ---- */

#define VALUES_MAX  64
#define RECORDS_MAX 16
#define GROUPS_MAX  6

/*
 * A rule: in this state, a line that matches sets values. Then the machine enters the next state, and may save a
 * record of all values.
 */
struct rule {
	const char *state, *line;
	const char *names; /* of the values in the groups of the expression, separated by blanks */
	const char *next;  /* NULL: the same state */
	bool record;
};

struct values {
	struct {
		char name[32], text[128];
	} value[VALUES_MAX];
	size_t n;
};

static struct values record[RECORDS_MAX];
static size_t records;

static const char *
value(const struct values *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->value[i].name, name) == 0)
			return v->value[i].text;
	return NULL;
}

static void
set(struct values *v, const char *name, size_t name_len, const char *text, size_t len)
{
	size_t i = 0;
	while (i < v->n && (strncmp(v->value[i].name, name, name_len) != 0 || v->value[i].name[name_len]))
		i++;
	ck_assert_uint_lt(i, VALUES_MAX);
	ck_assert_uint_lt(len, sizeof(v->value[i].text));
	if (i == v->n)
		v->n++;
	snprintf(v->value[i].name, sizeof(v->value[i].name), "%.*s", (int)name_len, name);
	snprintf(v->value[i].text, sizeof(v->value[i].text), "%.*s", (int)len, text);
}

/* Values of an SA belong to it alone. All others stay until they are set again ("Filldown"). */
static void
forget_sa(struct values *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n; i++)
		if (strncmp(v->value[i].name, "sa_", 3) != 0)
			v->value[n++] = v->value[i];
	v->n = n;
}

static bool
rule_fits(const struct rule *rule, const char *line, struct values *v)
{
	regex_t regex;
	regmatch_t group[GROUPS_MAX + 1];
	ck_assert_msg(regcomp(&regex, rule->line, REG_EXTENDED) == 0, "%s", rule->line);
	bool fits = regexec(&regex, line, GROUPS_MAX + 1, group, 0) == 0;
	regfree(&regex);
	const char *name = rule->names;
	for (size_t i = 1; fits && *name; i++) {
		size_t len = strcspn(name, " ");
		ck_assert_msg(i <= GROUPS_MAX && group[i].rm_so >= 0, "%s", rule->line);
		set(v, name, len, line + group[i].rm_so, (size_t)(group[i].rm_eo - group[i].rm_so));
		name += len + strspn(name + len, " ");
	}
	return fits;
}

/* Every line that is not empty must match a rule: "^. -> Error". */
static void
parse_by_rules(const char *text, const struct rule *rules)
{
	static struct values now;
	const char *state = "Start";
	now.n = records = 0;
	while (*text) {
		char line[256];
		size_t len = strcspn(text, "\n");
		const struct rule *rule = rules;
		ck_assert_uint_lt(len, sizeof(line));
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
		while (rule->state && (strcmp(rule->state, state) != 0 || !rule_fits(rule, line, &now)))
			rule++;
		ck_assert_msg(rule->state || line[0] == '\0', "in state %s: \"%s\"", state, line);
		if (rule->state && rule->next)
			state = rule->next;
		if (rule->state && rule->record) {
			ck_assert_uint_lt(records, RECORDS_MAX);
			record[records++] = now;
			forget_sa(&now);
		}
	}
}

static void
expect_value(size_t n, const char *name, const char *text)
{
	ck_assert_uint_lt(n, records);
	ck_assert_msg(value(&record[n], name) != NULL, "record %zu has no %s", n, name);
	ck_assert_msg(strcmp(value(&record[n], name), text) == 0, "record %zu: %s is %s, not %s", n, name,
		      value(&record[n], name), text);
}

/* ---- show crypto ipsec sa ---- */

#define IDENT   "ident \\(addr/mask/prot/port\\): \\(([^/]+)/([^/]+)/([0-9]+|-)/([0-9-]+)\\)$"
#define SA_LIST "^ *(inbound|outbound) (esp|ah|pcp) sas:$", "sa_direction sa_protocol"

static const struct rule ipsec_sa[] = {
	{ "Start", "^interface: ([^ ]+)$", "interface", NULL, false },
	{ "Start", "^ *Crypto map tag: ([^ ]+), local addr\\.? ([^ ]+)$", "map_tag local_addr", NULL, false },
	{ "Start", "^ *local +" IDENT, "local_net local_mask local_prot local_port", NULL, false },
	{ "Start", "^ *remote +" IDENT, "remote_net remote_mask remote_prot remote_port", NULL, false },
	{ "Start", "^ *current_peer:? ([^ ]+)$", "peer", NULL, false },
	{ "Start", "^ *([A-Z]+), flags=\\{(.*)\\}$", "action flags", NULL, false },
	{ "Start", "^ *#pkts encaps: ([0-9]+), #pkts encrypt: ([0-9]+), #pkts digest:? ([0-9]+)$",
	  "encaps encrypt digest", NULL, false },
	{ "Start", "^ *#pkts decaps: ([0-9]+), #pkts decrypt: ([0-9]+), #pkts verify:? ([0-9]+)$",
	  "decaps decrypt verify", NULL, false },
	{ "Start", "^ *#pkts compressed: ([0-9]+), #pkts decompressed: ([0-9]+)$", "compressed decompressed", NULL,
	  false },
	{ "Start",
	  "^ *#pkts not compressed: ([0-9]+), #pkts compr. failed: ([0-9]+), #pkts decompress failed: ([0-9]+)$",
	  "not_compressed compr_failed decompr_failed", NULL, false },
	{ "Start", "^ *#send errors:? ([0-9]+), #recv errors:? ([0-9]+)$", "send_errors recv_errors", NULL, false },
	{ "Start", "^ *local crypto endpt.: ([^ ]+), remote crypto endpt.: ([^ ]+)$", "local_endpt remote_endpt", NULL,
	  false },
	{ "Start", "^ *path mtu ([0-9]+|-), media mtu ([0-9]+|-)$", "path_mtu media_mtu", NULL, false },
	{ "Start", "^ *current outbound spi: ([0-9A-F]+)$", "outbound_spi", NULL, false },
	{ "Start", SA_LIST, "SAs", false },
	{ "SAs", SA_LIST, NULL, false },
	{ "SAs", "^ *spi: 0x([0-9A-F]+)\\(([0-9]+)\\)$", "sa_spi sa_spi_decimal", NULL, false },
	{ "SAs", "^ *transform: (.*[^ ]) ,$", "sa_transform", NULL, false },
	{ "SAs", "^ *in use settings =\\{(.*), \\}$", "sa_settings", NULL, false },
	{ "SAs", "^ *slot: ([0-9]+), conn id: ([0-9]+), flow_id: ([0-9]+), crypto map: ([^ ]+)$",
	  "sa_slot sa_conn_id sa_flow_id sa_map", NULL, false },
	{ "SAs", "^ *sa timing: remaining key lifetime \\(k/sec\\): \\(([0-9]+)/([0-9]+|-)\\)$",
	  "sa_kilobytes sa_seconds", NULL, false },
	{ "SAs", "^ *sa timing: remaining key lifetime \\(sec\\): ([0-9]+|-)$", "sa_seconds", NULL, false },
	{ "SAs", "^ *IV size: ([0-9]+|-)( bytes)?$", "sa_iv", NULL, false },
	{ "SAs", "^ *replay detection support: ([^ ]+)$", "sa_replay", NULL, true },
	{ "SAs", "^ *local +" IDENT, "local_net local_mask local_prot local_port", "Start", false },
	{ "SAs", "^interface: ([^ ]+)$", "interface", "Start", false },
	{ NULL, NULL, NULL, NULL, false },
};

START_TEST(a_machine_reads_the_sas_of_the_reference)
{
	static const char *const want[][2] = {
		{ "interface", "FastEthernet0/1" },
		{ "map_tag", "TUNNELMAP" },
		{ "local_addr", "172.22.1.3" },
		{ "local_net", "172.22.1.3" },
		{ "local_mask", "255.255.255.255" },
		{ "local_prot", "47" },
		{ "local_port", "0" },
		{ "remote_net", "172.22.1.4" },
		{ "peer", "172.22.1.4" },
		{ "action", "PERMIT" },
		{ "encaps", "466" },
		{ "verify", "1156" },
		{ "send_errors", "1" },
		{ "recv_errors", "0" },
		{ "local_endpt", "172.22.1.3" },
		{ "remote_endpt", "172.22.1.4" },
		{ "path_mtu", "-" },
		{ "outbound_spi", "EB99FB6C" },
	};
	given_segment();
	given_tunnelmap_up();
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	parse_by_rules(out, ipsec_sa);
	ck_assert_uint_eq(records, 2);
	for (size_t i = 0; i < COUNT(want); i++) {
		expect_value(0, want[i][0], want[i][1]);
		expect_value(1, want[i][0], want[i][1]);
	}
	expect_value(0, "sa_direction", "inbound");
	expect_value(0, "sa_spi", "5A48ACC4");
	expect_value(0, "sa_spi_decimal", "1514712260");
	expect_value(0, "sa_transform", "esp-3des esp-sha-hmac");
	expect_value(0, "sa_settings", "Transport");
	expect_value(0, "sa_conn_id", "2000");
	expect_value(0, "sa_kilobytes", "4606612");
	expect_value(0, "sa_seconds", "3392");
	expect_value(0, "sa_iv", "8");
	expect_value(1, "sa_direction", "outbound");
	expect_value(1, "sa_conn_id", "2001");
	expect_value(1, "sa_kilobytes", "4607955");
}
END_TEST

/* All optional values are missing, and all values that IOS lacks are present. */
START_TEST(a_machine_reads_what_is_not_known_and_what_ios_lacks)
{
	given_segment();
	int t = given_tunnel((struct ipm_tunnel){ .conn = "dark" });
	given_sa(t, (struct ipm_sa){ .direction = IPM_IN });
	given_sa(t, (struct ipm_sa){ .direction = IPM_OUT, .protocol = 108 });
	t = given_tunnel((struct ipm_tunnel){
		.conn = "six", .local = addr("2001:db8::1"), .remote = addr("2001:db8::2"), .udp_encap = 1 });
	struct ipm_sel_side range = { .type = IPM_SEL_RANGE, .protocol = 6, .port_first = 80, .port_last = 90 };
	range.first = addr("10.0.0.1");
	range.last = addr("10.0.0.9");
	struct ipm_selector two[] = {
		{ .local = subnet("2001:db8:1::", "2001:db8:1:ffff::", 48), .remote = host("2001:db8::2", 58) },
		{ .local = range, .remote = range },
	};
	ck_assert_int_eq(ipm_tunnel_select(w, (uint32_t)t, two, 2), 0);
	given_sa(t, (struct ipm_sa){ .direction = IPM_OUT,
				     .spi = 0xC0,
				     .proposal = { .encr = IPM_ENCR_CHACHA20_POLY1305, .encr_bits = 256 },
				     .hard_octets = UINT64_MAX });
	ck_assert_int_eq(run("show crypto ipsec sa"), 0);
	parse_by_rules(out, ipsec_sa);
	ck_assert_uint_eq(records, 4);
	expect_value(0, "interface", "-");
	expect_value(0, "local_addr", "-");
	expect_value(0, "local_mask", "-");
	expect_value(0, "sa_transform", "encr-unknown");
	expect_value(0, "sa_seconds", "-");
	ck_assert_ptr_null(value(&record[0], "sa_kilobytes"));
	expect_value(0, "sa_iv", "-");
	expect_value(1, "sa_protocol", "pcp");
	expect_value(2, "local_net", "2001:DB8:1::");
	expect_value(2, "local_mask", "48");
	expect_value(2, "remote_mask", "128");
	expect_value(2, "remote_prot", "58");
	expect_value(2, "sa_settings", "Tunnel UDP-Encaps");
	expect_value(2, "sa_kilobytes", "18014398509481983");
	expect_value(3, "local_net", "10.0.0.1-10.0.0.9");
	expect_value(3, "local_port", "80-90");
	expect_value(3, "sa_spi", "C0"); /* the same SA, once for each pair of selectors, as in IOS */
}
END_TEST

/* ---- show crypto map ---- */

#define ENTRY "^Crypto Map \"([^\"]+)\" ([0-9]+) (ipsec-[a-z]+)$", "map seq keying"

static const struct rule crypto_map[] = {
	{ "Start", ENTRY, "Entry", false },
	{ "Entry", "^ *Dynamic map template tag: ([^ ]+)$", "sa_template", NULL, true },
	{ "Entry", "^ *Peer = ([^ ]+)$", "sa_peer", NULL, false },
	{ "Entry", "^ *(Extended IP|IPv6) access list ([^ ]+)$", "sa_family sa_list", NULL, false },
	{ "Entry", "^ *access-list [^ ]+ (permit|deny) ([^ ]+) (.*[^ ])$", "sa_action sa_protocol sa_hosts", NULL,
	  false },
	{ "Entry", "^ *Current peer: ([^ ]+)$", "sa_current", NULL, false },
	{ "Entry", "^ *Security association lifetime: ([0-9]+|-) kilobytes/([0-9]+|-) seconds$",
	  "sa_kilobytes sa_seconds", NULL, false },
	{ "Entry", "^ *PFS \\(Y/N\\): ([YN-])$", "sa_pfs", NULL, false },
	{ "Entry", "^ *DH group:  ([^ ]+)$", "sa_group", NULL, false },
	{ "Entry", "^ *Transform sets=\\{ ([^ ]+), ", "sa_set", NULL, true },
	{ "Entry", "^ *(Status|Last failure): ", "", NULL, false }, /* of which IOS has nothing */
	{ "Entry", ENTRY, NULL, false },
	{ "Entry", "^ *Interfaces using crypto map ([^ ]+):$", "map", "Interfaces", false },
	{ "Interfaces", ENTRY, "Entry", false },
	{ "Interfaces", "^ {16}([^ ]+)$", "sa_interface", NULL, true },
	{ NULL, NULL, NULL, NULL, false },
};

START_TEST(a_machine_reads_crypto_maps)
{
	given_segment();
	given_tunnelmap();
	given_template();
	given_entry((struct ipm_map_entry){
		.name = "dark", .disabled = 1, .pfs = IPM_PFS_YES, .pfs_group = IPM_GROUP_CURVE25519 });
	struct ipm_failure failure = { .conn = "dark", .text = "in its own words: {}", .time_ns = ipm_now_ns() };
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ck_assert_int_eq(run("show crypto map"), 0);
	parse_by_rules(out, crypto_map);
	ck_assert_uint_eq(records, 4); /* an entry, an interface of its map, a template, an entry */
	expect_value(0, "map", "TUNNELMAP");
	expect_value(0, "seq", "10");
	expect_value(0, "keying", "ipsec-isakmp");
	expect_value(0, "sa_peer", "172.22.1.4");
	expect_value(0, "sa_list", "116");
	expect_value(0, "sa_protocol", "gre");
	expect_value(0, "sa_hosts", "host 172.22.1.3 host 172.22.1.4");
	expect_value(0, "sa_current", "172.22.1.4");
	expect_value(0, "sa_kilobytes", "4608000");
	expect_value(0, "sa_pfs", "N");
	expect_value(0, "sa_set", "esp-3des+esp-sha-hmac");
	expect_value(1, "sa_interface", "FastEthernet0/1");
	expect_value(2, "sa_template", "VPN-USER-MAP");
	expect_value(3, "map", "dark");
	expect_value(3, "sa_kilobytes", "-");
	expect_value(3, "sa_group", "group31");
	expect_value(3, "sa_set", "-");
}
END_TEST

/* ---- the manual ---- */

/* Ages vary: replace each by "AGE". */
static void
mark_ages(char *text)
{
	regex_t regex;
	regmatch_t m[2];
	ck_assert_int_eq(regcomp(&regex, "([0-9]+ (d|h|min|s)( [0-9]+ (h|min|s))?)([^a-z]|$)", REG_EXTENDED), 0);
	for (char *from = text; regexec(&regex, from, 2, m, 0) == 0; from += m[1].rm_so + 3) {
		memmove(from + m[1].rm_so + 3, from + m[1].rm_eo, strlen(from + m[1].rm_eo) + 1);
		memcpy(from + m[1].rm_so, "AGE", 3);
	}
	regfree(&regex);
}

/* A line of a literal display without roff's escapes. */
static void
unescape(char *line)
{
	char *to = line;
	for (const char *from = line; *from; from++) {
		if (from[0] == '\\' && from[1] == '&')
			from++;
		else if (from[0] == '\\' && (from[1] == '-' || from[1] == 'e'))
			*to++ = *++from == 'e' ? '\\' : '-';
		else
			*to++ = *from;
	}
	*to = '\0';
}

static void
given_the_manual_s_gateway(void)
{
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED, .version = 2, .initiator = 1 };
	struct ipm_interface uplink = { .ifindex = 2, .name = "FastEthernet0/1", .addr = addr("172.22.1.3") };
	ike.local = addr("172.22.1.3");
	ike.remote = addr("172.22.1.4");
	ike.proposal = (struct ipm_proposal){ .encr = IPM_ENCR_AES_CBC,
					      .encr_bits = 128,
					      .prf = IPM_PRF_HMAC_SHA2_256,
					      .integ = IPM_INTEG_HMAC_SHA2_256_128,
					      .group = IPM_GROUP_MODP_2048 };
	given_segment();
	ck_assert_int_ge(ipm_ike_start(w, &ike), 0);
	given_tunnelmap_up();
	given_template();
	ck_assert_int_ge(ipm_interface_dropped(w, &uplink, IPM_DROP_NOT_UP, 5), 0);
	ipm_dropped(w, IPM_OUT, IPM_DROP_NOT_UP, 5);
}

/* @p expected may end in "...": then ignore the rest. */
static void
expect_example(const char *command, char *expected)
{
	size_t len = strlen(expected);
	ck_assert_msg(run(command) == 0, "%s: %s", command, err);
	mark_ages(out);
	mark_ages(expected);
	len = strlen(expected);
	bool cut = len > 4 && strcmp(expected + len - 4, "...\n") == 0;
	if (cut)
		expected[len -= 4] = '\0';
	ck_assert_msg(cut ? strncmp(out, expected, len) == 0 : strcmp(out, expected) == 0,
		      "%s: the manual has\n%s\nand it prints\n%s", command, expected, out);
}

START_TEST(the_manual_s_examples_are_what_is_printed)
{
	static const char prompt[] = "$ ipsecmon ";
	static const char *const commands[] = { "show crypto isakmp sa",
						"show crypto ipsec sa peer 172.22.1.4",
						"show crypto engine connections active",
						"show crypto engine connections dropped-packet",
						"show crypto map",
						"show crypto map tag TUNNELMAP",
						"show crypto dynamic-map" };
	bool seen[COUNT(commands)] = { false };
	const char *top = getenv("top_srcdir");
	char path[512], line[512], command[512] = "", text[8192] = "";
	snprintf(path, sizeof(path), "%s/doc/ipsecmon.1", top ? top : ".");
	FILE *f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	given_the_manual_s_gateway();
	while (fgets(line, sizeof(line), f)) {
		unescape(line);
		if (strcmp(line, ".Ed\n") == 0) {
			for (size_t i = 0; i < COUNT(commands); i++)
				if (strcmp(command, commands[i]) == 0) {
					expect_example(command, text);
					seen[i] = true;
				}
			command[0] = '\0';
		} else if (strncmp(line, prompt, strlen(prompt)) == 0) {
			snprintf(command, sizeof(command), "%s", line + strlen(prompt));
			command[strcspn(command, "\n")] = text[0] = '\0';
		} else if (command[0]) {
			ck_assert_uint_lt(strlen(text) + strlen(line), sizeof(text));
			strcat(text, line);
		}
	}
	fclose(f);
	for (size_t i = 0; i < COUNT(commands); i++)
		ck_assert_msg(seen[i], "the manual has no example of %s", commands[i]);
}
END_TEST

/* ---- values ---- */

START_TEST(idents_look_as_in_ios)
{
	char text[OUT_IDENT_MAX];
	struct ipm_sel_side side = subnet("10.1.0.0", "10.1.255.255", 16);
	ck_assert_str_eq(out_ident(&side, text), "10.1.0.0/255.255.0.0/0/0");
	side = subnet("0.0.0.0", "255.255.255.255", 0);
	ck_assert_str_eq(out_ident(&side, text), "0.0.0.0/0.0.0.0/0/0");
	side = subnet("2001:db8::", "2001:db8::ffff", 64);
	ck_assert_str_eq(out_ident(&side, text), "2001:DB8::/64/0/0");
	side = (struct ipm_sel_side){ .type = IPM_SEL_SINGLE,
				      .protocol = 17,
				      .port_first = 1701,
				      .port_last = 1701,
				      .first = addr("172.22.1.3"),
				      .last = addr("172.22.1.3") };
	ck_assert_str_eq(out_ident(&side, text), "172.22.1.3/255.255.255.255/17/1701");
	side.first = addr("2001:db8::1");
	ck_assert_str_eq(out_ident(&side, text), "2001:DB8::1/128/17/1701");
	side = (struct ipm_sel_side){ .type = IPM_SEL_RANGE,
				      .protocol = 6,
				      .port_first = 80,
				      .port_last = 90,
				      .first = addr("10.0.0.1"),
				      .last = addr("10.0.0.9") };
	ck_assert_str_eq(out_ident(&side, text), "10.0.0.1-10.0.0.9/-/6/80-90");
	side = (struct ipm_sel_side){ .type = IPM_SEL_SUBNET, .prefix = 200, .first = { .len = 4 } };
	ck_assert_str_eq(out_ident(&side, text), "0.0.0.0/255.255.255.255/0/0");
	side = (struct ipm_sel_side){ 0 };
	ck_assert_str_eq(out_ident(&side, text), "-/-/0/0");
}
END_TEST

#define MINUTES(n) ((n)*60 * (uint64_t)SECOND)
#define HOURS(n)   MINUTES((n)*60)
#define DAYS(n)    HOURS((n)*24)

START_TEST(durations_look_as_short_as_ios_and_as_an_asa_write_them)
{
	static const struct {
		uint64_t ns;
		const char *brief, *ios, *asa;
	} ages[] = {
		{ 0, "0s", "00:00:00", "0h:00m:00s" },
		{ 59 * (uint64_t)SECOND, "59s", "00:00:59", "0h:00m:59s" },
		{ MINUTES(1) + 25 * (uint64_t)SECOND, "1m", "00:01:25", "0h:01m:25s" },
		{ HOURS(3) + MINUTES(5), "3h05m", "03:05:00", "3h:05m:00s" },
		{ DAYS(2) + HOURS(3) + MINUTES(4), "2d03h", "2d03h", "2d 3h:04m:00s" },
		{ DAYS(16), "16d00h", "2w2d", "16d 0h:00m:00s" },
	};
	char text[OUT_AGE_MAX];
	for (size_t i = 0; i < COUNT(ages); i++) {
		ck_assert_str_eq(out_age_short(ages[i].ns, text), ages[i].brief);
		ck_assert_str_eq(out_age_ios(ages[i].ns, text), ages[i].ios);
		ck_assert_str_eq(out_age_asa(ages[i].ns, text), ages[i].asa);
	}
}
END_TEST

START_TEST(octets_fit_in_five_characters)
{
	char text[OUT_SHORT_MAX];
	ck_assert_str_eq(out_octets_short(0, text), "0");
	ck_assert_str_eq(out_octets_short(999, text), "999");
	ck_assert_str_eq(out_octets_short(1000, text), "1.0k");
	ck_assert_str_eq(out_octets_short(10188, text), "9.9k");
	ck_assert_str_eq(out_octets_short(10189, text), "10k");
	ck_assert_str_eq(out_octets_short(1023 * 1024, text), "1.0M");
	ck_assert_str_eq(out_octets_short(UINT64_MAX, text), "16E");
}
END_TEST

START_TEST(text_from_a_peer_cannot_reach_the_terminal_s_controls)
{
	char text[OUT_TEXT_MAX];
	ck_assert_str_eq(out_clean("CN=\033[2Ja\nb", 64, text), "CN=?[2Ja?b");
	ck_assert_str_eq(out_clean("M\xc3\xbcnchen \xe2\x82\xac", 64, text), "M\xc3\xbcnchen \xe2\x82\xac");
	ck_assert_str_eq(out_clean("\xc2\x9b\xff\xc3", 64, text), "????");
	ck_assert_str_eq(out_clean("no end", 2, text), "no");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("out_text");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, a_machine_reads_the_sas_of_the_reference);
	tcase_add_test(tc, a_machine_reads_what_is_not_known_and_what_ios_lacks);
	tcase_add_test(tc, a_machine_reads_crypto_maps);
	tcase_add_test(tc, the_manual_s_examples_are_what_is_printed);
	tcase_add_test(tc, idents_look_as_in_ios);
	tcase_add_test(tc, durations_look_as_short_as_ios_and_as_an_asa_write_them);
	tcase_add_test(tc, octets_fit_in_five_characters);
	tcase_add_test(tc, text_from_a_peer_cannot_reach_the_terminal_s_controls);
	return run_suite(suite);
}
