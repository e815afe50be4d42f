/* SPDX-License-Identifier: ISC */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdlib.h>
#include <string.h>

#include "chk_device.h"

#define OID(...)                                                                                      \
	{                                                                                             \
		.ids = { __VA_ARGS__ }, .len = sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t) \
	}
#define FLOW 1, 3, 6, 1, 4, 1, 9, 9, 171, 1
#define RAS  1, 3, 6, 1, 4, 1, 9, 9, 392, 1
#define OWN  IPSECMON_OID, 1

static const struct chk_oid sys_uptime = OID(1, 3, 6, 1, 2, 1, 1, 3, 0);
static const struct chk_oid mib_level = OID(FLOW, 1, 1, 0);
const struct chk_oid chk_ike_global = OID(FLOW, 2, 1);
const struct chk_oid chk_ike_table = OID(FLOW, 2, 3, 1);
const struct chk_oid chk_sec_global = OID(FLOW, 3, 1);
const struct chk_oid chk_sec_table = OID(FLOW, 3, 2, 1);
const struct chk_oid chk_agent = OID(OWN, 1);
const struct chk_oid chk_segment_table = OID(OWN, 2, 1);
const struct chk_oid chk_feed_table = OID(OWN, 3, 1);
const struct chk_oid chk_tunnel_table = OID(OWN, 4, 1);
const struct chk_oid chk_drop_table = OID(OWN, 5, 1);
const struct chk_oid chk_pool_table = OID(OWN, 8, 1);
const struct chk_oid chk_ras_activity = OID(RAS, 3);
const struct chk_oid chk_ras_session_table = OID(RAS, 3, 21, 1);
const struct chk_oid chk_ras_failures = OID(RAS, 4, 1);

/* --- the device --------------------------------------------------------------------------------------------------- */

static bool
silence(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct chk_device *device = context;
	double seconds = (double)value->number / 100;

	(void)index;
	(void)len;
	device->silence_known = chk_is_number(value);
	if (seconds > device->silence)
		device->silence = seconds;
	return device->silence_known; /* one unknown age is enough: stop the walk */
}

/* Feeds that are up: the two numbers of each feed's index. */
struct feeds {
	struct chk_rows segment, feed;
	uint32_t knows;
};

static bool
feed_state(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct feeds *feeds = context;

	if (len == 2 && value->number == 3) {
		chk_rows_add(&feeds->segment, index[0]);
		chk_rows_add(&feeds->feed, index[1]);
	}
	return true;
}

static bool
feed_knows(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct feeds *feeds = context;

	for (size_t i = 0; i < feeds->feed.count && len == 2; i++) {
		if (feeds->segment.index[i] != index[0] || feeds->feed.index[i] != index[1])
			continue;
		/* BITS: bit 0 is the highest bit of the first octet. */
		for (size_t bit = 0; bit < value->size * 8 && bit < 32; bit++) {
			if ((unsigned char)value->text[bit / 8] & 0x80 >> bit % 8)
				feeds->knows |= UINT32_C(1) << bit;
		}
	}
	return true;
}

