/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: decoders of VICI. The first octet of an input gives the kind of the rest:
 *
 *     'F'  a stream of frames        'S'  a message of SAs        'C'  a message of connections
 *     'T'  a traffic selector        'N'  records of error-notify    anything else: one of the five, by its value
 *
 * clang -fsanitize=fuzzer,address,undefined builds a fuzzer. With -DFUZZ_MAIN any compiler builds a program that runs
 * the files of its command line: a test that the corpus still passes.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_must.h"
#include "notify_decode.h"
#include "vici_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
is_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);
	must(len < size, "texts end in a NUL");
	for (size_t i = 0; i < len; i++)
		must(text[i] >= 0x20 && text[i] < 0x7f, "texts are printable");
}

static void
is_side(const struct ipm_sel_side *side)
{
	must(side->first.len == side->last.len && (side->first.len == 4 || side->first.len == 16),
	     "selectors have addresses");
	must(memcmp(side->first.bytes, side->last.bytes, side->first.len) <= 0, "selectors are in order");
	must(side->port_first <= side->port_last || (side->port_first == UINT16_MAX && side->port_last == 0),
	     "ports are in order, or opaque");
	must(side->type >= IPM_SEL_SINGLE && side->type <= IPM_SEL_SUBNET, "selectors have a type");
}

static void
see_ike(void *arg, enum vici_role role, const struct vici_ike *ike)
{
	(void)role;
	++*(unsigned long *)arg;
	is_text(ike->name, sizeof(ike->name));
	is_text(ike->local_id, sizeof(ike->local_id));
	is_text(ike->remote_id, sizeof(ike->remote_id));
}

static void
see_child(void *arg, enum vici_role role, const struct vici_ike *ike, const struct vici_child *child)
{
	see_ike(arg, role, ike);
	is_text(child->name, sizeof(child->name));
	must(child->local_count <= VICI_TS_MAX && child->remote_count <= VICI_TS_MAX, "selectors fit");
	for (uint32_t i = 0; i < child->local_count; i++)
		is_side(&child->local_ts[i]);
	for (uint32_t i = 0; i < child->remote_count; i++)
		is_side(&child->remote_ts[i]);
}

static void
see_conn(void *arg, const struct vici_conn *conn)
{
	++*(unsigned long *)arg;
	is_text(conn->name, sizeof(conn->name));
	is_text(conn->local_id, sizeof(conn->local_id));
	is_text(conn->local_cert, sizeof(conn->local_cert));
	is_text(conn->peer_text, sizeof(conn->peer_text));
	must(conn->peers <= IPM_MAP_PEERS, "peers fit");
	for (unsigned i = 0; i < conn->peers; i++)
		must(conn->peer[i].len == 4 || conn->peer[i].len == 16, "peers have addresses");
}

static void
see_conn_child(void *arg, const struct vici_conn *conn, const struct vici_conn_child *child)
{
	see_conn(arg, conn);
	is_text(child->name, sizeof(child->name));
	must(child->local_count <= VICI_TS_MAX && child->remote_count <= VICI_TS_MAX, "selectors fit");
	for (uint32_t i = 0; i < child->local_count; i++)
		if (child->local_ts[i].type)
			is_side(&child->local_ts[i]);
	for (uint32_t i = 0; i < child->remote_count; i++)
		if (child->remote_ts[i].type)
			is_side(&child->remote_ts[i]);
}

static void
message(enum vici_form form, struct vici_slice msg)
{
	unsigned long calls = 0;
	char error[IPM_TEXT_MAX] = "";
	struct vici_slice value;
	struct vici_sink sink = {
		.arg = &calls, .ike = see_ike, .child = see_child, .conn = see_conn, .conn_child = see_conn_child
	};
	int rc = vici_decode(form, msg.at, msg.len, &sink, error, sizeof(error));
	must(rc == 0 || rc == -EBADMSG, "decoding ends in 0 or -EBADMSG");
	must(rc == 0 || (calls == 0 && error[0] != '\0'), "malformed: a sentence and no callback");
	is_text(sink.alert, sizeof(sink.alert));
	size_t octets;
	vici_list_hash(msg, "conns", &octets);
	must(octets <= msg.len, "names lie in the message");
	vici_esp_of(msg);
	if (vici_find(msg, "success", &value) == 0)
		must(value.at >= msg.at && value.at + value.len <= msg.at + msg.len, "slices lie in the message");
}

