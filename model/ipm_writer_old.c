/* SPDX-License-Identifier: ISC */
/*
 * A segment that an earlier run left with another layout: other capacities, or another layout version. Its records are
 * copied into the new one, field by field as both layouts name them. ipm_recover() then takes them over like those of
 * a segment with our own layout: it rebuilds lists, gauges and sums.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ipm_layout.h"
#include "ipm_writer_int.h"

/* --- its range of indexes ---------------------------------------------------------------------------------------- */

bool
ipm_range_suffices(const struct ipm_header *h)
{
	static const enum ipm_section_kind kind[] = { IPM_IKE_SAS,  IPM_TUNNELS,     IPM_MAPS,
						      IPM_SESSIONS, IPM_IKE_HISTORY, IPM_IKE_FAILURES };

	for (size_t i = 0; i < sizeof(kind) / sizeof(kind[0]); i++)
		if ((uint64_t)h->index_first + h->section[kind[i]].capacity >= INT32_MAX)
			return false;
	return true;
}

bool
ipm_range_keep(struct ipm_header *wanted, uint64_t first, uint64_t last)
{
	uint32_t configured = wanted->index_first;
	if (first == 0 || first > last || last != wanted->index_last)
		return false;
	wanted->index_first = (uint32_t)first;
	if (ipm_range_suffices(wanted))
		return true;
	wanted->index_first = configured;
	return false;
}

/* --- reading it ------------------------------------------------------------------------------------------------- */

static uint64_t
number_at(const uint8_t *slot, const struct ipm_field *field)
{
	const uint8_t *at = slot + field->offset;
	uint64_t n = 0;
	uint32_t four;
	uint16_t two;

	switch (field->size) {
	case 1:
		return *at;
	case 2:
		memcpy(&two, at, sizeof(two));
		return two;
	case 4:
		memcpy(&four, at, sizeof(four));
		return four;
	case 8:
		memcpy(&n, at, sizeof(n));
		return n;
	default:
		return 0;
	}
}

static const uint8_t *
slot_at(const struct ipm_old *old, uint32_t section, uint32_t slot)
{
	return old->base + old->layout->section[section].offset + (size_t)slot * old->layout->section[section].stride;
}

/* A number in the header; 0: it has none of this name. */
static uint64_t
header_number(const struct ipm_old *old, const char *name)
{
	const struct ipm_field *field = ipm_layout_field(old->layout, IPM_LAYOUT_HEADER, name);
	return field ? number_at(old->base, field) : 0;
}

/* The number "used" or "total" of a section. */
static uint64_t
section_number(const struct ipm_old *old, uint32_t section, const char *what)
{
	char name[IPM_LAYOUT_NAME];
	snprintf(name, sizeof(name), "%s.%s", ipm_layout_section(section), what);
	return header_number(old, name);
}

/* Slots below this one have been in use. */
static uint32_t
used(const struct ipm_old *old, uint32_t section)
{
	uint64_t n = section_number(old, section, "used"), capacity = old->layout->section[section].capacity;
	return (uint32_t)(n < capacity ? n : capacity);
}

static bool
boot_is(const struct ipm_old *old, const char *boot_id)
{
	const struct ipm_field *field = ipm_layout_field(old->layout, IPM_LAYOUT_HEADER, "boot_id");
	size_t size = strlen(boot_id) + 1;
	return field && field->size >= size && memcmp(old->base + field->offset, boot_id, size) == 0;
}

/* Parse what the file says about its layout. */
static int
layout_read(struct ipm_old *old, uint32_t abi, const char *path, struct ipm_error *err)
{
	struct ipm_layout_end end;
	unsigned line;

	memcpy(&end, old->base + old->size - sizeof(end), sizeof(end));
	if (memcmp(end.magic, IPM_LAYOUT_MAGIC, sizeof(end.magic)) != 0 || end.octets > old->size - sizeof(end)) {
		ipm_error_set(err, "%s: layout version %u, and it does not describe its layout: starting afresh", path,
			      abi);
		return -ESTALE;
	}
	const char *text = (const char *)old->base + old->size - sizeof(end) - end.octets;
	if (ipm_layout_parse(old->layout, text, end.octets, old->size, &line) == 0)
		return 0;
	ipm_error_set(err, "%s: layout version %u, and line %u of its description is damaged: starting afresh", path,
		      abi, line);
	return -ESTALE;
}

