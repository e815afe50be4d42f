/* SPDX-License-Identifier: ISC */
/* Opening, committing and closing a writer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipm_writer_int.h"

#define ENTRIES_SHOWN 200 /* in each ring, until somebody sets another number */

static void
settings_default(struct ipm_writer *w, const struct ipm_capacity *cap)
{
	struct ipm_settings settings;
	if (ipm_settings_read(&w->seg, &settings) == 0 && ipm_settings_put(w, &settings) == 0)
		return; /* an earlier run has set them */
	settings.history_size = cap->history < ENTRIES_SHOWN ? cap->history : ENTRIES_SHOWN;
	settings.failure_size = cap->failures < ENTRIES_SHOWN ? cap->failures : ENTRIES_SHOWN;
	ipm_record_put(w, IPM_SETTINGS, 0, &settings);
}

/* @p w may be partly open, or NULL. */
static void
writer_free(struct ipm_writer *w)
{
	if (!w)
		return;
	ipm_chains_close(&w->peers);
	ipm_chains_close(&w->spis);
	ipm_ikes_close(w);
	ipm_chains_close(&w->maps);
	ipm_chains_close(&w->entries);
	ipm_drain_close(w);
	free(w->removed.slot);
	for (int i = 0; i < IPM_SECTIONS; i++)
		free(w->free[i].slot);
	ipm_file_close(w);
	free(w->seg.path);
	free(w);
}

/* Open the lookup tables, which exist in memory only. */
static int
open_tables(struct ipm_writer *w)
{
	int rc = ipm_peers_open(w);
	if (rc == 0)
		rc = ipm_spis_open(w);
	if (rc == 0)
		rc = ipm_ikes_open(w);
	return rc == 0 ? ipm_maps_open(w) : rc;
}

static int
open_segment(struct ipm_writer *w, const struct ipm_writer_options *opt, struct ipm_error *err)
{
	struct ipm_header wanted;
	bool fresh;
	int rc = ipm_file_open(w, opt, &wanted, &fresh, err);
	if (rc == 0)
		rc = ipm_drain_open(w);
	if (rc < 0 || fresh)
		return rc;
	rc = ipm_room_open(w);
	if (rc < 0)
		ipm_error_set(err, "%s: no room left on its file system", w->seg.path);
	else
		ipm_recover(w, &wanted, err);
	return rc;
}

int
ipm_writer_open_abi(struct ipm_writer **out, unsigned abi, const struct ipm_writer_options *opt, struct ipm_error *err)
{
	struct ipm_writer *w;
	int rc = -ENOMEM;

	*out = NULL;
	if (abi != IPM_ABI) { /* *opt may then have another layout: don't read it */
		ipm_error_set(err,
			      "this program was compiled for layout version %u, libipsecmon has %u: compile it again",
			      abi, IPM_ABI);
		return -EPROTO;
	}
	err->text[0] = '\0';
	w = calloc(1, sizeof(*w));
	if (!w)
		goto out;
	w->fd = w->lock = -1;
	if (!(w->seg.path = strdup(opt->path)))
		goto out;
	rc = open_segment(w, opt, err);
	if (rc == 0)
		rc = open_tables(w);
	if (rc < 0)
		goto out;
	settings_default(w, &opt->capacity);
	w->fast = (struct ipm_fast){ .seg = &w->seg, .lanes = (uint8_t *)ipm_worker_line_at(&w->seg, 0) };
	atomic_store(&ipm_header(&w->seg)->writer_pid, (uint32_t)getpid());
	ipm_writer_commit(w);
	for (enum ipm_section_kind kind = 0; kind < IPM_SECTIONS; kind++)
		ipm_section_changed(w, kind);
	rc = ipm_file_publish(w, opt->mode, err);
	if (rc < 0)
		goto out;
	*out = w;
	return 0;
out:
	if (rc == -ENOMEM || !err->text[0]) /* it may hold a warning */
		ipm_error_set(err, "%s: %s", opt->path, strerror(-rc));
	writer_free(w);
	return rc;
}

void
ipm_writer_close(struct ipm_writer *w)
{
	if (!w)
		return;
	ipm_writer_commit(w);
	atomic_store(&ipm_header(&w->seg)->writer_pid, 0);
	writer_free(w);
}

const struct ipm_segment *
ipm_writer_segment(const struct ipm_writer *w)
{
	return &w->seg;
}

void
ipm_writer_commit(struct ipm_writer *w)
{
	if (w->drain.count > 0) {
		ipm_workers_reap(&w->seg, __atomic_load_n(&ipm_header(&w->seg)->epoch, __ATOMIC_RELAXED));
		ipm_drain(w);
	}
	ipm_totals_publish(w);
	atomic_store_explicit(&ipm_header(&w->seg)->heartbeat_ns, ipm_now_ns(), memory_order_release);
}

struct ipm_totals *
ipm_writer_totals(struct ipm_writer *w)
{
	return &w->totals;
}

const struct ipm_fast *
ipm_writer_fast(const struct ipm_writer *w)
{
	return w->seg.lanes > 0 ? &w->fast : NULL;
}
