/* SPDX-License-Identifier: ISC */
/**
 * @file cli.h  Shared by the commands of ipsecmon(1): open segments, sorted rows, errors.
 *
 * Memory:    a command keeps one (group, index, slot) per record that it shows, and one record.
 * Errors:    a command prints as much as it can read. cli_fail() reports the rest and sets the exit status to 1.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "conf.h"
#include "ipm_segment.h"

/* Version of the JSON. Increase it when a key changes its meaning or is removed, not for a new key. */
#define CLI_SCHEMA 1
/* Warn about a writer that has been silent for longer. */
#define CLI_STALE_NS 10000000000u
/* Wait this long in all for the writer of a segment: it may have been preempted. */
#define CLI_PATIENCE_NS 300000000u
/* After so many records, return the memory of the pages read. */
#define CLI_RELEASE 1024

struct cli_segment {
	struct cli *cli;
	struct ipm_segment *seg;
	uint32_t ordinal; /* the position of the file among *.model files, sorted by name, from 0: IOS's slot */
};

/* The options of commands that list. NULL: not given. */
struct cli_list {
	const char *user, *group, *sort;
	bool ended, failed, pools;
	const char *option; /* the last of these options that was given */
};

struct cli {
	FILE *out, *err;
	bool json;
	int status;            /* to exit with */
	const char *conf_file; /* NULL: the default */
	struct cli_list list;
	struct conf *conf;
	struct cli_segment *segment;
	size_t segments;
	size_t unread;   /* records that could not be read because their writer was changing them */
	size_t reads;    /* reads since memory was returned */
	uint64_t now_ns; /* when the command began */
	void *asked;     /* for the command's cli_pick: what the user asked for */
	bool comma_segment, comma_row;
};

/**
 * Run a command line.
 *
 * @return  the exit status: 0; 1 when something could not be shown; 2 for a wrong command line
 */
int cli_run(int argc, char **argv, FILE *out, FILE *err);

__attribute__((format(printf, 2, 3))) void cli_fail(struct cli *cli, const char *format, ...);
__attribute__((format(printf, 2, 3))) void cli_warn(struct cli *cli, const char *format, ...);

struct dirent;
/** For scandir(3): is this the name of a segment's file? */
int cli_is_segment(const struct dirent *entry);

/** Read the configuration and open the segments. False: the configuration cannot be read, which has been reported. */
bool cli_open(struct cli *cli);
/** Report what could not be read, and close the segments. */
void cli_close(struct cli *cli);

/** Attach the segments in run-dir. Report those that cannot be attached. */
void cli_segments_open(struct cli *cli);
void cli_segments_close(struct cli *cli);

/** The state of its writer: "running", "silent" or "stopped". */
const char *cli_writer_state(const struct ipm_segment *seg);

/** The time that the segment's data belong to: now, while its writer runs. */
uint64_t cli_segment_now(const struct cli_segment *s);

/** Copy a record. False: the slot is empty, or the record cannot be read; then it is counted in cli->unread. */
bool cli_read(struct cli *cli, const struct cli_segment *s, enum ipm_section_kind kind, uint32_t slot, void *out);

/**
 * ipm_walk_next() over all records of a kind; of a ring, those that are shown. Unreadable records are counted in
 * cli->unread.
 */
bool cli_walk_next(struct cli *cli, struct ipm_walk *walk, void *out);

/* The place of a record, and how it is sorted. */
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

/** Copy the record of a row. False: as with cli_read(), or another record has taken the slot. */
bool cli_row_read(struct cli *cli, const struct cli_row *row, void *out);

/** Is this record to be shown? See s->cli->asked. It may set the group, which is 0 otherwise. */
typedef bool cli_pick(const struct cli_segment *s, const void *record, uint64_t *group);

/** Add the records of @p kind that @p pick accepts (NULL: all); of a ring, those that are shown. */
void cli_rows_collect(struct cli *cli, struct cli_rows *rows, const struct cli_segment *s, enum ipm_section_kind kind,
		      cli_pick *pick);
/** The same for all segments, sorted. */
void cli_rows_collect_all(struct cli *cli, struct cli_rows *rows, enum ipm_section_kind kind, cli_pick *pick);
/** Sort by group, then index, then segment. */
void cli_rows_sort(struct cli_rows *rows);
void cli_rows_free(struct cli_rows *rows);

/**
 * Return @p array, of @p n elements of @p size octets, with room for one more. NULL: out of memory; then it is
 * unchanged.
 */
void *cli_grow(void *array, size_t n, size_t *room, size_t size);

#endif
