/* SPDX-License-Identifier: ISC */
#include "cmd_table.h"

#include <string.h>
#include <strings.h>

static const struct cmd_word isakmp_words[] = {
	{ .word = "sa", .help = "IKE SAs, of IKEv1 and IKEv2", .run = cmd_isakmp_sa },
	{ 0 },
};

static const struct cmd_word ipsec_interface_words[] = {
	{ .word = "NAME",
	  .help = "an interface",
	  .argument = true,
	  .values = CMD_INTERFACES,
	  .run = cmd_ipsec_sa_interface },
	{ 0 },
};

static const struct cmd_word ipsec_map_words[] = {
	{ .word = "NAME", .help = "a crypto map", .argument = true, .values = CMD_MAPS, .run = cmd_ipsec_sa_map },
	{ 0 },
};

static const struct cmd_word ipsec_peer_words[] = {
	{ .word = "ADDRESS", .help = "IPv4 or IPv6", .argument = true, .values = CMD_PEERS, .run = cmd_ipsec_sa_peer },
	{ 0 },
};

static const struct cmd_word ipsec_sa_words[] = {
	{ .word = "interface", .help = "only those of an interface", .next = ipsec_interface_words },
	{ .word = "map", .help = "only those of a crypto map", .next = ipsec_map_words },
	{ .word = "peer", .help = "only those with a peer", .next = ipsec_peer_words },
	{ 0 },
};

static const struct cmd_word ipsec_words[] = {
	{ .word = "sa",
	  .help = "tunnels with their selectors, counters and SAs",
	  .run = cmd_ipsec_sa,
	  .next = ipsec_sa_words },
	{ 0 },
};

static const struct cmd_word map_tag_words[] = {
	{ .word = "NAME", .help = "a crypto map", .argument = true, .values = CMD_TAGS, .run = cmd_map_tag },
	{ 0 },
};

static const struct cmd_word map_words[] = {
	{ .word = "tag", .help = "one of them", .next = map_tag_words },
	{ 0 },
};

static const struct cmd_word dynamic_map_tag_words[] = {
	{ .word = "NAME",
	  .help = "a template",
	  .argument = true,
	  .values = CMD_DYNAMIC_MAPS,
	  .run = cmd_dynamic_map_tag },
	{ 0 },
};

static const struct cmd_word dynamic_map_words[] = {
	{ .word = "tag", .help = "one of them", .next = dynamic_map_tag_words },
	{ 0 },
};

static const struct cmd_word connections_words[] = {
	{ .word = "active", .help = "SAs and their packets", .run = cmd_connections },
	{ .word = "dropped-packet", .help = "dropped packets by reason", .run = cmd_dropped },
	{ 0 },
};

static const struct cmd_word engine_words[] = {
	{ .word = "connections", .help = "SAs and drops of the crypto engines", .next = connections_words },
	{ 0 },
};

static const struct cmd_word crypto_words[] = {
	{ .word = "dynamic-map",
	  .help = "templates, for peers with unknown addresses",
	  .run = cmd_dynamic_map,
	  .next = dynamic_map_words },
	{ .word = "engine", .help = "crypto engines", .next = engine_words },
	{ .word = "failures", .help = "failed IKE SAs and tunnels, with reasons", .run = cmd_failures },
	{ .word = "history", .help = "ended IKE SAs and tunnels, with reasons", .run = cmd_history },
	{ .word = "ipsec", .help = "IPsec: phase 2", .next = ipsec_words },
	{ .word = "isakmp", .help = "IKE: phase 1", .next = isakmp_words },
	{ .word = "map", .help = "configured tunnels, up or down", .run = cmd_map, .next = map_words },
	{ 0 },
};

static const struct cmd_word show_words[] = {
	{ .word = "crypto", .help = "IKE and IPsec", .next = crypto_words },
	{ .word = "feeds", .help = "sources of the figures, and their age", .run = cmd_feeds },
	{ .word = "notifications",
	  .help = "SNMP notifications sent, suppressed and waiting",
	  .run = cmd_notifications },
	{ 0 },
};

static const struct cmd_word export_words[] = {
	{ .word = "librenms",
	  .help = "JSON for LibreNMS's application strongswan",
	  .run = cmd_export_librenms,
	  .own_format = true },
	{ 0 },
};

const struct cmd_word cmd_root[] = {
	{ .word = "check",
	  .help = "check the whole chain, from the SAs to the poller",
	  .run = cmd_doctor,
	  .alone = true },
	{ .word = "export", .help = "print the IPsec state for another program", .next = export_words },
	{ .word = "show", .help = "show the IPsec state", .next = show_words },
	{ 0 },
};