int
ipm_old_open(struct ipm_old *old, struct ipm_header *wanted, const char *path, struct ipm_error *err)
{
	struct ipm_header h; /* the fields before the boot id are in each layout */
	int rc = 0;

	memcpy(&h, old->base, sizeof(h));
	if (memcmp(h.magic, IPM_MAGIC, sizeof(h.magic)) != 0 || h.byte_order != IPM_BYTE_ORDER || h.size != old->size)
		return -ESTALE; /* damaged: ipm_geometry_take() has said so */
	old->layout = malloc(sizeof(*old->layout));
	if (!old->layout)
		return -ENOMEM;
	if (h.abi != IPM_ABI)
		rc = layout_read(old, h.abi, path, err);
	else if (ipm_header_check(&h, old->size, path, err) == 0)
		ipm_layout_own(old->layout, &h); /* earlier versions with this layout did not describe it */
	else
		rc = -ESTALE;
	if (rc == 0 && !boot_is(old, wanted->boot_id)) {
		ipm_error_set(err, "%s: from an earlier boot: starting afresh", path);
		rc = -ESTALE;
	} else if (rc == 0 && (header_number(old, "lanes") > 0) != (wanted->lanes > 0)) {
		ipm_error_set(err, "%s: made for another way of counting: starting afresh", path);
		rc = -ESTALE;
	} else if (rc == 0 &&
		   !ipm_range_keep(wanted, header_number(old, "index_first"), header_number(old, "index_last"))) {
		ipm_error_set(err, "%s: its range of indexes is too small: starting afresh", path);
		rc = -ESTALE;
	}
	if (rc == 0)
		err->text[0] = '\0';
	return rc;
}

void
ipm_old_close(struct ipm_old *old)
{
	if (old->base)
		munmap(old->base, old->size);
	free(old->layout);
	*old = (struct ipm_old){ 0 };
}

/* --- records ------------------------------------------------------------------------------------------------------ */

/* How to make a record of ours: for each field, where the old one is. */
struct recipe {
	uint32_t steps;
	struct {
		struct ipm_field from, to;
	} step[512];
};

struct conversion {
	struct ipm_writer *w;
	const struct ipm_old *old;
	struct ipm_layout *own;
	struct recipe recipe;          /* of the section that is being copied */
	uint32_t *moved[IPM_SECTIONS]; /* by old slot minus capacity: slot + 1; NULL: all slots stay. 0: left out */
	uint32_t end[IPM_SECTIONS];    /* of the old slots that were in use */
	uint32_t left_out;
};

/* One more step. What is together in both layouts is copied together. */
static void
recipe_add(struct recipe *r, const struct ipm_field *from, const struct ipm_field *to)
{
	bool plain = from->size == to->size && from->type == to->type && to->type != 't';
	uint32_t last = r->steps > 0 ? r->steps - 1 : 0;
	struct ipm_field *before_from = &r->step[last].from, *before_to = &r->step[last].to;

	if (plain && r->steps > 0 && before_to->type == 'b' && before_to->size == before_from->size &&
	    before_from->offset + before_from->size == from->offset &&
	    before_to->offset + before_to->size == to->offset) {
		before_from->size += from->size;
		before_to->size += to->size;
	} else if (r->steps < sizeof(r->step) / sizeof(r->step[0])) {
		r->step[r->steps].from = *from;
		r->step[r->steps].to = *to;
		if (plain)
			r->step[r->steps].to.type = 'b';
		r->steps++;
	}
}

static void
recipe_make(struct conversion *c, uint32_t section)
{
	c->recipe.steps = 0;
	for (uint32_t i = 0; i < c->own->section[section].fields; i++) {
		const struct ipm_field *to = &c->own->field[c->own->section[section].first + i];
		const struct ipm_field *from = ipm_layout_field(c->old->layout, section, to->name);
		bool same_kind = from && strchr("ui", from->type) && strchr("ui", to->type);
		if (from && (same_kind || from->type == to->type) && strncmp(to->name, "record.", 7) != 0)
			recipe_add(&c->recipe, from, to);
	}
}

