/* SPDX-License-Identifier: ISC */
/*
 * The configuration file, on libconfuse. Sections and keys are rows of the two tables below; a new one needs a row
 * there, a field in struct conf, and a paragraph in ipsecmon.conf(5). A section that may be given several times has an
 * array of fields, one element to each; one that may be given any number of times, each with a name of its own, has a
 * pointer to its elements, which grow.
 *
 * What libconfuse 3.3 does not do for us, and where we do it:
 * - it counts the line of a comment twice, so comments are blanked before it sees them;
 * - it takes a missing brace at the end of the file for granted, and its lexer stays inside a string that was never
 *   closed, into the next file: conf_scan() finds both first;
 * - it merges sections and keys that are given twice, and calls nobody when a section opens: a hidden key with a
 *   default value in each section does (OPENED);
 * - it expands ${NAME} from the environment: refused, a daemon's configuration is what the file says.
 */
#include "conf.h"

#include <arpa/inet.h>
#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipm_types.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(name)  offsetof(struct conf, name)

enum { ROOT, CAPACITY, FEED_VICI, FEED_XFRM, FEED_IKEWATCH, AGENTX, ENGINE, ENDPOINT, TUNNEL, GENERATOR, SECTIONS };

#define ANY  "" /* the title is the section's name, and may be anything that no other has */
#define MANY 1000000

static const struct conf_section {
	const char *name, *title;
	uint32_t max;  /* how often it may be given */
	size_t stride; /* if more than once: from the fields of one to those of the next */
	size_t on;     /* of a feed: where its bool is; if more than once: how many there are, uint32_t */
	size_t array;  /* of ANY title: where the pointer to the first is, a struct named */
} sections[SECTIONS] = {
	[ROOT] = { NULL, NULL, 1, 0, 0, 0 },
	[CAPACITY] = { "capacity", NULL, 1, 0, 0, 0 },
	[FEED_VICI] = { "feed", "vici", 1, 0, FIELD(vici.enabled), 0 },
	[FEED_XFRM] = { "feed", "xfrm", CONF_XFRM_MAX, sizeof(struct conf_xfrm), FIELD(xfrms), 0 },
	[FEED_IKEWATCH] = { "feed", "ikewatch", CONF_IKEWATCH_MAX, sizeof(struct conf_ikewatch), FIELD(ikewatches), 0 },
	[AGENTX] = { "agentx", NULL, 1, 0, 0, 0 },
	[ENGINE] = { "engine", NULL, 1, 0, 0, 0 },
	[ENDPOINT] = { "endpoint", ANY, MANY, sizeof(struct conf_endpoint), FIELD(endpoints), FIELD(endpoint) },
	[TUNNEL] = { "tunnel", ANY, MANY, sizeof(struct conf_tunnel), FIELD(tunnels), FIELD(tunnel) },
	[GENERATOR] = { "generator", ANY, MANY, sizeof(struct conf_generator), FIELD(generators), FIELD(generator) },
};
#define SECTION_MAX CONF_XFRM_MAX /* the largest max but MANY */

/* What the elements of a section with ANY title begin with. */
struct named {
	char *name;
	uint32_t line;
};

/* What a message calls it, for "%s%s%s". */
#define CALLED(section) \
	sections[section].name, is_feed(section) ? " " : "", is_feed(section) ? sections[section].title : ""

/* NETNS: no two sections may have the same. CHOICE: its text is what may be chosen, and its number the place in it. */
enum conf_kind { NUMBER, DIRECTORY, SOCKET, GROUP, BOOL, NETNS, TEXT, ADDRESS, CHOICE };

#define CAPACITY_MAX           16777216
#define NUM(name, lo, hi, def) NUMBER, FIELD(name), lo, hi, def, NULL
#define PATH(kind, name, def)  kind, FIELD(name), 0, 0, 0, def
/* The same for fields of an element of a section with ANY title. */
#define IN(section, name)                   offsetof(struct conf_##section, name)
#define NUM_IN(section, name, lo, hi, def)  NUMBER, IN(section, name), lo, hi, def, NULL
#define TEXT_IN(section, kind, name)        kind, IN(section, name), 0, 0, 0, ""
#define CHOICE_IN(section, name, list, def) CHOICE, IN(section, name), 0, 0, def, list

