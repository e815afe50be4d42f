/* SPDX-License-Identifier: ISC */
#include <arpa/inet.h>
#include <stdlib.h>

#include "algo_names.h"
#include "out.h"
#include "units.h"

void
out_json_u64(json_t *object, const char *key, uint64_t n)
{
	json_object_set_new(object, key, json_integer(n < INT64_MAX ? (json_int_t)n : INT64_MAX));
}

void
out_json_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void
out_json_string(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, text ? json_string(text) : json_null());
}

void
out_json_limit(json_t *object, const char *key, uint64_t n)
{
	if (n)
		out_json_u64(object, key, n);
	else
		out_json_string(object, key, NULL);
}

void
out_json_text(json_t *object, const char *key, const char *text, size_t field)
{
	char clean[OUT_TEXT_MAX];
	out_clean(text, field, clean);
	out_json_string(object, key, clean[0] ? clean : NULL);
}

void
out_json_addr(json_t *object, const char *key, const struct ipm_addr *a)
{
	char text[INET6_ADDRSTRLEN];
	int family = a->len == 4 ? AF_INET : AF_INET6;
	bool known = a->len == 4 || a->len == 16;
	out_json_string(object, key, known ? inet_ntop(family, a->bytes, text, sizeof(text)) : NULL);
}

void
out_json_seconds(json_t *object, const char *key, int64_t ns)
{
	json_object_set_new(object, key, ns < 0 ? json_null() : json_integer(ns / (int64_t)NS_PER_SECOND));
}

void
out_json_since(json_t *object, const char *key, uint64_t now_ns, uint64_t then_ns)
{
	out_json_seconds(object, key, then_ns == 0 ? -1 : now_ns > then_ns ? (int64_t)(now_ns - then_ns) : 0);
}

void
out_json_lifetime(json_t *object, uint64_t now_ns, uint64_t from_ns, uint64_t life_ns)
{
	out_json_seconds(object, "lifetime", life_ns == 0 ? -1 : (int64_t)life_ns);
	out_json_seconds(object, "remaining", out_remaining_ns(now_ns, from_ns, life_ns));
}

void
out_json_proposal(json_t *object, const char *key, const struct ipm_proposal *p)
{
	char name[ALGO_NAME_MAX];
	json_t *o = json_object();
	out_json_string(o, "encr", algo_name(ALGO_ENCR, p->encr, p->encr_bits, name));
	out_json_u64(o, "encr_id", p->encr);
	out_json_u64(o, "encr_bits", p->encr_bits);
	out_json_string(o, "integ", algo_name(ALGO_INTEG, p->integ, 0, name));
	out_json_u64(o, "integ_id", p->integ);
	out_json_string(o, "prf", algo_name(ALGO_PRF, p->prf, 0, name));
	out_json_u64(o, "prf_id", p->prf);
	out_json_string(o, "group", algo_name(ALGO_GROUP, p->group, 0, name));
	out_json_u64(o, "group_id", p->group);
	out_json_bool(o, "esn", p->esn);
	json_object_set_new(object, key, o);
}

json_t *
out_json_side(const struct ipm_sel_side *side)
{
	static const char *const types[] = { NULL, "single", "range", "subnet" };
	json_t *o = json_object();
	out_json_string(o, "type", side->type < 4 ? types[side->type] : NULL);
	out_json_addr(o, "first", &side->first);
	out_json_addr(o, "last", &side->last);
	if (side->type == IPM_SEL_SUBNET)
		out_json_u64(o, "prefix", side->prefix);
	else
		out_json_string(o, "prefix", NULL);
	out_json_u64(o, "protocol", side->protocol);
	out_json_u64(o, "port_first", side->port_first);
	out_json_u64(o, "port_last", side->port_last);
	return o;
}

void
out_json_drops(json_t *object, const char *key, const uint64_t drops[IPM_DROP_COUNT])
{
	json_t *o = json_object();
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		out_json_u64(o, word_drop_key((uint64_t)i), drops[i]);
	json_object_set_new(object, key, o);
}