static void
number_copy(uint8_t *to, const struct ipm_field *own, const uint8_t *from, const struct ipm_field *old)
{
	uint64_t n = number_at(from, old);
	unsigned bits = old->size * 8;
	if (old->type == 'i' && bits < 64 && n >> (bits - 1)) /* negative */
		n |= UINT64_MAX << bits;
	if (own->type == 'u' && own->size < 8 && n >> (own->size * 8))
		n = UINT64_MAX; /* the most that the field can say */
	uint8_t one = (uint8_t)n;
	uint16_t two = (uint16_t)n;
	uint32_t four = (uint32_t)n;
	memcpy(to + own->offset,
	       own->size == 1   ? (const void *)&one
	       : own->size == 2 ? (const void *)&two
	       : own->size == 4 ? (const void *)&four
				: (const void *)&n,
	       own->size);
}

/* Make the record in @p to, all zeros, from an old slot. Both begin as slots. */
static void
record_convert(const struct recipe *r, uint8_t *to, const uint8_t *from)
{
	for (uint32_t i = 0; i < r->steps; i++) {
		const struct ipm_field *own = &r->step[i].to, *old = &r->step[i].from;
		if (own->type == 'u' || own->type == 'i') {
			number_copy(to, own, from, old);
			continue;
		}
		uint32_t size = old->size < own->size ? old->size : own->size;
		memcpy(to + own->offset, from + old->offset, size);
		if (own->type == 't')
			to[own->offset + size - 1] = '\0';
	}
}

/* A slot of ours. */
union any_slot {
	struct {
		struct ipm_record record;
		union ipm_any_record payload;
	} as;
	uint8_t octets[sizeof(struct ipm_record) + sizeof(union ipm_any_record)];
};

/* Make a slot of ours from an old one. False: there is nothing in it. */
static bool
slot_read(const struct conversion *c, uint32_t section, uint32_t from_slot, union any_slot *slot)
{
	const struct ipm_field *seq = ipm_layout_field(c->old->layout, section, "record.seq");
	const uint8_t *from = slot_at(c->old, section, from_slot);

	memset(slot, 0, sizeof(*slot));
	record_convert(&c->recipe, slot->octets, from);
	/* One that was half written is so in the new segment too: ipm_recover() knows what to do with it. */
	bool torn = seq && number_at(from, seq) & 1;
	slot->as.record.seq = torn;
	if (section == IPM_MAPS && slot->as.payload.map.state == IPM_MAP_REMOVED)
		return false;
	bool retired = section == IPM_SAS && slot->as.payload.sa.state == IPM_SA_RETIRED;
	return torn || retired || slot->as.payload.index != 0 || section == IPM_TOTALS;
}

static void
slot_put(const struct conversion *c, uint32_t section, uint32_t to_slot, const union any_slot *slot)
{
	struct ipm_record *to = ipm_record_at(&c->w->seg, section, to_slot);
	memcpy(ipm_payload(to), &slot->as.payload, ipm_record_size(section));
	atomic_store(&to->seq, slot->as.record.seq);
}

/* --- sections -------------------------------------------------------------------------------------------------------
 */

static int
make_room(struct conversion *c, uint32_t section, uint32_t slots)
{
	if (ipm_room(c->w, section, slots) < 0)
		return -ENOSPC;
	atomic_store(&ipm_header(&c->w->seg)->section[section].used, slots);
	return 0;
}

static bool
slot_is_free(const struct conversion *c, uint32_t section, uint32_t slot)
{
	const struct ipm_record *rec = ipm_record_at(&c->w->seg, section, slot);
	const struct ipm_sa *sa = ipm_payload_at(c->w, section, slot);
	return *(const uint32_t *)(rec + 1) == 0 && !(atomic_load(&rec->seq) & 1) &&
	       !(section == IPM_SAS && sa->state == IPM_SA_RETIRED);
}

/* The index of these is slot + 1, and others name them by it: they have no other slot. */
static bool
slots_stay(uint32_t section)
{
	return section == IPM_FEEDS || section == IPM_AGENTS || section == IPM_INTERFACES || section == IPM_ENGINES ||
	       section == IPM_POOLS || section == IPM_TOTALS || section == IPM_SETTINGS;
}