static const struct conf_key {
	int section;
	const char *name;
	enum conf_kind kind;
	size_t field; /* in the first section, if there may be several */
	uint32_t min, max, number;
	const char *text; /* default of what is no number */
} keys[] = {
	{ ROOT, "run-dir", PATH(DIRECTORY, run_dir, "/run/ipsecmon") },
	{ ROOT, "state-dir", PATH(DIRECTORY, state_dir, "/var/lib/ipsecmon") },
	{ ROOT, "group", GROUP, FIELD(group), 0, 0, 0, "" },
	{ ROOT, "allow-destroy", BOOL, FIELD(allow_destroy), 0, 0, false, NULL },
	{ CAPACITY, "ike-sas", NUM(capacity.ike_sas, 1, CAPACITY_MAX, 16384) },
	{ CAPACITY, "tunnels", NUM(capacity.tunnels, 1, CAPACITY_MAX, 16384) },
	{ CAPACITY, "sas", NUM(capacity.sas, 1, CAPACITY_MAX, 65536) },
	{ CAPACITY, "history", NUM(capacity.history, 1, CAPACITY_MAX, 4096) },
	{ CAPACITY, "failures", NUM(capacity.failures, 1, CAPACITY_MAX, 4096) },
	{ FEED_VICI, "socket", PATH(SOCKET, vici.socket, "/run/charon.vici") },
	{ FEED_VICI, "error-socket", PATH(SOCKET, vici.error_socket, "/run/charon.enfy") },
	{ FEED_VICI, "poll-interval", NUM(vici.poll_interval, 1, 3600, 5) },
	{ FEED_VICI, "hold-time", NUM(vici.hold_time, 0, 86400, 30) },
	{ FEED_XFRM, "netns", PATH(NETNS, xfrm[0].netns, "") },
	{ FEED_XFRM, "poll-interval", NUM(xfrm[0].poll_interval, 1, 3600, 5) },
	{ FEED_IKEWATCH, "netns", PATH(NETNS, ikewatch[0].netns, "") },
	{ AGENTX, "socket", PATH(SOCKET, agentx.socket, "/var/agentx/master") },
	{ AGENTX, "notify-rate", NUM(agentx.notify_rate, 1, 10000, 100) },
	{ AGENTX, "old-failures", BOOL, FIELD(agentx.old_failures), 0, 0, false, NULL },
	{ ENGINE, "name", PATH(TEXT, engine.name, "engine") },
	{ ENGINE, "workers", NUM(engine.workers, 1, 64, 2) },
	{ ENGINE, "first-index", NUM(engine.first_index, 1, 2000000001, 1000000001) },
	{ ENDPOINT, "address", TEXT_IN(endpoint, ADDRESS, address) },
	{ ENDPOINT, "port", NUM_IN(endpoint, port, 1, 65535, 4500) },
	{ TUNNEL, "endpoint", TEXT_IN(tunnel, TEXT, endpoint) },
	{ TUNNEL, "peer", TEXT_IN(tunnel, ADDRESS, peer) },
	{ TUNNEL, "peer-port", NUM_IN(tunnel, peer_port, 1, 65535, 4500) },
	{ TUNNEL, "keys", TEXT_IN(tunnel, SOCKET, keys) },
	{ TUNNEL, "suite", CHOICE_IN(tunnel, suite, CONF_SUITES, CONF_AES256GCM16) },
	{ TUNNEL, "mode", CHOICE_IN(tunnel, mode, CONF_MODES, CONF_TUNNEL) },
	{ TUNNEL, "esn", BOOL, IN(tunnel, esn), 0, 0, true, NULL },
	{ TUNNEL, "replay-window", NUM_IN(tunnel, replay_window, 0, 4096, 64) },
	{ TUNNEL, "local-ts", TEXT_IN(tunnel, TEXT, local_ts) },
	{ TUNNEL, "remote-ts", TEXT_IN(tunnel, TEXT, remote_ts) },
	{ TUNNEL, "soft-seconds", NUM_IN(tunnel, soft_seconds, 0, UINT32_MAX, 0) },
	{ TUNNEL, "hard-seconds", NUM_IN(tunnel, hard_seconds, 0, UINT32_MAX, 0) },
	{ TUNNEL, "soft-kilobytes", NUM_IN(tunnel, soft_kilobytes, 0, UINT32_MAX, 0) },
	{ TUNNEL, "hard-kilobytes", NUM_IN(tunnel, hard_kilobytes, 0, UINT32_MAX, 0) },
	{ TUNNEL, "soft-packets", NUM_IN(tunnel, soft_packets, 0, UINT32_MAX, 0) },
	{ TUNNEL, "hard-packets", NUM_IN(tunnel, hard_packets, 0, UINT32_MAX, 0) },
	{ TUNNEL, "overlap", NUM_IN(tunnel, overlap, 0, 86400, 10) },
	{ GENERATOR, "tunnel", TEXT_IN(generator, TEXT, tunnel) },
	{ GENERATOR, "rate", NUM_IN(generator, rate, 1, 10000000, 100) },
	{ GENERATOR, "size", NUM_IN(generator, size, 64, 9000, 1000) },
	{ GENERATOR, "packets", NUM_IN(generator, packets, 0, UINT32_MAX, 0) },
	{ GENERATOR, "delay", NUM_IN(generator, delay, 0, 3600, 1) },
	{ GENERATOR, "tamper", NUM_IN(generator, tamper, 0, UINT32_MAX, 0) },
	{ GENERATOR, "replay", NUM_IN(generator, replay, 0, UINT32_MAX, 0) },
	{ GENERATOR, "late", NUM_IN(generator, late, 0, UINT32_MAX, 0) },
	{ GENERATOR, "drop", NUM_IN(generator, drop, 0, UINT32_MAX, 0) },
	{ GENERATOR, "wrong-spi", NUM_IN(generator, wrong_spi, 0, UINT32_MAX, 0) },
	{ GENERATOR, "truncate", NUM_IN(generator, truncate, 0, UINT32_MAX, 0) },
};

