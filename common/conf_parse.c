/* SPDX-License-Identifier: ISC */
#include "conf_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECTIONS_MAX 32
#define TOKEN_MAX    512 /* longer than any valid value: a longer token may be cut */
#define NAME_LEN_MAX (IPM_NAME_MAX - 1)
#define NETNS_DIR    "/run/netns/"
#define LETTERS      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
#define BLANKS       " \t\r\n"
#define SYMBOLS      "={}()+,*" /* only the first three have a meaning */

/* A token is one of SYMBOLS, END or WORD. */
enum { END = 0, WORD = 'w' };

struct parser {
	FILE *file;
	const char *path;
	char *error;
	size_t error_size;
	bool failed;   /* after a failure, each token is END */
	uint32_t line; /* line of the next character */
	int token;
	uint32_t token_line;
	char text[TOKEN_MAX]; /* text of a WORD */
	/* The sections that may appear in the file, from all parts. */
	const struct conf_section *section[SECTIONS_MAX];
	char *into[SECTIONS_MAX];
	size_t sections;
};

/* Report the first error only. Line 0 means the whole file. */
static __attribute__((format(printf, 3, 4))) void
fail(struct parser *p, uint32_t line, const char *format, ...)
{
	if (p->failed)
		return;
	p->failed = true;
	p->token = END;
	char text[512];
	va_list ap;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (line)
		snprintf(p->error, p->error_size, "%s:%u: %s", p->path, line, text);
	else
		snprintf(p->error, p->error_size, "%s: %s", p->path, text);
}

/* --- unknown names ------------------------------------------------------------------------------------------------ */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Number of letters to add, remove or change. Letters missing at the end count as one. */
static size_t
edit_distance(const char *typed, const char *known)
{
	size_t row[TOKEN_MAX], len = strlen(known);
	if (strlen(typed) >= 3 && strncmp(typed, known, strlen(typed)) == 0)
		return 1;
	for (size_t i = 0; i <= len; i++)
		row[i] = i;
	for (size_t t = 1; typed[t - 1]; t++) {
		size_t diagonal = row[0];
		row[0] = t;
		for (size_t i = 1; i <= len; i++) {
			size_t changed = diagonal + (typed[t - 1] != known[i - 1]);
			diagonal = row[i];
			row[i] = least(changed, 1 + least(row[i], row[i - 1]));
		}
	}
	return row[len];
}

/*
 * Report the unknown @p typed and list what is valid here: the keys of @p s. Outside sections, all sections are valid
 * too.
 */
static void
fail_unknown(struct parser *p, uint32_t line, const char *typed, const struct conf_section *s)
{
	const char *known, *nearest = NULL;
	char list[400] = "", hint[100] = "; known";
	size_t used = 0, distance = strlen(typed) / 3 + 2, n = s->name ? s->keys : s->keys + p->sections - 1;
	for (size_t i = 0; i < n; i++) {
		known = i < s->keys ? s->key[i].name : p->section[i - s->keys + 1]->name;
		size_t d = edit_distance(typed, known);
		if (d < distance) {
			nearest = known;
			distance = d;
		}
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", known);
	}
	if (nearest)
		snprintf(hint, sizeof(hint), "; did you mean '%s'? Known", nearest);
	if (s->name)
		fail(p, line, "unknown key '%s' in section %s%s: %s", typed, s->name, hint, list);
	else
		fail(p, line, "unknown key or section '%s'%s: %s", typed, hint, list);
}

/* --- destinations ------------------------------------------------------------------------------------------------- */

static bool
is_list(const struct conf_section *s)
{
	return s->max > 1;
}

static bool
is_text(enum conf_type type)
{
	return type >= CONF_TEXT;
}

/* Number of structures of a section. */
static uint32_t
count_of(const void *into, const struct conf_section *s)
{
	return is_list(s) ? *(const uint32_t *)(const void *)((const char *)into + s->count) : 1;
}

/* The first structure of a list. */
static char **
list_of(void *into, const struct conf_section *s)
{
	return (char **)(void *)((char *)into + s->destination);
}

static char *
structure_at(void *into, const struct conf_section *s, uint32_t i)
{
	return is_list(s) ? *list_of(into, s) + i * s->size : (char *)into + s->destination;
}

