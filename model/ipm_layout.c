/* SPDX-License-Identifier: ISC */
/* The fields of all records by name; and the text in a segment that says where they are. */
#include "ipm_layout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- fields ------------------------------------------------------------------------------------------------- */

/* A field, or several of them. A test checks that each octet of a record is in exactly one. */
struct part {
	const char *name;
	uint32_t offset, size;
	char type; /* as in the text; '-': reserved */
	const struct part *parts;
};

#define SIZE_OF(field) sizeof(((RECORD *)0)->field)
#define PART(field, type)                                                   \
	{                                                                   \
#field, offsetof(RECORD, field), SIZE_OF(field), type, NULL \
	}
#define U(field) PART(field, 'u')
#define I(field) PART(field, 'i')
#define T(field) PART(field, 't')
#define B(field) PART(field, 'b')
#define R(field) PART(field, '-')
#define NAMED(name, field, parts)                                       \
	{                                                               \
		name, offsetof(RECORD, field), SIZE_OF(field), 0, parts \
	}
#define IN(field, parts) NAMED(#field, field, parts)
#define END                         \
	{                           \
		NULL, 0, 0, 0, NULL \
	}

#define RECORD struct ipm_addr
static const struct part addr_parts[] = { U(len), R(reserved), B(bytes), END };
#undef RECORD

#define RECORD struct ipm_proposal
static const struct part proposal_parts[] = {
	U(encr), U(encr_bits), U(prf), U(integ), U(group), U(integ_bits), U(esn), R(reserved), END,
};
#undef RECORD

static const struct part drop_parts[] = {
#define DROP_PART(name, key, text) { key, IPM_DROP_##name * 8, 8, 'u', NULL },
	IPM_DROPS(DROP_PART)
#undef DROP_PART
		END
};

#define RECORD struct ipm_traffic
static const struct part traffic_parts[] = {
	U(octets), U(pkts), U(raw_octets), U(crypts), U(auths), U(comps), IN(drops, drop_parts), END,
};
#undef RECORD

#define RECORD struct ipm_ike_traffic
static const struct part ike_traffic_parts[] = {
	U(octets),           U(pkts),       U(drops), U(notifies), U(exchanges), U(exchange_invalids),
	U(exchange_rejects), U(sa_deletes), END,
};
#undef RECORD

#define RECORD struct ipm_volume
static const struct part volume_parts[] = { U(octets), U(pkts), U(drops), END };
#undef RECORD

#define RECORD struct ipm_session_totals
static const struct part session_totals_parts[] = { U(active), U(total), U(peak), U(peak_ns), END };
#undef RECORD

static const struct part login_parts[] = {
#define LOGIN_PART(name, key, text) { key, IPM_LOGIN_##name * 8, 8, 'u', NULL },
	IPM_LOGIN_FAILS(LOGIN_PART)
#undef LOGIN_PART
		END
};

#define RECORD struct ipm_totals
static const struct part totals_parts[] = {
	U(ike_active),
	U(ike_previous),
	U(ike_initiated),
	U(ike_init_fails),
	U(ike_resp_fails),
	U(ike_capacity_fails),
	U(ike_auth_fails),
	U(ike_decrypt_fails),
	U(ike_hash_fails),
	U(ike_no_sa_fails),
	IN(ike_in, ike_traffic_parts),
	IN(ike_out, ike_traffic_parts),
	U(tunnels_active),
	U(tunnels_previous),
	IN(in, traffic_parts),
	IN(out, traffic_parts),
	IN(ike_rest_in, ike_traffic_parts),
	IN(ike_rest_out, ike_traffic_parts),
	IN(rest_in, traffic_parts),
	IN(rest_out, traffic_parts),
	IN(fails_in, drop_parts),
	IN(fails_out, drop_parts),
	U(records_refused),
	IN(sessions, session_totals_parts),
	IN(remote_access, session_totals_parts),
	IN(lan_to_lan, session_totals_parts),
	IN(sessions_in, volume_parts),
	IN(sessions_out, volume_parts),
	IN(sessions_rest_in, volume_parts),
	IN(sessions_rest_out, volume_parts),
	IN(login_fails, login_parts),
	U(next_ike),
	U(next_tunnel),
	U(next_map),
	U(next_session),
	END,
};
#undef RECORD