#define FILE_MAX      (16 * 1024 * 1024)
#define TEXT_MAX      (IPM_NAME_MAX - 1)
#define SOCKET_MAX    (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define RUNDIR_MAX    (SOCKET_MAX - 27) /* control sockets are in there: room for "/" and a name */
#define NETNS_DIR     "/run/netns/"
#define NETNS_MAX     (IPM_NAME_MAX - sizeof("xfrm ")) /* of a name: the feed's is "xfrm NAME" */
#define GROUP_MAX     32
#define NAME_LETTERS  GROUP_LETTERS
#define GROUP_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define OPENED        "|opened" /* no file can name it: libconfuse splits names at a bar */

/* libconfuse passes no context to its callbacks, and its lexer is one for the process. */
static struct conf_parse {
	struct conf *conf;
	const char *path;
	char *error;
	size_t error_size;
	bool failed;
	uint32_t given[SECTIONS];        /* how often, so far */
	int line[SECTIONS][SECTION_MAX]; /* where each of them begins */
	uint32_t instance;               /* which of them is being read, from 0; sections do not nest */
	bool key_seen[COUNT(keys)];      /* in it, or at any time outside of sections */
	void *titles;                    /* a tree of struct title, see tsearch(3) */
} now;

static bool
is_feed(int section)
{
	return sections[section].title && sections[section].title[0];
}

/* Has it a name of its own, and may be given again with another? */
static bool
is_named(int section)
{
	return sections[section].title && !sections[section].title[0];
}

static char *
elements_of(const struct conf *conf, int section)
{
	char *first;
	memcpy(&first, (const char *)conf + sections[section].array, sizeof(first));
	return first;
}

static void *
field_of(struct conf *conf, const struct conf_key *key, uint32_t instance)
{
	char *first = is_named(key->section) ? elements_of(conf, key->section) : (char *)conf;
	return first + key->field + instance * sections[key->section].stride;
}

static bool
is_text(enum conf_kind kind)
{
	return kind != NUMBER && kind != BOOL && kind != ADDRESS && kind != CHOICE;
}