bool
chk_device_ask(struct chk_snmp *s, struct chk_device *device)
{
	const struct chk_oid names[] = { sys_uptime, mib_level, chk_oid_2(&chk_agent, 3, 0) };
	const struct chk_oid silences = chk_oid_1(&chk_segment_table, 3), states = chk_oid_1(&chk_feed_table, 5);
	const struct chk_oid capabilities = chk_oid_1(&chk_feed_table, 16);
	struct chk_value values[3];
	struct feeds feeds = { 0 };
	bool good;

	*device = (struct chk_device){ 0 };
	if (!chk_snmp_get(s, names, values, 3))
		return false;
	device->uptime_known = values[0].kind == CHK_NUMBER;
	device->uptime = (uint32_t)values[0].number;
	device->cisco = values[1].kind == CHK_NUMBER;
	device->own = values[2].kind == CHK_NUMBER;
	device->segments = (unsigned)values[2].number;
	if (!device->own || device->segments == 0)
		return true;
	good = chk_snmp_walk(s, &silences, silence, device) && chk_snmp_walk(s, &states, feed_state, &feeds) &&
	       chk_snmp_walk(s, &capabilities, feed_knows, &feeds);
	device->knows = feeds.knows;
	chk_rows_free(&feeds.segment);
	chk_rows_free(&feeds.feed);
	return good;
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

void
chk_rows_add(struct chk_rows *rows, uint32_t index)
{
	if (rows->count == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 16;
		uint32_t *more = realloc(rows->index, room * sizeof(*more));
		if (!more) {
			rows->no_memory = true;
			return;
		}
		rows->index = more;
		rows->room = room;
	}
	rows->index[rows->count++] = index;
}

void
chk_rows_free(struct chk_rows *rows)
{
	free(rows->index);
	*rows = (struct chk_rows){ 0 };
}

/* Find rows by text or by address. */
struct search {
	const char *text;
	size_t first_len; /* length of the text before its last slash; 0: there is no slash */
	const struct chk_peer *peer;
	bool as_text; /* the column holds the peer's address as text */
	struct chk_rows *rows, *first_rows;
	size_t all;
};

static bool
found(void *context, const uint32_t *index, size_t len, const struct chk_value *value)
{
	struct search *search = context;
	struct chk_peer peer = { .len = 0 };
	bool hit;

	if (len != 1)
		return true;
	search->all++;
	if (search->text) {
		hit = value->size == strlen(search->text) && memcmp(value->text, search->text, value->size) == 0;
		if (value->size == search->first_len && value->size > 0 &&
		    memcmp(value->text, search->text, value->size) == 0)
			chk_rows_add(search->first_rows, index[0]);
	} else if (search->as_text) {
		hit = chk_peer_parse(value->text, &peer) && peer.len == search->peer->len &&
		      memcmp(peer.bytes, search->peer->bytes, peer.len) == 0;
	} else {
		hit = value->size == search->peer->len && memcmp(value->text, search->peer->bytes, value->size) == 0;
	}
	if (hit)
		chk_rows_add(search->rows, index[0]);
	return true;
}

static bool
search_column(struct chk_snmp *s, const struct chk_oid *table, uint32_t column, struct search *search)
{
	const struct chk_oid name = chk_oid_1(table, column);
	return chk_snmp_walk(s, &name, found, search);
}

bool
chk_find_name(struct chk_snmp *s, const char *name, struct chk_rows *rows, size_t *all)
{
	static const uint32_t child[] = { 3 };
	const char *slash = strrchr(name, '/');
	struct chk_rows of_first = { 0 };
	struct search search = {
		.text = name, .first_len = slash ? (size_t)(slash - name) : 0, .rows = rows, .first_rows = &of_first
	};
	bool good = search_column(s, &chk_tunnel_table, 2, &search);

	*all = search.all;
	/* Try NAME/CHILD only if no connection has the whole text as its name. */
	for (size_t i = 0; good && rows->count == 0 && i < of_first.count; i++) {
		struct chk_value value;
		good = chk_row(s, &chk_tunnel_table, of_first.index[i], child, 1, &value);
		if (good && value.kind == CHK_OCTETS && strcmp(value.text, slash + 1) == 0)
			chk_rows_add(rows, of_first.index[i]);
	}
	rows->no_memory |= of_first.no_memory;
	chk_rows_free(&of_first);
	return good;
}

bool
chk_find_configured_peer(struct chk_snmp *s, const struct chk_peer *peer, struct chk_rows *rows)
{
	struct search search = { .peer = peer, .as_text = true, .rows = rows };
	return search_column(s, &chk_tunnel_table, 18, &search);
}

bool
chk_find_peer(struct chk_snmp *s, const struct chk_oid *table, uint32_t column, const struct chk_peer *peer,
	      struct chk_rows *rows)
{
	struct search search = { .peer = peer, .rows = rows };
	return search_column(s, table, column, &search);
}

bool
chk_row(struct chk_snmp *s, const struct chk_oid *table, uint32_t index, const uint32_t *columns, size_t n,
	struct chk_value *values)
{
	struct chk_oid names[32];

	for (size_t i = 0; i < n; i++)
		names[i] = chk_oid_2(table, columns[i], index);
	return chk_snmp_get(s, names, values, n);
}