static uint32_t *
line_of(char *structure)
{
	return (uint32_t *)(void *)structure;
}

/* The name comes after the line number, at the next place aligned for a pointer. */
static char **
name_of(char *structure)
{
	return (char **)(void *)(structure + sizeof(char *));
}

static bool
text_set(char **destination, const char *text)
{
	free(*destination);
	*destination = strdup(text);
	return *destination != NULL;
}

static bool
defaults_set(char *structure, const struct conf_section *s)
{
	for (const struct conf_key *key = s->key; key < s->key + s->keys; key++) {
		void *destination = structure + key->destination;
		if (key->type == CONF_BOOL)
			*(bool *)destination = key->number;
		else if (key->type == CONF_NUMBER || key->type == CONF_CHOICE)
			*(uint32_t *)destination = key->number;
		else if (is_text(key->type) && !text_set(destination, key->text))
			return false;
	}
	return true;
}

void *
conf_append(void *into, const struct conf_section *s)
{
	uint32_t *count = (uint32_t *)(void *)((char *)into + s->count);
	char **first = list_of(into, s);
	if ((*count & (*count - 1)) == 0) { /* capacity is always a power of two */
		char *more = realloc(*first, (*count ? 2 * *count : 1) * s->size);
		if (!more)
			return NULL;
		*first = more;
	}
	char *structure = *first + *count * s->size;
	memset(structure, 0, s->size);
	++*count; /* count now: on failure conf_clear() frees this one too */
	return defaults_set(structure, s) ? structure : NULL;
}

static void
structure_clear(char *structure, const struct conf_section *s)
{
	for (const struct conf_key *key = s->key; key < s->key + s->keys; key++)
		if (is_text(key->type))
			free(*(char **)(void *)(structure + key->destination));
	if (s->named)
		free(*name_of(structure));
}

void
conf_clear(const struct conf_part *part)
{
	for (const struct conf_section *s = part->section; s < part->section + part->sections; s++) {
		if (s->keys == 0)
			continue;
		for (uint32_t i = 0; i < count_of(part->into, s); i++)
			structure_clear(structure_at(part->into, s, i), s);
		if (is_list(s))
			free(*list_of(part->into, s));
	}
}

/* --- tokens ------------------------------------------------------------------------------------------------------- */

static int
peek(struct parser *p)
{
	return ungetc(getc(p->file), p->file);
}

static int
next(struct parser *p)
{
	int c = getc(p->file);
	if (c == '\n')
		p->line++;
	return c;
}

static bool
is_control(int c)
{
	return (c >= 0 && c < ' ') || c == 0x7f;
}

static void
skip_line(struct parser *p)
{
	while (peek(p) != '\n' && next(p) != EOF)
		;
}

static void
skip_comment(struct parser *p, uint32_t line)
{
	next(p); /* skip the opening asterisk: it must not close the comment */
	for (int c = next(p); !(c == '*' && peek(p) == '/'); c = next(p))
		if (c == EOF) {
			fail(p, line, "a comment begins here and does not end");
			return;
		}
	next(p);
}

/* Skip blanks and comments. Return the character after them. */
static int
skip_blanks(struct parser *p)
{
	for (;;) {
		int c = next(p);
		if (c == '#' || (c == '/' && peek(p) == '/'))
			skip_line(p);
		else if (c == '/' && peek(p) == '*')
			skip_comment(p, p->line);
		else if (c <= 0 || !strchr(BLANKS, c))
			return c;
	}
}

static void
text_add(struct parser *p, size_t *len, int c)
{
	if (*len < sizeof(p->text) - 1)
		p->text[(*len)++] = (char)c;
	p->text[*len] = '\0';
}

/* A daemon's configuration must not depend on the environment. */
static void
refuse_variable(struct parser *p, int c)
{
	if (c == '$' && peek(p) == '{')
		fail(p, p->line, "${...} is not expanded: write the value");
}

static void
quoted(struct parser *p, int quote)
{
	size_t len = 0;
	p->text[0] = '\0';
	for (;;) {
		int c = peek(p);
		if (c == EOF || c == '\n') {
			fail(p, p->line, "a string begins here and does not end");
			return;
		}
		next(p);
		if (c == quote)
			return;
		if (c == '\\') {
			c = next(p);
			if (c != quote && c != '\\')
				fail(p, p->token_line, "in a string, \\ must stand before %c or \\", quote);
		} else if (is_control(c)) {
			fail(p, p->line, "control character %d in a string", c);
		} else if (quote == '"') {
			refuse_variable(p, c);
		}
		text_add(p, &len, c);
	}
}

