/* SPDX-License-Identifier: ISC */
/**
 * @file cli.h  What the commands of ipsecmon(1) share: the segments that are open, sorted rows, errors.
 *
 * Memory:    a command keeps one (group, index, slot) for each record that it shows, and the record it is at.
 * Errors:    a command prints what it can. cli_fail() says what it could not, and makes the exit status 1.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf.h"
#include "ipm_segment.h"

#define CLI_SCHEMA      1 /* of JSON: grows when a key changes its meaning or goes; a new key changes nothing */
#define CLI_STALE_NS    10000000000u /* a writer that has been silent for longer is worth a warning */
#define CLI_PATIENCE_NS 300000000u   /* for the writer of a segment, in all: one that was preempted goes on */
#define CLI_RELEASE     1024         /* records that are read before the memory they were in is given back */

struct cli_segment {
	struct cli *cli;
	struct ipm_segment *seg;
	uint32_t ordinal; /* of the *.model files by name, from 0: IOS's slot */
};

struct cli {
	FILE *out, *err;
	bool json;
	int status;            /* to exit with */
	const char *conf_file; /* NULL: the default */
	const struct conf *conf;
	struct cli_segment *segment;
	size_t segments;
	size_t unread;   /* records that the writer was at for too long */
	size_t reads;    /* of records since memory was given back */
	uint64_t now_ns; /* when the command began */
	void *asked;     /* the command's own, for its cli_pick: what is to be shown */
	bool comma_segment, comma_row;
};

/**
 * Do what a command line asks.
 *
 * @return  the exit status: 0; 1 when something could not be shown; 2 for a wrong command line
 */
int cli_run(int argc, char **argv, FILE *out, FILE *err);

__attribute__((format(printf, 2, 3))) void cli_fail(struct cli *cli, const char *format, ...);
__attribute__((format(printf, 2, 3))) void cli_warn(struct cli *cli, const char *format, ...);

struct dirent;
/** For scandir(3): does this name look like a segment's? */
int cli_is_segment(const struct dirent *entry);

/** Attach every segment in run-dir that can be; the others are reported. */
void cli_segments_open(struct cli *cli);
void cli_segments_close(struct cli *cli);

/** How its writer does: "running", "silent" or "stopped". */
const char *cli_writer_state(const struct ipm_segment *seg);

/** The moment at which what the segment says was true: now, as long as its writer runs. */
uint64_t cli_segment_now(const struct cli_segment *s);

/** Copy a record; false when the slot has none, or it cannot be read (which is remembered in cli->unread). */
bool cli_read(struct cli *cli, const struct cli_segment *s, enum ipm_section_kind kind, uint32_t slot, void *out);

/** ipm_walk_next() for all records of a kind, or what a ring shows. What cannot be read is remembered as well. */
bool cli_walk_next(struct cli *cli, struct ipm_walk *walk, void *out);

/* Where a record is. */
struct cli_row {
	uint64_t group;
	enum ipm_section_kind kind;
	uint32_t index, slot;
	const struct cli_segment *segment;
};

struct cli_rows {
	struct cli_row *row;
	size_t n, room;
};

/** Copy the record of a row; false as with cli_read(), or when its slot was given to another one. */
bool cli_row_read(struct cli *cli, const struct cli_row *row, void *out);

/** Says whether a record is to be shown, and may give it a group (it is 0); s->cli->asked is what was asked for. */
typedef bool cli_pick(const struct cli_segment *s, const void *record, uint64_t *group);

/** Add the records of @p kind that @p pick (NULL: all) wants; of a ring, those that are shown. */
void cli_rows_collect(struct cli *cli, struct cli_rows *rows, const struct cli_segment *s, enum ipm_section_kind kind,
		      cli_pick *pick);
/** The same for all segments, sorted. */
void cli_rows_collect_all(struct cli *cli, struct cli_rows *rows, enum ipm_section_kind kind, cli_pick *pick);
/** By group, index, segment. */
void cli_rows_sort(struct cli_rows *rows);
void cli_rows_free(struct cli_rows *rows);

/** @p array of @p n elements, of @p size octets each, with room for one more; NULL: no memory, and it is as it was. */
void *cli_grow(void *array, size_t n, size_t *room, size_t size);

#endif
