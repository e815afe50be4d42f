/* SPDX-License-Identifier: ISC */
/**
 * @file conf_parse.h  Read a configuration file into structures, driven by tables of settings.
 *
 * A table has a line for each key: name, type, range, default, destination. Each program passes its own tables, so
 * settings are next to the code that uses them (conf.c, engine/engine_conf.c).
 *
 * We don't use libconfuse because its checks are too weak. It merges keys and sections that are given twice, miscounts
 * lines after comments, accepts a file that ends inside a section, and suggests no known keys. Working around that took
 * as much code as a parser of our own.
 *
 * Errors:    a function returns false and leaves "FILE:LINE: what is wrong" in @p error.
 * Ownership: conf_parse() allocates texts and lists. conf_clear() frees them.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"

/* The comments give the C type of the destination. */
enum conf_type {
	CONF_NUMBER,  /* uint32_t */
	CONF_BOOL,    /* bool */
	CONF_CHOICE,  /* uint32_t: the position in a list such as "tunnel|transport" */
	CONF_ADDRESS, /* struct ipm_addr: IPv4 or IPv6; len 0: not given */
	CONF_TEXT,    /* char * */
	CONF_PATH,    /* char *: an absolute path */
	CONF_GROUP,   /* char *: a group's name, or "" */
	CONF_NETNS,   /* char *: a network namespace's name, or an absolute path; "": not given */
};

struct conf_key {
	const char *name;
	enum conf_type type;
	uint32_t min, max;  /* limits of a number; max is also the longest length of a text */
	uint32_t number;    /* default of NUMBER, BOOL and CHOICE */
	const char *text;   /* default of a text; the list of a CHOICE */
	size_t destination; /* offset in the section's structure */
};

/* The destination of a key. The compiler checks its C type. */
#define CONF_AT(tag, field, c_type) \
	(offsetof(struct tag, field) + 0 * _Generic(((struct tag *)0)->field, __typeof__(c_type) : 0))

#define CONF_MANY 1000000

/*
 * The structure of a section begins with "uint32_t line;", the section's first line in the file (0: it was not given).
 * The structure of a named section begins with "uint32_t line; char *name;". The structure for keys outside of sections
 * has neither.
 */
struct conf_section {
	const char *name; /* such as "capacity" or "feed vici"; NULL, for the first section: keys outside of sections */
	bool named;       /* each section has a name of its own: "tunnel NAME { }" */
	const struct conf_key *key;
	size_t keys;        /* at most 64; 0: another program owns the section and checks its keys */
	size_t destination; /* offset of its structure; of a list, offset of the pointer to the first structure */
	uint32_t max;       /* how often it may be given; more than 1 makes it a list */
	size_t size;        /* of a list: octets of one structure */
	size_t count;       /* of a list: offset of the number of structures, a uint32_t */
};

/* A table of sections, and the structure that they fill. */
struct conf_part {
	const struct conf_section *section;
	size_t sections;
	void *into; /* must be zeroed */
};

/**
 * Set everything to its default, then read @p path.
 *
 * @param may_be_missing  without the file, the defaults stay
 * @param part            at most CONF_PARTS_MAX; the second part may have the keys of sections that the first part
 *                        leaves to another program
 */
#define CONF_PARTS_MAX 2
bool conf_parse(const char *path, bool may_be_missing, const struct conf_part *part, size_t parts, char *error,
		size_t error_size);

/** Append a structure with default values to a list. NULL: out of memory. */
void *conf_append(void *into, const struct conf_section *section);

/** Free the texts and lists in the structures, but not @p part->into. */
void conf_clear(const struct conf_part *part);

#endif