void
out_json_ike_traffic(json_t *object, const char *key, const struct ipm_ike_traffic *t)
{
	json_t *o = json_object();
	out_json_u64(o, "octets", t->octets);
	out_json_u64(o, "pkts", t->pkts);
	out_json_u64(o, "drops", t->drops);
	out_json_u64(o, "notifies", t->notifies);
	out_json_u64(o, "exchanges", t->exchanges);
	out_json_u64(o, "exchange_invalids", t->exchange_invalids);
	out_json_u64(o, "exchange_rejects", t->exchange_rejects);
	out_json_u64(o, "sa_deletes", t->sa_deletes);
	json_object_set_new(object, key, o);
}

void
out_json_traffic(json_t *object, const char *key, const struct ipm_traffic *t)
{
	json_t *o = json_object();
	out_json_u64(o, "octets", t->octets);
	out_json_u64(o, "raw_octets", t->raw_octets);
	out_json_u64(o, "pkts", t->pkts);
	out_json_u64(o, "crypts", t->crypts);
	out_json_u64(o, "auths", t->auths);
	out_json_drops(o, "drops", t->drops);
	json_object_set_new(object, key, o);
}

/* Jansson calls this for each bracket and comma. fwrite_unlocked() avoids a lock per call. */
static int
dump_more(const char *text, size_t size, void *file)
{
	return fwrite_unlocked(text, 1, size, file) == size ? 0 : -1;
}

static void
dump(struct cli *cli, const json_t *json, size_t flags)
{
	if (json_dump_callback(json, dump_more, cli->out, flags) < 0)
		cli_fail(cli, "cannot write JSON");
}

static void
segment_open(struct cli *cli, const struct cli_segment *s, const struct out_json_list *list)
{
	char name[IPM_NAME_MAX];
	const char *path = ipm_segment_path(s->seg);
	json_t *head = json_object();
	ipm_segment_name(s->seg, name);
	OUT_JSON_TEXT(head, "name", name);
	out_json_text(head, "path", path, SIZE_MAX);
	out_json_u64(head, "slot", s->ordinal);
	out_json_string(head, "state", cli_writer_state(s->seg));
	out_json_u64(head, "writer_pid", ipm_segment_writer(s->seg));
	out_json_seconds(head, "heartbeat_age", (int64_t)ipm_segment_silence_ns(s->seg));
	if (list->head)
		list->head(cli, s, head);
	fprintf(cli->out, "%s\n{", cli->comma_segment ? "," : "");
	dump(cli, head, JSON_EMBED);
	json_decref(head);
	cli->comma_segment = true;
}

/* Print values that are known only after the whole segment has been read. */
static void
segment_close(struct cli *cli, const struct cli_segment *s, size_t unread)
{
	struct ipm_error error;
	char text[OUT_TEXT_MAX];
	json_t *tail = json_object();
	bool damaged = ipm_segment_state(s->seg, &error) < 0;
	out_json_u64(tail, "unread", unread);
	out_json_string(tail, "damage", damaged ? OUT_CLEAN(error.text, text) : NULL);
	fputs(", ", cli->out);
	dump(cli, tail, JSON_EMBED);
	fputc('}', cli->out);
	json_decref(tail);
}

static void
print_list(struct cli *cli, const struct cli_segment *s, const struct out_json_list *list)
{
	struct cli_rows rows = { 0 };
	cli_rows_collect(cli, &rows, s, list->kind, list->pick);
	for (size_t n = 0; n < rows.n && !list->grouped; n++)
		rows.row[n].group = 0;
	cli_rows_sort(&rows);
	fprintf(cli->out, ", \"%s\": [", list->key);
	cli->comma_row = false;
	for (size_t n = 0; n < rows.n; n++) {
		json_t *row = list->row(cli, &rows.row[n]);
		if (!row)
			continue;
		fprintf(cli->out, "%s\n", cli->comma_row ? "," : "");
		dump(cli, row, 0);
		json_decref(row);
		cli->comma_row = true;
	}
	fputc(']', cli->out);
	cli_rows_free(&rows);
}

void
out_json_segments(struct cli *cli, const struct out_json_list *list, size_t lists)
{
	for (size_t i = 0; i < cli->segments; i++) {
		const struct cli_segment *s = &cli->segment[i];
		size_t unread = cli->unread;
		segment_open(cli, s, list);
		for (size_t n = 0; n < lists; n++)
			print_list(cli, s, &list[n]);
		segment_close(cli, s, cli->unread - unread);
	}
}