#define RECORD struct ipm_feed
static const struct part feed_parts[] = {
	U(index),      U(state),       R(reserved), T(name),   T(source), T(detail),   U(since_ns),
	U(updated_ns), U(interval_ns), U(connects), U(errors), U(events), U(rejected), U(overruns),
	U(errored_ns), T(error),       U(caps),     U(drops),  B(kept),   END,
};
#undef RECORD

#define RECORD struct ipm_ike_sa
static const struct part ike_parts[] = {
	U(index),
	U(state),
	U(held),
	U(version),
	U(mode),
	U(auth),
	U(initiator),
	U(nat_local),
	U(nat_remote),
	U(local_port),
	U(remote_port),
	IN(local, addr_parts),
	IN(remote, addr_parts),
	U(spi_initiator),
	U(spi_responder),
	IN(proposal, proposal_parts),
	U(refreshes),
	U(feed),
	U(peer),
	U(phase),
	R(reserved),
	U(session),
	R(reserved2),
	U(uid),
	U(created_ns),
	U(established_ns),
	U(soft_ns),
	U(hard_ns),
	IN(in, ike_traffic_parts),
	IN(out, ike_traffic_parts),
	T(conn),
	T(local_id),
	T(remote_id),
	END,
};
#undef RECORD

#define RECORD struct ipm_tunnel
static const struct part tunnel_parts[] = {
	U(index),
	U(state),
	U(encap),
	U(key_type),
	U(protocol),
	U(ike_index),
	U(ike_slot),
	U(udp_encap),
	U(ipcomp),
	U(claimed),
	U(verdict),
	U(reqid),
	U(if_id_in),
	U(if_id_out),
	U(mark_in),
	U(mark_out),
	U(mark_mask_in),
	U(mark_mask_out),
	U(refreshes),
	U(sas),
	U(sas_retired),
	U(next_sa),
	U(next_sel),
	U(sa_head),
	U(sel_head),
	U(feed),
	U(named_by),
	U(map),
	U(map_next),
	U(map_prev),
	U(session),
	U(session_next),
	U(session_prev),
	R(reserved),
	U(uid),
	IN(local, addr_parts),
	IN(remote, addr_parts),
	IN(in_sa, proposal_parts),
	IN(out_sa, proposal_parts),
	U(in_ah),
	U(out_ah),
	I(ahead),
	U(created_ns),
	U(installed_ns),
	U(soft_ns),
	U(hard_ns),
	U(soft_octets),
	U(hard_octets),
	U(soft_pkts),
	U(hard_pkts),
	IN(in, traffic_parts),
	IN(out, traffic_parts),
	IN(past_in, volume_parts),
	IN(past_out, volume_parts),
	T(conn),
	T(name),
	END,
};
#undef RECORD

#define RECORD struct ipm_session
static const struct part session_parts[] = {
	U(index),
	U(kind),
	U(state),
	U(user_is),
	U(version),
	U(auth),
	U(has_user),
	U(virtuals),
	U(local_virtuals),
	U(ike_index),
	U(ike_slot),
	U(feed),
	U(refreshes),
	U(tunnels),
	U(tunnels_ended),
	U(tunnel_head),
	U(local_port),
	U(remote_port),
	IN(local, addr_parts),
	IN(remote, addr_parts),
	NAMED("virtual_addr.0", virtual_addr[0], addr_parts),
	NAMED("virtual_addr.1", virtual_addr[1], addr_parts),
	NAMED("virtual_addr.2", virtual_addr[2], addr_parts),
	NAMED("virtual_addr.3", virtual_addr[3], addr_parts),
	NAMED("local_virtual.0", local_virtual[0], addr_parts),
	NAMED("local_virtual.1", local_virtual[1], addr_parts),
	NAMED("local_virtual.2", local_virtual[2], addr_parts),
	NAMED("local_virtual.3", local_virtual[3], addr_parts),
	R(reserved),
	U(started_ns),
	IN(in, volume_parts),
	IN(out, volume_parts),
	T(group),
	T(user),
	T(method),
	T(peer_id),
	T(client),
	END,
};
#undef RECORD

