/* SPDX-License-Identifier: ISC */
/**
 * @file conf_parse.h  Read a configuration file into structures, as tables of settings say.
 *
 * A table has a line for each key: name, type, range, default, destination. A program passes the tables of the settings
 * that it has, and so settings can live with the code that uses them (conf.c, engine/engine_conf.c).
 *
 * We don't use libconfuse because it didn't check what our files promise. It merges keys and sections that are given
 * twice, miscounts lines after comments, accepts a file that ends inside a section, and names neither the known keys
 * nor the one that was probably meant. Working around that took as much code as a parser of our own.
 *
 * Errors:    a function returns false and leaves "FILE:LINE: what is wrong" in @p error.
 * Ownership: conf_parse() allocates texts and lists; conf_clear() frees them.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipm_types.h"

/* The C type of the destination is behind each type. */
enum conf_type {
	CONF_NUMBER,  /* uint32_t */
	CONF_BOOL,    /* bool */
	CONF_CHOICE,  /* uint32_t: the position in a list such as "tunnel|transport" */
	CONF_ADDRESS, /* struct ipm_addr: IPv4 or IPv6; len 0 when not given */
	CONF_TEXT,    /* char * */
	CONF_PATH,    /* char *: an absolute path */
	CONF_GROUP,   /* char *: a group's name, or "" */
	CONF_NETNS,   /* char *: a network namespace's name, or an absolute path; "" when not given */
};

struct conf_key {
	const char *name;
	enum conf_type type;
	uint32_t min, max;  /* of a number; of a text, the greatest length */
	uint32_t number;    /* default of NUMBER, BOOL and CHOICE */
	const char *text;   /* default of a text; for CHOICE the list */
	size_t destination; /* in the section's structure */
};

/* The destination of a key, of which the compiler checks that it has the C type. */
#define CONF_AT(tag, field, c_type) \
	(offsetof(struct tag, field) + 0 * _Generic(((struct tag *)0)->field, __typeof__(c_type) : 0))

#define CONF_MANY 1000000

/*
 * The structure of a section begins with "uint32_t line;", where the section begins (0: it was not given), and that of
 * a named section with "uint32_t line; char *name;". Only the structure for keys outside of sections does not.
 */
struct conf_section {
	const char *name; /* such as "capacity" or "feed vici"; NULL: keys outside of sections, the first of all */
	bool named;       /* each of these sections has a name of its own: "tunnel NAME { }" */
	const struct conf_key *key;
	size_t keys;        /* at most 64; 0: the section is another program's, which checks its keys */
	size_t destination; /* of its structure; for a list, of the pointer to the first one */
	uint32_t max;       /* how often it may be given; more than once makes it a list */
	size_t size;        /* of a list: octets of one structure */
	size_t count;       /* of a list: where the number of structures is, uint32_t */
};

/* What one table describes, and where it goes. */
struct conf_part {
	const struct conf_section *section;
	size_t sections;
	void *into; /* must be zeroed */
};

/**
 * Set everything to its default, then read @p path.
 *
 * @param may_be_missing  no file means the defaults
 * @param part            at most CONF_PARTS_MAX; a later one may have the keys of another program's section in the
 * first
 */
#define CONF_PARTS_MAX 2
bool conf_parse(const char *path, bool may_be_missing, const struct conf_part *part, size_t parts, char *error,
		size_t error_size);

/** Append a structure with everything at its default to a list; NULL: out of memory. */
void *conf_append(void *into, const struct conf_section *section);

/** Free what belongs to the structures, but not @p part->into. */
void conf_clear(const struct conf_part *part);

#endif
