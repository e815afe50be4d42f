/* SPDX-License-Identifier: ISC */
/* Crypto engines: the SAs they run, and the traffic of these SAs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipm_writer_int.h"

static const struct ipm_engine *
engine_peek(const struct ipm_writer *w, uint32_t slot)
{
	return ipm_peek(w, IPM_ENGINES, slot);
}

struct ipm_record *
ipm_engine_record(const struct ipm_writer *w, const struct ipm_sa *sa)
{
	if (sa->engine == 0 || sa->engine > ipm_segment_used(&w->seg, IPM_ENGINES) ||
	    engine_peek(w, sa->engine - 1)->index == 0)
		return NULL;
	return ipm_record_at(&w->seg, IPM_ENGINES, sa->engine - 1);
}

void
ipm_engine_began(struct ipm_writer *w, const struct ipm_sa *sa)
{
	if (!ipm_engine_record(w, sa))
		return;
	struct ipm_engine engine = *engine_peek(w, sa->engine - 1);
	engine.sas++;
	engine.sas_created++;
	ipm_record_put(w, IPM_ENGINES, sa->engine - 1, &engine);
}

void
ipm_engine_ended(struct ipm_writer *w, const struct ipm_sa *sa)
{
	if (!ipm_engine_record(w, sa))
		return;
	struct ipm_engine engine = *engine_peek(w, sa->engine - 1);
	engine.sas--;
	engine.sas_deleted++;
	ipm_record_put(w, IPM_ENGINES, sa->engine - 1, &engine);
}

void
ipm_engine_count(struct ipm_writer *w, const struct ipm_sa *sa, const struct ipm_traffic *more)
{
	struct ipm_record *rec = ipm_engine_record(w, sa);

	if (!rec)
		return;
	/* This runs for each SA at each poll: write only what has changed. */
	struct ipm_engine *engine = ipm_payload(rec);
	struct ipm_traffic *part = sa->direction == IPM_IN ? &engine->in : &engine->out, sum = *part;
	ipm_traffic_add(&sum, more);
	ipm_record_begin(rec);
	ipm_words_store(part, &sum, sizeof(sum));
	ipm_record_end(rec);
}

/* Count the rekey for the engine that runs the tunnel's newest SA. */
void
ipm_engine_rekeyed(struct ipm_writer *w, const struct ipm_tunnel *tunnel)
{
	if (tunnel->sa_head == 0 || !ipm_engine_record(w, ipm_sa_peek(w, tunnel->sa_head - 1)))
		return;
	uint32_t slot = ipm_sa_peek(w, tunnel->sa_head - 1)->engine - 1;
	struct ipm_engine engine = *engine_peek(w, slot);
	engine.rekeys++;
	ipm_record_put(w, IPM_ENGINES, slot, &engine);
}

int
ipm_engine_open(struct ipm_writer *w, const struct ipm_engine *engine)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_ENGINES); slot++) {
		const struct ipm_engine *there = engine_peek(w, slot);
		if (there->index && there->feed == engine->feed && strcmp(there->name, engine->name) == 0) {
			int rc = ipm_engine_put(w, slot, engine);
			return rc < 0 ? rc : (int)slot;
		}
	}
	struct ipm_engine copy = {
		.feed = engine->feed, .kind = engine->kind, .disabled = engine->disabled, .since_ns = ipm_now_ns()
	};
	int rc = ipm_engine_valid(w, &copy), slot = rc < 0 ? rc : ipm_slot_take(w, IPM_ENGINES);
	if (slot < 0)
		return slot;
	copy.index = (uint32_t)slot + 1;
	snprintf(copy.name, sizeof(copy.name), "%s", engine->name);
	snprintf(copy.version, sizeof(copy.version), "%s", engine->version);
	ipm_record_put(w, IPM_ENGINES, (uint32_t)slot, &copy);
	ipm_section_changed(w, IPM_ENGINES);
	ipm_event_push(w, IPM_EVENT_ENGINE_ADDED, 0, (uint32_t)slot, copy.index);
	if (!copy.disabled)
		ipm_event_push(w, IPM_EVENT_ENGINE_UP, 0, (uint32_t)slot, copy.index);
	return slot;
}

int
ipm_engine_put(struct ipm_writer *w, uint32_t slot, const struct ipm_engine *engine)
{
	struct ipm_engine copy = *engine_peek(w, slot);
	bool turned = copy.disabled != engine->disabled;
	if (copy.index == 0)
		return -ENOENT;
	copy.kind = engine->kind;
	int rc = ipm_engine_valid(w, &copy);
	if (rc < 0)
		return rc;
	if (turned)
		copy.since_ns = ipm_now_ns();
	copy.disabled = engine->disabled;
	snprintf(copy.version, sizeof(copy.version), "%s", engine->version);
	ipm_record_put(w, IPM_ENGINES, slot, &copy);
	if (turned)
		ipm_event_push(w, copy.disabled ? IPM_EVENT_ENGINE_DOWN : IPM_EVENT_ENGINE_UP, 0, slot, copy.index);
	return 0;
}

void
ipm_engines_relink(struct ipm_writer *w)
{
	for (uint32_t slot = 0; slot < ipm_segment_used(&w->seg, IPM_ENGINES); slot++) {
		struct ipm_engine engine = *engine_peek(w, slot);
		if (engine.index == 0)
			continue;
		engine.sas = 0;
		for (uint32_t i = 0; i < ipm_segment_used(&w->seg, IPM_SAS); i++) {
			const struct ipm_sa *sa = ipm_sa_peek(w, i);
			engine.sas += sa->index && sa->engine == slot + 1;
		}
		ipm_record_put(w, IPM_ENGINES, slot, &engine);
	}
}
