/* SPDX-License-Identifier: ISC */
/* For tests of ipsecmon: a run directory, a segment whose writer is this process, and what a command line prints of it.
 */
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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECOND       1000000000u

/* ---- set-up: a run directory, and one segment whose writer is this process ---- */

static char dir[64], conf_file[96], segment_file[96];
static struct ipm_writer *w;
static char *out, *err; /* of the last command */

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
		.capacity = { .ike_sas = 8,
			      .tunnels = 512,
			      .selectors = 600,
			      .sas = 1100,
			      .feeds = 4,
			      .interfaces = 4,
			      .maps = 64,
			      .access = 128,
			      .engines = 4,
			      .failures = 16,
			      .events = 8 },
		.mode = 0640,
	};
	int rc = ipm_writer_open(&w, &opt, &error);
	ck_assert_msg(rc == 0, "%d: %s", rc, error.text);
}

/* Run a command line of words between blanks; its exit status. */
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

/* Change an octet or more of the segment's file behind its writer's back. */
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

#endif
