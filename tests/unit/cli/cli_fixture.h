/* SPDX-License-Identifier: ISC */
/* For tests of ipsecmon: a run directory, a segment written by this process, and the output of a command line. */
#ifndef CLI_FIXTURE_H
#define CLI_FIXTURE_H

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "ipm_writer.h"
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND       1000000000u

/* ---- set-up: a run directory, and one segment whose writer is this process ---- */

static char dir[64], conf_file[96], segment_file[96];
static struct ipm_writer *w;
static const char *control_socket; /* the segment's control socket; NULL: it has none */
static char *out, *err;            /* of the last command */

static inline void
set_up(void)
{
	strcpy(dir, "/tmp/check_cli.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(conf_file, sizeof(conf_file), "%s/conf", dir);
	snprintf(segment_file, sizeof(segment_file), "%s/gateway.model", dir);
	FILE *f = fopen(conf_file, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "run-dir = %s\n", dir);
	fclose(f);
	w = NULL;
	control_socket = NULL;
	out = err = NULL;
}

static inline void
tear_down(void)
{
	char command[128];
	if (w)
		ipm_writer_close(w);
	free(out);
	free(err);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

static inline void
given_segment(void)
{
	struct ipm_error error = { "" };
	struct ipm_writer_options opt = {
		.path = segment_file,
		.name = "gateway",
		.control = control_socket,
		.capacity = { .ike_sas = 8,
			      .tunnels = 512,
			      .selectors = 600,
			      .sas = 1100,
			      .feeds = 4,
			      .interfaces = 4,
			      .maps = 64,
			      .access = 128,
			      .engines = 4,
			      .sessions = 8,
			      .pools = 4,
			      .history = 16,
			      .failures = 16,
			      .events = 8 },
		.mode = 0640,
	};
	int rc = ipm_writer_open(&w, &opt, &error);
	ck_assert_msg(rc == 0, "%d: %s", rc, error.text);
}

/* A file that is not a segment. Its name would clear the screen, and is not UTF-8. */
static inline void
given_odd_segment_file(void)
{
	char odd[128];
	snprintf(odd, sizeof(odd), "%s/esc\033[2J\n\x9bname.model", dir);
	FILE *f = fopen(odd, "w");
	ck_assert_ptr_nonnull(f);
	fputs("x", f);
	fclose(f);
}

/* Run a command line; blanks separate its words. Returns its exit status. */
static inline int
run(const char *line)
{
	char copy[256], *argv[32] = { (char[]){ "ipsecmon" }, (char[]){ "-c" }, conf_file };
	int argc = 3;
	size_t size;
	if (w)
		ipm_writer_commit(w);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	free(out);
	free(err);
	FILE *o = open_memstream(&out, &size), *e = open_memstream(&err, &size);
	int status = cli_run(argc, argv, o, e);
	fclose(o);
	fclose(e);
	return status;
}

static inline void
expect(const char *line, const char *text)
{
	int status = run(line);
	ck_assert_str_eq(err, "");
	ck_assert_int_eq(status, 0);
	ck_assert_msg(strcmp(out, text) == 0, "%s: expected\n%s\ngot\n%s", line, text, out);
}

static inline void
expect_line(const char *line)
{
	char whole[512];
	size_t len = (size_t)snprintf(whole, sizeof(whole), "%s\n", line);
	for (const char *at = out; (at = strstr(at, whole)); at += len)
		if (at == out || at[-1] == '\n')
			return;
	ck_abort_msg("no line \"%s\" in\n%s", line, out);
}

static inline void
expect_no_word(const char *word)
{
	ck_assert_msg(!strstr(out, word), "\"%s\" is in\n%s", word, out);
}

static inline size_t
times(const char *word)
{
	size_t n = 0;
	for (const char *at = out; (at = strstr(at, word)); at += strlen(word))
		n++;
	return n;
}

static inline struct ipm_addr
addr(const char *text)
{
	struct ipm_addr a = { .len = strchr(text, ':') ? 16 : 4 };
	ck_assert_int_eq(inet_pton(a.len == 4 ? AF_INET : AF_INET6, text, a.bytes), 1);
	return a;
}

static inline struct ipm_sel_side
subnet(const char *first, const char *last, uint8_t prefix)
{
	return (struct ipm_sel_side){
		.type = IPM_SEL_SUBNET, .prefix = prefix, .port_last = 65535, .first = addr(first), .last = addr(last)
	};
}

static inline int
given_tunnel(struct ipm_tunnel t)
{
	t.state = t.state ? t.state : IPM_TUNNEL_UP;
	t.encap = t.encap ? t.encap : IPM_ENCAP_TUNNEL;
	t.protocol = t.protocol ? t.protocol : 50;
	int slot = ipm_tunnel_start(w, &t);
	ck_assert_int_ge(slot, 0);
	return slot;
}

static inline int
given_sa(int tunnel, struct ipm_sa sa)
{
	sa.state = sa.state ? sa.state : IPM_SA_ACTIVE;
	sa.protocol = sa.protocol ? sa.protocol : 50;
	sa.installed_ns = ipm_now_ns() + 3600u * (uint64_t)SECOND;
	int slot = ipm_sa_start(w, (uint32_t)tunnel, &sa);
	ck_assert_int_ge(slot, 0);
	return slot;
}

static inline void
given_selector(int tunnel, struct ipm_sel_side local, struct ipm_sel_side remote)
{
	struct ipm_selector sel = { .local = local, .remote = remote };
	ck_assert_int_ge(ipm_tunnel_select(w, (uint32_t)tunnel, &sel, 1), 0);
}

/* Change octets of the segment's file without the writer. */
static inline void
patch(size_t offset, const void *octets, size_t size)
{
	int fd = open(segment_file, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, octets, size, (off_t)offset), (ssize_t)size);
	close(fd);
}

/* A value by its path, "segments.0.tunnels.0.in.pkts". */
static inline json_t *
at(json_t *root, const char *where)
{
	char copy[128], *save = NULL;
	snprintf(copy, sizeof(copy), "%s", where);
	for (char *word = strtok_r(copy, ".", &save); word && root; word = strtok_r(NULL, ".", &save))
		root = json_is_array(root) ? json_array_get(root, strtoul(word, NULL, 10))
					   : json_object_get(root, word);
	ck_assert_msg(root != NULL, "no %s", where);
	return root;
}

static inline void
expect_int(json_t *root, const char *where, json_int_t n)
{
	ck_assert_msg(json_is_integer(at(root, where)), "%s is no integer", where);
	ck_assert_int_eq(json_integer_value(at(root, where)), n);
}

static inline void
expect_text(json_t *root, const char *where, const char *text)
{
	ck_assert_msg(json_is_string(at(root, where)), "%s is no string", where);
	ck_assert_str_eq(json_string_value(at(root, where)), text);
}

/* ---- the gateway of the reference ---- */

#define KILOBYTE    1024u
#define ALL_SECONDS 3600u * (uint64_t)SECOND
#define TRIPLE_DES  ((struct ipm_proposal){ .encr = IPM_ENCR_3DES, .integ = IPM_INTEG_HMAC_SHA1_96 })

static inline struct ipm_sel_side
host(const char *address, uint8_t protocol)
{
	return (struct ipm_sel_side){ .type = IPM_SEL_SINGLE,
				      .protocol = protocol,
				      .port_last = 65535,
				      .first = addr(address),
				      .last = addr(address) };
}

static inline struct ipm_sel_side
any(uint8_t protocol)
{
	struct ipm_sel_side side = subnet("0.0.0.0", "255.255.255.255", 0);
	side.protocol = protocol;
	return side;
}

static inline struct ipm_sel_side
port(struct ipm_sel_side side, uint16_t first, uint16_t last)
{
	side.port_first = first;
	side.port_last = last;
	return side;
}

static inline uint32_t
given_entry(struct ipm_map_entry map)
{
	map.kind = map.kind ? map.kind : IPM_MAP_STATIC;
	map.key_type = map.key_type ? map.key_type : IPM_KEY_IKE;
	map.seq = map.seq ? map.seq : 10;
	int slot = ipm_map_open(w, &map);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static inline void
given_access(uint32_t map, const struct ipm_access *access, uint32_t n)
{
	ck_assert_int_eq(ipm_map_permit(w, map, access, n), 0);
}

/* The crypto map of the reference. */
static inline uint32_t
given_tunnelmap(void)
{
	uint32_t map =
		given_entry((struct ipm_map_entry){ .name = "TUNNELMAP",
						    .child = "116",
						    .peers = 1,
						    .peer = { addr("172.22.1.4") },
						    .pfs = IPM_PFS_NO,
						    .ifindex = 2,
						    .ifname = "FastEthernet0/1",
						    .hard_octets = 4608000u * (uint64_t)KILOBYTE,
						    .hard_ns = ALL_SECONDS,
						    .transforms = 1,
						    .transform = { { .protocol = 50, .proposal = TRIPLE_DES } } });
	struct ipm_access gre = { .local = host("172.22.1.3", 47), .remote = host("172.22.1.4", 47) };
	given_access(map, &gre, 1);
	return map;
}

static inline int
given_tunnelmap_up(void)
{
	given_tunnelmap();
	int t = given_tunnel((struct ipm_tunnel){ .encap = IPM_ENCAP_TRANSPORT,
						  .local = addr("172.22.1.3"),
						  .remote = addr("172.22.1.4"),
						  .conn = "TUNNELMAP",
						  .name = "116" });
	struct ipm_traffic in = { .octets = 1388 * KILOBYTE, .raw_octets = 1388 * KILOBYTE, .pkts = 1156 };
	struct ipm_traffic o = { .octets = 45 * KILOBYTE, .raw_octets = 45 * KILOBYTE, .pkts = 466 };
	struct ipm_sa sa = { .proposal = TRIPLE_DES,
			     .replay_window = 64,
			     .hard_octets = 4608000u * (uint64_t)KILOBYTE,
			     .hard_ns = 3392u * (uint64_t)SECOND };
	given_selector(t, host("172.22.1.3", 47), host("172.22.1.4", 47));
	sa.direction = IPM_IN;
	sa.spi = 0x5A48ACC4;
	ipm_sa_count(w, (uint32_t)given_sa(t, sa), &in);
	sa.direction = IPM_OUT;
	sa.spi = 0xEB99FB6C;
	o.drops[IPM_DROP_SEQUENCE] = 1;
	ipm_sa_count(w, (uint32_t)given_sa(t, sa), &o);
	return t;
}

/* The template of the reference. */
static inline uint32_t
given_template(void)
{
	uint32_t map =
		given_entry((struct ipm_map_entry){ .name = "VPN-USER-MAP",
						    .child = "115",
						    .kind = IPM_MAP_DYNAMIC,
						    .seq = 50,
						    .pfs = IPM_PFS_NO,
						    .peer_text = "%any",
						    .hard_octets = 4608000u * (uint64_t)KILOBYTE,
						    .hard_ns = ALL_SECONDS,
						    .transforms = 1,
						    .transform = { { .protocol = 50, .proposal = TRIPLE_DES } } });
	struct ipm_access list[] = {
		{ .local = port(any(6), 80, 80), .remote = any(6) },
		{ .local = any(6), .remote = port(any(6), 80, 80) },
		{ .deny = 1, .local = any(0), .remote = subnet("224.0.0.0", "255.255.255.255", 3) },
	};
	given_access(map, list, COUNT(list));
	return map;
}

/* ---- site-b, a gateway with packets ---- */

static const struct ipm_proposal AES256_SHA256 = { .encr = IPM_ENCR_AES_CBC,
						   .encr_bits = 256,
						   .integ = IPM_INTEG_HMAC_SHA2_256_128 };

static inline int
given_ike(uint8_t version, enum ipm_ike_state state, bool initiator, const char *local, const char *remote)
{
	struct ipm_ike_sa sa = {
		.state = (uint8_t)state,
		.version = version,
		.initiator = initiator,
		.local = addr(local),
		.remote = addr(remote),
		.local_port = 500,
		.remote_port = 4500,
		.auth = IPM_AUTH_PSK,
		.spi_initiator = 0x0123456789abcdefu,
		.spi_responder = 0xfedcba9876543210u,
		.proposal = { .encr = IPM_ENCR_AES_CBC,
			      .encr_bits = 256,
			      .prf = IPM_PRF_HMAC_SHA2_256,
			      .integ = IPM_INTEG_HMAC_SHA2_256_128,
			      .group = IPM_GROUP_MODP_2048 },
		.conn = "site-b",
		.local_id = "CN=a",
		.remote_id = "CN=b",
		/* in the future: ages are 0 and lifetimes complete, however long the test takes */
		.created_ns = ipm_now_ns() + 3600u * (uint64_t)SECOND,
		.established_ns = ipm_now_ns() + 3600u * (uint64_t)SECOND,
		.hard_ns = 14400u * (uint64_t)SECOND,
	};
	int slot = ipm_ike_start(w, &sa);
	ck_assert_int_ge(slot, 0);
	return slot;
}

/* One tunnel of site-b with a pair of SAs that have carried packets. */
static inline int
given_site_b(void)
{
	int t = given_tunnel((struct ipm_tunnel){
		.local = addr("172.22.1.3"), .remote = addr("172.22.1.4"), .conn = "site-b", .name = "lan" });
	given_selector(t, subnet("10.1.0.0", "10.1.255.255", 16), subnet("10.2.3.0", "10.2.3.255", 24));
	int in = given_sa(t, (struct ipm_sa){ .spi = 0x5A48ACC4,
					      .direction = IPM_IN,
					      .proposal = AES256_SHA256,
					      .replay_window = 32,
					      .hard_ns = 3392u * (uint64_t)SECOND,
					      .hard_octets = 4608000u * (uint64_t)1024 });
	int o = given_sa(t, (struct ipm_sa){ .spi = 0xEB99FB6C,
					     .direction = IPM_OUT,
					     .proposal = AES256_SHA256,
					     .hard_ns = 3392u * (uint64_t)SECOND });
	struct ipm_traffic carried = { .octets = 10240, .raw_octets = 10240, .pkts = 1156 };
	carried.drops[IPM_DROP_REPLAY] = 2;
	carried.drops[IPM_DROP_AUTH] = 1;
	ipm_sa_count(w, (uint32_t)in, &carried);
	ipm_sa_count(w, (uint32_t)o, &(struct ipm_traffic){ .octets = 4660, .raw_octets = 4660, .pkts = 466 });
	return t;
}

/* ---- main() ---- */

/* Tests that have a run directory. */
static inline TCase *
cli_tests(Suite *suite)
{
	TCase *tc = tcase_create("cli");
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

#endif