#define RECORD struct ipm_session_history
static const struct part session_history_parts[] = {
	U(index), U(reason), U(ended_ns), IN(session, session_parts), END,
};
#undef RECORD

#define RECORD struct ipm_login_failure
static const struct part login_failure_parts[] = {
	U(index),
	U(reason),
	U(user_is),
	U(remote_port),
	U(feed),
	U(session),
	U(at_ns),
	IN(local, addr_parts),
	IN(remote, addr_parts),
	T(user),
	T(group),
	T(text),
	END,
};
#undef RECORD

#define RECORD struct ipm_pool
static const struct part pool_parts[] = {
	U(index), U(feed), IN(base, addr_parts), R(reserved), U(size), U(online), U(offline), T(name), END,
};
#undef RECORD

#define RECORD struct ipm_sel_side
static const struct part side_parts[] = {
	U(type),
	U(protocol),
	U(prefix),
	R(reserved),
	U(port_first),
	U(port_last),
	IN(first, addr_parts),
	IN(last, addr_parts),
	END,
};
#undef RECORD

#define RECORD struct ipm_selector
static const struct part selector_parts[] = {
	U(index), U(tunnel_index), U(tunnel_slot), U(next), IN(local, side_parts), IN(remote, side_parts), END,
};
#undef RECORD

#define RECORD struct ipm_sa
static const struct part sa_parts[] = {
	U(index),
	U(tunnel_index),
	U(tunnel_slot),
	U(next),
	U(prev),
	U(spi),
	U(direction),
	U(protocol),
	U(state),
	U(bundled),
	U(replay_window),
	U(engine),
	U(map),
	U(goes_on),
	R(reserved),
	U(uid),
	U(seq),
	IN(proposal, proposal_parts),
	U(installed_ns),
	U(soft_ns),
	U(hard_ns),
	U(soft_octets),
	U(hard_octets),
	U(soft_pkts),
	U(hard_pkts),
	IN(count, traffic_parts),
	END,
};
#undef RECORD

#define RECORD struct ipm_event
static const struct part event_parts[] = {
	U(index), U(slot), U(serial), U(time_ns), U(kind), U(reason), U(ifindex), END,
};
#undef RECORD

#define RECORD struct ipm_settings
static const struct part settings_parts[] = { U(history_size), U(failure_size), END };
#undef RECORD

#define RECORD struct ipm_agent
static const struct part agent_parts[] = {
	U(index), U(pid), T(name), U(updated_ns), U(sent), U(suppressed), U(disabled), U(waiting), END,
};
#undef RECORD

#define RECORD struct ipm_interface
static const struct part interface_parts[] = {
	U(index), U(feed), U(ifindex), R(reserved), T(name), IN(addr, addr_parts), R(reserved2), IN(drops, drop_parts),
	END,
};
#undef RECORD

#define RECORD struct ipm_transform
static const struct part transform_parts[] = { U(protocol), R(reserved), IN(proposal, proposal_parts), END };
#undef RECORD