/* The first error is the one that is reported; line 0: of the file as a whole. */
static __attribute__((format(printf, 2, 0))) void
conf_vfail(int line, const char *format, va_list ap)
{
	if (now.failed)
		return;
	now.failed = true;
	char text[512];
	vsnprintf(text, sizeof(text), format, ap);
	if (line > 0)
		snprintf(now.error, now.error_size, "%s:%d: %s", now.path, line, text);
	else
		snprintf(now.error, now.error_size, "%s: %s", now.path, text);
}

static __attribute__((format(printf, 2, 3))) void
conf_fail(int line, const char *format, ...)
{
	va_list ap;
	va_start(ap, format);
	conf_vfail(line, format, ap);
	va_end(ap);
}

static int
section_find(const char *name, const char *title)
{
	for (int i = 0; i < SECTIONS; i++)
		if (sections[i].name && strcmp(sections[i].name, name) == 0 &&
		    (!is_feed(i) || (title && strcmp(sections[i].title, title) == 0)))
			return i;
	return -1;
}

/* ROOT for the file itself, -1 for a section that there is not. */
static int
section_of(cfg_t *cfg)
{
	return strcmp(cfg_name(cfg), "root") == 0 ? ROOT : section_find(cfg_name(cfg), cfg_title(cfg));
}

/* "a, b, c": what may stand in a section, for messages. */
static void
section_contents(int section, char *out, size_t size)
{
	size_t used = 0;
	out[0] = '\0';
	for (size_t i = 0; i < COUNT(keys) && used < size; i++)
		if (keys[i].section == section)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", keys[i].name);
	for (int i = 0; section == ROOT && i < SECTIONS && used < size; i++)
		if (sections[i].name)
			used += (size_t)snprintf(out + used, size - used, ", %s%s%s", CALLED(i));
}

static void
fail_unknown_key(cfg_t *cfg, const char *name)
{
	int section = section_of(cfg);
	char has[256];
	if (section < 0)
		return; /* its opening has failed already */
	section_contents(section, has, sizeof(has));
	if (section == ROOT)
		conf_fail(cfg->line, "there is no key or section '%s'; known are %s", name, has);
	else
		conf_fail(cfg->line, "there is no key '%s' in section %s%s%s; known are %s", name, CALLED(section),
			  has);
}

/* libconfuse's own complaints. */
static __attribute__((format(printf, 2, 0))) void
on_error(cfg_t *cfg, const char *format, va_list ap)
{
	if (strncmp(format, "no such option", strlen("no such option")) == 0)
		fail_unknown_key(cfg, va_arg(ap, const char *));
	else
		conf_vfail(cfg ? cfg->line : 0, format, ap);
}

static void
key_default(const struct conf_key *key, uint32_t instance)
{
	void *field = field_of(now.conf, key, instance);
	if (key->kind == NUMBER || key->kind == CHOICE)
		*(uint32_t *)field = key->number;
	else if (key->kind == BOOL)
		*(bool *)field = key->number;
	else if (key->kind == ADDRESS)
		*(struct ipm_addr *)field = (struct ipm_addr){ 0 };
	else if (!(*(char **)field = strdup(key->text)))
		conf_fail(0, "out of memory");
}

/* The name of a section that was read, for it must not be given again. */
struct title {
	int section, line;
	const char *name; /* its element's */
};

static int
compare_titles(const void *a, const void *b)
{
	const struct title *x = a, *y = b;
	return x->section != y->section ? x->section - y->section : strcmp(x->name, y->name);
}

/* A name that no other such section has. */
static bool
name_fits(cfg_t *cfg, int section)
{
	const char *name = cfg_title(cfg);
	size_t len = strlen(name);

	if (len == 0 || len > TEXT_MAX || strspn(name, NAME_LETTERS) != len) {
		conf_fail(cfg->line, "a name of a section %s has 1 to %d letters, digits, and any of ._-, not '%s'",
			  sections[section].name, TEXT_MAX, name);
		return false;
	}
	const struct title wanted = { .section = section, .name = name };
	struct title **other = tfind(&wanted, &now.titles, compare_titles);
	if (other)
		conf_fail(cfg->line, "line %d has a section %s '%s' already", (*other)->line, sections[section].name,
			  name);
	return !other;
}