/* What an SA's lanes hold together goes into one. */
static void
lanes_copy(const struct conversion *c, uint32_t from_slot, uint32_t to_slot)
{
	const struct ipm_layout *l = c->old->layout, *own = c->own;
	uint64_t lanes = header_number(c->old, "lanes");
	struct ipm_lane lane = ipm_lane_at(&c->w->seg, to_slot, 0);

	for (uint32_t v = IPM_LAYOUT_COUNTS; v <= IPM_LAYOUT_DROPS && from_slot < l->section[v].capacity; v++) {
		uint8_t *to = v == IPM_LAYOUT_COUNTS ? (uint8_t *)lane.count : (uint8_t *)lane.drops;
		for (uint32_t i = 0; i < own->section[v].fields; i++) {
			const struct ipm_field *field = &own->field[own->section[v].first + i];
			const struct ipm_field *from = ipm_layout_field(l, v, field->name);
			uint64_t sum = 0;
			for (uint32_t n = 0; from && n < lanes && n < l->section[IPM_LANES].capacity; n++) {
				uint64_t part = number_at(slot_at(c->old, IPM_LANES, n) + l->section[v].offset +
								  (size_t)from_slot * l->section[v].stride,
							  from);
				if (strcmp(field->name, "seq") != 0)
					sum += part;
				else if (part > sum) /* the highest */
					sum = part;
			}
			memcpy(to + field->offset, &sum, sizeof(sum));
		}
	}
}

static void
record_take_over(const struct conversion *c, uint32_t section, uint32_t from_slot, uint32_t to_slot,
		 const union any_slot *record)
{
	slot_put(c, section, to_slot, record);
	if (section == IPM_SAS && c->w->seg.lanes > 0)
		lanes_copy(c, from_slot, to_slot);
}

/* Records in slots that we don't have go to free ones, as long as there are any. */
static int
move_rest(struct conversion *c, uint32_t section, uint32_t capacity, uint32_t end)
{
	union any_slot record;
	uint32_t to = 0;

	if (!(c->moved[section] = calloc(end - capacity, sizeof(uint32_t))))
		return -ENOMEM;
	for (uint32_t slot = capacity; slot < end; slot++) {
		if (!slot_read(c, section, slot, &record))
			continue;
		while (to < capacity && !slot_is_free(c, section, to))
			to++;
		if (to == capacity || slots_stay(section)) {
			c->left_out++; /* its counts stay in the totals: see balance_totals() */
			continue;
		}
		record_take_over(c, section, slot, to, &record);
		c->moved[section][slot - capacity] = to + 1;
	}
	return 0;
}

static int
section_copy(struct conversion *c, uint32_t section)
{
	uint32_t capacity = c->w->seg.section[section].capacity, end = c->end[section] = used(c->old, section);
	uint32_t stay = end < capacity ? end : capacity;
	union any_slot record;
	int rc = make_room(c, section, stay);

	recipe_make(c, section);
	for (uint32_t slot = 0; rc == 0 && slot < stay; slot++)
		if (slot_read(c, section, slot, &record))
			record_take_over(c, section, slot, slot, &record);
	return rc == 0 && end > capacity ? move_rest(c, section, capacity, end) : rc;
}

/* The newest entries. Each keeps its number, and so its index. */
static int
ring_copy(struct conversion *c, uint32_t ring)
{
	uint32_t capacity = c->w->seg.section[ring].capacity, old_capacity = c->old->layout->section[ring].capacity;
	uint64_t total = section_number(c->old, ring, "total");
	uint64_t least = capacity < old_capacity ? capacity : old_capacity;
	uint64_t most = used(c->old, ring);
	uint64_t first = total > least ? total - least : 0;

	if (capacity == 0 || old_capacity == 0)
		return 0;
	union any_slot record;
	int rc = make_room(c, ring, total < capacity ? (uint32_t)total : capacity);
	recipe_make(c, ring);
	for (uint64_t n = first; rc == 0 && n < total; n++)
		if (n % old_capacity < most && slot_read(c, ring, (uint32_t)(n % old_capacity), &record))
			slot_put(c, ring, (uint32_t)(n % capacity), &record);
	if (rc == 0)
		atomic_store(&ipm_header(&c->w->seg)->section[ring].total, total);
	return rc;
}