#define RECORD struct ipm_map_entry
static const struct part map_parts[] = {
	U(index),
	U(feed),
	U(seq),
	U(kind),
	U(state),
	U(key_type),
	U(ike_version),
	U(protocol),
	U(encap),
	U(ipcomp),
	U(disabled),
	U(pfs),
	U(auth),
	U(peers),
	U(transforms),
	U(pfs_group),
	U(peer_learnt),
	R(reserved),
	U(ifindex),
	T(ifname),
	U(access_head),
	U(access_next),
	U(tunnel_head),
	U(tunnels),
	U(tunnels_up),
	U(ups),
	U(downs),
	U(refreshes),
	U(failures),
	U(failure),
	U(reason),
	U(failed_ns),
	U(created_ns),
	U(since_ns),
	IN(local, addr_parts),
	NAMED("peer.0", peer[0], addr_parts),
	NAMED("peer.1", peer[1], addr_parts),
	NAMED("peer.2", peer[2], addr_parts),
	NAMED("peer.3", peer[3], addr_parts),
	R(reserved2),
	U(ike_ns),
	U(soft_ns),
	U(hard_ns),
	U(soft_octets),
	U(hard_octets),
	U(soft_pkts),
	U(hard_pkts),
	NAMED("transform.0", transform[0], transform_parts),
	NAMED("transform.1", transform[1], transform_parts),
	NAMED("transform.2", transform[2], transform_parts),
	NAMED("transform.3", transform[3], transform_parts),
	IN(in, traffic_parts),
	IN(out, traffic_parts),
	T(name),
	T(child),
	T(peer_text),
	T(failure_text),
	END,
};
#undef RECORD

#define RECORD struct ipm_access
static const struct part access_parts[] = {
	U(index), U(map_index), U(map_slot),           U(next),
	U(deny),  R(reserved),  IN(local, side_parts), IN(remote, side_parts),
	END,
};
#undef RECORD

#define RECORD struct ipm_engine
static const struct part engine_parts[] = {
	U(index),       U(feed),        U(kind),   U(disabled), R(reserved),           U(sas),
	U(sas_created), U(sas_deleted), U(rekeys), U(since_ns), IN(in, traffic_parts), IN(out, traffic_parts),
	T(name),        T(version),     END,
};
#undef RECORD

#define RECORD struct ipm_ike_history
static const struct part ike_history_parts[] = { U(index), U(reason), U(ended_ns), IN(sa, ike_parts), END };
#undef RECORD

#define RECORD struct ipm_tunnel_history
static const struct part tunnel_history_parts[] = {
	U(index),    U(reason),    U(ended_ns), IN(tunnel, tunnel_parts), U(peer), R(reserved),
	T(local_id), T(remote_id), END,
};
#undef RECORD

#define RECORD struct ipm_selector_history
static const struct part selector_history_parts[] = {
	U(index),
	U(tunnel_history),
	IN(selector, selector_parts),
	END,
};
#undef RECORD

#define RECORD struct ipm_failure
static const struct part failure_parts[] = {
	U(index),
	U(reason),
	U(time_ns),
	IN(local, addr_parts),
	IN(remote, addr_parts),
	IN(packet_src, addr_parts),
	IN(packet_dst, addr_parts),
	U(tunnel_index),
	U(spi),
	U(peer),
	U(initiator),
	U(setup),
	R(reserved),
	U(map),
	R(reserved2),
	T(conn),
	T(text),
	T(local_id),
	T(remote_id),
	END,
};
#undef RECORD

#define RECORD struct ipm_header /* as far as the next writer needs it; "used" and "total" are added */
static const struct part header_parts[] = { T(boot_id), U(lanes), U(index_first), U(index_last), END };
#undef RECORD

#define RECORD struct ipm_count
static const struct part count_parts[] = { U(octets), U(pkts), END };
#undef RECORD

#define RECORD struct ipm_drops
static const struct part drops_parts[] = { IN(pkts, drop_parts), U(seq), END };
#undef RECORD