/* No other section may have it from now on. */
static bool
title_keep(int section, const char *name, int line)
{
	struct title *title = malloc(sizeof(*title));
	if (!title)
		return false;
	*title = (struct title){ .section = section, .name = name, .line = line };
	if (tsearch(title, &now.titles, compare_titles))
		return true;
	free(title);
	return false;
}

/* One element more, with everything at its default. */
static bool
element_add(int section, const char *name, int line)
{
	uint32_t *count = (uint32_t *)((char *)now.conf + sections[section].on);
	size_t stride = sections[section].stride;
	char *first = elements_of(now.conf, section);

	if ((*count & (*count - 1)) == 0) { /* room for a power of two */
		char *more = realloc(first, (*count ? 2 * *count : 1) * stride);
		if (!more)
			return false;
		first = more;
		memcpy((char *)now.conf + sections[section].array, &first, sizeof(first));
	}
	struct named *element = (void *)(first + *count * stride);
	memset(element, 0, stride);
	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i].section == section)
			key_default(&keys[i], *count);
	(*count)++;
	element->line = (uint32_t)line;
	element->name = strdup(name);
	return element->name && title_keep(section, element->name, line);
}

/* A section begins. An error here is kept; to return one would make libconfuse abort the process. */
static int
on_open(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	(void)opt;
	*(const char **)result = value;
	int section = section_of(cfg);
	if (section < 0) {
		char has[128] = "";
		for (int i = 0, n = 0; i < SECTIONS; i++)
			if (is_feed(i))
				n += snprintf(has + n, sizeof(has) - (size_t)n, "%s%s", n ? ", " : "",
					      sections[i].title);
		conf_fail(cfg->line, "there is no feed '%s'; known: %s", cfg_title(cfg), has);
	} else if (now.given[section] == sections[section].max) {
		if (sections[section].max == 1)
			conf_fail(cfg->line, "section %s%s%s is given twice", CALLED(section));
		else
			conf_fail(cfg->line, "there are more than %u sections %s%s%s", sections[section].max,
				  CALLED(section));
	} else if (is_named(section) && !name_fits(cfg, section)) {
		return 0;
	} else if (is_named(section) && !element_add(section, cfg_title(cfg), cfg->line)) {
		conf_fail(0, "out of memory");
	} else {
		now.instance = now.given[section]++;
		if (!is_named(section))
			now.line[section][now.instance] = cfg->line;
		for (size_t i = 0; i < COUNT(keys); i++)
			if (keys[i].section == section)
				now.key_seen[i] = false;
	}
	return 0;
}