static bool
fits(const struct cmd_word *w, const char *prefix, size_t len)
{
	return w->argument || strncasecmp(w->word, prefix, len) == 0;
}

void
cmd_match(const struct cmd_word *root, int words, char *const *word, struct cmd_match *out)
{
	*out = (struct cmd_match){ .list = root, .prefix = "" };
	for (out->at = 0; out->at < words; out->at++) {
		const char *text = word[out->at];
		const struct cmd_word *found = NULL, *exact = NULL;
		size_t hits = 0;
		out->prefix = text;
		out->prefix_len = strcspn(text, "?");
		if (text[out->prefix_len] == '?') {
			out->result = CMD_HELP;
			return;
		}
		for (const struct cmd_word *w = out->list; w && w->word; w++) {
			if (!fits(w, text, out->prefix_len))
				continue;
			if (!w->argument && strlen(w->word) == out->prefix_len)
				exact = w;
			found = w;
			hits++;
		}
		if (exact)
			found = exact;
		else if (hits != 1 || out->prefix_len == 0) {
			out->result = hits > 1 && out->prefix_len > 0 ? CMD_AMBIGUOUS : CMD_UNKNOWN;
			return;
		}
		if (found->argument && out->arguments < CMD_ARGUMENTS_MAX)
			out->argument[out->arguments++] = text;
		out->word = found;
		out->list = found->next;
	}
	out->prefix = "";
	out->prefix_len = 0;
	out->result = out->word && out->word->run ? CMD_RUN : CMD_INCOMPLETE;
}

/* Print a list of words with their help in one column. */
static void
list(FILE *f, const struct cmd_word *words, const char *prefix, size_t len)
{
	int width = 12;
	for (const struct cmd_word *w = words; w && w->word; w++)
		if (fits(w, prefix, len) && (int)strlen(w->word) > width)
			width = (int)strlen(w->word);
	for (const struct cmd_word *w = words; w && w->word; w++)
		if (fits(w, prefix, len))
			fprintf(f, "  %-*s %s\n", width, w->word, w->help);
}

void
cmd_list(FILE *f, const struct cmd_match *match)
{
	list(f, match->list, match->prefix, match->prefix_len);
	if (match->word && match->word->run && match->prefix_len == 0)
		fprintf(f, "  <cr>\n");
}

#define COMMAND_WIDTH 26 /* the help of a longer command goes to the next line */

/*
 * @p help is the help of the word before. An argument's line shows it, because it says more than the argument's own
 * help.
 */
static void
list_below(FILE *f, const struct cmd_word *words, const char *before, const char *help)
{
	for (const struct cmd_word *w = words; w && w->word; w++) {
		const char *says = w->argument ? help : w->help;
		char line[128];
		snprintf(line, sizeof(line), "%s%s%s", before, *before ? " " : "", w->word);
		if (w->run && strlen(line) > COMMAND_WIDTH)
			fprintf(f, "  %s\n  %-*s %s\n", line, COMMAND_WIDTH, "", says);
		else if (w->run)
			fprintf(f, "  %-*s %s\n", COMMAND_WIDTH, line, says);
		list_below(f, w->next, line, says);
	}
}

void
cmd_list_all(FILE *f, const struct cmd_word *root)
{
	list_below(f, root, "", "");
}

void
cmd_explain(FILE *f, char *const *word, const struct cmd_match *match)
{
	fprintf(f, "ipsecmon: ");
	if (match->result == CMD_INCOMPLETE && match->at == 0) {
		fprintf(f, "a command is missing; known commands:\n");
	} else {
		const char *fault = match->result == CMD_AMBIGUOUS ? "is ambiguous" : "is not known";
		if (match->result != CMD_INCOMPLETE)
			fprintf(f, "\"%s\" %s%s", match->prefix, fault, match->at ? " after " : "");
		for (int i = 0; i < match->at; i++)
			fprintf(f, "%s%s%s", i ? " " : "\"", word[i], i + 1 == match->at ? "\"" : "");
		if (match->result == CMD_INCOMPLETE)
			fprintf(f, " is incomplete; possible next words:\n");
		else if (match->result == CMD_AMBIGUOUS)
			fprintf(f, "; it fits\n");
		else if (match->list)
			fprintf(f, "; known:\n");
		else
			fprintf(f, ", after the end of the command\n");
	}
	list(f, match->list, match->prefix, match->result == CMD_AMBIGUOUS ? match->prefix_len : 0);
}