static const struct {
	const char *name;
	const struct part *parts;
} sections[IPM_LAYOUT_SECTIONS] = {
	[IPM_TOTALS] = { "totals", totals_parts },
	[IPM_FEEDS] = { "feeds", feed_parts },
	[IPM_IKE_SAS] = { "ike_sas", ike_parts },
	[IPM_TUNNELS] = { "tunnels", tunnel_parts },
	[IPM_SELECTORS] = { "selectors", selector_parts },
	[IPM_SAS] = { "sas", sa_parts },
	[IPM_LANES] = { "lanes", NULL },
	[IPM_EVENTS] = { "events", event_parts },
	[IPM_SETTINGS] = { "settings", settings_parts },
	[IPM_AGENTS] = { "agents", agent_parts },
	[IPM_INTERFACES] = { "interfaces", interface_parts },
	[IPM_MAPS] = { "maps", map_parts },
	[IPM_ACCESS] = { "access", access_parts },
	[IPM_ENGINES] = { "engines", engine_parts },
	[IPM_SESSIONS] = { "sessions", session_parts },
	[IPM_POOLS] = { "pools", pool_parts },
	[IPM_SESSION_HISTORY] = { "session_history", session_history_parts },
	[IPM_LOGIN_FAILURES] = { "login_failures", login_failure_parts },
	[IPM_IKE_HISTORY] = { "ike_history", ike_history_parts },
	[IPM_TUNNEL_HISTORY] = { "tunnel_history", tunnel_history_parts },
	[IPM_SELECTOR_HISTORY] = { "selector_history", selector_history_parts },
	[IPM_IKE_FAILURES] = { "ike_failures", failure_parts },
	[IPM_TUNNEL_FAILURES] = { "tunnel_failures", failure_parts },
	[IPM_LAYOUT_HEADER] = { "header", header_parts },
	[IPM_LAYOUT_COUNTS] = { "counts", count_parts },
	[IPM_LAYOUT_DROPS] = { "drops", drops_parts },
};

const char *
ipm_layout_section(uint32_t section)
{
	return sections[section].name;
}

/* --- our own layout ------------------------------------------------------------------------------------------- */

/* NULL: there are too many. */
static struct ipm_field *
field_new(struct ipm_layout *l, uint32_t section)
{
	if (l->fields == IPM_LAYOUT_FIELDS)
		return NULL;
	l->section[section].fields++;
	return &l->field[l->fields++];
}

static void
field_add(struct ipm_layout *l, uint32_t section, const char *before, const struct part *part, uint32_t offset)
{
	struct ipm_field *field = field_new(l, section);
	if (!field)
		return;
	snprintf(field->name, sizeof(field->name), "%s%s", before, part->name);
	field->offset = offset + part->offset;
	field->size = part->size;
	field->type = part->type;
}

#define DEPTH 4 /* parts of parts: entry of a history, tunnel, traffic, drops */

/* All fields, part by part. @p depth ends the recursion for the compiler's sake. */
static void
fields_add(struct ipm_layout *l, uint32_t section, const char *before, const struct part *parts, uint32_t offset,
	   unsigned depth)
{
	for (const struct part *part = parts; part->name && depth > 0; part++) {
		char name[IPM_LAYOUT_NAME];
		if (part->parts) {
			snprintf(name, sizeof(name), "%s%s.", before, part->name);
			fields_add(l, section, name, part->parts, offset + part->offset, depth - 1);
		} else {
			field_add(l, section, before, part, offset);
		}
	}
}

/* How far each section has been used, and how many entries a ring has had. */
static void
header_counts(struct ipm_layout *l)
{
	for (uint32_t kind = 0; kind < IPM_SECTIONS; kind++) {
		uint32_t at = offsetof(struct ipm_header, section) + kind * (uint32_t)sizeof(struct ipm_section);
		const struct part counts[] = {
			{ "used", offsetof(struct ipm_section, used), 4, 'u', NULL },
			{ "total", offsetof(struct ipm_section, total), 8, 'u', NULL },
			END,
		};
		char name[IPM_LAYOUT_NAME];
		snprintf(name, sizeof(name), "%s.", sections[kind].name);
		fields_add(l, IPM_LAYOUT_HEADER, name, counts, at, 1);
	}
}