static bool
number_parse(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 10 || text[digits])
		return false;
	uint64_t n = strtoull(text, NULL, 10);
	if (n < min || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool
group_parse(const char *text)
{
	size_t len = strlen(text);
	return len <= GROUP_MAX && text[0] != '-' && strspn(text, GROUP_LETTERS) == len;
}

/* A name in NETNS_DIR, or a path. */
static bool
netns_parse(const char *text)
{
	return text[0] == '/' || (!strchr(text, '/') && strcmp(text, ".") != 0 && strcmp(text, "..") != 0);
}

/* The same for both ways to write a namespace of NETNS_DIR. */
static const char *
netns_name(const char *netns)
{
	return strncmp(netns, NETNS_DIR, strlen(NETNS_DIR)) == 0 ? netns + strlen(NETNS_DIR) : netns;
}

static bool
address_parse(const char *text, struct ipm_addr *out)
{
	*out = (struct ipm_addr){ 0 };
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->len = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->len = 16;
	return out->len != 0;
}

/* Which of "a|b|c" it is; -1: none of them. */
static int
choice_parse(const char *text, const char *list)
{
	size_t len = strlen(text);
	for (int n = 0; len > 0; n++) {
		size_t one = strcspn(list, "|");
		if (one == len && strncmp(list, text, len) == 0)
			return n;
		if (!list[one])
			break;
		list += one + 1;
	}
	return -1;
}

static void
text_set(void *field, const char *value)
{
	free(*(char **)field);
	*(char **)field = strdup(value);
	if (!*(char **)field)
		conf_fail(0, "out of memory");
}

/* A key has a value. */
static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	*(const char **)result = value;
	if (now.failed) /* on_open() could not stop there: the section may have no element */
		return -1;
	int section = section_of(cfg);
	size_t i = 0;
	while (i < COUNT(keys) && (keys[i].section != section || strcmp(keys[i].name, opt->name) != 0))
		i++;
	if (i == COUNT(keys)) { /* another feed's key, or one that was named through its section: "a|b" */
		fail_unknown_key(cfg, opt->name);
		return -1;
	}
	const struct conf_key *key = &keys[i];
	void *field = field_of(now.conf, key, now.instance);
	size_t max = key->kind == DIRECTORY ? RUNDIR_MAX : SOCKET_MAX;
	if (key->kind == NETNS && value[0] != '/')
		max = NETNS_MAX;
	if (key->kind == TEXT)
		max = TEXT_MAX;
	if (now.key_seen[i]) {
		conf_fail(cfg->line, "%s is given twice", key->name);
	} else if (key->kind == NUMBER) {
		if (!number_parse(value, key->min, key->max, field))
			conf_fail(cfg->line, "%s must be a number from %u to %u, not '%s'", key->name, key->min,
				  key->max, value);
	} else if (key->kind == BOOL) {
		*(bool *)field = strcmp(value, "true") == 0;
		if (!*(bool *)field && strcmp(value, "false") != 0)
			conf_fail(cfg->line, "%s must be true or false, not '%s'", key->name, value);
	} else if (key->kind == ADDRESS) {
		if (!address_parse(value, field))
			conf_fail(cfg->line, "%s must be an IPv4 or IPv6 address, not '%s'", key->name, value);
	} else if (key->kind == CHOICE) {
		int choice = choice_parse(value, key->text);
		if (choice < 0)
			conf_fail(cfg->line, "%s must be one of %s, not '%s'", key->name, key->text, value);
		else
			*(uint32_t *)field = (uint32_t)choice;
	} else if (key->kind == GROUP) {
		if (group_parse(value))
			text_set(field, value);
		else
			conf_fail(cfg->line, "%s must be the name of a group, not '%s'", key->name, value);
	} else if (value[0] == '\0') {
		conf_fail(cfg->line, "%s must not be empty", key->name);
	} else if (key->kind == NETNS && !netns_parse(value)) {
		conf_fail(cfg->line, "%s must be the name of a network namespace or an absolute path, not '%s'",
			  key->name, value);
	} else if (key->kind != NETNS && key->kind != TEXT && value[0] != '/') {
		conf_fail(cfg->line, "%s must be an absolute path, which begins with /, not '%s'", key->name, value);
	} else if (strlen(value) > max) {
		conf_fail(cfg->line, "%s must not be longer than %zu characters", key->name, max);
	} else {
		text_set(field, value);
	}
	now.key_seen[i] = true;
	return now.failed ? -1 : 0;
}

/**
 * Check what libconfuse would not, and blank the comments. What is left has the same lines.
 */