static void
frames(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct vici_packet packet;
	ssize_t len;
	while ((len = vici_frame(data, size, &why)) > 0) {
		must((size_t)len <= size, "frames lie in the buffer");
		if (vici_packet(data, (size_t)len, &packet, &why) == 0)
			message(vici_is(packet.name, "list-conn") ? VICI_FORM_CONN : VICI_FORM_SA, packet.msg);
		else
			must(why != NULL, "a bad packet comes with a sentence");
		data += len;
		size -= (size_t)len;
	}
	must(len == 0 || why != NULL, "a bad frame comes with a sentence");
}

static void
selector(const uint8_t *data, size_t size)
{
	struct ipm_sel_side side;
	char *text = malloc(size + 1); /* of this size, so that reading beyond it is seen */
	must(text != NULL, "there is memory");
	memcpy(text, data, size);
	text[size] = '\0';
	if (vici_parse_ts(text, &side) == 0)
		is_side(&side);
	vici_encr(text);
	vici_integ(text);
	vici_prf(text);
	vici_group(text);
	free(text);
}

/* Record by record; the rest is a record that is too short. */
static void
records(const uint8_t *data, size_t size)
{
	for (size_t len = size; size > 0; data += len, size -= len) {
		struct vici_alert alert = { .kind = VICI_ALERT_KINDS };
		len = size < NOTIFY_RECORD ? size : NOTIFY_RECORD;
		int rc = notify_decode(data, len, &alert);
		must(rc == 0 || rc == -EBADMSG || rc == -ENOENT, "a record is good, malformed or of another type");
		must(rc == 0 || alert.kind == VICI_ALERT_KINDS, "what is refused leaves no trace");
		must(rc != 0 || len == NOTIFY_RECORD, "a short record is refused");
		if (rc != 0)
			continue;
		must(alert.kind > VICI_ALERT_UNKNOWN && alert.kind < VICI_ALERT_KINDS, "kinds are in range");
		must(alert.remote.len == 0 || alert.remote.len == 4 || alert.remote.len == 16,
		     "addresses have a length");
		is_text(alert.conn, sizeof(alert.conn));
		is_text(alert.text, sizeof(alert.text));
		is_text(alert.local_id, sizeof(alert.local_id));
		is_text(alert.remote_id, sizeof(alert.remote_id));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char kinds[] = { 'F', 'S', 'C', 'T', 'N' };
	if (size == 0)
		return 0;
	int kind = memchr(kinds, data[0], sizeof(kinds)) != NULL ? data[0] : kinds[data[0] % sizeof(kinds)];
	data++;
	size--;
	switch (kind) {
	case 'F':
		frames(data, size);
		break;
	case 'S':
		message(VICI_FORM_SA, (struct vici_slice){ data, size });
		break;
	case 'N':
		records(data, size);
		break;
	case 'C':
		message(VICI_FORM_CONN, (struct vici_slice){ data, size });
		break;
	default:
		selector(data, size);
		break;
	}
	return 0;
}

#ifdef FUZZ_MAIN
int
main(int argc, char **argv)
{
	static uint8_t buf[1u << 20];
	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "rb");
		if (file == NULL) {
			perror(argv[i]);
			return 1;
		}
		size_t size = fread(buf, 1, sizeof(buf), file);
		fclose(file);
		uint8_t *exact = malloc(size); /* of this size, so that reading beyond it is seen */
		must(exact != NULL || size == 0, "there is memory");
		memcpy(exact, buf, size);
		LLVMFuzzerTestOneInput(exact, size);
		free(exact);
	}
	printf("%d inputs passed\n", argc - 1);
	return 0;
}
#endif