void
ipm_layout_own(struct ipm_layout *l, const struct ipm_header *h)
{
#define RECORD struct ipm_record
	static const struct part record_parts[] = { U(seq), U(generation), END };
#undef RECORD
	uint32_t sas = h->lanes ? h->section[IPM_SAS].capacity : 0;

	memset(l, 0, sizeof(*l));
	for (uint32_t i = 0; i < IPM_LAYOUT_SECTIONS; i++) {
		l->section[i].first = l->fields;
		if (i < IPM_SECTIONS) {
			l->section[i].offset = h->section[i].offset;
			l->section[i].stride = h->section[i].stride;
			l->section[i].capacity = h->section[i].capacity;
		}
		if (i < IPM_SECTIONS && ipm_kind_is_record(i)) {
			fields_add(l, i, "record.", record_parts, 0, DEPTH);
			fields_add(l, i, "", sections[i].parts, sizeof(struct ipm_record), DEPTH);
		} else if (sections[i].parts) {
			fields_add(l, i, "", sections[i].parts, 0, DEPTH);
		}
		if (i == IPM_LAYOUT_HEADER)
			header_counts(l);
	}
	l->section[IPM_LAYOUT_HEADER].stride = sizeof(*h);
	l->section[IPM_LAYOUT_HEADER].capacity = 1;
	l->section[IPM_LAYOUT_COUNTS].offset = sizeof(struct ipm_worker_line);
	l->section[IPM_LAYOUT_COUNTS].stride = sizeof(struct ipm_count);
	l->section[IPM_LAYOUT_DROPS].offset = ipm_lane_drops(sas);
	l->section[IPM_LAYOUT_DROPS].stride = sizeof(struct ipm_drops);
	l->section[IPM_LAYOUT_COUNTS].capacity = l->section[IPM_LAYOUT_DROPS].capacity = sas;
}