/* --- slots that records name ---------------------------------------------------------------------------------------
 */

/* The slot that an old slot is now; out of range when its record was left out. */
static uint32_t
slot_now(const struct conversion *c, uint32_t section, uint32_t slot)
{
	uint32_t capacity = c->w->seg.section[section].capacity;
	if (slot < capacity || slot >= c->end[section] || !c->moved[section])
		return slot;
	return c->moved[section][slot - capacity] - 1;
}

/* The same when it is stored as slot + 1. */
static void
slot_next_now(const struct conversion *c, uint32_t section, uint32_t *at)
{
	if (*at)
		*at = slot_now(c, section, *at - 1) + 1;
}

static void
names_update(const struct conversion *c, uint32_t section, union ipm_any_record *any)
{
	switch (section) {
	case IPM_IKE_SAS:
		slot_next_now(c, IPM_SESSIONS, &any->ike.session);
		break;
	case IPM_SESSIONS:
		any->session.ike_slot = slot_now(c, IPM_IKE_SAS, any->session.ike_slot);
		break;
	case IPM_TUNNELS:
		slot_next_now(c, IPM_SESSIONS, &any->tunnel.session);
		any->tunnel.ike_slot = slot_now(c, IPM_IKE_SAS, any->tunnel.ike_slot);
		slot_next_now(c, IPM_MAPS, &any->tunnel.map);
		break;
	case IPM_SELECTORS:
		any->selector.tunnel_slot = slot_now(c, IPM_TUNNELS, any->selector.tunnel_slot);
		break;
	case IPM_SAS:
		any->sa.tunnel_slot = slot_now(c, IPM_TUNNELS, any->sa.tunnel_slot);
		slot_next_now(c, IPM_MAPS, &any->sa.map);
		break;
	case IPM_ACCESS:
		any->access.map_slot = slot_now(c, IPM_MAPS, any->access.map_slot);
		break;
	case IPM_TUNNEL_HISTORY:
		any->tunnel_history.tunnel.ike_slot = slot_now(c, IPM_IKE_SAS, any->tunnel_history.tunnel.ike_slot);
		break;
	case IPM_IKE_FAILURES:
	case IPM_TUNNEL_FAILURES:
		slot_next_now(c, IPM_MAPS, &any->failure.map);
		break;
	default:
		break;
	}
}

/* Lists are made anew by ipm_recover(): only the slots of owners matter. */
static void
names_update_all(const struct conversion *c)
{
	if (!c->moved[IPM_IKE_SAS] && !c->moved[IPM_TUNNELS] && !c->moved[IPM_MAPS] && !c->moved[IPM_SESSIONS])
		return;
	for (uint32_t section = 0; section < IPM_SECTIONS; section++)
		for (uint32_t slot = 0; ipm_kind_is_record(section) && slot < ipm_segment_used(&c->w->seg, section);
		     slot++)
			names_update(c, section, ipm_payload_at(c->w, section, slot));
}

/* --- all of it ------------------------------------------------------------------------------------------------------
 */

/* Events are not copied: a program that follows them begins with the first one of a new segment. */
static int
sections_copy(struct conversion *c)
{
	int rc = 0;
	for (uint32_t i = 0; rc == 0 && i < IPM_IKE_HISTORY; i++)
		if (i != IPM_LANES && i != IPM_EVENTS)
			rc = section_copy(c, i);
	for (uint32_t i = IPM_IKE_HISTORY; rc == 0 && i < IPM_SECTIONS; i++)
		rc = ring_copy(c, i);
	if (rc == 0)
		names_update_all(c);
	return rc;
}

int
ipm_old_convert(struct ipm_writer *w, uint32_t *left_out)
{
	struct conversion *c = calloc(1, sizeof(*c));
	int rc = -ENOMEM;

	if (c && (c->own = malloc(sizeof(*c->own)))) {
		c->w = w;
		c->old = &w->old;
		ipm_layout_own(c->own, ipm_header(&w->seg));
		rc = sections_copy(c);
		*left_out = c->left_out;
	}
	for (uint32_t i = 0; c && i < IPM_SECTIONS; i++)
		free(c->moved[i]);
	if (c)
		free(c->own);
	free(c);
	return rc;
}
