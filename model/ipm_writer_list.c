/* SPDX-License-Identifier: ISC */
/*
 * Lists of protected traffic: the selectors of a tunnel, and the access list of a crypto map entry. The records of both
 * begin with the same fields. Two entries are the same if everything after these fields is equal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_writer_int.h"

struct entry {
	uint32_t index, owner_index, owner_slot, next;
};

#define BEGINS_AS_ENTRY(type, owner_index_, owner_slot_)                                                           \
	_Static_assert(offsetof(type, owner_index_) == offsetof(struct entry, owner_index) &&                      \
			       offsetof(type, owner_slot_) == offsetof(struct entry, owner_slot) &&                \
			       offsetof(type, next) == offsetof(struct entry, next) && offsetof(type, index) == 0, \
		       #type " begins as an entry")
BEGINS_AS_ENTRY(struct ipm_selector, tunnel_index, tunnel_slot);
BEGINS_AS_ENTRY(struct ipm_access, map_index, map_slot);

union any_entry {
	struct entry entry;
	struct ipm_selector selector;
	struct ipm_access access;
};

static const struct entry *
entry_peek(const struct ipm_writer *w, enum ipm_section_kind kind, uint32_t at)
{
	return ipm_payload_at(w, kind, at - 1);
}

static bool
entry_same(enum ipm_section_kind kind, const void *a, const void *b)
{
	return memcmp((const char *)a + sizeof(struct entry), (const char *)b + sizeof(struct entry),
		      ipm_record_size(kind) - sizeof(struct entry)) == 0;
}

/* Is the entry one of the @p n at @p entries? */
static bool
entry_among(enum ipm_section_kind kind, const void *one, const void *entries, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (entry_same(kind, one, (const char *)entries + i * ipm_record_size(kind)))
			return true;
	return false;
}

static bool
entry_listed(const struct ipm_writer *w, const struct owned_list *list, const void *one)
{
	uint32_t at = *list->head;
	while (at && !entry_same(list->kind, entry_peek(w, list->kind, at), one))
		at = entry_peek(w, list->kind, at)->next;
	return at != 0;
}

static void
entry_put(struct ipm_writer *w, enum ipm_section_kind kind, uint32_t at, uint32_t next)
{
	union any_entry copy;
	memcpy(&copy, entry_peek(w, kind, at), ipm_record_size(kind));
	copy.entry.next = next;
	ipm_record_put(w, kind, at - 1, &copy);
}

/* Remove entries that are not in @p entries. True: at least one was removed. */
static bool
remove_others(struct ipm_writer *w, const struct owned_list *list, const void *entries, uint32_t n)
{
	bool changed = false;
	for (uint32_t at = *list->head, last = 0, next; at; at = next) {
		next = entry_peek(w, list->kind, at)->next;
		if (entry_among(list->kind, entry_peek(w, list->kind, at), entries, n)) {
			last = at;
			continue;
		}
		if (last)
			entry_put(w, list->kind, last, next);
		else
			*list->head = next;
		ipm_slot_give(w, list->kind, at - 1);
		changed = true;
	}
	return changed;
}

static int
list_set(struct ipm_writer *w, const struct owned_list *list, const void *entries, uint32_t n, bool *changed)
{
	size_t size = ipm_record_size(list->kind);

	*changed = remove_others(w, list, entries, n);
	for (uint32_t i = 0; i < n; i++) {
		union any_entry copy;
		memcpy(&copy, (const char *)entries + i * size, size);
		if (entry_listed(w, list, &copy))
			continue;
		int slot = ipm_slot_take(w, list->kind);
		if (slot < 0)
			return slot;
		copy.entry = (struct entry){ .index = *list->next_index,
					     .owner_index = list->owner_index,
					     .owner_slot = list->owner_slot,
					     .next = *list->head };
		*list->next_index = *list->next_index == INT32_MAX ? 1 : *list->next_index + 1;
		ipm_record_put(w, list->kind, (uint32_t)slot, &copy);
		*list->head = (uint32_t)slot + 1;
		*changed = true;
	}
	return 0;
}

static struct ipm_sel_side *
side_of(enum ipm_section_kind kind, void *entry, bool local)
{
	struct ipm_selector *sel = entry;
	struct ipm_access *access = entry;
	if (kind == IPM_SELECTORS)
		return local ? &sel->local : &sel->remote;
	return local ? &access->local : &access->remote;
}

int
ipm_list_set(struct ipm_writer *w, const struct owned_list *list, const void *entries, uint32_t n, bool *changed)
{
	size_t size = ipm_record_size(list->kind);
	char *copy = malloc(n ? n * size : 1);
	int rc = copy ? 0 : -ENOMEM;

	*changed = false;
	if (n && copy)
		memcpy(copy, entries, n * size);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		rc = ipm_side_valid(w, list->kind, side_of(list->kind, copy + i * size, true));
		if (rc == 0)
			rc = ipm_side_valid(w, list->kind, side_of(list->kind, copy + i * size, false));
	}
	if (rc == 0)
		rc = list_set(w, list, copy, n, changed);
	free(copy);
	return rc;
}

void
ipm_list_relink(struct ipm_writer *w, const struct owned_list *list, uint32_t slot)
{
	entry_put(w, list->kind, slot + 1, *list->head);
	*list->head = slot + 1;
	*list->next_index = ipm_sub_next(*list->next_index, entry_peek(w, list->kind, slot + 1)->index);
}