const struct ipm_field *
ipm_layout_field(const struct ipm_layout *l, uint32_t section, const char *name)
{
	for (uint32_t i = 0; i < l->section[section].fields; i++) {
		const struct ipm_field *field = &l->field[l->section[section].first + i];
		if (strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

/* --- the text --------------------------------------------------------------------------------------------------- */

#define FIRST_LINE "ipsecmon-layout 1"

char *
ipm_layout_print(const struct ipm_layout *l, size_t *octets)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, octets);
	if (!f)
		return NULL;
	fputs(FIRST_LINE "\n", f);
	for (uint32_t i = 0; i < IPM_LAYOUT_SECTIONS; i++) {
		fprintf(f, "section %s %" PRIu64 " %u %u\n", sections[i].name, l->section[i].offset,
			l->section[i].stride, l->section[i].capacity);
		for (uint32_t n = 0; n < l->section[i].fields; n++) {
			const struct ipm_field *field = &l->field[l->section[i].first + n];
			if (field->type != '-')
				fprintf(f, "%s %u %u %c\n", field->name, field->offset, field->size, field->type);
		}
	}
	fputs("end\n", f);
	bool failed = ferror(f);
	if (fclose(f) != 0 || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* Take the first word from @p rest, up to a blank or the end, into @p word. False: there is none, or it is too long. */
static bool
take_word(const char **rest, char *word, size_t room)
{
	size_t len = strcspn(*rest, " ");
	if (len == 0 || len >= room)
		return false;
	memcpy(word, *rest, len);
	word[len] = '\0';
	*rest += len;
	*rest += **rest == ' ';
	return true;
}

static bool
take_number(const char **rest, uint64_t most, uint64_t *out)
{
	char word[24];
	if (!take_word(rest, word, sizeof(word)) || strspn(word, "0123456789") != strlen(word) || strlen(word) > 18)
		return false;
	*out = strtoull(word, NULL, 10);
	return *out <= most;
}

#define NOT_KNOWN IPM_LAYOUT_SECTIONS /* a section of another version: its fields are left out */

/* A line that begins a section: @p now is this one. The two vectors of a lane are checked when all lanes are known. */
static bool
parse_section(struct ipm_layout *l, const char *rest, size_t size, uint32_t *now)
{
	char name[IPM_LAYOUT_NAME];
	uint64_t offset, stride, capacity;

	if (!take_word(&rest, name, sizeof(name)) || !take_number(&rest, size, &offset) ||
	    !take_number(&rest, UINT32_MAX, &stride) || !take_number(&rest, UINT32_MAX, &capacity) || *rest ||
	    stride == 0)
		return false;
	for (*now = 0; *now < NOT_KNOWN && strcmp(sections[*now].name, name) != 0;)
		++*now;
	if (*now == NOT_KNOWN)
		return true;
	if (l->section[*now].stride) /* it is there twice */
		return false;
	if (capacity > (*now == IPM_LANES ? IPM_LANES_MAX : IPM_SLOTS_MAX) ||
	    (*now < IPM_LAYOUT_COUNTS && capacity * stride > size - offset))
		return false;
	l->section[*now].offset = offset;
	l->section[*now].stride = (uint32_t)stride;
	l->section[*now].capacity = (uint32_t)capacity;
	l->section[*now].first = l->fields;
	return true;
}

static bool
is_number_size(uint64_t size)
{
	return size == 1 || size == 2 || size == 4 || size == 8;
}

static bool
parse_field(struct ipm_layout *l, const char *rest, uint32_t section)
{
	char name[IPM_LAYOUT_NAME], type[2];
	uint64_t offset, size;

	if (!take_word(&rest, name, sizeof(name)) || !take_number(&rest, UINT32_MAX, &offset) ||
	    !take_number(&rest, UINT32_MAX, &size) || !take_word(&rest, type, sizeof(type)) || *rest || size == 0)
		return false;
	if (section == NOT_KNOWN || !strchr("uitb", type[0]))
		return true;
	if (offset + size > l->section[section].stride || (strchr("ui", type[0]) && !is_number_size(size)))
		return false;
	struct ipm_field *field = field_new(l, section);
	if (!field)
		return false;
	memcpy(field->name, name, sizeof(name));
	field->offset = (uint32_t)offset;
	field->size = (uint32_t)size;
	field->type = type[0];
	return true;
}

/* Are both vectors within a lane? */
static bool
lanes_hold(const struct ipm_layout *l)
{
	for (uint32_t i = IPM_LAYOUT_COUNTS; i <= IPM_LAYOUT_DROPS; i++) {
		uint64_t lane = l->section[IPM_LANES].stride, offset = l->section[i].offset;
		if (l->section[i].capacity &&
		    (offset > lane || (uint64_t)l->section[i].capacity * l->section[i].stride > lane - offset))
			return false;
	}
	return true;
}

int
ipm_layout_parse(struct ipm_layout *l, const char *text, size_t octets, size_t size, unsigned *line)
{
	static const char section[] = "section ";
	uint32_t now = NOT_KNOWN;
	bool begun = false;

	memset(l, 0, sizeof(*l));
	for (*line = 1; octets > 0; ++*line) {
		char copy[128];
		const char *end = memchr(text, '\n', octets);
		size_t len = end ? (size_t)(end - text) : octets;
		if (!end || len >= sizeof(copy) || memchr(text, '\0', len))
			return -EPROTO;
		memcpy(copy, text, len);
		copy[len] = '\0';
		text += len + 1;
		octets -= len + 1;
		if (begun && strcmp(copy, "end") == 0)
			return octets == 0 && lanes_hold(l) ? 0 : -EPROTO;
		bool good = !begun ? strcmp(copy, FIRST_LINE) == 0
			    : strncmp(copy, section, strlen(section)) == 0
				    ? parse_section(l, copy + strlen(section), size, &now)
				    : parse_field(l, copy, now);
		if (!good)
			return -EPROTO;
		begun = true;
	}
	return -EPROTO;
}