static void
conf_scan(char *text, size_t size)
{
	int line = 1, depth = 0, brace_line = 0;
	bool word = false; /* inside an unquoted value, where // is no comment */
	for (size_t i = 0; i < size && !now.failed; i++) {
		unsigned char c = (unsigned char)text[i];
		bool in_word = word;
		word = false;
		if (c == '\n') {
			line++;
		} else if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
			conf_fail(line, "there is a control character (%u): this is not a text file", c);
		} else if (c == '#' || (c == '/' && !in_word && i + 1 < size && text[i + 1] == '/')) {
			while (i < size && text[i] != '\n')
				text[i++] = ' ';
			i--; /* the newline is the next one's */
		} else if (c == '/' && !in_word && i + 1 < size && text[i + 1] == '*') {
			size_t end = i + 2;
			while (end + 1 < size && !(text[end] == '*' && text[end + 1] == '/'))
				end++;
			if (end + 1 >= size) {
				conf_fail(line, "a comment begins here and does not end");
				break;
			}
			for (; i < end + 2; i++) {
				if (text[i] == '\n')
					line++;
				else
					text[i] = ' ';
			}
			i--;
		} else if (c == '"' || c == '\'') {
			for (i++; i < size && text[i] != (char)c && text[i] != '\n' && !now.failed; i++) {
				unsigned char in = (unsigned char)text[i];
				if (in == '\\' && i + 1 < size && (text[i + 1] == (char)c || text[i + 1] == '\\'))
					i++;
				else if (in == '\\')
					conf_fail(line, "in a string, \\ stands only before %c and \\", c);
				else if (in < ' ' || in == 0x7f)
					conf_fail(line, "there is a control character (%u) in a string", in);
				else if (in == '$' && c == '"' && i + 1 < size && text[i + 1] == '{')
					conf_fail(line, "${...} is not expanded here: write the value");
			}
			if (!now.failed && (i >= size || text[i] == '\n'))
				conf_fail(line, "a string begins here and does not end");
		} else if (c == '$' && i + 1 < size && text[i + 1] == '{') {
			conf_fail(line, "${...} is not expanded here: write the value");
		} else if (c == '{') {
			if (depth++ == 0)
				brace_line = line;
		} else if (c == '}') {
			depth--;
		} else {
			word = !strchr(" \t\r=()+,*", c);
		}
	}
	if (depth > 0)
		conf_fail(brace_line, "a section begins here and does not end: a } is missing");
}

/* The whole file with a NUL behind it, or NULL. */
static char *
file_read(const char *path, bool may_be_missing, bool *missing)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		*missing = may_be_missing && errno == ENOENT;
		if (!*missing)
			conf_fail(0, "cannot open: %s", strerror(errno));
		return NULL;
	}
	/* Not more room than it needs: once a large block was freed, malloc() keeps all up to that size for good. */
	char *text = NULL;
	size_t size = 0, room = 0;
	ssize_t got = -1;
	while (size <= FILE_MAX) {
		if (size == room) {
			room = room ? 2 * room : 8192;
			char *more = realloc(text, room + 1);
			if (!more) {
				conf_fail(0, "out of memory");
				break;
			}
			text = more;
		}
		got = read(fd, text + size, room - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	if (got < 0)
		conf_fail(0, "cannot read: %s", strerror(errno));
	else if (size > FILE_MAX)
		conf_fail(0, "is larger than %d octets: this is no configuration file", FILE_MAX);
	close(fd);
	if (now.failed || !text) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	conf_scan(text, size);
	return text;
}

/* The keys of @p name as libconfuse wants them; feeds share one list, on_value() tells them apart. */
static void
options_of(const char *name, cfg_opt_t *opts)
{
	static char value[] = "x";
	size_t n = 0;
	if (name)
		opts[n++] = (cfg_opt_t){ .name = OPENED, .type = CFGT_STR, .def.parsed = value, .parsecb = on_open };
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *of = sections[keys[i].section].name;
		size_t same = 0;
		if (name ? !of || strcmp(of, name) != 0 : of != NULL)
			continue;
		while (same < n && strcmp(opts[same].name, keys[i].name) != 0)
			same++;
		if (same == n)
			opts[n++] = (cfg_opt_t){
				.name = keys[i].name, .type = CFGT_STR, .flags = CFGF_NODEFAULT, .parsecb = on_value
			};
	}
	for (int i = 0; !name && i < SECTIONS; i++) {
		if (!sections[i].name || section_find(sections[i].name, sections[i].title) != i)
			continue;
		size_t same = 0;
		while (same < n && strcmp(opts[same].name, sections[i].name) != 0)
			same++;
		if (same == n)
			opts[n++] = (cfg_opt_t){ .name = sections[i].name,
						 .type = CFGT_SEC,
						 .flags = CFGF_MULTI | (sections[i].title ? CFGF_TITLE : 0) };
	}
	opts[n] = (cfg_opt_t)CFG_END();
}