static void
unquoted(struct parser *p, int c)
{
	size_t len = 0;
	for (;; c = next(p)) {
		if (is_control(c))
			fail(p, p->line, "control character %d: this is not a text file", c);
		refuse_variable(p, c);
		text_add(p, &len, c);
		int after = peek(p);
		if (after == EOF || (after > 0 && strchr(BLANKS SYMBOLS "\"'#", after)))
			return;
	}
}

/* Read the next token. */
static void
advance(struct parser *p)
{
	if (p->failed)
		return;
	int c = skip_blanks(p);
	p->token_line = p->line;
	p->token = WORD;
	if (c == EOF)
		p->token = END;
	else if (c > 0 && strchr(SYMBOLS, c))
		p->token = c;
	else if (c == '"' || c == '\'')
		quoted(p, c);
	else
		unquoted(p, c);
	if (p->failed)
		p->token = END;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static bool
parse_number(const struct conf_key *key, const char *text, uint32_t *out)
{
	size_t digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 10 || text[digits])
		return false;
	uint64_t n = strtoull(text, NULL, 10);
	if (n < key->min || n > key->max)
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool
parse_bool(const char *text, bool *out)
{
	*out = strcmp(text, "true") == 0;
	return *out || strcmp(text, "false") == 0;
}

static bool
parse_choice(const char *text, const char *list, uint32_t *out)
{
	size_t len = strlen(text);
	for (*out = 0; len > 0; ++*out) {
		size_t one = strcspn(list, "|");
		if (one == len && strncmp(list, text, len) == 0)
			return true;
		if (!list[one])
			return false;
		list += one + 1;
	}
	return false;
}

static bool
parse_address(const char *text, struct ipm_addr *out)
{
	*out = (struct ipm_addr){ 0 };
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->len = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->len = 16;
	return out->len != 0;
}

static bool
is_group(const char *text)
{
	return text[0] != '-' && strspn(text, LETTERS) == strlen(text);
}

static bool
is_netns(const char *text)
{
	return text[0] == '/' || (!strchr(text, '/') && strcmp(text, ".") != 0 && strcmp(text, "..") != 0);
}

/* A namespace in NETNS_DIR may be written as a name or as a path: return the name. */
static const char *
netns_name(const char *netns)
{
	return strncmp(netns, NETNS_DIR, strlen(NETNS_DIR)) == 0 ? netns + strlen(NETNS_DIR) : netns;
}

/* The record of a feed is named "KIND NETNS", and its section "feed KIND". */
static size_t
netns_longest(const struct conf_section *s)
{
	return NAME_LEN_MAX - strlen(s->name) + strlen("feed");
}

/* Check a text. Returns NULL if the text is valid, otherwise a description of valid texts. */
static const char *
text_must_be(const struct conf_key *key, const char *text)
{
	if (key->type == CONF_GROUP)
		return is_group(text) && strlen(text) <= key->max ? NULL : "the name of a group";
	if (key->type == CONF_NETNS)
		return is_netns(text) ? NULL : "the name of a network namespace or an absolute path";
	if (key->type == CONF_PATH)
		return text[0] == '/' ? NULL : "an absolute path, which begins with /";
	return NULL;
}

static void
set_text(struct parser *p, const struct conf_section *s, const struct conf_key *key, char **destination)
{
	const char *must_be = p->text[0] || key->type == CONF_GROUP ? text_must_be(key, p->text) : NULL;
	size_t longest = key->type == CONF_NETNS && p->text[0] != '/' ? netns_longest(s) : key->max;
	if (!p->text[0] && key->type != CONF_GROUP)
		fail(p, p->token_line, "%s must not be empty", key->name);
	else if (must_be)
		fail(p, p->token_line, "%s must be %s, not '%s'", key->name, must_be, p->text);
	else if (strlen(p->text) > longest)
		fail(p, p->token_line, "%s must not be longer than %zu characters", key->name, longest);
	else if (!text_set(destination, p->text))
		fail(p, 0, "out of memory");
}

/* Set @p key from the current token. */
static void
set_value(struct parser *p, const struct conf_section *s, const struct conf_key *key, void *destination)
{
	if (key->type == CONF_NUMBER && !parse_number(key, p->text, destination))
		fail(p, p->token_line, "%s must be a number from %u to %u, not '%s'", key->name, key->min, key->max,
		     p->text);
	else if (key->type == CONF_BOOL && !parse_bool(p->text, destination))
		fail(p, p->token_line, "%s must be true or false, not '%s'", key->name, p->text);
	else if (key->type == CONF_CHOICE && !parse_choice(p->text, key->text, destination))
		fail(p, p->token_line, "%s must be one of %s, not '%s'", key->name, key->text, p->text);
	else if (key->type == CONF_ADDRESS && !parse_address(p->text, destination))
		fail(p, p->token_line, "%s must be an IPv4 or IPv6 address, not '%s'", key->name, p->text);
	else if (is_text(key->type))
		set_text(p, s, key, destination);
}

/* --- sections ----------------------------------------------------------------------------------------------------- */

static const struct conf_key *
key_find(const struct conf_section *s, const char *name)
{
	for (const struct conf_key *key = s->key; key < s->key + s->keys; key++)
		if (strcmp(key->name, name) == 0)
			return key;
	return NULL;
}

/*
 * Parse the rest of "NAME = VALUE". With @p key NULL, the setting belongs to another program, which checks it. @p seen
 * has a bit for each key.
 */
static void
setting(struct parser *p, const struct conf_section *s, const struct conf_key *key, char *structure, uint64_t *seen)
{
	uint64_t bit = key ? 1ull << (key - s->key) : 0;
	if (p->token != '=')
		fail(p, p->token_line, "there is no = after %s", key ? key->name : "a key");
	advance(p);
	if (p->token != WORD)
		fail(p, p->token_line, "there is no value after %s =", key ? key->name : "a key and");
	else if (*seen & bit)
		fail(p, p->token_line, "%s is given twice", key->name);
	else if (key)
		set_value(p, s, key, structure + key->destination);
	*seen |= bit;
	advance(p);
}

/* Two sections of one kind must not share a name or a namespace. */
static void
check_unique(struct parser *p, const struct conf_section *s, void *into)
{
	uint32_t last = count_of(into, s) - 1;
	const struct conf_key *netns = key_find(s, "netns");
	char *structure = structure_at(into, s, last);
	for (uint32_t i = 0; i < last && !p->failed; i++) {
		char *other = structure_at(into, s, i);
		if (s->named && strcmp(*name_of(structure), *name_of(other)) == 0)
			fail(p, *line_of(structure), "line %u has a section %s '%s' already", *line_of(other), s->name,
			     *name_of(other));
		const char *text = netns ? *(char **)(void *)(structure + netns->destination) : "";
		if (netns && strcmp(netns_name(text), netns_name(*(char **)(void *)(other + netns->destination))) == 0)
			fail(p, *line_of(structure), "line %u has a section %s with%s%s%s already", *line_of(other),
			     s->name, text[0] ? " netns '" : "out netns", text, text[0] ? "'" : "");
	}
}

/* Parse from the opening brace to the closing one. */
static void
section_body(struct parser *p, const struct conf_section *s, char *structure)
{
	uint32_t line = p->token_line;
	uint64_t seen = 0;
	for (advance(p); p->token == WORD;) {
		const struct conf_key *key = key_find(s, p->text);
		if (!key && s->keys > 0)
			fail_unknown(p, p->token_line, p->text, s);
		advance(p);
		setting(p, s, key, structure, &seen);
	}
	if (p->token == END)
		fail(p, line, "a section begins here and does not end: a } is missing");
	else if (p->token != '}')
		fail(p, p->token_line, "there is a %c instead of a key or }", p->token);
	advance(p);
}

static void
section(struct parser *p, size_t i, const char *name, uint32_t line)
{
	const struct conf_section *s = p->section[i];
	bool known = s->keys > 0;
	if (s->named && (!name[0] || strlen(name) > NAME_LEN_MAX || name[strspn(name, LETTERS)]))
		fail(p, line, "the name of a section %s must have 1 to %d letters, digits, and any of ._-, not '%s'",
		     s->name, NAME_LEN_MAX, name);
	else if (p->token != '{')
		fail(p, p->token_line, "%s is a section: write %s%s { ... }", s->name, s->name,
		     s->named ? " NAME" : "");
	else if (known && is_list(s) && count_of(p->into[i], s) >= s->max)
		fail(p, line, "there are more than %u sections %s", s->max, s->name);
	else if (known && !is_list(s) && *line_of(structure_at(p->into[i], s, 0)))
		fail(p, line, "section %s is given twice", s->name);
	if (p->failed)
		return;
	char *structure = !known ? NULL : is_list(s) ? conf_append(p->into[i], s) : structure_at(p->into[i], s, 0);
	if (known && (!structure || (s->named && !text_set(name_of(structure), name)))) {
		fail(p, 0, "out of memory");
		return;
	}
	if (known)
		*line_of(structure) = line;
	section_body(p, s, structure);
	if (known && !p->failed)
		check_unique(p, s, p->into[i]);
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* Find the section with this name. 0, the position of keys outside sections, means: not found. */
static size_t
section_find(const struct parser *p, const char *name)
{
	for (size_t i = p->sections - 1; i > 0; i--)
		if (strcmp(p->section[i]->name, name) == 0)
			return i;
	return 0;
}

/* Does any section name begin with this word, as "feed vici" begins with "feed"? */
static bool
has_second_word(const struct parser *p, const char *word)
{
	size_t len = strlen(word);
	for (size_t i = 1; i < p->sections; i++)
		if (strncmp(p->section[i]->name, word, len) == 0 && p->section[i]->name[len] == ' ')
			return true;
	return false;
}

/* Parse a key outside sections, or a section. */
static void
item(struct parser *p, uint64_t *seen)
{
	char typed[TOKEN_MAX], name[TOKEN_MAX] = "", whole[2 * TOKEN_MAX];
	uint32_t line = p->token_line;
	if (p->token != WORD)
		fail(p, line, "there is a %c instead of a key or a section", p->token);
	memcpy(typed, p->text, sizeof(typed));
	const struct conf_key *key = key_find(p->section[0], typed);
	size_t at = section_find(p, typed);
	advance(p);
	if (key) {
		setting(p, p->section[0], key, p->into[0], seen);
		return;
	}
	snprintf(whole, sizeof(whole), "%s", typed);
	if (p->token == WORD && (at ? p->section[at]->named : has_second_word(p, typed))) {
		memcpy(name, p->text, sizeof(name));
		advance(p);
	}
	if (!at && name[0]) {
		snprintf(whole, sizeof(whole), "%s %s", typed, name);
		at = section_find(p, whole);
	}
	if (at)
		section(p, at, name, line);
	else
		fail_unknown(p, line, whole, p->section[0]);
}

/* A later part may define a section that the first part leaves to another program. */
static void
part_add(struct parser *p, const struct conf_part *part)
{
	for (const struct conf_section *s = part->section; s < part->section + part->sections; s++) {
		size_t i = s->name && p->sections ? section_find(p, s->name) : 0;
		if (i == 0)
			i = p->sections++;
		p->section[i] = s;
		p->into[i] = part->into;
		if (s->keys && !is_list(s) && !defaults_set(structure_at(part->into, s, 0), s))
			fail(p, 0, "out of memory");
	}
}

bool
conf_parse(const char *path, bool may_be_missing, const struct conf_part *part, size_t parts, char *error,
	   size_t error_size)
{
	struct parser p = { .path = path, .error = error, .error_size = error_size, .line = 1 };
	uint64_t seen = 0;
	for (size_t i = 0; i < parts; i++)
		part_add(&p, &part[i]);
	if (p.failed || p.sections == 0)
		return false;
	p.file = fopen(path, "re");
	if (!p.file && may_be_missing && errno == ENOENT)
		return true;
	if (!p.file) {
		fail(&p, 0, "cannot open: %s", strerror(errno));
		return false;
	}
	for (advance(&p); p.token != END;)
		item(&p, &seen);
	if (ferror(p.file)) {
		p.failed = false;
		fail(&p, 0, "cannot read: %s", strerror(errno));
	}
	fclose(p.file);
	return !p.failed;
}