static void
conf_parse(const char *text)
{
	cfg_opt_t root[COUNT(keys) + SECTIONS + 2], sub[SECTIONS][COUNT(keys) + 2];
	options_of(NULL, root);
	for (size_t i = 0, s = 0; root[i].name; i++)
		if (root[i].type == CFGT_SEC) {
			options_of(root[i].name, sub[s]);
			root[i].subopts = sub[s++];
		}
	cfg_t *cfg = cfg_init(root, CFGF_NONE);
	if (!cfg) {
		conf_fail(0, "out of memory");
		return;
	}
	cfg_set_error_function(cfg, on_error);
	if (cfg_parse_buf(cfg, text) != CFG_SUCCESS)
		conf_fail(cfg->line, "this is not understood");
	cfg_free(cfg);
}

static void
conf_defaults(void)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		for (uint32_t n = 0; n < sections[keys[i].section].max && !is_named(keys[i].section); n++)
			key_default(&keys[i], n);
}

/* Those that are named; without any such section, each feed there is, once. */
static void
feeds_switch_on(void)
{
	bool any = false;
	for (int i = 0; i < SECTIONS; i++)
		any = any || (is_feed(i) && now.given[i]);
	for (int i = 0; i < SECTIONS; i++) {
		uint32_t number = any ? now.given[i] : 1;
		void *on = (char *)now.conf + sections[i].on;
		if (is_feed(i) && sections[i].max > 1)
			*(uint32_t *)on = number;
		else if (is_feed(i))
			*(bool *)on = number;
	}
}

/* One namespace read by two feeds would be shown twice. Known when all is read: a section need not name its own. */
static void
netns_once(const struct conf_key *key)
{
	for (uint32_t n = 1; n < now.given[key->section]; n++)
		for (uint32_t before = 0; before < n; before++) {
			const char *netns = *(char **)field_of(now.conf, key, n);
			const char *other = *(char **)field_of(now.conf, key, before);
			int line = now.line[key->section][n], first = now.line[key->section][before];
			if (strcmp(netns_name(netns), netns_name(other)) != 0)
				continue;
			if (netns[0])
				conf_fail(line, "line %d has a section %s%s%s with %s '%s' already", first,
					  CALLED(key->section), key->name, netns);
			else
				conf_fail(line, "line %d has a section %s%s%s without %s already", first,
					  CALLED(key->section), key->name);
		}
}

struct conf *
conf_load(const char *path, char *error, size_t error_size)
{
	now = (struct conf_parse){ .path = path ? path : DEFAULT_CONF, .error = error, .error_size = error_size };
	now.conf = calloc(1, sizeof(*now.conf));
	if (!now.conf) {
		conf_fail(0, "out of memory");
		return NULL;
	}
	conf_defaults();
	bool missing = false;
	char *text = now.failed ? NULL : file_read(now.path, path == NULL, &missing);
	if (text && !now.failed)
		conf_parse(text);
	free(text);
	for (size_t i = 0; i < COUNT(keys) && !now.failed; i++)
		if (keys[i].kind == NETNS)
			netns_once(&keys[i]);
	feeds_switch_on();
	tdestroy(now.titles, free);
	struct conf *conf = now.conf;
	if (now.failed) {
		conf_free(conf);
		conf = NULL;
	}
	now = (struct conf_parse){ 0 };
	return conf;
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct conf_section *section = &sections[keys[i].section];
		uint32_t count = section->max;
		if (is_named(keys[i].section))
			memcpy(&count, (char *)conf + section->on, sizeof(count));
		for (uint32_t n = 0; n < count; n++)
			if (is_text(keys[i].kind))
				free(*(char **)field_of(conf, &keys[i], n));
	}
	for (int i = 0; i < SECTIONS; i++) {
		uint32_t count;
		char *first = elements_of(conf, i);
		if (!is_named(i))
			continue;
		memcpy(&count, (char *)conf + sections[i].on, sizeof(count));
		for (uint32_t n = 0; n < count; n++)
			free(((struct named *)(void *)(first + n * sections[i].stride))->name);
		free(first);
	}
	free(conf);
}

static char *
path_in(const char *dir, const char *name)
{
	char *path;
	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

char *
conf_run_path(const struct conf *conf, const char *name)
{
	return path_in(conf->run_dir, name);
}

char *
conf_state_path(const struct conf *conf, const char *name)
{
	return path_in(conf->state_dir, name);
}
